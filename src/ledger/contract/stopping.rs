//! A person stops what is under way: no further call begins, and the receipt says what was done and what was not.

use std::collections::BTreeMap;
use std::time::Duration;

use super::audit::audited;
use super::fixtures::*;
use crate::erasure::{ErasureId, ErasureState, Halt, Outcome, ReasonCode, Reportable, Stage, Step, StepEnd, Verdict};
use crate::keys::Sealed;
use crate::ledger::{Claim, ClaimedStep, Finished, Reported, Stopped, Work};

/// Who was to call is gone, and nothing is known of their call.
fn nobody_calls() -> StepEnd {
    StepEnd::Stopped { done: BTreeMap::new() }
}

/// What is shown of each step: its outcome, and whether it was stopped.
async fn steps(ledger: &Shared, id: ErasureId) -> Vec<(String, Option<Outcome>, bool)> {
    let of = |step: &Step| (step.target.to_string(), step.final_outcome(), step.stopped);
    shown(ledger, id).await.steps.iter().map(of).collect()
}

pub(crate) async fn what_is_stopped_ends_with_its_calls_and_its_receipt_says_what_was_not_done(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mailbox", "mluvii"]).await;
    step_end(&ledger, "mluvii", verify_after(Outcome::Erased, 1)).await;
    step_end(&ledger, "mluvii", ends(Outcome::Absent)).await;
    let called = claim_step(&ledger, "crm").await;
    let stopped = ledger.stop_erasure(id, &by()).await.expect("stopped");
    assert_eq!(stopped, Stopped::AfterCalls(vec![target("crm")]));
    assert!(claim(&ledger, &steps_at("mailbox")).await.is_empty(), "no further call begins");
    let unverifiable = Some(Outcome::Unverifiable);
    let expected = [
        ("crm".to_owned(), None, true),
        ("mailbox".to_owned(), unverifiable, true),
        ("mluvii".to_owned(), Some(Outcome::Erased), false),
    ];
    assert_eq!(steps(&ledger, id).await, expected);
    assert!(claim(&ledger, &crate::ledger::QueueName::Close).await.is_empty(), "a call is under way");

    let answered = ledger.stepped(called, verify_after(Outcome::Erased, 2)).await;
    assert_eq!(answered.expect("taken in"), Finished::Done);
    assert!(claim(&ledger, &steps_at("crm")).await.is_empty(), "nobody looks whether it is gone");
    close(&ledger).await;
    let over = shown(&ledger, id).await;
    assert_eq!((over.state, over.verdict), (ErasureState::Cancelled, Some(Verdict::Incomplete)));
    let receipt = ledger.receipt_of(id).await.expect("read").expect("is there");
    let reasons = &receipt.statement.reasons;
    assert_eq!((reasons[0].code.as_str(), reasons[0].count), (ReasonCode::Stopped.as_str(), Some(2)));
    let crm = over.steps.iter().find(|step| *step.target.0 == *"crm").expect("is there");
    assert_eq!((crm.counts["contacts"], crm.erased_at.is_some(), crm.verified_at), (2, true, None));
    assert_eq!(ledger.stop_erasure(id, &by()).await.expect("answered"), Stopped::Not);
}

pub(crate) async fn who_takes_over_what_was_stopped_calls_nobody(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    let lost = claim_for_no_time(&ledger, &steps_at("crm")).await;
    for _ in 0..2 {
        let stopped = ledger.stop_erasure(id, &by()).await.expect("answered");
        assert_eq!(stopped, Stopped::AfterCalls(vec![target("crm")]), "nobody knows that its process is gone");
    }
    let taken = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &taken.work else { panic!("{taken:?}") };
    assert!(work.step.stopped);
    assert_eq!(ledger.stepped(lost, ends(Outcome::Erased)).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(ledger.stepped(taken, nobody_calls()).await.expect("ended"), Finished::Done);
    assert_eq!(steps(&ledger, id).await, [("crm".to_owned(), Some(Outcome::Unverifiable), true)]);
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Cancelled);
}

pub(crate) async fn a_report_that_comes_after_the_claim_of_what_was_stopped_is_taken_in(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    let _lost = claim_for_no_time(&ledger, &steps_at("crm")).await;
    let _ = ledger.stop_erasure(id, &by()).await.expect("stopped");
    let taken = claim_step(&ledger, "crm").await;
    let of = Reportable { erasure: id, target: target("crm"), stage: Stage::Erase, round: 0 };
    let report = Sealed(b"erased".to_vec());
    assert_eq!(ledger.report(&of, &key_ids("9").index, &report).await.expect("answered"), Reported::Taken);
    assert_eq!(ledger.stepped(taken, nobody_calls()).await.expect("ended"), Finished::Done);
    let came = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &came.work else { panic!("{came:?}") };
    assert_eq!(work.step.report(), Some(&report));
    assert_eq!(ledger.stepped(came, ends(Outcome::Retained)).await.expect("ended"), Finished::Done);
    assert_eq!(steps(&ledger, id).await, [("crm".to_owned(), Some(Outcome::Retained), false)]);
    close(&ledger).await;
}

