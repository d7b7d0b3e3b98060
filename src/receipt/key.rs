//! The keys under which receipts are signed and verified.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Hex digits of a key's id.
const ID_DIGITS: usize = 16;

/// The key that signs receipts.
#[derive(Clone)]
pub(crate) struct ReceiptKey(SigningKey);

impl ReceiptKey {
    pub(crate) fn new(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key, hex.
    pub(crate) fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// The id by which a statement names the key.
    pub(crate) fn id(&self) -> String {
        id(&self.0.verifying_key())
    }

    /// The signature, hex.
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        hex::encode(self.0.sign(bytes).to_bytes())
    }
}

/// A public key of receipts.
#[derive(Clone, Debug)]
pub(super) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads 64 hex digits; `None` where they are no Ed25519 key.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        VerifyingKey::from_bytes(&bytes).ok().map(Self)
    }

    pub(super) fn id(&self) -> String {
        id(&self.0)
    }

    /// Whether the signature is of these bytes; it is written in one way only, 128 lower-case hex digits.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &str) -> bool {
        let mut raw = [0; 64];
        let sound = hex::decode_to_slice(signature, &mut raw).is_ok() && hex::encode(raw) == signature;
        // Strict: a key of small order would otherwise have signed anything.
        sound && self.0.verify_strict(bytes, &Signature::from_bytes(&raw)).is_ok()
    }
}

/// The id of a public key, in hex; `None` where that is no Ed25519 key.
pub(crate) fn id_of_public_key(text: &str) -> Option<String> {
    PublicKey::read(text).map(|key| key.id())
}

/// The first 16 hex digits of the SHA-256 of the 32 bytes of the public key.
fn id(key: &VerifyingKey) -> String {
    let mut digits = hex::encode(Sha256::digest(key.as_bytes()));
    digits.truncate(ID_DIGITS);
    digits
}
