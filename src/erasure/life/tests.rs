mod once;

use std::collections::BTreeMap;

use super::*;
use crate::erasure::{
    Attempt, Capsule, ErasureId, Evidence, Outcome, ReportState, Reportable, Stage, Step, StepEnd, StepState, sample,
};
use crate::keys::Sealed;
use crate::subject::InstallationName;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const PAUSE: Duration = Duration::from_secs(60);

fn target(name: &str) -> TargetName {
    TargetName(name.into())
}

fn in_state(name: &str, state: StepState) -> Step {
    Step { state, ..Step::planned(target(name), &InstallationName::unnamed()) }
}

fn to_call(stage: Stage) -> Step {
    in_state("crm", StepState::to_call(stage, None))
}

fn parked(outcome: Outcome) -> Step {
    in_state("crm", StepState::Parked { stage: Stage::Verify, outcome })
}

fn over(name: &str) -> Step {
    in_state(name, StepState::Over { outcome: Outcome::Erased })
}

fn awaited(by: Timestamp) -> Step {
    let report = ReportState::Awaited { by };
    in_state("crm", StepState::UnderWay { stage: Stage::Erase, so_far: None, report })
}

fn report() -> Sealed {
    Sealed(b"erased".to_vec())
}

fn of(stage: Stage, round: u32) -> Reportable {
    Reportable { erasure: ErasureId([7; 16]), target: target("crm"), stage, round }
}

fn answers(outcome: Outcome, evidence: Evidence) -> StepEnd {
    StepEnd::VerifyAfter { pause: PAUSE, outcome, reason: None, counts: BTreeMap::new(), evidence }
}

fn ends(outcome: Outcome) -> StepEnd {
    StepEnd::Final { outcome, reason: None, counts: BTreeMap::new(), evidence: Evidence::default() }
}

/// The one step after its transition, and what becomes of its work.
#[track_caller]
fn only(change: Change) -> (Step, Next) {
    assert_eq!(change.steps.len(), 1);
    change.steps.into_iter().next().expect("one")
}

#[track_caller]
fn ended(step: Step, end: StepEnd) -> (Step, Next) {
    only(Begun(vec![step]).call_ended(&target("crm"), end, NOW).expect("a transition"))
}

#[track_caller]
fn check_state(steps: &[Step], state: ErasureState) {
    assert_eq!(ErasureState::of(Phase::Begun(steps)), state);
}

#[test]
fn the_state_of_an_erasure_is_that_of_the_step_furthest_from_the_end() {
    let erase = to_call(Stage::Erase);
    let verify = to_call(Stage::Verify);
    check_state(&[over("a"), verify.clone(), erase, parked(Outcome::Parked)], ErasureState::Erasing);
    check_state(&[over("a"), verify, parked(Outcome::Parked)], ErasureState::Verifying);
    check_state(&[over("a"), parked(Outcome::Residual)], ErasureState::Parked);
    check_state(&[over("a"), over("b")], ErasureState::Verifying);
    check_state(&[awaited(NOW), parked(Outcome::Parked)], ErasureState::Erasing);
}

#[test]
fn an_erasure_closes_when_its_last_step_is_over() {
    let close = |other: Step| {
        let begun = Begun(vec![to_call(Stage::Verify), Step { target: target("other"), ..other }]);
        let change = begun.call_ended(&target("crm"), ends(Outcome::Absent), NOW).expect("a transition");
        (change.closes, change.state)
    };
    assert_eq!(close(over("b")), (true, ErasureState::Verifying));
    assert_eq!(close(parked(Outcome::Parked)), (false, ErasureState::Parked));
    assert_eq!(close(to_call(Stage::Erase)), (false, ErasureState::Erasing));
}

#[test]
fn a_report_that_does_not_come_needs_a_person() {
    let (waits, next) = ended(to_call(Stage::Erase), StepEnd::Await { within: PAUSE });
    let by = after(NOW, PAUSE);
    assert_eq!((waits.report_by(), next), (Some(by), Next::Due(by)));
    let (step, next) = ended(waits, StepEnd::NotReported);
    assert_eq!((step.stage(), step.outcome(), next), (Some(Stage::Erase), Some(Outcome::Parked), Next::Parked));
    assert!(step.reason.is_some_and(|why| why.contains("was not reported by")));
}

