use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::erasure::{Evidence, StepState, Subject, sample};
use crate::keys::Digest;
use crate::subject::{InstallationName, Narrowed, SessionId, SessionKey};

/// A step that erased and was verified.
fn step() -> Step {
    sample::step("crm", Outcome::Erased)
}

/// A person of whom everything was found and is gone.
fn erasure(steps: Vec<Step>) -> Erasure {
    let subject = Subject::Person { installation: InstallationName("acme".into()), digest: Digest([1; 16]) };
    let findings = Findings { certain: 1, search: MluviiSearch::Done, ..Findings::default() };
    Erasure { subject, findings: Some(findings), ..sample::session(steps) }
}

/// Checks the verdict and the reasons, each as `code target count detail` without what is not there.
#[track_caller]
fn check(erasure: &Erasure, verdict: Verdict, reasons: &[&str]) {
    let (judged, given) = judge(erasure);
    let text = |reason: &Reason| {
        let mut parts = vec![reason.code.as_str().to_owned()];
        parts.extend(reason.target.as_ref().map(ToString::to_string));
        parts.extend(reason.count.map(|count| count.to_string()));
        parts.extend(reason.detail.clone());
        parts.join(" ")
    };
    assert_eq!(given.iter().map(text).collect::<Vec<_>>(), reasons);
    assert_eq!(judged, verdict);
}

#[track_caller]
fn check_step(step: Step, verdict: Verdict, reasons: &[&str]) {
    check(&erasure(vec![step]), verdict, reasons);
}

#[track_caller]
fn check_evidence(evidence: Evidence, verdict: Verdict, reasons: &[&str]) {
    check_step(Step { evidence, ..step() }, verdict, reasons);
}

#[track_caller]
fn check_findings(findings: Findings, verdict: Verdict, reasons: &[&str]) {
    check(&Erasure { findings: Some(findings), ..erasure(vec![step()]) }, verdict, reasons);
}

fn searched() -> Findings {
    Findings { search: MluviiSearch::Done, ..Findings::default() }
}

#[test]
fn complete_is_only_what_somebody_saw() {
    use Outcome::{Absent, Erased};
    let outcome = |outcome: Outcome, verified_at: Option<Timestamp>, looked_at: &[&str]| {
        let looked_at = looked_at.iter().map(|place| (*place).to_owned()).collect();
        let evidence = Evidence { looked_at, ..Evidence::default() };
        Step { state: StepState::Over { outcome }, verified_at, evidence, ..step() }
    };
    let then = Some(Timestamp::UNIX_EPOCH);
    check_step(outcome(Erased, then, &[]), Verdict::Complete, &[]);
    check_step(outcome(Erased, None, &["contacts"]), Verdict::Incomplete, &["unverifiable crm"]);
    check_step(outcome(Absent, then, &[]), Verdict::Complete, &[]);
    check_step(outcome(Absent, None, &["contacts"]), Verdict::Complete, &[]);
    check_step(outcome(Absent, None, &[]), Verdict::Incomplete, &["unverifiable crm"]);
    check_step(Step { state: StepState::Planned, ..step() }, Verdict::Incomplete, &["unverifiable crm"]);
}

#[test]
fn every_other_outcome_has_its_reason() {
    let of =
        |outcome| Step { state: StepState::Over { outcome }, reason: Some("why".into()), verified_at: None, ..step() };
    check_step(of(Outcome::Unverifiable), Verdict::Incomplete, &["unverifiable crm why"]);
    check_step(of(Outcome::Residual), Verdict::Incomplete, &["residual crm why"]);
    check_step(of(Outcome::Parked), Verdict::Incomplete, &["parked crm why"]);
    check_step(of(Outcome::Retained), Verdict::Retained, &["retained crm why"]);
}

#[test]
fn what_is_expected_to_be_unverifiable_is_named_and_lowers_nothing() {
    let expected =
        Evidence { expected: true, not_looked_at: vec!["the queue's readers".into()], ..Evidence::default() };
    for outcome in [Outcome::Unverifiable, Outcome::Erased] {
        let step = Step { state: StepState::Over { outcome }, verified_at: None, evidence: expected.clone(), ..step() };
        check_step(step, Verdict::Complete, &["expected_unverifiable crm"]);
    }
    // What is expected is that nobody can look, not that the data stays.
    for (outcome, verdict, said) in [
        (Outcome::Residual, Verdict::Incomplete, "residual crm"),
        (Outcome::Parked, Verdict::Incomplete, "parked crm"),
        (Outcome::Retained, Verdict::Retained, "retained crm"),
    ] {
        let step = Step { state: StepState::Over { outcome }, verified_at: None, evidence: expected.clone(), ..step() };
        check_step(step, verdict, &[said]);
    }
}

#[test]
fn what_the_target_left_kept_or_did_not_look_at_is_named() {
    let one = |kind: &str, count| BTreeMap::from([(kind.to_owned(), count)]);
    let left = Evidence { left: one("ip_address", 2), ..Evidence::default() };
    check_evidence(left, Verdict::Incomplete, &["left_behind crm 2 ip_address"]);
    let accepted = Evidence { accepted: one("ip_address", 2), ..Evidence::default() };
    check_evidence(accepted, Verdict::Complete, &["left_accepted crm 2 ip_address"]);
    let keeps = Evidence { keeps: Some(vec!["a bin for 30 days".into()]), ..Evidence::default() };
    check_evidence(keeps, Verdict::Retained, &["kept_by_vendor crm a bin for 30 days"]);
    let passed_by = Evidence { not_looked_at: vec!["archive".into(), "notes".into()], ..Evidence::default() };
    let said = ["not_looked_at crm archive", "not_looked_at crm notes"];
    check_evidence(passed_by.clone(), Verdict::Incomplete, &said);
    let one_accepted = Evidence { accepted: one("archive", 0), ..passed_by };
    let said = ["left_accepted crm 0 archive", "not_looked_at crm notes"];
    check_evidence(one_accepted, Verdict::Incomplete, &said);
    let looked = Evidence { looked_at: vec!["contacts".into()], ..Evidence::default() };
    check_evidence(looked, Verdict::Complete, &[]);
}

