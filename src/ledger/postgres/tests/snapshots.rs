//! A transaction of somebody else that stays open.

use super::*;
use crate::ledger::postgres::{attention, snapshots};

async fn oldest(ledger: &PostgresLedger) -> Option<crate::attention::HeldSnapshot> {
    let connection = ledger.reading().await.expect("free");
    attention::find(&connection).await.expect("found").facts.held_snapshot
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_transaction_is_seen_with_its_age_for_as_long_as_it_is_open() {
    const ASLEEP: &str = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let (ledger, cluster) = postgres().await;
    cluster.sql(DATABASE, "CREATE ROLE auditor LOGIN; CREATE ROLE other LOGIN");
    let cluster = &cluster;
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| cluster.try_sql(DATABASE, "auditor", "SELECT pg_sleep(60)"));
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while cluster.sql(DATABASE, &format!("SELECT count(*) {ASLEEP}")) != "1" {
            assert!(std::time::Instant::now() < until, "it does not begin");
        }
        let many = "DO $$BEGIN FOR i IN 1..300 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END$$";
        cluster.sql(DATABASE, many);
        let process = cluster.sql(DATABASE, &format!("SELECT pid {ASLEEP}"));
        let found = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(oldest(&ledger)));
        let found = found.expect("it is seen");
        assert_eq!(found.process.to_string(), process);
        assert!(found.transactions >= 300, "{found:?}");
        // By a role without any rights, too.
        let told = cluster.try_sql(DATABASE, "other", snapshots::OLDEST).expect("told");
        assert!(told.ends_with(&format!("|{process}")), "{told}");
        cluster.sql(DATABASE, &format!("SELECT pg_terminate_backend(pid, 30000) {ASLEEP}"));
        reader.join().expect("psql runs").expect_err("it was ended");
    });
    assert!(oldest(&ledger).await.is_none_or(|found| found.transactions < 300));
}
