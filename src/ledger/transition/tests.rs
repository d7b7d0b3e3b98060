use super::*;
use crate::keys::Fingerprint;
use crate::subject::Kind;

fn print(byte: u8, version: u16, supplementary: bool) -> Fingerprinted {
    Fingerprinted { kind: Kind::Phone, fingerprint: Fingerprint([byte; 32]), version, supplementary }
}

#[test]
fn a_number_that_is_also_one_to_call_back_may_contradict() {
    let all = [print(1, 1, true), print(2, 1, true), print(1, 1, false), print(1, 2, true)];
    let kept: Vec<_> = distinct(&all).into_iter().cloned().collect();
    assert_eq!(kept, [print(1, 1, false), print(1, 2, true), print(2, 1, true)]);
}

fn evidence(looked_at: &[&str], expected: bool) -> Evidence {
    let looked_at = looked_at.iter().map(|place| (*place).to_owned()).collect();
    Evidence { looked_at, expected, ..Evidence::default() }
}

fn ends(outcome: Outcome, evidence: Evidence) -> StepEnd {
    StepEnd::VerifyAfter { pause: Duration::ZERO, outcome, reason: None, counts: BTreeMap::new(), evidence }
}

#[test]
fn an_answer_that_says_nothing_keeps_the_older_evidence() {
    let mut step = planned(TargetName("crm".into()));
    let mut evidence_after = |said: Evidence| {
        let _ = after_call(&mut step, ends(Outcome::Erased, said), Timestamp::UNIX_EPOCH);
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
    let mut step = planned(TargetName("crm".into()));
    let mut kept_after = |keeps: Option<&[String]>| {
        let said = Evidence { keeps: keeps.map(<[String]>::to_vec), ..evidence(&["contacts"], false) };
        let _ = after_call(&mut step, ends(Outcome::Erased, said), Timestamp::UNIX_EPOCH);
        step.evidence.keeps.clone()
    };
    assert_eq!(kept_after(bin.as_deref()), bin);
    assert_eq!(kept_after(None), bin, "the second look was at the live records");
    assert_eq!(kept_after(Some(&[])), Some(Vec::new()));
}

#[test]
fn who_asks_nobody_when_asked_again_has_verified_nothing() {
    let verified_at = |outcome, nothing_asked| {
        let mut step = Step { stage: Some(Stage::Verify), outcome: Some(outcome), ..planned(TargetName::mluvii()) };
        let evidence = Evidence { nothing_asked, ..evidence(&["contacts by email"], false) };
        let end = StepEnd::Final { outcome, reason: None, counts: BTreeMap::new(), evidence };
        assert_eq!(after_call(&mut step, end, Timestamp::UNIX_EPOCH), Next::Over);
        assert_eq!((step.outcome, &*step.evidence.looked_at[0]), (Some(outcome), "contacts by email"));
        assert!(!step.evidence.nothing_asked, "it is about one call");
        step.verified_at
    };
    assert_eq!(verified_at(Outcome::Absent, true), None);
    assert_eq!(verified_at(Outcome::Absent, false), Some(Timestamp::UNIX_EPOCH));
    assert_eq!(verified_at(Outcome::Erased, false), Some(Timestamp::UNIX_EPOCH));
}

#[track_caller]
fn check(outcome: Outcome, erased: bool, sessions_are_erased: bool) {
    let mut step = planned(TargetName::mluvii());
    step.outcome = Some(outcome);
    step.erased_at = erased.then_some(Timestamp::UNIX_EPOCH);
    let erasure = crate::erasure::sample::session(vec![step]);
    assert_eq!(end_of(&erasure).sessions_are_erased, sessions_are_erased, "{outcome:?}");
}

#[test]
fn sessions_are_marked_erased_only_where_mluvii_has_erased_them() {
    check(Outcome::Erased, true, true);
    check(Outcome::Absent, false, true);
    check(Outcome::Unverifiable, true, false);
    check(Outcome::Unverifiable, false, false);
    check(Outcome::Retained, false, false);
    check(Outcome::Residual, true, false);
}