#[test]
fn what_resolving_left_lowers_the_verdict() {
    check_findings(searched(), Verdict::Complete, &[]);
    check_findings(Findings { possible_left: 3, ..searched() }, Verdict::Incomplete, &["possible_left 3"]);
    check_findings(Findings { possible_included: 3, ..searched() }, Verdict::Complete, &["possible_included 3"]);
    check_findings(Findings { possible_excluded: 2, ..searched() }, Verdict::Complete, &["possible_excluded 2"]);
    check_findings(Findings { excluded: 1, ..searched() }, Verdict::Incomplete, &["excluded 1"]);
    check_findings(Findings { came_since: 2, ..searched() }, Verdict::Incomplete, &["came_since 2"]);
    check_findings(Findings { unread: 1, ..searched() }, Verdict::Incomplete, &["unread 1"]);
    check_findings(Findings { never_read: 1, ..searched() }, Verdict::Incomplete, &["never_read 1"]);
    for (narrowed, said) in
        [(Narrowed::NoGuestId, "narrowed no_guest_id"), (Narrowed::NoIdentifiers, "narrowed no_identifiers")]
    {
        check_findings(Findings { narrowed: Some(narrowed), ..searched() }, Verdict::Incomplete, &[said]);
    }
}

#[test]
fn a_guest_or_a_person_who_was_not_searched_at_mluvii_is_incomplete_unless_accepted() {
    use MluviiSearch::{Done, IdentifiersOnly, NotNeeded, Off, OffAccepted};
    let guest = || Subject::Guest { installation: InstallationName("acme".into()), digest: Digest([1; 16]) };
    let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
    let with = |search, subject: Subject| {
        let findings = Some(Findings { search, ..Findings::default() });
        Erasure { findings, subject, ..erasure(vec![step()]) }
    };
    for subject in [guest(), erasure(vec![]).subject] {
        check(&with(Done, subject.clone()), Verdict::Complete, &[]);
        check(&with(IdentifiersOnly, subject.clone()), Verdict::Complete, &[]);
        check(&with(Off, subject.clone()), Verdict::Incomplete, &["ledger_only"]);
        check(&with(NotNeeded, subject.clone()), Verdict::Incomplete, &["ledger_only"]);
        check(&with(OffAccepted, subject), Verdict::Complete, &["ledger_only_accepted"]);
    }
    for search in [Done, Off, NotNeeded, OffAccepted] {
        check(&with(search, Subject::Session(session.clone())), Verdict::Complete, &[]);
    }
}

#[test]
fn what_was_cancelled_never_resolved_or_has_no_target_is_never_complete() {
    let cancelled = Erasure { state: ErasureState::Cancelled, ..erasure(vec![step()]) };
    check(&cancelled, Verdict::Incomplete, &["cancelled"]);
    let unresolved = Erasure { findings: None, ..erasure(vec![step()]) };
    check(&unresolved, Verdict::Incomplete, &["not_resolved"]);
    check(&erasure(vec![]), Verdict::Incomplete, &["not_resolved"]);
}

#[test]
fn the_worst_reason_decides_and_all_of_them_are_told() {
    let kept = Step { state: StepState::Over { outcome: Outcome::Retained }, reason: Some("a hold".into()), ..step() };
    let parked = Step { state: StepState::Over { outcome: Outcome::Parked }, target: TargetName::mluvii(), ..step() };
    check(&erasure(vec![step(), kept.clone()]), Verdict::Retained, &["retained crm a hold"]);
    let both = erasure(vec![kept, step(), parked]);
    check(&both, Verdict::Incomplete, &["retained crm a hold", "parked mluvii"]);
}

#[test]
fn every_code_outcome_and_verdict_has_its_sentence_in_the_documentation() {
    let documented = include_str!("../../../docs/receipt.md");
    for code in ReasonCode::ALL {
        let row = format!("| `{}` | `{}` | {}", code.as_str(), code.allows().as_str(), code.meaning());
        assert!(documented.contains(&row), "docs/receipt.md has no row: {row}");
        assert_eq!(serde_json::to_value(code).expect("JSON"), code.as_str());
        assert_eq!(code.as_str().parse(), Ok(code));
    }
    let readme = include_str!("../../../README.md");
    for code in ReasonCode::ALL {
        let Some(advice) = code.advice() else { continue };
        let row = format!("| `{}` | {advice} |", code.as_str());
        assert!(readme.contains(&row), "README.md has no row: {row}");
    }
    let outcomes = [
        Outcome::Erased,
        Outcome::Absent,
        Outcome::Retained,
        Outcome::Residual,
        Outcome::Unverifiable,
        Outcome::Parked,
    ];
    let words = outcomes.map(Outcome::as_str).into_iter().chain(Verdict::ALL.map(Verdict::as_str));
    for word in words {
        assert!(documented.contains(&format!("| `{word}` | ")), "docs/receipt.md has no row for `{word}`");
    }
    for narrowed in [Narrowed::NoGuestId, Narrowed::NoIdentifiers] {
        assert!(documented.contains(&format!("`{}`", narrowed.as_str())), "{narrowed:?}");
    }
}
