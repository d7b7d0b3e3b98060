//! Who is found by what they have filled in: everybody who may be meant, and of a common name nobody else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::fixtures::*;
use crate::chance::Chance;
use crate::consent::{Consent, ConsentState};
use crate::erasure::Outcome;
use crate::keys::{Digest, Fingerprint, IndexKey};
use crate::ledger::{SessionChange, SessionView};
use crate::policy::Comparison;
use crate::subject::{Fingerprinted, Fingerprinter, Identifier, Identifiers, Kind};

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

/// Of so many people whose name is common somebody is looked for.
const WANTED: std::ops::RangeInclusive<i64> = 1..=200;

/// Nobody is looked for longer, among ten million sessions.
const LONGEST: Duration = Duration::from_millis(50);

/// A person as they are named, made comparable as whoever asks for an erasure makes them.
fn named(given: &[(Kind, String)]) -> Vec<Fingerprinted> {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    let fingerprinter = Fingerprinter::new(&key, &installation(), Some("CZ".parse().expect("a region")));
    let identifiers = given.iter().filter_map(|(kind, value)| Identifier::new(kind.clone(), value));
    fingerprinter.of_all(&Identifiers(identifiers.collect()))
}

/// The name that many have.
fn common_name() -> (Kind, String) {
    (Kind::Name, "Jan Novák".to_owned())
}

fn wanted(id: i64) -> Vec<Fingerprinted> {
    let phone = (Kind::Phone, format!("+4207770{id:05}"));
    named(&[common_name(), (Kind::Email, format!("jan{id}@example.com")), phone])
}

/// How many other sessions there are, for a backend that fills them in by itself.
pub(crate) fn others() -> i64 {
    std::env::var("QUIETUS_SESSIONS").map_or(5_000, |number| number.parse().expect("a number"))
}

/// Of so many of the others one is a namesake's: there are ten thousand where there are that many.
pub(crate) fn one_namesake_in(others: i64) -> i64 {
    (others / 10_000).max(2)
}

/// What a fingerprint of the common name is like in the sessions of namesakes, and what stands beside it.
pub(crate) fn of_namesakes() -> (Vec<Fingerprinted>, String) {
    let beside = Fingerprinted::marks(&wanted(1)).into_iter().collect();
    (named(&[common_name()]), beside)
}

/// Those who are looked for come.
pub(crate) async fn the_wanted_come(ledger: &Shared) {
    for id in WANTED {
        let mut change = SessionChange { fingerprints: Some(wanted(id)), ..unchanged(id, 0) };
        change.record.guest_digest = Some(guest_of(id));
        decide(ledger, change).await;
    }
}

fn guest_of(id: i64) -> Digest {
    let mut digest = [7; 16];
    digest[..8].copy_from_slice(&id.to_be_bytes());
    Digest(digest)
}

/// Each is found, and nobody else, by what a request is resolved by: their identifiers, and then their guest. Prints how long that takes,
/// and where so many sessions were asked for, holds it against the bound.
#[expect(clippy::print_stderr, reason = "what was measured in a long run is shown at its end")]
pub(crate) async fn the_wanted_are_found(ledger: &Shared, others: i64) {
    let mut times = Vec::new();
    for id in WANTED {
        let began = Instant::now();
        let found = ledger.sessions_with(&installation(), &wanted(id)).await.expect("read");
        let of_guest = ledger.sessions_of_guest(&installation(), guest_of(id)).await.expect("read");
        let shared = ledger.is_shared_guest(&installation(), guest_of(id)).await.expect("read");
        times.push(began.elapsed());
        assert_eq!((ids(&found), ids(&of_guest), shared), ([id].into(), [id].into(), false));

        let namesake = named(&[common_name(), (Kind::Email, format!("nobody{id}@example.com"))]);
        let began = Instant::now();
        let found = ledger.sessions_with(&installation(), &namesake).await.expect("read");
        times.push(began.elapsed());
        assert_eq!(ids(&found), BTreeSet::new());
    }
    times.sort_unstable();
    let of = |per_cent: usize| times[(times.len() - 1) * per_cent / 100];
    let [half, most, all] = [of(50), of(99), of(100)];
    let namesakes = others / one_namesake_in(others);
    eprintln!(
        "a person among {others} sessions, {namesakes} of them of namesakes: {half:.1?}, p99 {most:.1?}, at most {all:.1?}"
    );
    // The suite asserts no time: there the sessions are few, and the machine is busy.
    assert!(std::env::var_os("QUIETUS_SESSIONS").is_none() || most < LONGEST, "p99 {most:.1?}");
}
