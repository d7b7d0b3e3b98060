//! A standby that takes over: what was acknowledged is there.

use test_servers::postgres::Mode;
use tokio::time::timeout;

use super::*;
use crate::ledger::contract::event;

/// A primary that waits for its standby, and a ledger that knows both.
async fn pair() -> (Arc<PostgresLedger>, Cluster, Cluster) {
    let (ledger, primary) = postgres().await;
    ledger.shutdown().await;
    let standby = primary.standby("second");
    primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'second'");
    primary.sql("postgres", "SELECT pg_reload_conf()");
    until(|| primary.sql("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync").await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", primary.port(), standby.port());
    (at(&place(&format!("postgres://postgres@{hosts}/{DATABASE}"))).await, primary, standby)
}

async fn until(is_so: impl Fn() -> bool) {
    let looked = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), looked).await.expect("in time");
}

/// Whether a delivery is written here and not at the standby.
fn waits_for_the_standby(primary: &Cluster) -> bool {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE 'WITH open AS%'";
    primary.try_sql("postgres", "postgres", waiting).is_ok_and(|count| count == "1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_a_synchronous_standby_does_not_have() {
    let (ledger, primary, standby) = pair().await;
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::New);
    standby.stop(Mode::Fast);
    let waiting = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.record(event(2, 1)).await }
    });
    until(|| waits_for_the_standby(&primary)).await;
    // What waited is committed here by the crash, and found as a duplicate; the standby still does not have it.
    primary.restart_immediate();
    until(|| waiting.is_finished() || waits_for_the_standby(&primary)).await;
    assert!(!waiting.is_finished(), "{:?}", waiting.await);
    assert_eq!(sql(&primary, "SELECT count(*) FROM event"), "2");
    standby.start_again();
    assert_eq!(waiting.await.expect("ran").expect("recorded"), Recorded::Duplicate);

    primary.stop(Mode::Immediate);
    standby.promote();
    assert_eq!(sql(&standby, "SELECT count(*) FROM event"), "2");
    let recorded = timeout(Duration::from_secs(60), ledger.record(event(3, 1))).await.expect("in time");
    assert_eq!(recorded.expect("recorded"), Recorded::New);
    let mut claimed = 0;
    while claimed < 3 {
        // The first use of a connection that was cut tells of it.
        if let Ok(found) = ledger.claim(&to_decide(), 9, HOUR, &Bounds::NONE).await {
            claimed += found.claims.len();
        }
    }
}
