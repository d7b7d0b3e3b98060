use super::*;
use crate::keys::Fingerprint;

/// A session's identifiers: an address, and a name where it is not 0.
fn session(address: u8, name: u8) -> Vec<Fingerprinted> {
    let print =
        |kind, byte| Fingerprinted { kind, fingerprint: Fingerprint([byte; 32]), version: 1, supplementary: false };
    let name = (name != 0).then(|| print(Kind::Name, name));
    [print(Kind::Email, address)].into_iter().chain(name).collect()
}

#[test]
fn one_persons_sessions_do_not_contradict_one_another_however_many_they_are() {
    let same = (0..1000).map(|number| session(1, if number == 500 { 7 } else { 0 }));
    assert!(!contradict_one_another(same));
}

#[test]
fn the_last_of_many_sessions_contradicts_as_the_first_does() {
    let last_differs = (0..1000).map(|number| session(if number == 999 { 2 } else { 1 }, 0));
    assert!(contradict_one_another(last_differs));
}

#[test]
fn more_sets_of_identifiers_than_are_compared_are_those_of_several_people() {
    let names = (1..=DISTINCT_MAX + 1).map(|name| u8::try_from(name).expect("few"));
    assert!(contradict_one_another(names.map(|name| session(1, name))));
}
