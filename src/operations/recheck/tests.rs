use super::*;
use crate::erasure::sample;
use crate::keys::Fingerprint;
use crate::operations::erase_again::tests::seen as of_target;
use crate::subject::Fingerprinted;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

/// Somebody who was erased, and of whom fingerprints of these kinds are kept.
fn erased(kinds: &[Kind]) -> EndedErasure {
    let print = |kind: &Kind| Fingerprinted {
        kind: kind.clone(),
        fingerprint: Fingerprint([1; 32]),
        version: quietus_plugin::identity::VERSION,
        supplementary: false,
    };
    let erasure = crate::erasure::Erasure { begun: Some(at(1)), ended: Some(at(2)), ..sample::session(Vec::new()) };
    EndedErasure { erasure, fingerprints: kinds.iter().map(print).collect() }
}

/// What was seen of a system whose records have these kinds.
fn seen(records: u64, told: &[Kind]) -> ErasedAgain {
    ErasedAgain { records, told: told.iter().cloned().collect(), ..of_target(Vec::new(), &[]) }
}

#[test]
fn nobody_is_gone_of_whom_no_record_could_tell() {
    let by_phone = erased(&[Kind::Phone]);
    let why = |seen: &ErasedAgain| shows_nothing_of(&by_phone, seen);
    assert_eq!(why(&seen(3, &[Kind::Email, Kind::Name])), Some(NOT_TOLD_BY), "it tells of addresses and names alone");
    assert_eq!(why(&seen(3, &[Kind::Email, Kind::Phone])), None);
    assert_eq!(why(&seen(0, &[])), Some(TOLD_NOBODY), "as where a right is missing");
}

#[test]
fn what_counts_for_a_later_erasure_leaves_the_first_one_unclear_and_is_told_once() {
    let due = Due { ended: erased(&[Kind::Email]), date: at(3) };
    let id = due.ended.erasure.id;
    let nobody = seen(1, &[Kind::Email]);
    assert_eq!(outcome(id, None, &nobody), (RecheckOutcome::Gone, None));
    let later = ErasedAgain { later: [id].into(), ..nobody };
    let said = outcome(id, None, &later);
    assert_eq!(said, (RecheckOutcome::Unclear, Some("later")));
    let place = Place { target: TargetName("crm".into()), installation: InstallationName("acme".into()) };
    assert!(!due.recheck(&place, at(4), said).unsettled, "the later one is told");
    assert!(due.recheck(&place, at(4), (RecheckOutcome::Unclear, Some("back"))).unsettled);
}
