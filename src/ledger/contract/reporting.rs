//! Steps whose target has accepted the demand, and reports later.

use std::collections::BTreeMap;
use std::time::Duration;

use super::audit::audited;
use super::fixtures::*;
use crate::erasure::{ErasureId, ErasureState, Evidence, Outcome, Reportable, Stage, Step, TaskId};
use crate::keys::Sealed;
use crate::ledger::{Finished, QueueName, Reported, StepEnd, Work};

fn of(erasure: ErasureId, stage: Stage, round: u32) -> Reportable {
    Reportable { erasure, target: target("queue"), stage, round }
}

/// What was reported is sealed before it comes here.
fn erased() -> Sealed {
    Sealed(b"erased".to_vec())
}

async fn reported(ledger: &Shared, of: &Reportable) -> Reported {
    ledger.report(of, &key_ids("9").index, &erased()).await.expect("the ledger takes it")
}

async fn accepted(ledger: &Shared, within: Duration) {
    step_end(ledger, "queue", StepEnd::Await { within }).await;
}

/// The step as it is claimed now.
async fn claimed(ledger: &Shared) -> Step {
    let Work::Step(work) = claim_step(ledger, "queue").await.work else { panic!("not a step") };
    work.step
}

async fn nothing_is_due(ledger: &Shared) -> bool {
    claim(ledger, &QueueName::Step(target("queue"))).await.is_empty()
}

pub(crate) async fn a_step_waits_for_its_report_and_is_due_with_it(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, HOUR).await;
    let waits = shown(&ledger, id).await;
    assert_eq!((waits.state, waits.steps[0].stage()), (ErasureState::Erasing, Some(Stage::Erase)));
    assert!(waits.steps[0].report_by().is_some_and(|by| by > in_hours(0)));
    assert!(nothing_is_due(&ledger).await);

    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::Taken);
    let mine = claim_step(&ledger, "queue").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(work.step.report(), Some(&erased()));
    assert_eq!(ledger.stepped(mine, verify_after(Outcome::Erased, 3)).await.expect("stepped"), Finished::Done);
    let step = claimed(&ledger).await;
    assert_eq!((step.stage(), step.report(), step.report_by()), (Some(Stage::Verify), None, None));
}

pub(crate) async fn a_report_that_does_not_come_makes_the_step_due(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, Duration::ZERO).await;
    let mine = claim_step(&ledger, "queue").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert!(work.step.report_by().is_some() && work.step.report().is_none());
    assert_eq!(ledger.park(mine, Outcome::Parked, "no report").await.expect("parked"), Finished::Done);
    // A person sets it going: then it is demanded again.
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    assert_eq!(claimed(&ledger).await.report_by(), None);
}

pub(crate) async fn a_report_may_come_before_the_answer(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::Taken);
    assert_eq!(ledger.stepped(mine, StepEnd::Await { within: HOUR }).await.expect("stepped"), Finished::Done);
    assert_eq!(claimed(&ledger).await.report(), Some(&erased()));
}

pub(crate) async fn a_report_that_comes_late_sets_a_parked_step_going(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, Duration::ZERO).await;
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "no report").await.expect("parked"), Finished::Done);
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Parked);
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::Taken);
    let going = shown(&ledger, id).await;
    assert_eq!((going.state, going.steps[0].outcome(), &going.steps[0].reason), (ErasureState::Erasing, None, &None));
    assert_eq!(claimed(&ledger).await.report(), Some(&erased()));
}

pub(crate) async fn a_report_is_taken_once_and_for_the_stage_and_round_it_is_of(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, HOUR).await;
    let others = [of(id, Stage::Verify, 0), of(id, Stage::Erase, 1), of(ErasureId([9; 16]), Stage::Erase, 0)];
    for other in others {
        assert_eq!(reported(&ledger, &other).await, Reported::TooLate);
    }
    assert!(nothing_is_due(&ledger).await);
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::Taken);
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::TooLate);
    step_end(&ledger, "queue", StepEnd::EraseAgain { pause: Duration::ZERO }).await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::TooLate);
    accepted(&ledger, HOUR).await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 1)).await, Reported::Taken);
    let end = StepEnd::Final {
        outcome: Outcome::Absent,
        reason: None,
        counts: BTreeMap::new(),
        evidence: Evidence::default(),
    };
    step_end(&ledger, "queue", end).await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 1)).await, Reported::TooLate);
}

pub(crate) async fn a_report_whose_token_is_of_another_key_is_a_strangers(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, HOUR).await;
    let of = of(id, Stage::Erase, 0);
    let strange = ledger.report(&of, &key_ids("8").index, &erased()).await.expect("answered");
    assert_eq!(strange, Reported::Stranger);
    assert!(nothing_is_due(&ledger).await);
    assert_eq!(reported(&ledger, &of).await, Reported::Taken);
}

pub(crate) async fn a_report_during_a_call_does_not_take_its_lease(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::Taken);
    assert!(nothing_is_due(&ledger).await, "the call is still under way");
    let put_back = ledger.retry(mine, HOUR, crate::ledger::Attempt::Counts, "lost").await;
    assert_eq!(put_back.expect("put back"), Finished::Done);
    assert_eq!(claimed(&ledger).await.report(), Some(&erased()));
}

