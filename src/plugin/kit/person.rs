//! The people that the kit's calls are about: the person that the author named, people who do not exist, and requests about
//! them.

use jiff::Timestamp;
use quietus_plugin::identity::Region;
use quietus_plugin::{ANY, Manifest};
use serde_json::{Value, json};

use super::leak_scanner::{Private, SharedScanner};
use super::tested::TestedPlugin;

use crate::erasure::ErasureId;
use crate::keys::fill_random;
use crate::subject::Kind;

/// One person's identifiers.
#[derive(Clone)]
pub(super) struct Person {
    identifiers: Vec<(String, String)>,
    region: Option<Region>,
    private: Private,
    /// Whether the author says that they are in the test system.
    pub(super) is_named: bool,
}

impl Person {
    /// The person that the author named; kinds that were not named and that the plugin requires are made up.
    pub(super) fn named(subject: &TestedPlugin, manifest: &Manifest) -> Self {
        let wanted = &manifest.identifiers;
        let given = subject.identifiers.iter().filter(|(kind, _)| wanted.names(kind.as_str()));
        let mut identifiers: Vec<_> =
            given.map(|(kind, value)| (kind.as_str().to_owned(), value.expose().to_owned())).collect();
        if identifiers.is_empty() {
            return Self::nobody(manifest);
        }
        for kind in &wanted.required {
            if !identifiers.iter().any(|(named, _)| named == kind) {
                identifiers.push((kind.clone(), made_up(kind, &token())));
            }
        }
        Self { identifiers, region: subject.region, private: Private::Identifier, is_named: true }
    }

    /// A person who does not exist, with an identifier of each kind.
    pub(super) fn nobody(manifest: &Manifest) -> Self {
        let token = token();
        let identifiers = kinds(manifest).into_iter().map(|kind| (kind.clone(), made_up(&kind, &token))).collect();
        Self { identifiers, region: None, private: Private::Identifier, is_named: false }
    }

    /// The same without identifiers of these kinds.
    pub(super) fn without(&self, kinds: &[String]) -> Self {
        let identifiers = self.identifiers.iter().filter(|(kind, _)| !kinds.contains(kind)).cloned().collect();
        Self { identifiers, ..self.clone() }
    }

    /// The same with one value in place of those of its kind.
    pub(super) fn with(&self, kind: &str, value: &str, private: Private) -> Self {
        let mut changed = self.without(&[kind.to_owned()]);
        changed.identifiers.push((kind.to_owned(), value.to_owned()));
        Self { private, ..changed }
    }

    /// The same with one identifier more.
    pub(super) fn with_more(mut self, kind: &str, value: &str) -> Self {
        self.identifiers.push((kind.to_owned(), value.to_owned()));
        self
    }

    /// Has the scanner search for what is personal; a session's number is not, as it stands in receipts.
    pub(super) fn register(&self, scanner: &SharedScanner) {
        // Hostile values are searched for by their mark.
        if self.private == Private::Identifier {
            for (kind, value) in self.identifiers.iter().filter(|(kind, _)| kind != Kind::SessionId.as_str()) {
                scanner.lock().look_for(Private::Identifier, &format!("the identifier `{kind}`"), value);
            }
        }
    }

    /// A request about this person.
    pub(super) fn request(&self, key: &str, dry_run: bool) -> Value {
        let identifiers: Vec<_> =
            self.identifiers.iter().map(|(kind, value)| json!({ "kind": kind, "value": value })).collect();
        let mut request = json!({
            "erasure": ErasureId::generate(Timestamp::now()).to_string(),
            "idempotency_key": key,
            "scope": "person",
            "dry_run": dry_run,
            "identifiers": identifiers,
        });
        if let Some(region) = self.region {
            request["region"] = region.to_string().into();
        }
        request
    }
}

/// The kinds that a plugin works with; of one that works with any, some.
pub(super) fn kinds(manifest: &Manifest) -> Vec<String> {
    let wanted = &manifest.identifiers;
    let mut kinds: Vec<String> =
        wanted.required.iter().chain(&wanted.optional).filter(|kind| *kind != ANY).cloned().collect();
    if wanted.optional.iter().any(|kind| kind == ANY) {
        kinds.extend([Kind::Email, Kind::Phone, Kind::Name, Kind::GuestId].map(|kind| kind.as_str().to_owned()));
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// A key that no call had before.
pub(super) fn fresh_key() -> String {
    let mut bytes = [0; 32];
    fill_random(&mut bytes);
    hex::encode(bytes)
}

/// Letters and digits that stand nowhere else.
fn token() -> String {
    let mut bytes = [0; 6];
    fill_random(&mut bytes);
    hex::encode(bytes)
}

fn made_up(kind: &str, token: &str) -> String {
    let number = u64::from_str_radix(token, 16).unwrap_or_default();
    match kind {
        "email" => format!("kit.{token}@quietus.invalid"),
        "phone" => format!("+99{:010}", number % 10_000_000_000),
        "name" => format!("Kitty {token}"),
        "session_id" => format!("{}", 1_000_000_000 + number % 1_000_000_000),
        _ => format!("kit-{token}"),
    }
}