#[test]
fn a_report_that_is_faster_than_what_announces_it_is_taken_in_at_once() {
    let came = Begun(vec![to_call(Stage::Erase)]).reported(&of(Stage::Erase, 0), report(), NOW).expect("taken");
    let (came, next) = only(came);
    assert_eq!((came.report(), next), (Some(&report()), Next::DueUnlessHeld(NOW)));
    for end in [StepEnd::Await { within: PAUSE }, StepEnd::NotReported] {
        let (step, next) = ended(came.clone(), end);
        assert_eq!((step.report(), next), (Some(&report()), Next::Due(NOW)));
    }
    // Nor is it thrown away by a call that fails, for now or for good.
    let failed = Begun(vec![came.clone()]).call_failed(&target("crm"), PAUSE, Attempt::Counts, NOW);
    let (step, next) = only(failed.expect("a transition"));
    assert_eq!((step.attempts, step.report(), next), (1, Some(&report()), Next::Due(NOW)));
    let as_claimed = to_call(Stage::Erase);
    let parked = Begun(vec![came.clone()]).call_parked(&as_claimed, Outcome::Parked, "403", NOW);
    assert_eq!(only(parked.expect("a transition")), (came.clone(), Next::Due(NOW)));
    let taken_in = Begun(vec![came.clone()]).call_parked(&came, Outcome::Residual, "still there", NOW);
    assert_eq!(only(taken_in.expect("a transition")).0.outcome(), Some(Outcome::Residual));
}

#[test]
fn a_report_is_taken_once_and_for_the_stage_and_round_it_is_of() {
    let reported = |step: Step, of: Reportable| Begun(vec![step]).reported(&of, report(), NOW).is_some();
    assert!(reported(awaited(NOW), of(Stage::Erase, 0)));
    assert!(!reported(awaited(NOW), of(Stage::Verify, 0)));
    assert!(!reported(awaited(NOW), of(Stage::Erase, 1)));
    assert!(!reported(over("crm"), of(Stage::Erase, 0)));
    let elsewhere = Reportable { target: target("other"), ..of(Stage::Erase, 0) };
    assert!(!reported(awaited(NOW), elsewhere));
    let came =
        in_state("crm", StepState::UnderWay { stage: Stage::Erase, so_far: None, report: ReportState::Came(report()) });
    assert!(!reported(came, of(Stage::Erase, 0)));
    assert!(reported(parked(Outcome::Parked), of(Stage::Verify, 0)), "it sets it going");
}

#[test]
fn a_person_has_what_is_residual_erased_in_a_new_round_and_the_rest_go_on() {
    let retried = |step: Step| match Life::Begun(Begun(vec![step])).retried(NOW) {
        Some(Retried::Steps { change, .. }) => change.map(only),
        other => panic!("{other:?}"),
    };
    let erased = Step { erased_at: Some(NOW), attempts: 5, ..parked(Outcome::Residual) };
    let (step, next) = retried(erased).expect("it was parked");
    assert_eq!((step.rounds, step.attempts, next), (1, 0, Next::Due(NOW)));
    assert_eq!((step.stage(), step.outcome()), (Some(Stage::Erase), Some(Outcome::Erased)));
    let (step, _) = retried(parked(Outcome::Parked)).expect("it was parked");
    assert_eq!((step.rounds, step.stage(), step.outcome()), (0, Some(Stage::Verify), None));
    assert_eq!(retried(to_call(Stage::Erase)), None);
    assert_eq!(retried(over("crm")), None);
}

#[test]
fn what_is_under_way_is_not_cancelled() {
    let cancelled = |steps: Vec<Step>| Life::Begun(Begun(steps)).cancelled();
    assert_eq!(cancelled(vec![to_call(Stage::Erase)]), None);
    assert_eq!(cancelled(vec![parked(Outcome::Parked), Step { target: target("b"), ..awaited(NOW) }]), None);
    assert_eq!(cancelled(vec![over("a")]), None, "its receipt is being written");
    let Some(Cancelled::WithReceipt(change)) = cancelled(vec![over("a"), parked(Outcome::Residual)]) else {
        panic!("it is closed as it is");
    };
    assert_eq!((change.state, change.closes), (ErasureState::Cancelled, true));
    let (step, next) = only(change);
    assert_eq!((step.final_outcome(), next), (Some(Outcome::Residual), Next::Gone));
}

#[test]
fn what_cannot_happen_is_refused() {
    for step in [parked(Outcome::Parked), over("crm"), in_state("crm", StepState::Planned)] {
        assert_eq!(Begun(vec![step.clone()]).call_ended(&target("crm"), ends(Outcome::Erased), NOW), Err(OutOfPlace));
        let begun = Begun(vec![step.clone()]);
        assert_eq!(begun.call_parked(&step, Outcome::Parked, "403", NOW), Err(OutOfPlace));
    }
    let begun = Begun(vec![to_call(Stage::Erase)]);
    assert_eq!(begun.clone().call_ended(&target("crm"), StepEnd::NotReported, NOW), Err(OutOfPlace));
    assert_eq!(begun.call_ended(&target("other"), ends(Outcome::Erased), NOW), Err(OutOfPlace));
}

