//! Who is found by what they have filled in: everybody who may be meant, and of a common name nobody else.

use std::collections::BTreeSet;

use super::fixtures::*;
use crate::chance::Chance;
use crate::consent::{Consent, ConsentState};
use crate::erasure::Outcome;
use crate::keys::Fingerprint;
use crate::ledger::{SessionChange, SessionView};
use crate::policy::Comparison;
use crate::subject::{Fingerprinted, Kind};

fn kinds() -> [Kind; 4] {
    [Kind::Name, Kind::Email, Kind::Phone, Kind::Other("customer".to_owned())]
}

/// A value of a kind in a normal form of a version.
fn value(kind: &Kind, number: u8, version: u16) -> Fingerprinted {
    let place = kinds().iter().position(|one| one == kind).expect("one of them");
    let byte = u8::try_from(place).expect("few") * 40 + number * 4 + u8::try_from(version).expect("few");
    Fingerprinted { version, fingerprint: Fingerprint([byte; 32]), ..print(kind.clone(), byte) }
}

fn name(number: u8) -> Fingerprinted {
    value(&Kind::Name, number, 1)
}

fn address(number: u8) -> Fingerprinted {
    value(&Kind::Email, number, 1)
}

/// Somebody of two names, mostly with something beside the name; each value in one normal form or two.
fn somebody(chance: &mut Chance) -> Vec<Fingerprinted> {
    let mut all = Vec::new();
    for kind in chance.some_of(&kinds()) {
        let several = if kind == Kind::Name { 2 } else { 4 };
        for _ in 0..=chance.below(2) {
            let number = u8::try_from(chance.below(several)).expect("few");
            for version in chance.of(&[&[1][..], &[2], &[1, 2]]) {
                all.push(value(&kind, number, *version));
            }
        }
    }
    all
}

pub(crate) async fn of_a_common_name_whoever_may_be_the_person_is_found_and_no_namesake(ledger: Shared) {
    let mut chance = Chance::new(17);
    for id in 1..=60 {
        let mut prints = somebody(&mut chance);
        for one in &mut prints {
            one.supplementary = chance.one_in(6);
        }
        decide(&ledger, SessionChange { fingerprints: Some(prints), ..unchanged(id, 0) }).await;
    }
    let mut all = Vec::new();
    for id in 1..=60 {
        all.push(ledger.session(&session(id)).await.expect("read").expect("is there"));
    }
    let mut namesakes = 0;
    for _ in 0..150 {
        let person = somebody(&mut chance);
        let found = ledger.sessions_with(&installation(), &person).await.expect("searched");
        let may_be = |view: &&SessionView| Comparison::of(&person, &view.fingerprints).judge(&[]).is_some();
        assert_eq!(ids(&found), ids(all.iter().filter(may_be)), "{person:?}");
        let carries = |view: &&SessionView| view.fingerprints.iter().any(|one| is_of(&person, one));
        namesakes += all.iter().filter(carries).count() - found.len();
    }
    assert!(namesakes > 100, "{namesakes} of the same name are not read");
}

fn is_of(person: &[Fingerprinted], one: &Fingerprinted) -> bool {
    person.iter().any(|other| other.fingerprint == one.fingerprint)
}

fn ids<'v>(views: impl IntoIterator<Item = &'v SessionView>) -> BTreeSet<i64> {
    views.into_iter().map(|view| view.record.session.session.0).collect()
}

/// A session in which somebody agreed, and left this.
async fn agreed(ledger: &Shared, id: i64, read_version: i64, prints: Vec<Fingerprinted>) {
    let mut change = SessionChange { fingerprints: Some(prints), ..unchanged(id, read_version) };
    change.record.consent = Consent { state: ConsentState::Given, ..Consent::default() };
    decide(ledger, change).await;
}

async fn erased(ledger: &Shared, id: i64) {
    begun(ledger, id, &["mluvii"]).await;
    step_end(ledger, "mluvii", ends(Outcome::Erased)).await;
    close(ledger).await;
}

pub(crate) async fn an_erased_session_is_found_by_a_name_as_long_as_nothing_tells_it_from_the_persons(ledger: Shared) {
    agreed(&ledger, 1, 0, vec![name(1), address(1)]).await;
    agreed(&ledger, 2, 0, vec![name(1)]).await;
    agreed(&ledger, 3, 0, vec![name(1), address(1)]).await;
    for id in 1..=3 {
        erased(&ledger, id).await;
    }
    let found = async |person: &[Fingerprinted]| {
        ids(&ledger.erased_sessions_with(&installation(), person).await.expect("searched"))
    };
    assert_eq!(found(&[name(1), address(1)]).await, [1, 2, 3].into());
    assert_eq!(found(&[name(1)]).await, [1, 2, 3].into());
    assert_eq!(found(&[name(1), address(2)]).await, [2].into(), "1 and 3 are a namesake's");

    // What it carried first is forgotten first, so that soon nothing but the name will be known of it.
    let version = ledger.session(&session(3)).await.expect("read").expect("is there").version;
    agreed(&ledger, 3, version, vec![name(1)]).await;
    erased(&ledger, 3).await;
    assert_eq!(found(&[name(1), address(2)]).await, [2, 3].into());
}

pub(crate) async fn of_whom_too_much_is_known_for_an_index_nobody_is_missed(ledger: Shared) {
    let other = |number: usize| Fingerprinted {
        kind: Kind::Other(format!("{number:050}")),
        ..print(Kind::Name, u8::try_from(number).expect("few"))
    };
    let many = (100..150).map(other).chain([name(1), address(1)]);
    decide(&ledger, SessionChange { fingerprints: Some(many.collect()), ..unchanged(1, 0) }).await;
    let found = ledger.sessions_with(&installation(), &[name(1), address(1)]).await.expect("searched");
    assert_eq!(ids(&found), [1].into());
    // Whether it is the person's is left to who compares.
    let found = ledger.sessions_with(&installation(), &[name(1), address(2)]).await.expect("searched");
    assert_eq!(ids(&found), [1].into());
}
