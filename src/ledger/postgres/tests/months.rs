//! Partitions: made ahead, found by what they hold, dropped when they have served.

use jiff::Timestamp;

use super::*;
use crate::ledger::contract::{erasure_of, event, person};

/// An event that happened then.
fn happened(id: i64, at: Timestamp) -> StoredEvent {
    let mut event = event(id, 1);
    event.head.time = Some(at);
    event
}

fn at_time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The partitions of a table.
fn parts(cluster: &Cluster, table: &str) -> Vec<String> {
    let listed = sql(
        cluster,
        &format!("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{table}'::regclass ORDER BY 1::TEXT"),
    );
    listed.lines().map(str::to_owned).collect()
}

fn keep_months(cluster: &Cluster, now: Timestamp) {
    sql(cluster, &format!("SELECT FROM keep_months({})", now.as_millisecond()));
}

#[tokio::test]
async fn this_month_and_the_next_two_have_their_parts() {
    let (_ledger, cluster) = postgres().await;
    for table in ["event", "erasure", "step"] {
        let parts = parts(&cluster, table);
        assert_eq!(parts.len(), 4, "{parts:?}");
        assert!(parts.contains(&format!("{table}_other")));
    }
}

#[tokio::test]
async fn a_month_takes_over_what_came_before_it_had_a_part() {
    let (ledger, cluster) = postgres().await;
    let then = at_time("2041-02-28T23:59:59.999Z");
    let delivery = happened(1, then);
    assert_eq!(ledger.record(delivery.clone()).await.expect("recorded"), Recorded::New);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event_other"), "1");
    keep_months(&cluster, then);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event_other"), "0");
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event_2041_02"), "1");
    assert_eq!(ledger.record(delivery).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(ledger.record(happened(2, at_time("2041-03-01T00:00:00Z"))).await.expect("recorded"), Recorded::New);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event_2041_03"), "1");
}

#[tokio::test]
async fn a_month_is_dropped_when_all_of_it_has_served() {
    let (ledger, cluster) = postgres().await;
    let then = at_time("2020-05-15T12:00:00Z");
    keep_months(&cluster, then);
    ledger.record(happened(1, then)).await.expect("recorded");
    assert!(parts(&cluster, "event").contains(&"event_2020_05".to_owned()));
    // What happened long ago came just now.
    ledger.maintain(KEEP).await.expect("maintained");
    assert!(parts(&cluster, "event").contains(&"event_2020_05".to_owned()));
    assert!(!parts(&cluster, "event").contains(&"event_2020_06".to_owned()));
    assert_eq!(ledger.record(happened(1, then)).await.expect("recorded"), Recorded::Duplicate);

    sql(&cluster, "UPDATE event SET received = 0");
    ledger.maintain(KEEP).await.expect("maintained");
    assert!(!parts(&cluster, "event").contains(&"event_2020_05".to_owned()));
    assert_eq!(ledger.record(happened(1, then)).await.expect("recorded"), Recorded::New);
    assert_eq!(claim(&ledger, &to_decide(), 9).await.len(), 2, "the work of a forgotten key stays");
}

#[tokio::test]
async fn an_erasure_is_in_the_month_of_its_id() {
    let (ledger, cluster) = postgres().await;
    let now = Timestamp::now();
    let part = now.strftime("erasure_%Y_%m").to_string();
    let erasure = NewErasure { id: ErasureId::generate(now), ..erasure_of(person(1), &["mluvii"], now) };
    ledger.request(erasure, &by()).await.expect("requested");
    assert_eq!(sql(&cluster, &format!("SELECT count(*) FROM {part}")), "1");
}
