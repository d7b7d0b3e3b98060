//! Looking again after a receipt: what came of it is kept, and needs a person until something follows.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;

use super::fixtures::*;
use crate::attention::Code;
use crate::erasure::recheck::{ERASED_AGAIN, rule_after};
use crate::erasure::{ErasureId, ErasureState, NewErasure, Outcome, Recheck, RecheckOutcome};
use crate::ledger::{Finished, Work};
use crate::receipt::ChainName;

/// A look at `crm`, so many hours from now.
pub(super) fn look(erasure: ErasureId, hours: i64, outcome: RecheckOutcome) -> Recheck {
    // As it is kept: in whole milliseconds.
    let at = Timestamp::from_millisecond(in_hours(hours).as_millisecond()).expect("a time");
    Recheck {
        erasure,
        target: target("crm"),
        due: at,
        looked: at,
        outcome,
        why: None,
        records: 3,
        unsettled: outcome.needs_a_person(),
    }
}

pub(super) async fn looked(ledger: &Shared, looks: &[Recheck]) -> u64 {
    ledger.rechecked(&target("crm/acme"), looks, date(2026, 12, 1), &by()).await.expect("written")
}

/// How many people are there again, as somebody is told.
pub(super) async fn told(ledger: &Shared, code: Code) -> Option<u64> {
    let all = ledger.attention_untried(&super::attention::limits()).await.expect("read");
    all.iter().find(|one| one.code == code).and_then(|one| one.parameters["count"].as_u64())
}

/// An erasure at `crm` that has its receipt.
async fn erased(ledger: &Shared, session: i64) -> ErasureId {
    let id = begun(ledger, session, &["crm"]).await;
    step_end(ledger, "crm", ends(Outcome::Erased)).await;
    close(ledger).await;
    id
}

/// What erases again what was found after one.
pub(super) fn again(before: ErasureId, byte: u8) -> NewErasure {
    NewErasure { rule: rule_after(ERASED_AGAIN, before), ..erasure_of(person(byte), &["crm"], in_hours(-1)) }
}

pub(crate) async fn what_came_of_looking_again_is_kept_until_its_erasure_goes(ledger: Shared) {
    let [first, second] = [erased(&ledger, 1).await, erased(&ledger, 2).await];
    assert_eq!(ledger.rechecks(&[first, second]).await.expect("read"), []);
    let unclear = Recheck { why: Some("a text with a \0 in it".into()), ..look(second, -2, RecheckOutcome::Unclear) };
    let looks = [look(first, -3, RecheckOutcome::Residual), unclear.clone()];
    assert_eq!(looked(&ledger, &looks).await, 0, "no request has asked for them");
    let kept = ledger.rechecks(&[first]).await.expect("read");
    assert_eq!(kept, [looks[0].clone()]);
    assert_eq!(ledger.rechecks(&[second]).await.expect("read")[0].outcome, RecheckOutcome::Unclear);
    assert_eq!(
        (told(&ledger, Code::RecheckResidual).await, told(&ledger, Code::RecheckUnclear).await),
        (Some(1), Some(1))
    );

    // A later look says how it is now, and the one before stays as it was. The same look once more changes nothing.
    for _ in 0..2 {
        looked(&ledger, &[look(first, -1, RecheckOutcome::Gone)].map(|one| Recheck { due: looks[0].due, ..one })).await;
    }
    looked(&ledger, &[look(second, -1, RecheckOutcome::NotLooked)]).await;
    assert_eq!(
        (told(&ledger, Code::RecheckResidual).await, told(&ledger, Code::RecheckUnclear).await),
        (None, Some(1)),
        "nobody has looked"
    );
    let all = ledger.rechecks(&[first, second]).await.expect("read");
    let outcomes: Vec<_> = all.iter().map(|one| (one.erasure == first, one.outcome, one.unsettled)).collect();
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
    assert!(outcomes.contains(&(true, RecheckOutcome::Gone, false)), "{outcomes:?}");
    assert!(outcomes.contains(&(false, RecheckOutcome::Unclear, true)), "{outcomes:?}");

    ledger.acknowledge_receipts(None, &by()).await.expect("noted");
    archive_one(&ledger, ChainName::Receipts).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    assert!(ledger.erasure(first).await.expect("read").is_none(), "its receipt is in an archive");
    let left = ledger.rechecks(&[first, second]).await.expect("read");
    assert!(left.iter().all(|one| one.erasure == second) && left.len() == 2, "{left:?}");
}

pub(crate) async fn what_is_certainly_there_stays_told_until_somebody_has_seen_otherwise(ledger: Shared) {
    let first = erased(&ledger, 1).await;
    let both = async || (told(&ledger, Code::RecheckResidual).await, told(&ledger, Code::RecheckUnclear).await);
    looked(&ledger, &[look(first, -9, RecheckOutcome::Unclear)]).await;
    looked(&ledger, &[look(first, -8, RecheckOutcome::Residual)]).await;
    assert_eq!(both().await, (Some(1), None), "it is more than what was said before");
    looked(&ledger, &[look(first, -7, RecheckOutcome::NotLooked)]).await;
    looked(&ledger, &[look(first, -6, RecheckOutcome::Unclear)]).await;
    assert_eq!(both().await, (Some(1), Some(1)));
    // Also after what was to erase it has not begun.
    let again = again(first, 1);
    ledger.request(again.clone(), &by()).await.expect("requested");
    assert_eq!(both().await, (None, None));
    assert!(ledger.cancel_erasure(again.id, &by()).await.expect("answered"));
    assert_eq!(both().await, (Some(1), None));
    looked(&ledger, &[look(first, -5, RecheckOutcome::Gone)]).await;
    assert_eq!(both().await, (None, None));
}

pub(crate) async fn what_was_found_too_long_ago_does_not_begin_and_needs_a_person_again(ledger: Shared) {
    let first = erased(&ledger, 1).await;
    looked(&ledger, &[look(first, -1, RecheckOutcome::Residual)]).await;
    let again = again(first, 1);
    ledger.request(again.clone(), &by()).await.expect("requested");
    assert_eq!(told(&ledger, Code::RecheckResidual).await, None, "somebody has seen to it");
    let late = claim_for_no_time(&ledger, &to_resolve()).await;
    let claim = only(claim(&ledger, &to_resolve()).await);
    assert_eq!(ledger.lapsed(late).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(ledger.lapsed(claim).await.expect("answered"), Finished::Done);
    assert_eq!(shown(&ledger, again.id).await.state, ErasureState::Cancelled);
    assert!(ledger.capsules(again.id).await.expect("read").is_empty());
    assert_eq!(told(&ledger, Code::RecheckResidual).await, Some(1), "it is still there");

    // One that has begun, and waits at its target, says as what and since when it is asked for.
    let waits = self::again(first, 2);
    ledger.request(waits.clone(), &by()).await.expect("requested");
    resolve(&ledger, Vec::new()).await;
    let Work::Step(work) = claim_step(&ledger, "crm").await.work else { panic!("not a step") };
    assert_eq!((work.rules, work.created), (vec![waits.rule], shown(&ledger, waits.id).await.created));
}
