//! A new key takes the place of an old one: signed by the old one, so that who trusts that one can trust the other.

use serde::{Deserialize, Serialize};

use super::ReceiptKey;
use super::key::PublicKey;
use crate::keys::KeyId;

/// That one key of receipts was replaced by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRotation {
    /// The public key of the old one, hex.
    pub(crate) from: String,
    /// The public key of the new one, hex.
    pub(crate) to: String,
    /// By the old one, hex.
    signature: String,
}

impl KeyRotation {
    pub(crate) fn sign(from: &ReceiptKey, to: &ReceiptKey) -> Self {
        let (old, new) = (from.public(), to.public());
        let signature = from.sign(text(&old, &new).as_bytes());
        Self { from: old, to: new, signature }
    }

    /// The ids of the old key and the new one, if the old one has signed this.
    pub(crate) fn verified(&self) -> Option<(KeyId, KeyId)> {
        let (from, to) = (PublicKey::read(&self.from)?, PublicKey::read(&self.to)?);
        let signed = from.has_signed(text(&self.from, &self.to).as_bytes(), &self.signature);
        signed.then(|| (KeyId::written(from.id()), KeyId::written(to.id())))
    }
}

/// What is signed; no statement begins like it.
fn text(from: &str, to: &str) -> String {
    format!("quietus receipt key rotation\nfrom {from}\nto {to}\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample::key;
    use super::*;

    #[test]
    fn a_rotation_is_of_the_key_that_signed_it_and_of_these_two_keys() {
        let rotation = KeyRotation::sign(&key(2), &key(3));
        let (from, to) = rotation.verified().expect("signed");
        assert_eq!((from.to_string(), to.to_string()), (key(2).id(), key(3).id()));
        let other = KeyRotation { to: key(4).public(), ..rotation.clone() };
        assert_eq!(other.verified(), None);
        let forged = KeyRotation { from: key(4).public(), ..rotation };
        assert_eq!(forged.verified(), None);
    }
}
