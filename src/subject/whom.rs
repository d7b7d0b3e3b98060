//! Everything that an erasure needs to know of whom it is about: the plain content of a capsule.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{GuestId, Identifier, Identifiers, Kind, SessionKey};

/// Identifiers that somebody typed, and ids that mluvii gave out, apart: typed text never becomes an id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whom {
    pub(crate) identifiers: Identifiers,
    /// The guest ids of the sessions, of a person only those of which no session stays; told to plugins that are granted `guest_id`.
    pub(crate) guests: BTreeSet<GuestId>,
    /// Those of them of which every session at mluvii is in reach, so that one call may take all of them.
    pub(crate) whole_guests: BTreeSet<GuestId>,
    /// The sessions from which the request came.
    pub(crate) origin: BTreeSet<SessionKey>,
    /// Whether nothing is proved but an address, by a link that was used, or will be before anything begins: then sessions are whose they
    /// are by that alone, and not by a guest that they share with others, or a number; and that alone is told to the targets.
    pub(crate) by_address_alone: bool,
    /// Why the scope is smaller than the rule or request says.
    pub(crate) narrowed: Option<Narrowed>,
    /// Whether mluvii itself was searched, by filters that were proved: then there is nothing beside the sessions in reach.
    pub(crate) searched: bool,
}

/// Why an erasure reaches less far than its rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Narrowed {
    /// mluvii shows no guest id for the session, so only this session goes.
    NoGuestId,
    /// Nothing that identifies a person is known, so only the guest's sessions go.
    NoIdentifiers,
}

impl Narrowed {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoGuestId => "no_guest_id",
            Self::NoIdentifiers => "no_identifiers",
        }
    }
}

/// As it stands inside a seal.
#[derive(Serialize, Deserialize)]
struct Stored {
    identifiers: Vec<(Kind, Zeroizing<String>)>,
    #[serde(default)]
    guests: BTreeSet<GuestId>,
    #[serde(default)]
    whole_guests: BTreeSet<GuestId>,
    #[serde(default)]
    origin: BTreeSet<SessionKey>,
    #[serde(default)]
    by_address_alone: bool,
    #[serde(default)]
    narrowed: Option<Narrowed>,
    #[serde(default)]
    searched: bool,
}

impl Whom {
    /// Nothing at all is known.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is known to be the person's own: where only an address is proved, nothing else that was given.
    pub(crate) fn proved(&self) -> Identifiers {
        let all = self.identifiers.0.iter();
        let proved = all.filter(|one| !self.by_address_alone || one.kind == Kind::Email);
        Identifiers(proved.cloned().collect())
    }

    /// Takes in what another request of the same subject holds.
    pub(crate) fn extend(&mut self, other: Self) {
        self.identifiers.0.extend(other.identifiers.0);
        self.guests.extend(other.guests);
        self.whole_guests.extend(other.whole_guests);
        self.origin.extend(other.origin);
        self.by_address_alone |= other.by_address_alone;
        // Narrowed once, it stays so: the receipt must not claim more than was reached.
        self.narrowed = self.narrowed.max(other.narrowed);
        self.searched |= other.searched;
    }

    /// The bytes that go into a capsule.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut identifiers = Vec::new();
        for one in &self.identifiers.0 {
            identifiers.push((one.kind.clone(), Zeroizing::new(one.value.expose().to_owned())));
        }
        let stored = Stored {
            identifiers,
            guests: self.guests.clone(),
            whole_guests: self.whole_guests.clone(),
            origin: self.origin.clone(),
            by_address_alone: self.by_address_alone,
            narrowed: self.narrowed,
            searched: self.searched,
        };
        Zeroizing::new(serde_json::to_vec(&stored).expect("strings and numbers are JSON"))
    }

    /// Reads what [`Whom::to_bytes`] wrote; the error shows no content.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let stored: Stored =
            serde_json::from_slice(bytes).map_err(|_| "the capsule's content is not what an erasure is about")?;
        let identifiers = stored.identifiers.into_iter();
        Ok(Self {
            identifiers: Identifiers(identifiers.filter_map(|(kind, value)| Identifier::new(kind, &value)).collect()),
            guests: stored.guests,
            whole_guests: stored.whole_guests,
            origin: stored.origin,
            by_address_alone: stored.by_address_alone,
            narrowed: stored.narrowed,
            searched: stored.searched,
        })
    }
}
