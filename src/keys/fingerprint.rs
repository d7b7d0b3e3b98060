//! Keyed digests under the index key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{KeyId, KeyKind, Secret};

/// The key under which identifiers, bodies and steps are digested. Without it, no one can be found again.
#[derive(Clone)]
pub(crate) struct IndexKey {
    mac: Hmac<Sha256>,
    id: KeyId,
}

impl IndexKey {
    pub(crate) fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        let mac = Hmac::new_from_slice(&bytes[..]).expect("HMAC takes a key of any length");
        Self { mac, id: KeyId::of_secret(bytes, KeyKind::Index) }
    }

    /// A key of its own for everything that is compared within one installation.
    pub(crate) fn of_installation(&self, name: &str) -> Self {
        Self::new(&Zeroizing::new(self.digest("installation", &[name.as_bytes()])))
    }

    /// The fingerprint of a normalized identifier of the named kind.
    pub(crate) fn fingerprint(&self, kind: &str, normalized: &Secret) -> Fingerprint {
        Fingerprint(self.digest("fingerprint", &[kind.as_bytes(), normalized.expose().as_bytes()]))
    }

    /// The digest of a delivery's body, for finding duplicates. Keyed, because the bare hash of a form could be guessed.
    pub(crate) fn body(&self, body: &[u8]) -> Digest {
        Digest::of(self.digest("body", &[body]))
    }

    /// The digest of anything else that is compared but not kept.
    pub(crate) fn seen(&self, parts: &[&[u8]]) -> Digest {
        Digest::of(self.digest("seen", parts))
    }

    /// The key that makes a step idempotent at its target, the same over all retries. A target that still held what it
    /// said it erased is asked anew, in the next round and under another key: it must not answer what it answered before.
    pub(crate) fn idempotency(&self, erasure: &str, target: &str, round: u32) -> IdempotencyKey {
        IdempotencyKey(self.digest("step", &[erasure.as_bytes(), target.as_bytes(), &round.to_be_bytes()]))
    }

    /// What a token for reports is made of: see [`Reportable`](crate::erasure::Reportable).
    pub(crate) fn report(&self, erasure: &str, target: &str, stage: &str, round: u32) -> [u8; 32] {
        self.digest("report", &[erasure.as_bytes(), target.as_bytes(), stage.as_bytes(), &round.to_be_bytes()])
    }

    pub(crate) fn id(&self) -> &KeyId {
        &self.id
    }

    /// Every part is preceded by its length, so that no two lists of parts digest alike.
    fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// HMAC-SHA-256 of a normalized identifier: finds a person without storing them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({}…)", hex::encode(&self.0[..4]))
    }
}

/// Sixteen bytes of a keyed digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) struct Digest(pub(crate) [u8; 16]);

impl Digest {
    fn of(full: [u8; 32]) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        Self(short)
    }
}

/// HMAC(index key, erasure id ‖ target ‖ round), sent with every call of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdempotencyKey([u8; 32]);

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
