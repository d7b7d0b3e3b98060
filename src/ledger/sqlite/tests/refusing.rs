//! What the ledger refuses, for one delivery or for all of them.

use super::*;

/// Has each insertion into a table fail where a condition holds.
fn refuse(dir: &TempDir, table: &str, condition: &str) {
    let trigger =
        format!("CREATE TRIGGER refuse BEFORE INSERT ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'no'); END");
    beside(dir).execute_batch(&trigger).expect("made");
}

fn number(dir: &TempDir, sql: &str) -> i64 {
    beside(dir).query_row(sql, [], |row| row.get(0)).expect("counted")
}

#[tokio::test]
async fn a_delivery_that_the_ledger_refuses_holds_up_neither_the_others_nor_the_work() {
    let (ledger, dir) = sqlite();
    ledger.record(event(1, 1)).await.expect("recorded");
    refuse(&dir, "event", "NEW.session IN (13, 77)");
    // In one transaction.
    let held = beside(&dir);
    held.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let mut deliveries = JoinSet::new();
    for session in 2..100 {
        let ledger = ledger.clone();
        deliveries.spawn(async move { (session, ledger.record(event(session, 1)).await.expect("answered")) });
    }
    let claimed = tokio::spawn({
        let ledger = ledger.clone();
        async move { claim(&ledger, &to_decide(), 9).await.len() }
    });
    tokio::task::yield_now().await;
    held.execute_batch("ROLLBACK").expect("unlocked");

    let mut answers = deliveries.join_all().await;
    answers.sort_by_key(|(session, _)| *session);
    let expected: Vec<_> = (2..100)
        .map(|session| (session, if [13, 77].contains(&session) { Recorded::Refused } else { Recorded::New }))
        .collect();
    assert_eq!(answers, expected);
    assert!(claimed.await.expect("claimed") > 0);
    assert_eq!(number(&dir, "SELECT COUNT(*) FROM event"), 97);
    ledger.writable().await.expect("writable");
    assert_eq!(ledger.record(event(12, 1)).await.expect("recorded"), Recorded::Duplicate);

    beside(&dir).execute_batch("DROP TRIGGER refuse").expect("gone");
    assert_eq!(ledger.record(event(13, 1)).await.expect("recorded"), Recorded::New);
    let waiting = "SELECT (SELECT COALESCE(SUM(count), 0) FROM inbox) + (SELECT COUNT(*) FROM task)";
    assert_eq!(number(&dir, waiting), 98, "each event is work, and once");
}

#[tokio::test]
async fn what_stops_all_deliveries_makes_the_ledger_unwritable_until_it_is_gone() {
    let (ledger, dir) = sqlite();
    ledger.record(event(1, 1)).await.expect("recorded");
    for table in ["event", "inbox"] {
        refuse(&dir, table, "TRUE");
        assert_eq!(ledger.record(event(2, 1)).await.expect("answered"), Recorded::Refused, "{table}");
        assert!(matches!(ledger.writable().await, Err(LedgerError::Broken(_))), "{table}");
        beside(&dir).execute_batch("DROP TRIGGER refuse").expect("gone");
        ledger.writable().await.expect("writable");
    }
    beside(&dir).execute_batch("ALTER TABLE inbox RENAME TO elsewhere").expect("renamed");
    let recorded = ledger.record(event(2, 1)).await;
    assert!(matches!(recorded, Err(LedgerError::Broken(_))), "it is no delivery's fault: {recorded:?}");
    assert!(matches!(ledger.writable().await, Err(LedgerError::Broken(_))));
    beside(&dir).execute_batch("ALTER TABLE elsewhere RENAME TO inbox").expect("renamed");
    assert_eq!(ledger.record(event(2, 1)).await.expect("recorded"), Recorded::New);
    assert_eq!(number(&dir, "SELECT COUNT(*) FROM event"), 2, "a trial leaves nothing");
    assert_eq!(number(&dir, "SELECT COUNT(*) FROM inbox"), 2, "a trial leaves nothing");
}

#[tokio::test]
async fn an_event_key_that_may_not_be_deleted_is_told_and_stops_no_other() {
    let (ledger, dir) = sqlite();
    for session in 1..=40 {
        ledger.record(event(session, 1)).await.expect("recorded");
    }
    beside(&dir)
        .execute_batch(
            "UPDATE event SET received = 0;
             CREATE TRIGGER refuse BEFORE DELETE ON event WHEN OLD.session IN (1, 23) BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .expect("made");
    for _ in 0..2 {
        ledger.maintain(KEEP).await.expect("maintained");
        assert_eq!(number(&dir, "SELECT COUNT(*) FROM event"), 2);
        let events = ledger.counts().await.expect("counted").expired["events"].clone();
        let refused = events.refused.expect("told");
        assert_eq!((events.deleted, refused.count, &*refused.example), (38, 2, "acme/1"));
    }
    beside(&dir).execute_batch("DROP TRIGGER refuse").expect("gone");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(number(&dir, "SELECT COUNT(*) FROM event"), 0);
    assert_eq!(ledger.counts().await.expect("counted").expired["events"].refused, None);
}
