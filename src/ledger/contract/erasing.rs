//! Steps, from the first call to the outcome.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fixtures::*;
use crate::erasure::life::Finds;
use crate::erasure::{
    Asked, Capsule, ErasureId, ErasureState, Evidence, Findings, Outcome, ReachedSession, Sent, Stage, StepState,
    Subject,
};
use crate::keys::{Digest, Sealed};
use crate::ledger::{Attempt, Bounds, Finished, QueueName, Resolution, StepEnd, Work};
use crate::subject::{InstallationName, SessionKey, TargetName};

pub(crate) async fn a_resolved_erasure_has_a_step_for_each_target(ledger: Shared) {
    let mut erasure = due_erasure(1, &["mluvii", "crm"]);
    erasure.capsule = to_seal("ann@x.cz");
    let id = ledger.request(erasure, &by()).await.expect("requested");
    resolve(&ledger, vec![reached(1), ReachedSession { read_before: false, ..reached(2) }, reached(1)]).await;
    let begun = shown(&ledger, id).await;
    assert_eq!((begun.state, begun.sessions, begun.begun.is_some()), (ErasureState::Erasing, 2, true));
    assert_eq!(begun.steps.iter().filter(|step| step.stage() == Some(Stage::Erase)).count(), 2);
    for name in ["mluvii", "crm"] {
        let mine = claim_step(&ledger, name).await;
        let Work::Step(work) = &mine.work else { panic!("not a step") };
        assert_eq!((work.erasure, work.stage, &work.step.target), (id, Stage::Erase, &target(name)));
        assert_eq!(work.sessions, [reached(1), ReachedSession { read_before: false, ..reached(2) }]);
        assert_eq!(work.capsules.len(), 1);
        work.capsules[0].open(id, &seal()).expect_err("it is the resolved one");
    }
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
    let mut awaited = ledger.awaited_targets().await.expect("listed");
    awaited.sort();
    assert_eq!(awaited, [target("crm"), target("mluvii/acme")], "as they are called");
}

pub(crate) async fn a_step_is_verified_before_it_is_final(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mluvii"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 2)).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Erasing);
    step_end(&ledger, "mluvii", verify_after(Outcome::Absent, 0)).await;
    let verifying = shown(&ledger, id).await;
    assert_eq!(verifying.state, ErasureState::Verifying);
    assert_eq!(verifying.steps.iter().map(|step| step.stage()).collect::<Vec<_>>(), [Some(Stage::Verify); 2]);
    let now = ledger.clock().await.expect("read").now;
    assert!(verifying.steps.iter().all(|step| step.asked_again().is_some_and(|at| at <= now)), "at once");
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
    step_end(&ledger, "mluvii", ends(Outcome::Absent)).await;
    let Work::Close(done) = only(claim(&ledger, &QueueName::Close).await).work else { panic!("not an erasure") };
    let outcomes: Vec<_> =
        done.steps.iter().map(|step| (step.outcome(), step.erased_at.is_some(), step.verified_at.is_some())).collect();
    assert_eq!(outcomes, [(Some(Outcome::Erased), true, true), (Some(Outcome::Absent), false, true)]);
    assert_eq!(done.steps[0].counts, counts(2));
    assert!(claim(&ledger, &QueueName::Step(target("crm"))).await.is_empty());
}

pub(crate) async fn a_target_that_still_holds_the_data_is_asked_again(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 2)).await;
    step_end(&ledger, "crm", StepEnd::EraseAgain { pause: Duration::ZERO }).await;
    let again = shown(&ledger, id).await;
    assert_eq!((again.state, again.steps[0].rounds), (ErasureState::Erasing, 1));
    let mine = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!((work.stage, work.step.rounds), (Stage::Erase, 1));
    let end = StepEnd::VerifyAfter {
        pause: HOUR,
        outcome: Outcome::Absent,
        reason: None,
        counts: counts(0),
        evidence: Evidence::default(),
    };
    assert_eq!(ledger.stepped(mine, end).await.expect("stepped"), Finished::Done);
    assert!(claim(&ledger, &QueueName::Step(target("crm"))).await.is_empty());
}

pub(crate) async fn a_later_answer_does_not_undo_an_earlier_one(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 3)).await;
    let erased_at = shown(&ledger, id).await.steps[0].erased_at;
    step_end(&ledger, "crm", StepEnd::EraseAgain { pause: Duration::ZERO }).await;
    let reason = Some("an invoice is kept".to_owned());
    let end = StepEnd::VerifyAfter {
        pause: Duration::ZERO,
        outcome: Outcome::Absent,
        reason,
        counts: counts(1),
        evidence: Evidence::default(),
    };
    step_end(&ledger, "crm", end).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    let step = &shown(&ledger, id).await.steps[0];
    assert_eq!((step.outcome(), &step.counts), (Some(Outcome::Erased), &counts(3)));
    assert_eq!((step.erased_at, step.stage()), (erased_at, None));
    assert_eq!(step.reason.as_deref(), Some("an invoice is kept"));
}

