//! Identifiers: a kind and a value that is never shown.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use quietus_plugin::Kind;

use crate::keys::Secret;

/// A kind and a value that somebody typed or that mluvii knows of a person. The value is kept as it was written and
/// compared in its normal forms ([`super::Fingerprinter`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identifier {
    pub(crate) kind: Kind,
    pub(crate) value: Secret,
}

impl Identifier {
    /// An identifier, unless the value is empty. mluvii's own ids have types of their own
    /// ([`super::GuestId`], [`super::SessionKey`]) and are none.
    pub(crate) fn new(kind: Kind, value: &str) -> Option<Self> {
        let value = value.trim();
        let sound = !value.is_empty() && !kind.is_internal_id();
        sound.then(|| Self { kind, value: Secret::new(value) })
    }
}

/// Identifiers, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identifiers(pub(crate) BTreeSet<Identifier>);

impl Identifiers {
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a Secret> {
        self.0.iter().filter(move |i| i.kind == *kind).map(|i| &i.value)
    }
}

/// The names of call params and form fields, in lower case, and what kind of identifier each holds.
pub(crate) type Params = BTreeMap<String, Kind>;

/// What kind of identifier a call param or form field holds, whatever the case of its name.
pub(crate) fn kind_of(params: &Params, name: &str) -> Option<Kind> {
    // Not ASCII's case alone: a form in Czech has fields such as `Příjmení`.
    params.get(&name.to_lowercase()).cloned()
}
