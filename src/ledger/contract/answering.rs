//! Orders that may come again, and what was answered to them.

use tokio::task::JoinSet;

use super::fixtures::*;
use crate::keys::Digest;
use crate::ledger::answers::KnownOrder;
use crate::ledger::{KeptAnswer, KeyedOrder, OrderClaim};

fn order(key: &str, digest: u8) -> KeyedOrder {
    KeyedOrder { id: key.to_owned(), digest: Digest([digest; 16]), before: Vec::new() }
}

fn answer(body: &str) -> KeptAnswer {
    KeptAnswer { status: 201, body: body.to_owned() }
}

async fn is_new(ledger: &Shared, order: &KeyedOrder) -> bool {
    matches!(ledger.claim_order(order).await.expect("claimed"), OrderClaim::New)
}

async fn known(ledger: &Shared, order: &KeyedOrder) -> KnownOrder {
    match ledger.claim_order(order).await.expect("answered") {
        OrderClaim::Known(known) => known,
        OrderClaim::New => panic!("it is new"),
    }
}

/// An order that was answered, and one that is under way.
pub(super) async fn one_that_was_answered(ledger: &Shared) {
    assert!(is_new(ledger, &order("answered", 1)).await && is_new(ledger, &order("under way", 1)).await);
    ledger.keep_answer(&order("answered", 1), &answer("{}")).await.expect("kept");
}

pub(crate) async fn an_order_is_new_once_and_answered_the_same_for_a_day(ledger: Shared) {
    let first = order("a", 1);
    assert!(is_new(&ledger, &first).await);
    let under_way = known(&ledger, &first).await;
    assert!(under_way.is_same && under_way.answer.is_none(), "{under_way:?}");
    ledger.keep_answer(&first, &answer("{\"number\":\"R-1\"}")).await.expect("kept");
    for _ in 0..2 {
        let again = known(&ledger, &first).await;
        assert!(again.is_same && again.claimed == under_way.claimed, "{again:?}");
        assert_eq!(again.answer, Some(answer("{\"number\":\"R-1\"}")));
    }
    // Another order under the same key is told apart, and changes nothing.
    assert!(!known(&ledger, &order("a", 2)).await.is_same);
    ledger.keep_answer(&order("a", 2), &answer("{}")).await.expect("answered");
    ledger.release_order(&order("a", 2)).await.expect("answered");
    ledger.release_order(&first).await.expect("answered");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(known(&ledger, &first).await.answer, Some(answer("{\"number\":\"R-1\"}")), "what was answered stays");
    assert!(is_new(&ledger, &order("b", 1)).await, "another key is another order");
}

pub(crate) async fn of_those_who_send_an_order_at_once_one_does_it(ledger: Shared) {
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let ledger = ledger.clone();
        all.spawn(async move { is_new(&ledger, &order("a", 1)).await });
    }
    let done = all.join_all().await;
    assert_eq!(done.iter().filter(|is_new| **is_new).count(), 1, "{done:?}");
}

pub(crate) async fn what_was_refused_may_be_sent_again(ledger: Shared) {
    assert!(is_new(&ledger, &order("a", 1)).await);
    ledger.release_order(&order("a", 1)).await.expect("released");
    assert!(is_new(&ledger, &order("a", 2)).await, "corrected, under the same key");
}

pub(crate) async fn what_was_answered_is_forgotten_after_a_day(ledger: Shared, sql: super::clock::Sql<'_>) {
    let hours = |count: i64| count * 60 * 60_000;
    one_that_was_answered(&ledger).await;
    sql(&format!("UPDATE order_answer SET claimed = claimed - {}", hours(23)));
    ledger.maintain(KEEP).await.expect("maintained");
    assert!(known(&ledger, &order("answered", 1)).await.answer.is_some());
    sql(&format!("UPDATE order_answer SET claimed = claimed - {}", hours(1)));
    assert!(is_new(&ledger, &order("answered", 2)).await, "before anything is cleaned up");
    ledger.maintain(KEEP).await.expect("maintained");
    assert!(is_new(&ledger, &order("under way", 2)).await);
    assert!(!is_new(&ledger, &order("answered", 2)).await, "it was claimed just now");
}