pub(crate) async fn an_unverifiable_step_has_no_time_of_verification(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    let reason = Some("it cannot be asked".to_owned());
    let end = StepEnd::Final {
        outcome: Outcome::Unverifiable,
        reason,
        counts: BTreeMap::new(),
        evidence: Evidence::default(),
    };
    step_end(&ledger, "crm", end).await;
    let step = &shown(&ledger, id).await.steps[0];
    assert_eq!((step.outcome(), step.verified_at), (Some(Outcome::Unverifiable), None));
    assert_eq!((step.reason.as_deref(), &step.counts), (Some("it cannot be asked"), &counts(1)));
}

pub(crate) async fn failed_calls_are_counted_for_the_stage(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    for attempt in [Attempt::Counts, Attempt::Free, Attempt::Counts] {
        let mine = claim_step(&ledger, "crm").await;
        assert_eq!(ledger.retry(mine, Duration::ZERO, attempt, "503").await.expect("put back"), Finished::Done);
    }
    let step = shown(&ledger, id).await.steps.remove(0);
    assert_eq!((step.attempts, step.reason.as_deref()), (2, Some("503")));
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    let step = shown(&ledger, id).await.steps.remove(0);
    assert_eq!((step.attempts, step.reason), (0, None));
    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(mine.attempt, 0);
    assert_eq!(ledger.retry(mine, Duration::ZERO, Attempt::Counts, "504").await.expect("put back"), Finished::Done);
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    assert_eq!(shown(&ledger, id).await.steps[0].reason, None);
}

pub(crate) async fn a_parked_step_keeps_the_erasure_open_until_a_person_acts(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mluvii"]).await;
    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Erasing);
    step_end(&ledger, "mluvii", verify_after(Outcome::Erased, 1)).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Verifying);
    step_end(&ledger, "mluvii", ends(Outcome::Absent)).await;
    let parked = shown(&ledger, id).await;
    assert_eq!(parked.state, ErasureState::Parked);
    assert_eq!((parked.steps[0].outcome(), parked.steps[0].reason.as_deref()), (Some(Outcome::Parked), Some("403")));
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
    assert_eq!(ledger.retry_parked(&by()).await.expect("steps are not its business"), 0);
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.parked_steps["crm"], counts.parked_work, counts.erasures["parked"]), (1, 0, 1));

    put_out(&ledger, "crm").await;
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("nothing to do"));
    assert!(ledger.targets().await.expect("listed").is_empty());
    let going = shown(&ledger, id).await;
    assert_eq!((going.state, going.steps[0].outcome()), (ErasureState::Erasing, None));
    step_end(&ledger, "crm", ends(Outcome::Retained)).await;
    let _ = only(claim(&ledger, &QueueName::Close).await);
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("nothing to do"));
}

pub(crate) async fn what_is_parked_after_it_was_shown_is_not_retried(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mluvii"]).await;
    let mark = async || ledger.parked_marks(&[id]).await.expect("read").remove(&id);
    let park = async |name: &'static str| {
        let step = claim_step(&ledger, name).await;
        assert_eq!(ledger.park(step, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    };
    assert_eq!(mark().await, None);
    park("crm").await;
    let seen = mark().await.expect("it is parked");
    assert_eq!(mark().await.as_ref(), Some(&seen), "looking changes nothing");
    park("mluvii").await;
    let both = mark().await.expect("they are parked");
    assert_ne!(both, seen);
    assert!(!ledger.retry_erasure(id, Some(&seen), &by()).await.expect("answered"));
    let steps = shown(&ledger, id).await.steps;
    assert!(steps.iter().all(|step| matches!(step.state, StepState::Parked { .. })), "{steps:?}");
    assert_eq!(mark().await.as_ref(), Some(&both), "nothing has changed");
    assert!(ledger.retry_erasure(id, Some(&both), &by()).await.expect("retried"));
    assert_eq!(mark().await, None);
    assert!(!ledger.retry_erasure(id, Some(&both), &by()).await.expect("nothing to do"));
    // The same two, for the same reason, and not those that were shown.
    park("crm").await;
    park("mluvii").await;
    assert_ne!(mark().await.expect("they are parked"), both);
    assert!(!ledger.retry_erasure(id, Some(&both), &by()).await.expect("answered"));
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"), "whoever has seen nothing retries all");
}

pub(crate) async fn a_residual_step_starts_over_with_erasing(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    step_end(&ledger, "crm", StepEnd::EraseAgain { pause: Duration::ZERO }).await;
    step_end(&ledger, "crm", verify_after(Outcome::Absent, 0)).await;
    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(mine, Outcome::Residual, "still there").await.expect("parked"), Finished::Done);
    let parked = shown(&ledger, id).await;
    assert_eq!((parked.state, parked.steps[0].outcome()), (ErasureState::Parked, Some(Outcome::Residual)));
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    let mine = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!((work.stage, work.step.rounds, work.step.outcome()), (Stage::Erase, 2, Some(Outcome::Erased)));
}

