//! What the database refuses, for one delivery or for all of them.

use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use super::*;
use crate::ledger::contract::event;

/// Has each insertion into a table fail with a code where a condition holds.
fn refuse(cluster: &Cluster, table: &str, condition: &str, code: &str) {
    sql(
        cluster,
        &format!(
            "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS
             $$BEGIN IF {condition} THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF; RETURN NEW; END$$;
             CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        ),
    );
}

/// The results of deliveries that come at once, by their sessions.
async fn deliver(ledger: &Arc<PostgresLedger>, sessions: std::ops::Range<i64>) -> Vec<(i64, Recorded)> {
    let mut deliveries = JoinSet::new();
    for session in sessions {
        let ledger = ledger.clone();
        deliveries.spawn(async move { (session, ledger.record(event(session, 1)).await.expect("answered")) });
    }
    let mut answers = deliveries.join_all().await;
    answers.sort_by_key(|(session, _)| *session);
    answers
}

#[tokio::test]
async fn a_delivery_that_the_database_refuses_holds_up_none_of_the_others() {
    let (ledger, cluster) = postgres().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    refuse(&cluster, "event", "NEW.session IN (13, 77)", "22003");
    let expected: Vec<_> = (2..100)
        .map(|session| (session, if [13, 77].contains(&session) { Recorded::Refused } else { Recorded::New }))
        .collect();
    assert_eq!(deliver(&ledger, 2..100).await, expected);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event"), "97");
    assert_eq!(sql(&cluster, "SELECT sum(count) FROM inbox"), "97");
    ledger.writable().await.expect("writable");
}

#[tokio::test]
async fn what_is_wrong_for_all_is_told_and_is_no_delivery_s_fault() {
    let (ledger, cluster) = postgres().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    sql(&cluster, "ALTER TABLE inbox RENAME TO elsewhere");
    assert!(matches!(ledger.record(event(2, 1)).await, Err(LedgerError::Broken(_))));
    assert!(matches!(ledger.writable().await, Err(LedgerError::Broken(_))));
    sql(&cluster, "ALTER TABLE elsewhere RENAME TO inbox");
    assert_eq!(ledger.record(event(2, 1)).await.expect("recorded"), Recorded::New);
}

#[tokio::test]
async fn a_full_disk_makes_the_ledger_unwritable_until_there_is_room() {
    let (ledger, cluster) = postgres().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    refuse(&cluster, "inbox", "TRUE", "53100");
    let waiting = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.record(event(2, 1)).await }
    });
    assert!(matches!(ledger.writable().await, Err(LedgerError::Busy(_))));
    sql(&cluster, "DROP TRIGGER refuse ON inbox");
    assert_eq!(waiting.await.expect("ran").expect("recorded"), Recorded::New);
    ledger.writable().await.expect("writable");
    assert_eq!(sql(&cluster, "SELECT count(*), sum(count) FROM inbox"), "2|2", "a trial leaves nothing");
}

#[tokio::test]
async fn a_lock_that_stops_deliveries_makes_the_ledger_unwritable_until_it_is_gone() {
    let (ledger, cluster) = postgres().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    let (holder, connection) = tokio_postgres::connect(&cluster.url(DATABASE), NoTls).await.expect("connects");
    tokio::spawn(async move { drop(connection.await) });
    holder.batch_execute("BEGIN; LOCK TABLE quietus.event IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let waiting = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.record(event(2, 1)).await }
    });
    assert!(matches!(ledger.writable().await, Err(LedgerError::Busy(_))));
    holder.batch_execute("ROLLBACK").await.expect("given back");
    assert_eq!(waiting.await.expect("ran").expect("recorded"), Recorded::New);
    ledger.writable().await.expect("writable");
}

#[tokio::test]
async fn event_keys_and_months_that_may_not_be_deleted_stop_no_other() {
    let (ledger, cluster) = postgres().await;
    for session in 1..=40 {
        ledger.record(event(session, 1)).await.expect("recorded");
    }
    sql(
        &cluster,
        "UPDATE event_other SET received = 0;
         CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$;
         CREATE TRIGGER refuse BEFORE DELETE ON event_other FOR EACH ROW WHEN (OLD.session IN (1, 23))
         EXECUTE FUNCTION refuse();
         SELECT make_month('2020-01-01'), make_month('2020-02-01');
         CREATE VIEW keeps_month AS SELECT * FROM event_2020_01",
    );
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event_other"), "2");
    let events = ledger.counts().await.expect("counted").expired["events"].clone();
    let refused = events.refused.expect("told");
    assert_eq!((events.deleted, refused.count, &*refused.example), (38, 2, "acme/1"));
    let months = "SELECT to_regclass('event_2020_01') IS NOT NULL, to_regclass('event_2020_02') IS NOT NULL";
    assert_eq!(sql(&cluster, months), "t|f");
    sql(&cluster, "DROP TRIGGER refuse ON event_other; DROP VIEW keeps_month");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event_other"), "0");
    assert_eq!(sql(&cluster, months), "f|f");
    assert_eq!(ledger.counts().await.expect("counted").expired["events"].refused, None);
}
