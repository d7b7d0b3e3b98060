//! The disk fails: writes and syncs that fail, tear or lie, the power is cut, pages are damaged, the disk is full. Looked at from
//! outside of the process: what was acknowledged is there, no receipt is false or issued twice, nothing waits in silence.

mod damage;
mod faults;
mod full;
mod lies;

use std::collections::BTreeSet;

use crate::harness::{Deployment, Server, runtime, send_end, sender_within};

/// How many rounds; `QUIETUS_ROUNDS` makes it more.
fn rounds() -> i64 {
    std::env::var("QUIETUS_ROUNDS").map_or(20, |text| text.parse().expect("a number"))
}

/// So that nobody waits for what goes wrong here for as long as for a real outage.
const SETTINGS: [(&str, &str); 5] = [
    ("MLUVII__CALL_MAX", "1s"),
    ("ERASING__BREAKER_PAUSE", "50ms"),
    ("ERASING__RETRY__PAUSE_MIN", "50ms"),
    ("ERASING__RETRY__PAUSE_MAX", "500ms"),
    ("LOG__LEVEL", "info"),
];

fn email(id: i64) -> String {
    format!("guest{id}@example.com")
}

/// Delivers the ends of these sessions at once; those that were acknowledged. The server may be gone or die of it.
fn deliver(server: &Server, sessions: impl IntoIterator<Item = i64>) -> BTreeSet<i64> {
    let address = server.address;
    runtime().block_on(async {
        let client = sender_within(std::time::Duration::from_secs(10));
        let mut all = tokio::task::JoinSet::new();
        for session in sessions {
            let client = client.clone();
            all.spawn(async move {
                match send_end(&client, address, session).await {
                    Some(204) => Some(session),
                    Some(503) | None => None,
                    Some(other) => panic!("{other}"),
                }
            });
        }
        all.join_all().await.into_iter().flatten().collect()
    })
}

/// Beside a server that runs: each of these sessions is in the ledger.
#[track_caller]
fn all_in(deployment: &Deployment, acknowledged: &BTreeSet<i64>) {
    let ledger = deployment.ledger();
    let mut sessions = ledger.prepare("SELECT DISTINCT session FROM event").expect("a table");
    let sessions: BTreeSet<i64> =
        sessions.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("read");
    let lost: Vec<_> = acknowledged.difference(&sessions).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}