pub(crate) async fn a_step_without_its_lease_writes_nothing(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    let old = claim_for_no_time(&ledger, &QueueName::Step(target("crm"))).await;
    let new = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.stepped(old, ends(Outcome::Absent)).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(shown(&ledger, id).await.steps[0].outcome(), None);
    assert_eq!(ledger.stepped(new, ends(Outcome::Erased)).await.expect("stepped"), Finished::Done);
}

pub(crate) async fn evidence_is_kept_with_the_step_and_findings_with_the_erasure(ledger: Shared) {
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    assert_eq!(shown(&ledger, id).await.findings, None);
    let mine = only(claim(&ledger, &to_resolve()).await);
    let findings = Findings { certain: 1, possible_left: 3, ..Findings::default() };
    let resolved = Resolution { findings: findings.clone(), ..resolution(vec![reached(1)]) };
    assert_eq!(ledger.resolved(mine, resolved).await.expect("resolved"), Finished::Done);
    assert_eq!(shown(&ledger, id).await.findings, Some(findings));

    let left = BTreeMap::from([("notes".to_owned(), 2)]);
    let seen = Evidence { looked_at: vec!["contacts".to_owned()], left, ..Evidence::default() };
    let outcome = Outcome::Erased;
    let reason = None;
    let counts = counts(1);
    let end = StepEnd::VerifyAfter { pause: Duration::ZERO, outcome, reason, counts, evidence: seen.clone() };
    step_end(&ledger, "crm", end).await;
    let mine = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(work.step.evidence, seen);
    // An answer that says nothing of it takes nothing back.
    assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    assert_eq!(shown(&ledger, id).await.steps[0].evidence, seen);
}

pub(crate) async fn a_guest_id_that_several_people_use_is_remembered(ledger: Shared) {
    let shared = Digest([7; 16]);
    for id in [1, 2] {
        ledger.request(due_erasure(id, &["crm"]), &by()).await.expect("requested");
        let mine = only(claim(&ledger, &to_resolve()).await);
        let resolved = Resolution { shared_guests: vec![shared], ..resolution(Vec::new()) };
        assert_eq!(ledger.resolved(mine, resolved).await.expect("resolved"), Finished::Done);
    }
    let is_shared = async |installation, guest| ledger.is_shared_guest(&installation, guest).await.expect("read");
    assert!(is_shared(installation(), shared).await);
    assert!(!is_shared(installation(), Digest([8; 16])).await);
    assert!(!is_shared(other(), shared).await);
}

pub(crate) async fn each_company_has_its_own_mluvii(ledger: Shared) {
    let begin = async |installation: InstallationName| {
        let key = SessionKey { installation: installation.clone(), session: session(1).session };
        let erasure = erasure_of(Subject::Session(key.clone()), &["mluvii", "crm"], in_hours(-1));
        let id = ledger.request(erasure, &by()).await.expect("requested");
        let mine = only(claim(&ledger, &QueueName::Resolve(installation)).await);
        let resolved = resolution(vec![ReachedSession { key, read_before: true }]);
        assert_eq!(ledger.resolved(mine, resolved).await.expect("resolved"), Finished::Done);
        id
    };
    let ours = begin(installation()).await;
    let theirs = begin(other()).await;
    for (name, id) in [(installation(), ours), (other(), theirs)] {
        let called = TargetName::mluvii_of(&name);
        let bounds = Bounds { target: Some(called.clone()), at_once: 1, calls_per_s: None };
        let claimed = ledger.claim(&QueueName::Step(called.clone()), 9, HOUR, &bounds).await.expect("claimed");
        let Work::Step(work) = only(claimed.claims).work else { panic!("not a step") };
        assert_eq!((work.erasure, &work.step.target), (id, &TargetName::mluvii()));
        assert_eq!(work.sessions[0].key.installation, name);
        assert_eq!(ledger.counts().await.expect("counted").waiting_steps[&*called.0], 1);
    }
    assert_eq!(claim(&ledger, &steps_at("crm")).await.len(), 2, "what is no mluvii is one for all");
}

