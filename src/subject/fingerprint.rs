//! How identifiers of one installation are compared without being kept.

use std::collections::BTreeSet;

use quietus_plugin::identity::{self, Region};

use super::{GuestId, Identifier, Identifiers, InstallationName, Kind};
use crate::keys::{Digest, Fingerprint, IndexKey, Secret};

/// Makes the fingerprints of one installation. Its key is derived for the installation, so that the
/// persons of two companies cannot be linked by comparing fingerprints.
#[derive(Clone)]
pub(crate) struct Fingerprinter {
    key: IndexKey,
    region: Option<Region>,
}

/// One normal form of an identifier, as it is kept and compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprinted {
    pub(crate) kind: Kind,
    pub(crate) fingerprint: Fingerprint,
    /// The version of the normal form ([`identity::VERSION`]) under which it was made: a later version compares only
    /// with its own, so the old ones stay findable by making the old form as well.
    pub(crate) version: u16,
    /// It can agree, but never contradict: a number to call back may be anybody's.
    pub(crate) supplementary: bool,
}

impl Fingerprinted {
    /// What of a session tells it from a namesake's: the kinds, but names, of which it has values of its own, each with the version of its
    /// normal form. Where a person and a session have one of these in common and no value of that kind, they contradict each other.
    pub(crate) fn marks(all: &[Self]) -> BTreeSet<String> {
        let own = all.iter().filter(|one| !one.supplementary && one.kind != Kind::Name);
        // The brackets keep one from being found within another.
        own.map(|one| format!("<{}@{}>", one.kind.as_str(), one.version)).collect()
    }
}

impl Fingerprinter {
    /// `region` is where phone numbers without a country code belong.
    pub(crate) fn new(index: &IndexKey, installation: &InstallationName, region: Option<Region>) -> Self {
        Self { key: index.of_installation(&installation.0), region }
    }

    /// The fingerprints of an identifier: one for each normal form, none where it has none (`n/a`).
    pub(crate) fn of(&self, identifier: &Identifier) -> Vec<Fingerprinted> {
        let forms = identity::normal_forms(&identifier.kind, identifier.value.expose(), self.region);
        let mut fingerprints = Vec::new();
        for form in forms {
            fingerprints.push(Fingerprinted {
                kind: identifier.kind.clone(),
                // The kind goes into it: a name and a customer number that are written alike do not agree.
                fingerprint: self.key.fingerprint(identifier.kind.as_str(), &Secret::new(form)),
                version: identity::VERSION,
                supplementary: false,
            });
        }
        fingerprints
    }

    /// The fingerprints of all identifiers, each once.
    pub(crate) fn of_all(&self, identifiers: &Identifiers) -> Vec<Fingerprinted> {
        let all: BTreeSet<_> = identifiers.0.iter().flat_map(|one| self.of(one)).collect();
        all.into_iter().collect()
    }

    /// The digest of an e-mail address in its normal form: by it is counted how much mail the address gets.
    pub(crate) fn address(&self, address: &Secret) -> Digest {
        self.key.seen(&[b"address", address.expose().as_bytes()])
    }

    /// The digest by which a guest's sessions are found; it stays when the id itself is gone.
    pub(crate) fn guest(&self, guest: &GuestId) -> Digest {
        self.key.seen(&[b"guest", guest.0.as_bytes()])
    }

    /// The digest of a set of fingerprints: two requests with the same identifiers have the same.
    pub(crate) fn person(&self, fingerprints: &[Fingerprinted]) -> Digest {
        // In one order, whatever order they were given in: otherwise the same request twice would be two erasures.
        let all: BTreeSet<_> = fingerprints.iter().map(|one| one.fingerprint).collect();
        let parts: Vec<&[u8]> =
            std::iter::once(b"person".as_slice()).chain(all.iter().map(|one| one.0.as_slice())).collect();
        self.key.seen(&parts)
    }
}
