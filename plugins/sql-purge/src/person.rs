//! The person's values for a statement: a request enters, and each combination of values of the kinds that a statement uses
//! leaves.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::{PluginError, Request};

/// Combinations that one statement may need for one person.
const COMBINATIONS_MAX: usize = 100;

/// One value for each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Values<'v>(BTreeMap<String, &'v str>);

impl<'v> Values<'v> {
    /// The value of a kind that the statement uses.
    pub(crate) fn get(&self, kind: &str) -> &'v str {
        self.0.get(kind).copied().unwrap_or_default()
    }

    /// The values of some of the kinds.
    pub(crate) fn only(&self, kinds: &[String]) -> Self {
        let some = self.0.iter().filter(|(kind, _)| kinds.contains(kind));
        Self(some.map(|(kind, value)| (kind.clone(), *value)).collect())
    }

    /// The same value for all kinds, to prepare a statement with.
    pub(crate) fn same(kinds: &[String], value: &'v str) -> Self {
        Self(kinds.iter().map(|kind| (kind.clone(), value)).collect())
    }
}

/// The kinds of which the person has an identifier that is not blank.
pub(crate) fn kinds(request: &Request) -> BTreeSet<&str> {
    let told = request.identifiers.iter().filter(|identifier| !identifier.value.expose().trim().is_empty());
    told.map(|identifier| identifier.kind.as_str()).collect()
}

/// All combinations of the values of these kinds.
pub(crate) fn values<'v>(kinds: &[String], request: &'v Request) -> Result<Vec<Values<'v>>, PluginError> {
    let mut turns = vec![Values::default()];
    for kind in kinds {
        let own: BTreeSet<&str> = request.values(kind.as_str()).filter(|value| !value.trim().is_empty()).collect();
        if turns.len() * own.len() > COMBINATIONS_MAX {
            let text =
                format!("the person has more than {COMBINATIONS_MAX} combinations of identifiers; nothing was erased");
            return Err(PluginError::permanent(text));
        }
        let with = |known: &Values<'v>, value: &'v str| {
            let mut known = known.clone();
            known.0.insert(kind.clone(), value);
            known
        };
        turns = turns.iter().flat_map(|known| own.iter().map(|value| with(known, value))).collect();
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(identifiers: &[(&str, &str)], kinds: &[&str], expected: &[&[&str]]) {
        let identifiers = identifiers.iter().map(|(kind, value)| quietus_plugin::Identifier::new(*kind, *value));
        let request = Request { identifiers: identifiers.collect(), ..Request::from([("email", "x")]) };
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let turns = values(&kinds, &request).expect("few enough");
        let found: Vec<Vec<&str>> =
            turns.iter().map(|turn| kinds.iter().map(|kind| turn.get(kind)).collect()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_value_is_combined_with_each_other() {
        check(&[("email", "a"), ("email", "b"), ("email", "a")], &["email"], &[&["a"], &["b"]]);
        check(&[("email", "a"), ("email", "b"), ("name", "n")], &["email", "name"], &[&["a", "n"], &["b", "n"]]);
        check(&[("email", "a")], &["email", "name"], &[]);
        check(&[("email", " \n")], &["email"], &[]);
    }

    #[test]
    fn too_many_combinations_are_an_error() {
        let values: Vec<String> = (0..=COMBINATIONS_MAX).map(|n| n.to_string()).collect();
        let identifiers = values.iter().map(|value| quietus_plugin::Identifier::new("email", value.as_str()));
        let request = Request { identifiers: identifiers.collect(), ..Request::from([("email", "x")]) };
        assert!(super::values(&["email".to_owned()], &request).is_err());
    }
}