fn evidence(looked_at: &[&str], expected: bool) -> Evidence {
    let looked_at = looked_at.iter().map(|place| (*place).to_owned()).collect();
    Evidence { looked_at, expected, ..Evidence::default() }
}

#[test]
fn an_answer_that_says_nothing_keeps_the_older_evidence() {
    let mut step = to_call(Stage::Erase);
    let mut evidence_after = |said: Evidence| {
        step = ended(step.clone(), answers(Outcome::Erased, said)).0;
        step.evidence.clone()
    };
    assert_eq!(evidence_after(evidence(&["contacts"], false)), evidence(&["contacts"], false));
    assert_eq!(evidence_after(Evidence::default()), evidence(&["contacts"], false));
    assert_eq!(evidence_after(evidence(&[], true)), evidence(&["contacts"], true));
    assert_eq!(evidence_after(evidence(&["notes"], true)), evidence(&["notes"], true));
}

#[test]
fn what_the_vendor_keeps_stays_true_until_an_answer_says_otherwise() {
    let bin = Some(vec!["the bin, for 30 days".to_owned()]);
    let mut step = to_call(Stage::Erase);
    let mut kept_after = |keeps: Option<&[String]>| {
        let said = Evidence { keeps: keeps.map(<[String]>::to_vec), ..evidence(&["contacts"], false) };
        step = ended(step.clone(), answers(Outcome::Erased, said)).0;
        step.evidence.keeps.clone()
    };
    assert_eq!(kept_after(bin.as_deref()), bin);
    assert_eq!(kept_after(None), bin, "the second look was at the live records");
    assert_eq!(kept_after(Some(&[])), Some(Vec::new()));
}

#[test]
fn who_asks_nobody_when_asked_again_has_verified_nothing() {
    let verified_at = |outcome, nothing_asked| {
        let evidence = Evidence { nothing_asked, ..evidence(&["contacts by email"], false) };
        let end = StepEnd::Final { outcome, reason: None, counts: BTreeMap::new(), evidence };
        let before = in_state("crm", StepState::to_call(Stage::Verify, Some(outcome)));
        let (step, next) = ended(before, end);
        assert_eq!(next, Next::Gone);
        assert_eq!((step.outcome(), &*step.evidence.looked_at[0]), (Some(outcome), "contacts by email"));
        assert!(!step.evidence.nothing_asked, "it is about one call");
        step.verified_at
    };
    assert_eq!(verified_at(Outcome::Absent, true), None);
    assert_eq!(verified_at(Outcome::Absent, false), Some(NOW));
    assert_eq!(verified_at(Outcome::Erased, false), Some(NOW));
}

#[track_caller]
fn check_erased(outcome: Outcome, erased: bool, sessions_are_erased: bool) {
    let erased_at = erased.then_some(NOW);
    let step = Step { erased_at, ..in_state("mluvii", StepState::Over { outcome }) };
    assert_eq!(end_of(&sample::session(vec![step])).sessions_are_erased, sessions_are_erased, "{outcome:?}");
}

#[test]
fn sessions_are_marked_erased_only_where_mluvii_has_erased_them() {
    check_erased(Outcome::Erased, true, true);
    check_erased(Outcome::Absent, false, true);
    check_erased(Outcome::Unverifiable, true, false);
    check_erased(Outcome::Unverifiable, false, false);
    check_erased(Outcome::Retained, false, false);
    check_erased(Outcome::Residual, true, false);
}

fn begins(targets: &[&str], finds: &[&str]) -> Begun {
    begins_in(targets, &finds.iter().map(|name| (*name, 0)).collect::<Vec<_>>())
}

/// The same in rounds.
fn begins_in(targets: &[&str], finds: &[(&str, u32)]) -> Begun {
    let targets: Vec<_> = targets.iter().map(|name| target(name)).collect();
    let first = finds.iter().map(|(name, round)| (target(name), *round)).collect();
    let finds = Finds { first, ..Finds::default() };
    begin(&targets, &finds, &InstallationName::unnamed())
}

fn found(more: bool) -> StepEnd {
    StepEnd::Found { capsule: None, more }
}

