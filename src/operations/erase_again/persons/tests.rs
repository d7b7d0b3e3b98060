use zeroize::Zeroizing;

use super::*;
use crate::erasure::{Erasure, sample};
use crate::keys::{Digest, IndexKey};
use crate::subject::{Identifier, InstallationName, SessionId, SessionKey};

const GONE_AT: i64 = 1_700_000_000_000;

fn acme() -> InstallationName {
    InstallationName("acme".into())
}

fn fingerprinter(key: u8, installation: &str) -> Fingerprinter {
    let region = Some("CZ".parse().expect("a region"));
    Fingerprinter::new(&IndexKey::new(&Zeroizing::new([key; 32])), &InstallationName(installation.into()), region)
}

/// Identifiers as `email=ann@x.cz`.
fn identifiers(texts: &[&str]) -> Identifiers {
    let one = |text: &&str| {
        let (kind, value) = text.split_once('=').expect("kind=value");
        Identifier::new(kind.parse().expect("a kind"), value).expect("it is one")
    };
    Identifiers(texts.iter().map(one).collect())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).expect("a time")
}

/// One who was erased by these.
fn erased(by: &Fingerprinter, n: u8, texts: &[&str], gone_at: i64, subject: Subject) -> EndedErasure {
    let erasure = Erasure {
        id: ErasureId([n; 16]),
        subject,
        begun: Some(at(gone_at)),
        ended: Some(at(gone_at + 5_000)),
        ..sample::session(Vec::new())
    };
    EndedErasure { erasure, fingerprints: by.of_all(&identifiers(texts)) }
}

fn person() -> Subject {
    Subject::Person { installation: acme(), digest: Digest([1; 16]) }
}

fn record(texts: &[&str], newest: impl Into<Option<i64>>) -> HeldRecord {
    HeldRecord { identifiers: identifiers(texts), newest: newest.into().map(at) }
}

fn sets() -> Vec<BTreeSet<Kind>> {
    vec![[Kind::Name, Kind::Email, Kind::Phone].into(), [Kind::Email, Kind::Name].into()]
}

const ANN: [&str; 3] = ["name=Ann Nováková", "email=ann@x.cz", "phone=777 123 456"];
const OLD: i64 = GONE_AT - 60_000;

/// What becomes of Ann, who was erased, by these records.
#[track_caller]
fn check(records: &[HeldRecord], expected: Option<Verdict>) -> Vec<Person> {
    check_by(&fingerprinter(1, "acme"), &fingerprinter(1, "acme"), records, expected)
}

#[track_caller]
fn check_by(
    then: &Fingerprinter,
    now: &Fingerprinter,
    records: &[HeldRecord],
    expected: Option<Verdict>,
) -> Vec<Person> {
    let sets = sets();
    let mut persons = Persons::new(&sets, now);
    assert!(persons.add(erased(then, 1, &ANN, GONE_AT, person())));
    records.iter().for_each(|record| persons.compare(record));
    let (found, verdicts): (Vec<_>, Vec<_>) = persons.found().unzip();
    assert_eq!(verdicts, expected.into_iter().collect::<Vec<_>>(), "{records:?}");
    found
}

#[test]
fn only_a_record_that_is_certainly_theirs_and_older_goes() {
    let again = Some(Verdict::Again);
    check(&[record(&ANN, OLD)], again);
    check(&[record(&["name=Nováková Ann", "email=ANN@x.cz"], OLD)], again);
    check(&[record(&["email=ann@x.cz"], OLD)], Some(Verdict::Possible));
    check(&[record(&["name=Ann Nováková", "email=ann@x.cz", "phone=602 111 222"], OLD)], Some(Verdict::Possible));
    // A namesake, and somebody else altogether.
    check(&[record(&["name=Ann Nováková", "email=other@x.cz"], OLD)], None);
    check(&[record(&["name=Bob", "email=bob@x.cz"], OLD)], None);
    check(&[], None);
}

#[test]
fn who_came_back_or_may_have_keeps_everything() {
    check(&[record(&ANN, GONE_AT + 60_000)], Some(Verdict::Back));
    check(&[record(&ANN, OLD), record(&ANN, GONE_AT + 60_000)], Some(Verdict::Back));
    // Also by a record that is only possibly theirs: what is erased by may take it, too.
    check(&[record(&ANN, OLD), record(&["email=ann@x.cz"], GONE_AT + 60_000)], Some(Verdict::Back));
    check(&[record(&ANN, None)], Some(Verdict::Undated));
    check(&[record(&ANN, OLD), record(&["email=ann@x.cz"], None)], Some(Verdict::Undated));
    // A possible one that is old is nobody's reason to keep what is certain.
    check(&[record(&ANN, OLD), record(&["email=ann@x.cz"], OLD)], Some(Verdict::Again));
}

#[test]
fn whole_seconds_are_no_earlier_than_they_may_mean() {
    check(&[record(&ANN, GONE_AT - 1_000)], Some(Verdict::Again));
    check(&[record(&ANN, GONE_AT - 999)], Some(Verdict::Back));
}