/// An erasure whose targets `finds` are asked first.
async fn finding(ledger: &Shared, targets: &[&str], finds: &[&str]) -> ErasureId {
    finding_in(ledger, targets, &finds.iter().map(|name| (*name, 0)).collect::<Vec<_>>()).await
}

/// The same in rounds.
async fn finding_in(ledger: &Shared, targets: &[&str], finds: &[(&str, u32)]) -> ErasureId {
    let id = ledger.request(due_erasure(1, targets), &by()).await.expect("requested");
    let mine = only(claim(ledger, &to_resolve()).await);
    let first = finds.iter().map(|(name, round)| (target(name), *round)).collect();
    let finds = Finds { first, ..Finds::default() };
    let resolution = Resolution { finds, ..resolution(vec![reached(1)]) };
    assert_eq!(ledger.resolved(mine, resolution).await.expect("resolved"), Finished::Done);
    id
}

fn found(capsule: Option<Capsule>) -> StepEnd {
    StepEnd::Found { capsule, more: false }
}

pub(crate) async fn nothing_is_erased_before_everybody_has_said_what_they_know(ledger: Shared) {
    let id = finding(&ledger, &["mluvii", "crm", "erp"], &["crm", "erp"]).await;
    let asked = shown(&ledger, id).await;
    assert_eq!(asked.state, ErasureState::Erasing);
    let stages: Vec<_> = asked.steps.iter().map(|step| (&*step.target.0, step.stage())).collect();
    assert_eq!(stages, [("crm", Some(Stage::Find)), ("erp", Some(Stage::Find)), ("mluvii", None)]);
    assert!(claim(&ledger, &steps_at("mluvii")).await.is_empty());

    step_end(&ledger, "crm", found(Some(capsule("ann@work.cz")))).await;
    for name in ["crm", "mluvii"] {
        assert!(claim(&ledger, &steps_at(name)).await.is_empty(), "{name}");
    }
    step_end(&ledger, "erp", found(None)).await;

    for name in ["crm", "erp", "mluvii"] {
        let mine = claim_step(&ledger, name).await;
        let Work::Step(work) = &mine.work else { panic!("not a step") };
        assert_eq!((work.stage, work.capsules.len()), (Stage::Erase, 2), "{name}");
        assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    }
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
}

pub(crate) async fn who_is_asked_in_a_later_round_is_told_what_was_found(ledger: Shared) {
    let id = finding_in(&ledger, &["mluvii", "crm", "erp"], &[("crm", 0), ("erp", 1)]).await;
    let asked = async || {
        let steps = shown(&ledger, id).await.steps;
        steps.into_iter().map(|step| (step.target.to_string(), step.stage(), step.asked)).collect::<Vec<_>>()
    };
    let of = |name: &str, stage, asked| (name.to_owned(), stage, asked);
    let find = Some(Stage::Find);
    let mluvii = of("mluvii", None, None);
    let first = [of("crm", find, Some(Asked::In(0))), of("erp", None, Some(Asked::In(1))), mluvii.clone()];
    assert_eq!(asked().await, first);
    assert!(claim(&ledger, &steps_at("erp")).await.is_empty());

    step_end(&ledger, "crm", found(Some(capsule("ann@work.cz")))).await;
    let second = [of("crm", None, Some(Asked::AnsweredIn(0))), of("erp", find, Some(Asked::In(1))), mluvii];
    assert_eq!(asked().await, second);
    let mine = claim_step(&ledger, "erp").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!((work.stage, work.capsules.len()), (Stage::Find, 2), "it is told what the crm knows");
    assert_eq!(ledger.stepped(mine, found(Some(capsule("ann@home.cz")))).await.expect("stepped"), Finished::Done);
    for name in ["crm", "erp", "mluvii"] {
        let mine = claim_step(&ledger, name).await;
        let Work::Step(work) = &mine.work else { panic!("not a step") };
        assert_eq!((work.stage, work.capsules.len()), (Stage::Erase, 3), "{name}");
        assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    }
    close(&ledger).await;
}

pub(crate) async fn nobody_waits_for_a_find_that_needs_a_person(ledger: Shared) {
    let id = finding(&ledger, &["mluvii", "crm"], &["crm"]).await;
    let crm = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(crm, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    step_end(&ledger, "mluvii", ends(Outcome::Absent)).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Parked);
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    step_end(&ledger, "crm", found(Some(capsule("ann@work.cz")))).await;
    let mine = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(work.stage, Stage::Erase);
    assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    let evidence = &shown(&ledger, id).await.steps[0].evidence;
    assert_eq!(evidence.not_looked_at.len(), 1, "the others were asked before");
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
}

