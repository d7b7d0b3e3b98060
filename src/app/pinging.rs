//! A server tells a URL that the deployment works, for all servers on its ledger: whoever is behind it tells somebody when it no longer hears
//! that. A server does so only while its own tasks work and the ledger can be written.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::alert::{FAILURES, HttpSender, note_ping};
use crate::attention::PING;
use crate::causes::with_causes;
use crate::http::{Readiness, WorkerState};
use crate::ledger::{Ledger, LedgerError};
use crate::watch::{PingMethod, PingSettings};

/// The longest between two looks at whether it is due.
const LOOK: Duration = Duration::from_secs(10);

/// For so long nobody else tells it, also where the server that does is killed: longer than a request takes.
const LEASE: Duration = Duration::from_secs(60);

/// The longest pause after a failure.
const AGAIN: Duration = Duration::from_secs(30);

/// The task's name in the ledger.
const TASK: &str = "ping";

/// Who is told, and how.
pub(super) struct Pinging {
    sender: Arc<HttpSender>,
    settings: PingSettings,
    ledger: Arc<dyn Ledger>,
    readiness: Arc<Readiness>,
}

impl Pinging {
    pub(super) fn new(
        sender: Arc<HttpSender>,
        settings: PingSettings,
        ledger: Arc<dyn Ledger>,
        readiness: Arc<Readiness>,
    ) -> Self {
        Self { sender, settings, ledger, readiness }
    }

    /// Tells it until the shutdown.
    pub(super) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        for is_accepted in [true, false] {
            note_ping(is_accepted, 0);
        }
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            if self.readiness.worker() == WorkerState::Works {
                let looked = shutdown.run_until_cancelled(self.look(&mut failures)).await;
                if let Some(Err(error)) = looked {
                    debug!(error = %with_causes(&error), "it is not said that quietus works");
                }
            }
            shutdown.run_until_cancelled(sleep(LOOK.min(self.settings.every.0))).await;
        }
    }

    async fn look(&self, failures: &mut u32) -> Result<(), LedgerError> {
        if self.ledger.take_periodic(TASK, LEASE).await?.is_none() {
            return Ok(());
        }
        let method = match self.settings.method {
            PingMethod::Get => Method::GET,
            PingMethod::Head => Method::HEAD,
            PingMethod::Post => Method::POST,
        };
        let told = self.sender.send(method, &[], None).await;
        note_ping(told.is_ok(), 1);
        let every = self.settings.every.0;
        let pause = match &told {
            Ok(()) => {
                *failures = 0;
                self.ledger.keeper_ended(PING, None).await?;
                every
            }
            Err(reason) => {
                warn!(reason, "`watch.ping` could not be told that quietus works; it is tried again");
                *failures += 1;
                if *failures >= FAILURES {
                    self.ledger.keeper_ended(PING, Some(reason)).await?;
                }
                every.min(AGAIN)
            }
        };
        // A little less than that, as the next look may come a little later.
        self.ledger.put_off_periodic(TASK, pause - pause / 20, None).await
    }
}