#[test]
fn where_nobody_is_asked_first_all_erase_at_once() {
    for finds in [&[][..], &["erp"]] {
        let stages: Vec<_> = begins(&["crm", "mluvii"], finds).0.iter().map(Step::stage).collect();
        assert_eq!(stages, [Some(Stage::Erase); 2], "{finds:?}");
    }
}

#[test]
fn the_last_one_who_says_what_they_know_lets_all_erase() {
    let mut begun = begins(&["crm", "erp", "mluvii"], &["crm", "erp"]);
    let change = begun.clone().call_ended(&target("crm"), found(false), NOW).expect("a transition");
    assert_eq!(change.state, ErasureState::Erasing);
    let (crm, next) = only(change);
    assert_eq!((&crm.state, next), (&StepState::WaitsForFinds, Next::Gone));
    begun.0[0] = crm;
    let change = begun.call_ended(&target("erp"), found(true), NOW).expect("a transition");
    let all: Vec<_> = change.steps.iter().map(|(step, next)| (&*step.target.0, step.stage(), *next)).collect();
    let erase = Some(Stage::Erase);
    let expected =
        [("erp", erase, Next::Due(NOW)), ("crm", erase, Next::Added(NOW)), ("mluvii", erase, Next::Added(NOW))];
    assert_eq!(all, expected);
    assert_eq!(change.steps[0].0.evidence.not_looked_at, ["further identifiers that the target holds"]);
}

#[test]
fn each_round_is_asked_once_the_one_before_it_has_answered() {
    let begun = begins_in(&["crm", "erp", "mluvii", "wms"], &[("crm", 1), ("erp", 5), ("wms", 5)]);
    let find = Some(Stage::Find);
    assert_eq!(begun.0.iter().map(Step::stage).collect::<Vec<_>>(), [find, None, None, None]);
    let of = |change: &Change| -> Vec<_> {
        change.steps.iter().map(|(step, next)| (step.target.to_string(), step.stage(), *next)).collect()
    };
    let one = |name: &str, stage, next| (name.to_owned(), stage, next);
    let change = begun.clone().call_ended(&target("crm"), found(false), NOW).expect("a transition");
    let added = Next::Added(NOW);
    assert_eq!(of(&change), [one("crm", None, Next::Gone), one("erp", find, added), one("wms", find, added)]);
    assert_eq!(change.state, ErasureState::Erasing);
    let begun = after_change(begun, change);
    let change = begun.clone().call_ended(&target("wms"), found(false), NOW).expect("a transition");
    assert_eq!(of(&change), [one("wms", None, Next::Gone)], "another one of the round is still asked");
    let begun = after_change(begun, change);
    let change = begun.call_ended(&target("erp"), found_something(), NOW).expect("a transition");
    let erase = Some(Stage::Erase);
    let others = ["crm", "mluvii", "wms"].map(|name| one(name, erase, added));
    assert_eq!(of(&change)[0], one("erp", erase, Next::Due(NOW)));
    assert_eq!(of(&change)[1..], others);
    assert!(change.steps.iter().all(|(step, _)| step.evidence.not_looked_at.is_empty()), "nobody was too late");
}

#[test]
fn what_is_found_after_a_later_round_was_asked_is_told() {
    let begun = begins_in(&["crm", "erp", "mluvii"], &[("crm", 0), ("erp", 1)]);
    let claimed = begun.0[0].clone();
    let change = begun.clone().call_parked(&claimed, Outcome::Parked, "403", NOW).expect("a transition");
    let all: Vec<_> = change.steps.iter().map(|(step, next)| (step.stage(), *next)).collect();
    assert_eq!(all, [(Some(Stage::Find), Next::Parked), (Some(Stage::Find), Next::Added(NOW))]);
    let parked = after_change(begun, change);
    let retried = parked.clone().retried(NOW).expect("it is parked");
    let both_asked = after_change(parked, retried);
    let erp_found = both_asked.clone().call_ended(&target("erp"), found(false), NOW).expect("a transition");
    let erp_answered = after_change(both_asked.clone(), erp_found);
    for asked in [both_asked, erp_answered] {
        for (end, not_looked_at) in [(found(false), 0), (found_something(), 1)] {
            let change = asked.clone().call_ended(&target("crm"), end, NOW).expect("a transition");
            assert_eq!(change.steps[0].0.evidence.not_looked_at.len(), not_looked_at, "{asked:?}");
        }
    }
}

#[test]
fn a_find_ends_with_what_was_found_and_with_nothing_else() {
    let find = in_state("crm", StepState::to_call(Stage::Find, None));
    assert!(Begun(vec![find]).call_ended(&target("crm"), ends(Outcome::Absent), NOW).is_err());
    assert!(Begun(vec![to_call(Stage::Erase)]).call_ended(&target("crm"), found(false), NOW).is_err());
}