#[test]
fn nothing_is_erased_by_that_the_first_erasure_was_not_about() {
    let more = ["name=Ann Nováková", "email=ann@x.cz", "email=family@x.cz", "phone=777 123 456"];
    let found = check(&[record(&more, OLD)], Some(Verdict::Again));
    assert_eq!(found[0].identifiers, identifiers(&ANN));
    assert_eq!(found[0].found, Found { old: 1, ..Found::default() });
}

#[test]
fn who_was_erased_twice_is_measured_by_the_second_time() {
    let (by, sets) = (fingerprinter(1, "acme"), sets());
    let mut persons = Persons::new(&sets, &by);
    assert!(persons.add(erased(&by, 1, &ANN, GONE_AT, person())));
    assert!(persons.add(erased(&by, 2, &ANN, GONE_AT + 100_000, person())));
    persons.compare(&record(&ANN, GONE_AT + 50_000));
    assert_eq!(persons.later(), [ErasureId([1; 16])].into(), "by the first one, nobody is gone");
    let found: Vec<_> = persons.found().map(|(person, verdict)| (person.erasure, verdict)).collect();
    assert_eq!(found, [(ErasureId([2; 16]), Verdict::Again)]);
}

#[test]
fn of_several_people_under_one_guest_nobody_is_certain() {
    let (by, sets) = (fingerprinter(1, "acme"), sets());
    let guest = Subject::Guest { installation: acme(), digest: Digest([1; 16]) };
    let both = [&ANN[..], &["name=Bob", "email=bob@x.cz"]].concat();
    let mut persons = Persons::new(&sets, &by);
    assert!(persons.add(erased(&by, 1, &both, GONE_AT, guest)));
    persons.compare(&record(&ANN, OLD));
    assert_eq!(persons.found().map(|(_, verdict)| verdict).collect::<Vec<_>>(), [Verdict::Possible]);
    let session = SessionKey { installation: acme(), session: SessionId(1) };
    let mut persons = Persons::new(&sets, &by);
    assert!(persons.add(erased(&by, 1, &ANN, GONE_AT, Subject::Session(session))));
    persons.compare(&record(&ANN, OLD));
    assert_eq!(persons.found().map(|(_, verdict)| verdict).collect::<Vec<_>>(), [Verdict::Again]);
}

#[test]
fn another_company_and_a_rotated_key_are_told_apart() {
    let then = fingerprinter(1, "acme");
    check_by(&then, &fingerprinter(1, "other"), &[record(&ANN, OLD)], None);
    check_by(&then, &fingerprinter(2, "acme"), &[record(&ANN, OLD)], None);
    // What stood under the old key was carried over to the one that replaced it.
    let old = IndexKey::new(&Zeroizing::new([1; 32]));
    let new = old.clone().replaced_by(&Zeroizing::new([2; 32]));
    let carry = new.carry_from(old.id()).expect("it follows");
    let region = Some("CZ".parse().expect("a region"));
    let [then, now] = [&old, &new].map(|key| Fingerprinter::new(key, &acme(), region));
    let mut carried = erased(&then, 1, &ANN, GONE_AT, person());
    for one in &mut carried.fingerprints {
        one.fingerprint = carry.fingerprint(one.fingerprint);
    }
    let sets = sets();
    let mut persons = Persons::new(&sets, &now);
    assert!(persons.add(carried));
    persons.compare(&record(&ANN, OLD));
    assert_eq!(persons.found().map(|(_, verdict)| verdict).collect::<Vec<_>>(), [Verdict::Again]);
}

#[test]
fn nobody_is_found_by_what_a_system_does_not_tell() {
    let by = fingerprinter(1, "acme");
    let ended = erased(&by, 1, &["phone=777 123 456", "name=Ann Nováková"], GONE_AT, person());
    assert!(is_found_by(&ended, |kind| *kind == Kind::Phone) && is_found_by(&ended, |kind| *kind == Kind::Name));
    assert!(!is_found_by(&ended, |kind| *kind == Kind::Email), "it knows addresses alone");
    let mut of_another_version = ended;
    of_another_version.fingerprints.retain(|one| one.kind == Kind::Phone);
    of_another_version.fingerprints.iter_mut().for_each(|one| one.version += 1);
    assert!(!is_found_by(&of_another_version, |kind| *kind == Kind::Phone));
}

#[test]
fn who_left_nothing_to_compare_is_told_apart() {
    let (by, sets) = (fingerprinter(1, "acme"), sets());
    let mut persons = Persons::new(&sets, &by);
    assert!(!persons.add(erased(&by, 1, &[], GONE_AT, person())));
    let mut of_another_version = erased(&by, 2, &ANN, GONE_AT, person());
    of_another_version.fingerprints.iter_mut().for_each(|one| one.version += 1);
    assert!(!persons.add(of_another_version));
    assert_eq!(persons.len(), 0);
}
