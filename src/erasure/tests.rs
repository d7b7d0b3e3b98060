use std::time::Duration;

use quietus_plugin::Span;

use super::*;

#[test]
fn pauses_grow_up_to_their_bound_and_honour_retry_after() {
    let retry = RetrySettings { attempts_max: 5, pause_min: Span::from_secs(1), pause_max: Span::from_secs(60) };
    assert_eq!(retry.pause(0, None, 1.0), Duration::from_secs(1));
    assert_eq!(retry.pause(3, None, 1.0), Duration::from_secs(8));
    assert_eq!(retry.pause(40, None, 1.0), Duration::from_secs(60));
    assert_eq!(retry.pause(3, None, 0.0), Duration::ZERO);
    assert_eq!(retry.pause(0, Some(Duration::from_secs(30)), 0.0), Duration::from_secs(30));
    assert_eq!(retry.pause(0, Some(Duration::from_secs(3600)), 0.0), Duration::from_secs(60));
}

#[test]
fn ids_grow_with_time_and_survive_text() {
    let early = ErasureId::generate("2026-01-01T00:00:00Z".parse().expect("a timestamp"));
    let late = ErasureId::generate("2026-01-01T00:00:01Z".parse().expect("a timestamp"));
    assert!(early < late);
    assert_eq!(early.to_string().parse(), Ok(early));
}

#[test]
fn erasures_of_one_guest_become_one_only_when_they_come_from_one_person() {
    let subject = Subject::Guest { installation: InstallationName("acme".into()), digest: Digest([1; 16]) };
    let by = |origin: Option<u8>| NewErasure {
        id: ErasureId([1; 16]),
        subject: subject.clone(),
        rule: "retention".into(),
        version: None,
        targets: vec![TargetName::mluvii()],
        due: Timestamp::UNIX_EPOCH,
        approve: false,
        approved: None,
        confirm: None,
        origin: origin.map(|byte| Digest([byte; 16])),
        selection: Selection::default(),
        capsule: None,
        fingerprints: Vec::new(),
    };
    assert_eq!(by(Some(1)).merge_key(), by(Some(1)).merge_key());
    assert_ne!(by(Some(1)).merge_key(), by(Some(2)).merge_key());
    assert_ne!(by(Some(1)).merge_key(), by(None).merge_key());
    assert_eq!(by(None).merge_key(), subject.key());
}

#[test]
fn an_answer_names_nobody_neither_in_its_reason_nor_in_its_counts() {
    let counts = [("contacts", 1), ("ann novak", 2), ("notes of ann novak", 3)].map(|(name, n)| (name.to_owned(), n));
    let reason = Some("Ann Novak (ann@x.cz) is kept".to_owned());
    let said = |text: &str| vec![text.to_owned()];
    let evidence = Evidence {
        keeps: Some(said("a bin of Ann Novak")),
        looked_at: said("ann@x.cz"),
        not_looked_at: said("notes"),
        ..Evidence::default()
    };
    let answer = Answer { outcome: Outcome::Retained, reason, counts: counts.into(), verify_after: None, evidence };
    let told = answer.without(&["Ann Novak", "ann@x.cz"]);
    assert_eq!(told.reason.as_deref(), Some("[redacted] ([redacted]) is kept"));
    let counts = [("[redacted]", 2), ("contacts", 1), ("notes of [redacted]", 3)].map(|(name, n)| (name.to_owned(), n));
    assert_eq!(told.counts, counts.into());
    let Evidence { keeps, looked_at, not_looked_at, .. } = told.evidence;
    assert_eq!(
        [keeps.expect("said"), looked_at, not_looked_at].concat(),
        ["a bin of [redacted]", "[redacted]", "notes"]
    );
}