#[test]
fn what_a_find_left_open_stays_on_the_receipt() {
    let begun = begins(&["crm", "erp"], &["crm"]);
    let change = begun.clone().call_ended(&target("crm"), found(true), NOW).expect("a transition");
    let begun = after_change(begun, change);
    let looked = Evidence { looked_at: vec!["contacts".into()], ..Evidence::default() };
    let change = begun.call_ended(&target("crm"), answers(Outcome::Erased, looked), NOW).expect("a transition");
    let evidence = &only(change).0.evidence;
    assert_eq!(evidence.looked_at, ["contacts"]);
    assert_eq!(evidence.not_looked_at, ["further identifiers that the target holds"]);
}

/// The erasure after a change.
fn after_change(Begun(mut steps): Begun, change: Change) -> Begun {
    for (step, _) in change.steps {
        let at = steps.iter().position(|before| before.target == step.target).expect("it is there");
        steps[at] = step;
    }
    Begun(steps)
}

fn found_something() -> StepEnd {
    let sealed = || Sealed(vec![1]);
    let seal_key = crate::keys::KeyId::written("seal-9".into());
    StepEnd::Found { capsule: Some(Capsule { wrapped_key: sealed(), content: sealed(), seal_key }), more: false }
}

#[test]
fn nobody_waits_for_a_find_that_needs_a_person_and_what_it_finds_later_is_told() {
    let begun = begins(&["crm", "mluvii"], &["crm"]);
    let claimed = begun.0[0].clone();
    let change = begun.clone().call_parked(&claimed, Outcome::Parked, "403", NOW).expect("a transition");
    let all: Vec<_> = change.steps.iter().map(|(step, next)| (step.stage(), *next)).collect();
    assert_eq!(all, [(Some(Stage::Find), Next::Parked), (Some(Stage::Erase), Next::Added(NOW))]);
    assert_eq!(change.state, ErasureState::Erasing);

    let parked = after_change(begun, change);
    let retried = parked.clone().retried(NOW).expect("it is parked");
    let asked = after_change(parked, retried);
    for (end, not_looked_at) in [(found(false), 0), (found_something(), 1)] {
        let (crm, next) = only(asked.clone().call_ended(&target("crm"), end, NOW).expect("a transition"));
        assert_eq!((crm.stage(), next), (Some(Stage::Erase), Next::Due(NOW)));
        assert_eq!(crm.evidence.not_looked_at.len(), not_looked_at);
    }
}

#[test]
fn nobody_waits_for_a_target_of_which_nothing_is_known_yet() {
    let names = [target("crm"), target("erp"), target("mluvii")];
    let later: std::collections::BTreeSet<_> = [target("crm")].into();
    let alone = Finds { later: later.clone(), ..Finds::default() };
    let stages = |begun: &Begun| begun.0.iter().map(Step::stage).collect::<Vec<_>>();
    let begun = begin(&names, &alone, &InstallationName::unnamed());
    assert_eq!(stages(&begun), [Some(Stage::FindLater), Some(Stage::Erase), Some(Stage::Erase)]);
    let (crm, _) = only(begun.call_ended(&target("crm"), found_something(), NOW).expect("a transition"));
    assert_eq!((crm.stage(), crm.evidence.not_looked_at.len()), (Some(Stage::Erase), 1));

    let both = Finds { first: [(target("erp"), 0)].into(), later };
    let begun = begin(&names, &both, &InstallationName::unnamed());
    assert_eq!(stages(&begun), [Some(Stage::FindLater), Some(Stage::Find), None]);
    let change = begun.clone().call_ended(&target("erp"), found(false), NOW).expect("a transition");
    let begun = after_change(begun, change);
    assert_eq!(stages(&begun), [Some(Stage::FindLater), Some(Stage::Erase), Some(Stage::Erase)]);
}

#[test]
fn a_new_round_goes_on_from_nothing() {
    let kept = Step { resume: Some(report()), ..to_call(Stage::Verify) };
    let (again, _) = ended(kept.clone(), StepEnd::EraseAgain { pause: PAUSE });
    assert_eq!((again.rounds, again.resume), (1, None));
    let (verify, _) =
        ended(Step { resume: Some(report()), ..to_call(Stage::Erase) }, answers(Outcome::Erased, Evidence::default()));
    assert_eq!(verify.resume, Some(report()), "within a round it goes on");
}
