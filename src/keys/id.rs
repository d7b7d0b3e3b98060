//! What tells one key from another, and says nothing of either.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Hex digits of an id.
const DIGITS: usize = 16;

/// The id of a key: 16 hex digits that follow from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId(String);

impl KeyId {
    /// The id of a secret key: a keyed digest under it, of a text that it digests for nothing else.
    pub(super) fn of_secret(key: &Zeroizing<[u8; 32]>, kind: KeyKind) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key[..]).expect("HMAC takes a key of any length");
        mac.update(b"quietus key id: ");
        mac.update(kind.as_str().as_bytes());
        let mut digits = hex::encode(mac.finalize().into_bytes());
        digits.truncate(DIGITS);
        Self(digits)
    }

    /// The id of a secret key that goes on from another, and is of no use without it: of both.
    pub(super) fn of_secret_after(key: &Zeroizing<[u8; 32]>, before: &Self) -> Self {
        let both = Hmac::<Sha256>::new_from_slice(&key[..]).expect("HMAC takes a key of any length");
        let both = both.chain_update(b"quietus key after: ").chain_update(before.as_str()).finalize().into_bytes();
        Self::of_secret(&Zeroizing::new(both.into()), KeyKind::Index)
    }

    /// The id in front of what is sealed under the key.
    pub(crate) fn of_bytes(bytes: &[u8; DIGITS / 2]) -> Self {
        Self(hex::encode(bytes))
    }

    /// As it stands in front of what is sealed under the key. Only ids of keys have such bytes.
    pub(crate) fn bytes(&self) -> [u8; DIGITS / 2] {
        let mut bytes = [0; DIGITS / 2];
        hex::decode_to_slice(&self.0, &mut bytes).expect("the id of a key is hex");
        bytes
    }

    /// An id as it was written, or as it follows from a public key.
    pub(crate) fn written(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key of a deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyKind {
    Index,
    Seal,
    Receipt,
}

impl KeyKind {
    pub(crate) const ALL: [Self; 3] = [Self::Index, Self::Seal, Self::Receipt];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Seal => "seal",
            Self::Receipt => "receipt",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The ids of a deployment's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyIds {
    pub(crate) index: KeyId,
    pub(crate) seal: KeyId,
    pub(crate) receipt: KeyId,
}

impl KeyIds {
    /// The same with another key of a kind.
    pub(crate) fn with(mut self, kind: KeyKind, id: KeyId) -> Self {
        let place = match kind {
            KeyKind::Index => &mut self.index,
            KeyKind::Seal => &mut self.seal,
            KeyKind::Receipt => &mut self.receipt,
        };
        *place = id;
        self
    }

    pub(crate) fn of(&self, kind: KeyKind) -> &KeyId {
        match kind {
            KeyKind::Index => &self.index,
            KeyKind::Seal => &self.seal,
            KeyKind::Receipt => &self.receipt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_another_id_for_each_use_and_the_same_each_time() {
        let id = |byte, kind| KeyId::of_secret(&Zeroizing::new([byte; 32]), kind);
        assert_eq!(id(1, KeyKind::Seal), id(1, KeyKind::Seal));
        assert_ne!(id(1, KeyKind::Seal), id(2, KeyKind::Seal));
        assert_ne!(id(1, KeyKind::Seal), id(1, KeyKind::Index));
        assert_eq!(id(1, KeyKind::Seal).as_str().len(), DIGITS);
    }
}
