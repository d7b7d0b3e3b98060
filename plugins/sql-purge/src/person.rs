//! The person's values as a statement may meet them in a column, and their combinations.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::identity::{normal_forms, spellings};
use quietus_plugin::{Kind, PluginError, Request};

/// Combinations that one statement may need for one person.
const COMBINATIONS_MAX: usize = 500;

/// The values of each kind.
#[derive(Debug, Default)]
pub(crate) struct Person {
    values: BTreeMap<String, BTreeSet<String>>,
    /// Identifiers that are none, such as `n/a` for a number: nothing is looked for by them.
    pub(crate) unusable: usize,
}

/// One value for each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Values<'v>(BTreeMap<String, &'v str>);

impl Person {
    /// Of addresses and numbers all spellings: a column is compared as text. Each of them has the same normal form in the
    /// operator's region, so that none is another person's.
    pub(crate) fn of(request: &Request) -> Self {
        let mut person = Self::default();
        for identifier in &request.identifiers {
            let kind = &identifier.kind;
            let typed = identifier.value.expose();
            let values: Vec<String> = match kind {
                Kind::Email | Kind::Phone => {
                    let forms = normal_forms(kind, typed, request.region);
                    let spelt = forms.iter().flat_map(|form| spellings(kind, form)).chain([typed.trim().to_owned()]);
                    let is_theirs = |text: &String| matches!(normal_forms(kind, text, request.region).as_slice(), [form] if forms.contains(form));
                    spelt.filter(is_theirs).collect()
                }
                Kind::Name if normal_forms(kind, typed, request.region).is_empty() => Vec::new(),
                _ if typed.trim().is_empty() => Vec::new(),
                _ => vec![typed.to_owned()],
            };
            person.unusable += usize::from(values.is_empty());
            if !values.is_empty() {
                person.values.entry(kind.as_str().to_owned()).or_default().extend(values);
            }
        }
        person
    }

    /// The kinds of which the person has an identifier.
    pub(crate) fn kinds(&self) -> BTreeSet<&str> {
        self.values.keys().map(String::as_str).collect()
    }

    /// All combinations of the values of these kinds.
    pub(crate) fn values(&self, kinds: &[String]) -> Result<Vec<Values<'_>>, PluginError> {
        let mut turns = vec![Values::default()];
        for kind in kinds {
            let own: Vec<&str> = self.values.get(kind).into_iter().flatten().map(String::as_str).collect();
            if turns.len() * own.len() > COMBINATIONS_MAX {
                let text = format!(
                    "the person has more than {COMBINATIONS_MAX} combinations of identifiers; nothing was erased"
                );
                return Err(PluginError::permanent(text));
            }
            let mut combined = Vec::new();
            for known in &turns {
                for value in &own {
                    let mut known = known.clone();
                    known.0.insert(kind.clone(), *value);
                    combined.push(known);
                }
            }
            turns = combined;
        }
        Ok(turns)
    }
}

impl<'v> Values<'v> {
    /// The value of a kind that the statement uses.
    pub(crate) fn get(&self, kind: &str) -> &'v str {
        self.0.get(kind).copied().unwrap_or_default()
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The values of some of the kinds.
    pub(crate) fn only(&self, kinds: &BTreeSet<String>) -> Self {
        let some = self.0.iter().filter(|(kind, _)| kinds.contains(kind.as_str()));
        Self(some.map(|(kind, value)| (kind.clone(), *value)).collect())
    }

    /// The same value for all kinds, to prepare a statement with.
    pub(crate) fn same(kinds: &BTreeSet<&str>, value: &'v str) -> Self {
        Self(kinds.iter().map(|kind| ((*kind).to_owned(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(region: Option<&str>, identifiers: &[(&str, &str)]) -> Person {
        let identifiers = identifiers.iter().map(|(kind, value)| quietus_plugin::Identifier::new(*kind, *value));
        let region = region.map(|region| region.parse().expect("a region"));
        Person::of(&Request { identifiers: identifiers.collect(), region, ..Request::from([("email", "x")]) })
    }

    #[track_caller]
    fn check(identifiers: &[(&str, &str)], kinds: &[&str], expected: &[&[&str]]) {
        let person = person(Some("CZ"), identifiers);
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let turns = person.values(&kinds).expect("few enough");
        let found: Vec<Vec<&str>> =
            turns.iter().map(|turn| kinds.iter().map(|kind| turn.get(kind)).collect()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_value_is_combined_with_each_other() {
        let a = ("email", "a@x.cz");
        let b = ("email", "b@x.cz");
        check(&[a, b, a], &["email"], &[&["a@x.cz"], &["b@x.cz"]]);
        check(&[a, b, ("name", "n")], &["email", "name"], &[&["a@x.cz", "n"], &["b@x.cz", "n"]]);
        check(&[a], &["email", "name"], &[]);
        check(&[("email", " \n")], &["email"], &[]);
    }

    #[test]
    fn a_value_is_looked_for_in_its_spellings_and_in_no_other_persons() {
        check(&[("email", " Ann@X.cz")], &["email"], &[&["Ann@X.cz"], &["ann@x.cz"]]);
        check(&[("email", "ann@příklad.cz")], &["email"], &[&["ann@příklad.cz"], &["ann@xn--pklad-zsa96e.cz"]]);
        let czech: &[&[&str]] = &[&["+420 777 123 456"], &["+420777123456"], &["777 123 456"], &["777123456"]];
        check(&[("phone", "777123456")], &["phone"], czech);
        // In Czechia, 905 123 456 is another's.
        check(&[("phone", "+421905123456")], &["phone"], &[&["+421 905 123 456"], &["+421905123456"]]);
        check(&[("no", " 7 ")], &["no"], &[&[" 7 "]]);
    }

    #[test]
    fn what_is_no_identifier_is_looked_for_in_no_column() {
        let nobody = [("email", "n/a"), ("phone", "000 000 000"), ("phone", "112"), ("name", "Ing."), ("no", " ")];
        let nobody = person(Some("CZ"), &nobody);
        assert_eq!((nobody.kinds().len(), nobody.unusable), (0, 5));
        assert!(person(None, &[("phone", "777 123 456")]).kinds().is_empty(), "nobody has said in which region");
    }

    #[test]
    fn too_many_combinations_are_an_error() {
        let values: Vec<String> = (0..=COMBINATIONS_MAX).map(|n| format!("a{n}@x.cz")).collect();
        let identifiers: Vec<_> = values.iter().map(|value| ("email", value.as_str())).collect();
        assert!(person(None, &identifiers).values(&["email".to_owned()]).is_err());
    }
}
