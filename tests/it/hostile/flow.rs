//! Deliveries that come in the whole time.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use reqwest::Client;
use serde_json::json;

use crate::harness::{CRM_TOKEN, StandIn, runtime, send_begin, send_end, sender};

/// The first session of a flow; all that are greater are a flow's.
pub(super) const FIRST: i64 = 1_000_000;
/// Between two sessions.
const PACE: Duration = Duration::from_millis(80);

/// A sender on a thread of its own.
pub(super) struct Flow {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<i64>>,
}

impl Flow {
    /// Begins conversations from the session `first` on, adds each person to the CRM, and delivers the ends, without a pause.
    pub(super) fn start(standin: &StandIn, server: SocketAddr, first: i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (mluvii, crm, stopped) = (standin.mluvii.clone(), standin.crm.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let client = sender();
            runtime().block_on(async {
                let (mut pace, mut acknowledged) = (tokio::time::interval(PACE), BTreeSet::new());
                for session in first.. {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    pace.tick().await;
                    add_contact(&client, &crm, session).await;
                    send_begin(&client, &mluvii, session).await;
                    // Nobody answers when the server was killed; anything else would be a fault.
                    match send_end(&client, server, session).await {
                        Some(status) => assert_eq!(status, 204, "a delivery was not taken"),
                        None => break,
                    }
                    acknowledged.insert(session);
                }
                acknowledged
            })
        });
        Self { stop, thread }
    }

    /// Ends it; the sessions whose ends were acknowledged.
    #[track_caller]
    pub(super) fn stop(self) -> BTreeSet<i64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every delivery was taken")
    }
}

async fn add_contact(client: &Client, crm: &str, session: i64) {
    let contact = json!({ "email": format!("guest{session}@example.com"), "name": "Somebody" });
    let added = client.post(format!("{crm}/contacts")).bearer_auth(CRM_TOKEN).json(&contact).send().await;
    assert_eq!(added.expect("the stand-in answers").status(), 201);
}
