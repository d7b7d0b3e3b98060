//! Sealing with XChaCha20-Poly1305: a fresh random nonce in front of the ciphertext, and what is sealed as associated data.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::random::fill_random;
use super::{KeyId, KeyKind};

const NONCE_BYTES: usize = 24;

/// What was sealed: nonce, ciphertext, tag. Safe to store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sealed(#[serde(with = "crate::keys::seal::base64_bytes")] pub(crate) Vec<u8>);

/// What something is sealed as: its use, and the record that it is a part of. As anything else it does not open, so that what
/// is moved to another record is found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedAs(Vec<u8>);

impl SealedAs {
    /// Every part is preceded by its length, so that no two uses and records are alike.
    pub(crate) fn new(purpose: &str, record: &[&[u8]]) -> Self {
        let mut all = Vec::new();
        for part in std::iter::once(&purpose.as_bytes()).chain(record) {
            all.extend_from_slice(&(part.len() as u64).to_be_bytes());
            all.extend_from_slice(part);
        }
        Self(all)
    }
}

/// A seal that does not open: another key, another record, or changed bytes.
#[derive(Debug, thiserror::Error)]
#[error("the seal does not open: it was made under another key, or the bytes were changed")]
pub(crate) struct SealBroken;

/// The deployment's own key, and those that it replaced: seals forms in the inbox, quarantined bodies and the keys of capsules.
#[derive(Clone)]
pub(crate) struct SealKey {
    cipher: XChaCha20Poly1305,
    id: KeyId,
    /// What was sealed under those that it replaced still opens.
    replaced: Vec<(KeyId, XChaCha20Poly1305)>,
}

impl SealKey {
    pub(crate) fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        let cipher = XChaCha20Poly1305::new((&**bytes).into());
        Self { cipher, id: KeyId::of_secret(bytes, KeyKind::Seal), replaced: Vec::new() }
    }

    /// With a key that this one has replaced, which opens and no longer seals.
    pub(crate) fn replacing(mut self, bytes: &Zeroizing<[u8; 32]>) -> Self {
        self.replaced.push((KeyId::of_secret(bytes, KeyKind::Seal), XChaCha20Poly1305::new((&**bytes).into())));
        self
    }

    pub(crate) fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whether what was sealed under the key with this id opens.
    pub(crate) fn opens(&self, id: &KeyId) -> bool {
        self.id == *id || self.replaced.iter().any(|(replaced, _)| replaced == id)
    }

    /// Seals `plain` as a part of one record; it opens as nothing else.
    pub(crate) fn seal(&self, sealed_as: &SealedAs, plain: &[u8]) -> Sealed {
        seal(&self.cipher, sealed_as, plain)
    }

    /// Opens what [`SealKey::seal`] sealed as the same.
    pub(crate) fn open(&self, sealed_as: &SealedAs, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let keys = std::iter::once(&self.cipher).chain(self.replaced.iter().map(|(_, cipher)| cipher));
        keys.map(|key| open(key, sealed_as, sealed)).find(Result::is_ok).unwrap_or(Err(SealBroken))
    }
}

/// A capsule's own key. It is stored sealed beside its capsule and destroyed with the receipt.
pub(crate) struct CapsuleKey(Zeroizing<[u8; 32]>);

impl CapsuleKey {
    /// A new random key.
    pub(crate) fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(&mut bytes[..]);
        Self(bytes)
    }

    pub(crate) fn wrap(&self, sealed_as: &SealedAs, under: &SealKey) -> Sealed {
        under.seal(sealed_as, &self.0[..])
    }

    pub(crate) fn unwrap(sealed_as: &SealedAs, wrapped: &Sealed, under: &SealKey) -> Result<Self, SealBroken> {
        let plain = under.open(sealed_as, wrapped)?;
        let mut bytes = Zeroizing::new([0; 32]);
        if plain.len() != bytes.len() {
            return Err(SealBroken);
        }
        bytes.copy_from_slice(&plain);
        Ok(Self(bytes))
    }

    pub(crate) fn seal(&self, sealed_as: &SealedAs, plain: &[u8]) -> Sealed {
        seal(&XChaCha20Poly1305::new((&*self.0).into()), sealed_as, plain)
    }

    pub(crate) fn open(&self, sealed_as: &SealedAs, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        open(&XChaCha20Poly1305::new((&*self.0).into()), sealed_as, sealed)
    }
}

fn seal(cipher: &XChaCha20Poly1305, sealed_as: &SealedAs, plain: &[u8]) -> Sealed {
    let mut nonce = [0; NONCE_BYTES];
    // A nonce that is used twice under one key gives the texts away; one of 24 bytes is long enough to be drawn.
    fill_random(&mut nonce);
    let text = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &sealed_as.0 })
        .expect("a message below 256 GiB can be sealed");
    let mut sealed = Vec::with_capacity(NONCE_BYTES + text.len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&text);
    Sealed(sealed)
}

fn open(cipher: &XChaCha20Poly1305, sealed_as: &SealedAs, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
    let (nonce, text) = sealed.0.split_first_chunk::<NONCE_BYTES>().ok_or(SealBroken)?;
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &sealed_as.0 })
        .map(Zeroizing::new)
        .map_err(|_| SealBroken)
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