pub(crate) async fn a_report_during_a_call_that_fails_for_good_is_not_thrown_away(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::Taken);
    assert_eq!(ledger.park(mine, Outcome::Parked, "lost").await.expect("put back"), Finished::Done);
    let going = shown(&ledger, id).await;
    assert_eq!((going.state, going.steps[0].outcome()), (ErasureState::Erasing, None));
    // What it said is taken in, and is not in the way of what is made of it.
    let mine = claim_step(&ledger, "queue").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(work.step.report(), Some(&erased()));
    assert_eq!(ledger.park(mine, Outcome::Residual, "still there").await.expect("parked"), Finished::Done);
    assert_eq!(shown(&ledger, id).await.steps[0].outcome(), Some(Outcome::Residual));
}

pub(crate) async fn a_report_on_what_a_person_has_started_over_is_too_late(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(ledger.park(mine, Outcome::Residual, "still there").await.expect("parked"), Finished::Done);
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    accepted(&ledger, HOUR).await;
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 0)).await, Reported::TooLate);
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 1)).await, Reported::Taken);
}

pub(crate) async fn a_late_report_is_taken_after_a_person_has_set_the_step_going(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    step_end(&ledger, "queue", StepEnd::EraseAgain { pause: Duration::ZERO }).await;
    accepted(&ledger, Duration::ZERO).await;
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "no report").await.expect("parked"), Finished::Done);
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    assert_eq!(reported(&ledger, &of(id, Stage::Erase, 1)).await, Reported::Taken);
}

pub(crate) async fn a_report_of_a_companys_own_target_finds_its_work(ledger: Shared) {
    let id = begun(&ledger, 1, &["mluvii"]).await;
    step_end(&ledger, "mluvii", StepEnd::Await { within: HOUR }).await;
    let of = Reportable { target: target("mluvii"), ..of(id, Stage::Erase, 0) };
    assert_eq!(reported(&ledger, &of).await, Reported::Taken);
    let Work::Step(work) = claim_step(&ledger, "mluvii").await.work else { panic!("not a step") };
    assert_eq!(work.step.report(), Some(&erased()));
}

pub(crate) async fn what_a_person_says_of_a_task_is_taken_once_and_audited(ledger: Shared) {
    let id = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, HOUR).await;
    let task = of(id, Stage::Erase, 0);
    let say =
        async |of: &Reportable| ledger.confirm_task(of, &erased(), Outcome::Erased, &by()).await.expect("answered");
    for other in [of(id, Stage::Erase, 1), of(ErasureId([9; 16]), Stage::Erase, 0)] {
        assert!(!say(&other).await, "{other:?}");
    }
    assert!(nothing_is_due(&ledger).await);
    let (one, two) = tokio::join!(say(&task), say(&task));
    assert!(one ^ two, "two people at once: {one}, {two}");
    assert_eq!(claimed(&ledger).await.report(), Some(&erased()));
    let rows = audited(&ledger).await;
    let said: Vec<_> = rows.iter().filter(|row| row.statement.act == "task.done").collect();
    let results: Vec<_> = said.iter().map(|row| &*row.statement.result).collect();
    assert_eq!(results.iter().filter(|result| **result == "unchanged").count(), 3, "{results:?}");
    let row = said.into_iter().find(|row| row.statement.result == "done").expect("one was taken");
    assert_eq!((&row.statement.actor, row.statement.object.to_string()), (&by(), format!("erasure:{id}")));
    let details = serde_json::to_value(&row.statement.details).expect("JSON");
    assert_eq!(
        details,
        serde_json::json!({ "task": TaskId::of(&task).to_string(), "target": "queue", "outcome": "erased" })
    );
}

pub(crate) async fn what_waits_at_a_target_is_found_with_what_is_sealed_of_it(ledger: Shared) {
    let first = begun(&ledger, 1, &["queue"]).await;
    accepted(&ledger, HOUR).await;
    let second = begun(&ledger, 2, &["queue", "crm"]).await;
    begun(&ledger, 3, &["crm"]).await;
    let at = async |most| ledger.erasures_at(&target("queue"), None, most).await.expect("read");
    let sealed = async |id| ledger.capsules(id).await.expect("read").len();
    let mut both = [first, second];
    both.sort();
    assert_eq!((at(10).await, at(1).await), (both.to_vec(), vec![both[0]]));
    for (after, beyond) in [(both[0], vec![both[1]]), (both[1], Vec::new())] {
        let page = ledger.erasures_at(&target("queue"), Some(after), 10).await.expect("read");
        assert_eq!(page, beyond);
    }
    let mine = claim_step(&ledger, "queue").await;
    assert_eq!(ledger.stepped(mine, ends(Outcome::Unverifiable)).await.expect("stepped"), Finished::Done);
    assert_eq!((at(10).await, sealed(first).await, sealed(second).await), (vec![first], 1, 1));
    assert_eq!(reported(&ledger, &of(first, Stage::Erase, 0)).await, Reported::Taken);
    step_end(&ledger, "queue", ends(Outcome::Unverifiable)).await;
    close(&ledger).await;
    assert_eq!((at(10).await, sealed(first).await), (Vec::new(), 0));
}
