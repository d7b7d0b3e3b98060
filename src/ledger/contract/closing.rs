//! The receipt, and what ends with it.

use std::time::Duration;

use super::fixtures::*;
use crate::erasure::{ErasureState, Outcome};
use crate::keys::Fingerprint;
use crate::ledger::{Closed, Finished, Queue, ReceiptRange, Work};
use crate::subject::Kind;

pub(crate) async fn a_closed_erasure_has_its_receipt_and_its_sessions_are_marked(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![(Kind::Email, Fingerprint([1; 32]))]);
    decide(&ledger, change).await;
    let id = begun(&ledger, 1, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;

    let done = shown(&ledger, id).await;
    assert_eq!((done.state, done.ended.is_some(), done.sessions), (ErasureState::Done, true, 1));
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert!(view.erased_at.is_some() && view.fingerprints.is_empty());
    assert_eq!(view.version, 2);
    assert!(ledger.sessions_with(&[Fingerprint([1; 32])]).await.expect("searched").is_empty());
    let receipts = ledger.receipts(&ReceiptRange { from: 0, limit: 9 }).await.expect("listed");
    assert_eq!(receipts.iter().map(|receipt| receipt.statement.erasure).collect::<Vec<_>>(), [id]);
    assert_eq!(ledger.receipt_head().await.expect("read"), Some(receipts[0].head()));
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.receipts, counts.erasures_in(ErasureState::Done)), (1, 1));
    assert!(claim(&ledger, &Queue::Close).await.is_empty());
}

pub(crate) async fn sessions_that_mluvii_was_not_asked_to_erase_are_still_found(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![(Kind::Email, Fingerprint([1; 32]))]);
    decide(&ledger, change).await;
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
    let found = ledger.sessions_with(&[Fingerprint([1; 32])]).await.expect("searched");
    assert!(found.len() == 1 && found[0].erased_at.is_none());
}

pub(crate) async fn a_receipt_joins_the_heads_chain_only(ledger: Shared) {
    for id in 1..=3 {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    }
    let mut claims = claim(&ledger, &Queue::Close).await;
    let (third, second, first) = (claims.pop(), claims.pop(), claims.pop());
    let (Some(first), Some(second), Some(third)) = (first, second, third) else { panic!("three are expected") };
    let (one, also_one) = (receipt(&ledger, &first).await, receipt(&ledger, &second).await);
    assert_eq!(ledger.closed(first, one).await.expect("closed"), Closed::Done);
    assert_eq!(ledger.closed(second, also_one).await.expect("answered"), Closed::HeadMoved);

    let second = only(claim(&ledger, &Queue::Close).await);
    let mut unlinked = receipt(&ledger, &third).await;
    unlinked.statement.previous = "0".repeat(64);
    let two = receipt(&ledger, &second).await;
    assert_eq!(ledger.closed(third, unlinked).await.expect("answered"), Closed::HeadMoved);
    assert_eq!(ledger.closed(second, two).await.expect("closed"), Closed::Done);
    close(&ledger).await;

    let range = ReceiptRange { from: 2, limit: 1 };
    let listed = ledger.receipts(&range).await.expect("listed");
    assert_eq!(listed.iter().map(|receipt| receipt.statement.sequence).collect::<Vec<_>>(), [2]);
    assert_eq!(ledger.counts().await.expect("counted").receipts, 3);
}

pub(crate) async fn a_parked_erasure_that_is_called_off_is_closed_as_cancelled(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![(Kind::Email, Fingerprint([1; 32]))]);
    decide(&ledger, change).await;
    let id = begun(&ledger, 1, &["crm", "mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    assert!(ledger.cancel_erasure(id).await.expect("called off"));
    assert!(!ledger.cancel_erasure(id).await.expect("it is over"));
    assert!(!ledger.retry_erasure(id).await.expect("it is over"));

    let mine = only(ledger.claim(&Queue::Close, 1, Duration::ZERO).await.expect("claimed"));
    let Work::Close(erasure) = &mine.work else { panic!("not an erasure") };
    assert_eq!(erasure.state, ErasureState::Cancelled);
    let outcomes: Vec<_> = erasure.steps.iter().map(|step| (step.stage, step.outcome)).collect();
    assert_eq!(outcomes, [(None, Some(Outcome::Parked)), (None, Some(Outcome::Erased))]);
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Cancelled);
    assert!(shown(&ledger, id).await.ended.is_some());
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert!(view.erased_at.is_none() && !view.fingerprints.is_empty());
    assert!(ledger.counts().await.expect("counted").parked_steps.is_empty());
}

pub(crate) async fn an_erasure_under_way_is_not_called_off(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    assert!(!ledger.cancel_erasure(id).await.expect("answered"));
    step_end(&ledger, "crm", ends(Outcome::Erased)).await;
    assert!(!ledger.cancel_erasure(id).await.expect("answered"));
    close(&ledger).await;
    assert!(!ledger.cancel_erasure(id).await.expect("answered"));
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
}
