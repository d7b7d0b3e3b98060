//! Whether two requests are of the same person, by the fingerprints of what was given.

use std::collections::{BTreeMap, BTreeSet};

use crate::keys::Fingerprint;
use crate::subject::{Fingerprinted, Kind};

/// Of each kind that both give, a value agrees; and more than a name does, unless nothing but a name is known of either: people have
/// the same name, and families one phone.
pub(crate) fn is_of_same_person(one: &[Fingerprinted], other: &[Fingerprinted]) -> bool {
    let (one, other) = (by_kind(one), by_kind(other));
    let mut agreeing = one.iter().filter_map(|(kind, prints)| Some((kind, !prints.is_disjoint(other.get(kind)?))));
    let mut kinds = Vec::new();
    let all_agree = agreeing.all(|(kind, agrees)| {
        kinds.push(*kind);
        agrees
    });
    let is_more_than_a_name = kinds.iter().any(|kind| **kind != Kind::Name);
    let nothing_else_is_known = one.keys().eq(other.keys());
    all_agree && !kinds.is_empty() && (is_more_than_a_name || nothing_else_is_known)
}

fn by_kind(prints: &[Fingerprinted]) -> BTreeMap<&Kind, BTreeSet<Fingerprint>> {
    let mut all: BTreeMap<&Kind, BTreeSet<Fingerprint>> = BTreeMap::new();
    for one in prints {
        all.entry(&one.kind).or_default().insert(one.fingerprint);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Such as `name1 phone2`.
    fn prints(text: &str) -> Vec<Fingerprinted> {
        let of = |word: &str| {
            let (kind, byte) = word.split_at(word.len() - 1);
            let byte = byte.parse().expect("a digit");
            let kind = kind.parse().expect("a kind");
            Fingerprinted { kind, fingerprint: Fingerprint([byte; 32]), version: 1, supplementary: false }
        };
        text.split_whitespace().map(of).collect()
    }

    #[track_caller]
    fn check(one: &str, other: &str, expected: bool) {
        assert_eq!(is_of_same_person(&prints(one), &prints(other)), expected, "{one} and {other}");
        assert_eq!(is_of_same_person(&prints(other), &prints(one)), expected, "{other} and {one}");
    }

    #[test]
    fn two_requests_are_of_one_person_where_all_that_both_give_agrees() {
        check("name1 email2 phone3", "name1 email2 phone3", true);
        check("email2", "name1 email2", true);
        check("email2 email3", "email3 phone1", true);
        // A family's phone.
        check("name1 phone3", "name2 phone3", false);
        check("name1 email2 phone3", "name1 email4 phone3", false);
        // One of two who have the same name.
        check("name1 phone3", "name1 email2", false);
        check("name1", "name1 email2", false);
        check("name1", "name1", true);
        check("email1", "phone1", false);
        check("", "", false);
    }
}