pub(crate) async fn what_a_call_has_kept_comes_with_the_next_one_until_the_step_is_over(ledger: Shared) {
    begun(&ledger, 1, &["crm", "mluvii"]).await;
    let mine = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(work.step.resume, None);
    for page in [1, 2] {
        let kept = ledger.keep_resume(mine.step(work), Sealed(vec![page])).await.expect("kept");
        assert_eq!(kept, Finished::Done);
    }
    let held = mine.step(work);
    assert_eq!(ledger.retry(mine, Duration::ZERO, Attempt::Counts, "lost").await.expect("retried"), Finished::Done);
    let late = ledger.keep_resume(held.clone(), Sealed(vec![3])).await.expect("answered");
    assert_eq!(late, Finished::LeaseLost, "a claim that has ended keeps nothing");

    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.keep_resume(held, Sealed(vec![4])).await.expect("answered"), Finished::LeaseLost);
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(work.step.resume, Some(Sealed(vec![2])));
    let ended = ledger.stepped(mine, verify_after(Outcome::Erased, 1)).await.expect("stepped");
    assert_eq!(ended, Finished::Done);
    let verify = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &verify.work else { panic!("not a step") };
    assert_eq!(work.step.resume, Some(Sealed(vec![2])), "to verify, too");
    assert_eq!(ledger.stepped(verify, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    let mluvii = claim_step(&ledger, "mluvii").await;
    let Work::Step(work) = &mluvii.work else { panic!("not a step") };
    assert_eq!(work.step.resume, None, "each step keeps its own");
}

pub(crate) async fn a_call_that_must_not_be_made_twice_is_known_before_it_is_made(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    let lost = claim_for_no_time(&ledger, &steps_at("crm")).await;
    let Work::Step(work) = &lost.work else { panic!("not a step") };
    assert_eq!(work.step.sent, None);
    let held = lost.step(work);
    assert_eq!(ledger.sending(held.clone()).await.expect("noted"), Finished::Done);
    assert_eq!(ledger.sending(held.clone()).await.expect("noted"), Finished::Done, "the same call");
    assert_eq!(shown(&ledger, id).await.steps[0].sent, Some(Sent::Unanswered));

    // Its process is gone. Whoever claims the step sees that it may have been asked, and asks whether the data is gone.
    let next = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &next.work else { panic!("not a step") };
    assert_eq!((work.stage, work.step.sent), (Stage::Erase, Some(Sent::Unanswered)));
    assert_eq!(ledger.sending(held).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(ledger.stepped(next, StepEnd::OutcomeUnknown).await.expect("stepped"), Finished::Done);
    let verify = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &verify.work else { panic!("not a step") };
    assert_eq!((work.stage, work.step.sent), (Stage::Verify, Some(Sent::Unanswered)));
    let failed = ledger.retry(verify, Duration::ZERO, Attempt::Counts, "503").await;
    assert_eq!(failed.expect("retried"), Finished::Done);
    step_end(&ledger, "crm", StepEnd::StillUnknown { reason: "it cannot say".into() }).await;
    let step = shown(&ledger, id).await.steps.remove(0);
    assert_eq!((step.state, step.sent), (parked_to(Stage::Erase), Some(Sent::Unanswered)));

    // A person has it asked once more. What fails having done nothing may be retried; what was answered may not.
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    for failure in [true, false] {
        let mine = claim_step(&ledger, "crm").await;
        let Work::Step(work) = &mine.work else { panic!("not a step") };
        assert_eq!((work.stage, work.step.sent), (Stage::Erase, None));
        assert_eq!(ledger.sending(mine.step(work)).await.expect("noted"), Finished::Done);
        let ended = match failure {
            true => ledger.retry(mine, Duration::ZERO, Attempt::Counts, "503").await,
            false => ledger.stepped(mine, verify_after(Outcome::Erased, 1)).await,
        };
        assert_eq!(ended.expect("ended"), Finished::Done);
    }
    step_end(&ledger, "crm", StepEnd::EraseAgain { pause: Duration::ZERO }).await;
    let step = shown(&ledger, id).await.steps.remove(0);
    let residual = StepState::Parked { stage: Stage::Verify, outcome: Outcome::Residual };
    assert_eq!((step.state, step.sent), (residual, Some(Sent::Answered)), "no second request without a person");
}

fn parked_to(stage: Stage) -> StepState {
    StepState::Parked { stage, outcome: Outcome::Parked }
}