pub(crate) async fn a_stop_that_comes_too_late_to_change_anything_is_no_part_of_the_receipt(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    let looks = claim_step(&ledger, "crm").await;
    let _ = ledger.stop_erasure(id, &by()).await.expect("stopped");
    assert_eq!(ledger.stepped(looks, ends(Outcome::Absent)).await.expect("ended"), Finished::Done);
    assert_eq!(ledger.stop_erasure(id, &by()).await.expect("answered"), Stopped::Not, "only its receipt is left");
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
    assert_eq!(steps(&ledger, id).await, [("crm".to_owned(), Some(Outcome::Erased), false)]);
}

pub(crate) async fn what_fails_or_waits_for_others_when_it_is_stopped_is_over(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mailbox"]).await;
    let fails = claim_step(&ledger, "crm").await;
    let parked = claim_step(&ledger, "mailbox").await;
    assert_eq!(ledger.park(parked, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let _ = ledger.stop_erasure(id, &by()).await.expect("stopped");
    let pause = Duration::from_secs(9);
    let failed = ledger.retry(fails, pause, crate::ledger::Attempt::Counts, "503").await;
    assert_eq!(failed.expect("ended"), Finished::Done);
    let outcomes: Vec<_> = steps(&ledger, id).await.into_iter().map(|(_, outcome, _)| outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Unverifiable), Some(Outcome::Parked)]);
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("answered"), "it is not taken up again");
    close(&ledger).await;
}

pub(crate) async fn what_has_not_begun_is_cancelled_by_a_stop_and_each_stop_leaves_a_row(ledger: Shared) {
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    assert_eq!(ledger.stop_erasure(id, &by()).await.expect("stopped"), Stopped::NotBegun);
    assert_eq!(ledger.stop_erasure(id, &by()).await.expect("answered"), Stopped::Not);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    let under_way = begun(&ledger, 2, &["crm"]).await;
    let _called = claim_step(&ledger, "crm").await;
    let _ = ledger.stop_erasure(under_way, &by()).await.expect("stopped");
    let rows = audited(&ledger).await;
    let stops = rows.iter().filter(|row| row.statement.act == "erasure.stop");
    let said: Vec<_> = stops
        .map(|row| (&*row.statement.result, row.statement.details.get("under_way").map(ToString::to_string)))
        .collect();
    assert_eq!(said, [("done", None), ("unchanged", None), ("done", Some("1".to_owned()))]);
}

pub(crate) async fn a_call_that_is_stopped_or_has_lost_its_claim_must_erase_no_further(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mailbox"]).await;
    let step_of = |claim: &Claim| {
        let Work::Step(work) = &claim.work else { panic!("{claim:?}") };
        claim.step(work)
    };
    let halted = async |step: &ClaimedStep| ledger.halted(step.clone()).await.expect("answered");
    let lost = claim_for_no_time(&ledger, &steps_at("mailbox")).await;
    let taken = claim_step(&ledger, "mailbox").await;
    assert_eq!(halted(&step_of(&lost)).await, Some(Halt::LeaseLost), "another process does it");
    let called = claim_step(&ledger, "crm").await;
    let step = step_of(&called);
    assert_eq!((halted(&step).await, halted(&step_of(&taken)).await), (None, None));

    let stopped = ledger.stop_erasure(id, &by()).await.expect("stopped");
    assert_eq!(stopped, Stopped::AfterCalls(vec![target("crm"), target("mailbox")]));
    assert_eq!(halted(&step).await, Some(Halt::Stopped));
    assert_eq!(halted(&step_of(&taken)).await, Some(Halt::Stopped));
    let part = StepEnd::Stopped { done: BTreeMap::from([("contacts".to_owned(), 3)]) };
    assert_eq!(ledger.stepped(called, part).await.expect("ended"), Finished::Done);
    assert_eq!(halted(&step).await, Some(Halt::LeaseLost), "its claim has ended");
    assert_eq!(ledger.stepped(taken, nobody_calls()).await.expect("ended"), Finished::Done);
    close(&ledger).await;
    let over = shown(&ledger, id).await;
    assert_eq!((over.state, over.verdict), (ErasureState::Cancelled, Some(Verdict::Incomplete)));
    let crm = over.steps.iter().find(|step| *step.target.0 == *"crm").expect("is there");
    assert_eq!((crm.final_outcome(), crm.stopped, crm.counts["contacts"]), (Some(Outcome::Unverifiable), true, 3));
    assert!(crm.reason.as_ref().is_some_and(|reason| reason.contains("has erased a part")), "{crm:?}");
}
