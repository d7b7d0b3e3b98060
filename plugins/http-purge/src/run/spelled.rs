//! What a person is asked for by: each value as it was typed, and in the spellings of its normal form. A system that knows the
//! address under another spelling of it would otherwise say that nobody is there.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::identity::{normal_forms, spellings};
use quietus_plugin::{Kind, Request};

/// One value for each kind of identifier.
pub(super) type Kinds<'a> = BTreeMap<&'a str, Spelled>;

/// One spelling of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spelled {
    /// What all spellings of the value have in common.
    pub(super) form: String,
    pub(super) text: String,
    /// It means nobody else: what is done by it needs no judgement. A number without its country code may be another one's
    /// abroad.
    pub(super) is_exact: bool,
}

/// All spellings of the values of a kind, first the typed ones. What has no normal form is no identifier.
pub(super) fn spelled(kind: &str, request: &Request) -> Vec<Spelled> {
    let kind = Kind::from(kind);
    let mut all: Vec<Spelled> = Vec::new();
    let mut add = |form: &str, text: String, is_exact: bool| {
        if !all.iter().any(|known| known.form == form && known.text == text) {
            all.push(Spelled { form: form.to_owned(), text, is_exact });
        }
    };
    let values: Vec<_> =
        typed(&kind, request).into_iter().map(|text| (text, normal_forms(&kind, text, request.region))).collect();
    for (text, forms) in &values {
        // A field with two numbers is no spelling of one of them.
        if let [form] = forms.as_slice() {
            add(form, (*text).to_owned(), true);
        }
    }
    for form in values.iter().flat_map(|(_, forms)| forms) {
        for text in spellings(&kind, form) {
            let is_exact = match kind {
                Kind::Phone => text.starts_with('+'),
                Kind::Name => false,
                _ => true,
            };
            add(form, text, is_exact);
        }
    }
    all
}

/// How many values of these kinds are no identifiers, such as `n/a`.
pub(super) fn unusable(kinds: &BTreeSet<&str>, request: &Request) -> u64 {
    let of = |kind: &&str| {
        let kind = Kind::from(*kind);
        let has_none = |text: &&str| normal_forms(&kind, text, request.region).is_empty();
        typed(&kind, request).into_iter().filter(has_none).count() as u64
    };
    kinds.iter().map(of).sum()
}

/// The values of a kind that are not blank, in order.
fn typed<'r>(kind: &Kind, request: &'r Request) -> BTreeSet<&'r str> {
    request.values(kind).map(str::trim).filter(|value| !value.is_empty()).collect()
}
