//! Sealing with XChaCha20-Poly1305: the id of the key and a fresh random nonce in front of the ciphertext, and what is sealed as
//! associated data. Keys come in generations: one seals, and those before it open what is still there. Where they are kept
//! is not known here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyId;
use super::random::fill_random;
use crate::blocking::in_place;
use crate::lock::lock;

const NONCE_BYTES: usize = 24;

/// What was sealed: the key's id where it is a generation, nonce, ciphertext, tag. Safe to store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sealed(#[serde(with = "crate::keys::seal::base64_bytes")] pub(crate) Vec<u8>);

impl Sealed {
    /// Of what was sealed under a generation, its id.
    pub(crate) fn generation(&self) -> Option<KeyId> {
        self.0.first_chunk().map(KeyId::of_bytes)
    }

    /// By which a form that is sealed under a generation is found in the JSON of an event. It says six bytes of the id: what it finds
    /// by chance is taken for sealed.
    pub(crate) fn mark_in_json(id: &KeyId) -> Vec<u8> {
        let whole_groups = &id.bytes()[..6];
        [b"\"form\":\"", STANDARD.encode(whole_groups).as_bytes()].concat()
    }
}

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

/// Why a seal does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOpened {
    /// Changed bytes, or another record's.
    #[error("its seal does not open: it was changed, or is another record's")]
    Broken,
    #[error(transparent)]
    NoKey(#[from] NoSealKey),
}

/// Why there is no key of a generation.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoSealKey {
    #[error("the seal key {0} is not there")]
    Gone(KeyId),
    /// It may be there later.
    #[error("the seal key {id} cannot be read: {why}")]
    Away { id: KeyId, why: String },
}

/// Finds the key of a generation that is not in memory yet; `None` where it is not there.
pub(crate) type FindSealKey = dyn Fn(&KeyId) -> Result<Option<Zeroizing<[u8; 32]>>, String> + Send + Sync;

/// Whether what is sealed under a generation now can be opened later, as far as that can be seen at once.
pub(crate) type IsKept = dyn Fn(&KeyId) -> bool + Send + Sync;

/// The keys that seal forms in the inbox, quarantined bodies, reports, resume values and the keys of capsules. All clones are
/// one: they go on to the next generation together.
#[derive(Clone)]
pub(crate) struct SealKey {
    generations: Arc<Mutex<Generations>>,
    find: Arc<FindSealKey>,
    is_kept: Arc<IsKept>,
    /// Held while a key is found: those who need it meanwhile wait, and do not each look for it.
    finding: Arc<Mutex<()>>,
}

struct Generations {
    /// Under which everything is sealed from now on.
    present: KeyId,
    /// Bytes, and not what is made of them: these are overwritten when they go.
    known: BTreeMap<KeyId, Arc<Zeroizing<[u8; 32]>>>,
}

impl SealKey {
    /// With the generation that seals, and a way to the others.
    pub(crate) fn of(present: &KeyId, find: Arc<FindSealKey>, is_kept: Arc<IsKept>) -> Result<Self, NoSealKey> {
        let generations = Generations { present: present.clone(), known: BTreeMap::new() };
        let key = Self { generations: Arc::new(Mutex::new(generations)), find, is_kept, finding: Arc::default() };
        key.key(present)?;
        Ok(key)
    }

    /// The generation that seals.
    pub(crate) fn id(&self) -> KeyId {
        lock(&self.generations).present.clone()
    }

    /// Seals under this generation from now on.
    pub(crate) fn turn_to(&self, id: &KeyId) -> Result<(), NoSealKey> {
        let key = self.key(id)?;
        let mut generations = lock(&self.generations);
        // Once more: somebody may have taken it out of memory meanwhile.
        generations.known.insert(id.clone(), key);
        generations.present = id.clone();
        Ok(())
    }

    /// Fails where the key that seals is in this process only, and what it seals would open no more after its end.
    pub(crate) fn must_be_kept(&self) -> Result<(), NoSealKey> {
        let id = self.id();
        if (self.is_kept)(&id) { Ok(()) } else { Err(NoSealKey::Gone(id)) }
    }

    /// Fails unless what was sealed under a generation opens.
    pub(crate) fn must_have(&self, id: &KeyId) -> Result<(), NoSealKey> {
        self.key(id).map(drop)
    }

    /// Takes all but these, and the one that seals, out of memory: their keys are destroyed.
    pub(crate) fn keep_only(&self, ids: &[KeyId]) {
        let mut generations = lock(&self.generations);
        let present = generations.present.clone();
        generations.known.retain(|id, _| *id == present || ids.contains(id));
    }

    /// Seals `plain` as a part of one record; it opens as nothing else.
    pub(crate) fn seal(&self, sealed_as: &SealedAs, plain: &[u8]) -> Sealed {
        let (id, key) = {
            let generations = lock(&self.generations);
            let key =
                generations.known.get(&generations.present).expect("it was found before it became the present one");
            (generations.present.clone(), Arc::clone(key))
        };
        seal(&cipher(&key), Vec::from(id.bytes()), sealed_as, plain)
    }

    /// Opens what [`SealKey::seal`] sealed as the same.
    pub(crate) fn open(&self, sealed_as: &SealedAs, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (id, rest) = sealed.0.split_first_chunk().ok_or(NotOpened::Broken)?;
        let key = self.key(&KeyId::of_bytes(id))?;
        open(&cipher(&key), sealed_as, rest)
    }

    /// The key of a generation. One that this process meets for the first time is read: another process may have made it.
    fn key(&self, id: &KeyId) -> Result<Arc<Zeroizing<[u8; 32]>>, NoSealKey> {
        let known = || lock(&self.generations).known.get(id).map(Arc::clone);
        if let Some(key) = known() {
            return Ok(key);
        }
        in_place(|| {
            let _finding = lock(&self.finding);
            if let Some(key) = known() {
                return Ok(key);
            }
            let found = (self.find)(id).map_err(|why| NoSealKey::Away { id: id.clone(), why })?;
            let key = Arc::new(found.ok_or_else(|| NoSealKey::Gone(id.clone()))?);
            lock(&self.generations).known.insert(id.clone(), Arc::clone(&key));
            Ok(key)
        })
    }
}

#[cfg(test)]
impl SealKey {
    /// One generation, of which no other process knows.
    pub(crate) fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        let bytes = bytes.clone();
        let own = KeyId::of_secret(&bytes, super::KeyKind::Seal);
        let find = {
            let own = own.clone();
            move |id: &KeyId| Ok((*id == own).then(|| bytes.clone()))
        };
        Self::of(&own, Arc::new(find), Arc::new(|_| true)).expect("it is there")
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

    pub(crate) fn unwrap(sealed_as: &SealedAs, wrapped: &Sealed, under: &SealKey) -> Result<Self, NotOpened> {
        let plain = under.open(sealed_as, wrapped)?;
        let mut bytes = Zeroizing::new([0; 32]);
        if plain.len() != bytes.len() {
            return Err(NotOpened::Broken);
        }
        bytes.copy_from_slice(&plain);
        Ok(Self(bytes))
    }

    pub(crate) fn seal(&self, sealed_as: &SealedAs, plain: &[u8]) -> Sealed {
        seal(&cipher(&self.0), Vec::new(), sealed_as, plain)
    }

    pub(crate) fn open(&self, sealed_as: &SealedAs, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        open(&cipher(&self.0), sealed_as, &sealed.0)
    }
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

fn seal(cipher: &XChaCha20Poly1305, mut sealed: Vec<u8>, sealed_as: &SealedAs, plain: &[u8]) -> Sealed {
    let mut nonce = [0; NONCE_BYTES];
    // A nonce that is used twice under one key gives the texts away; one of 24 bytes is long enough to be drawn.
    fill_random(&mut nonce);
    let text = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &sealed_as.0 })
        .expect("a message below 256 GiB can be sealed");
    sealed.reserve_exact(NONCE_BYTES + text.len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&text);
    Sealed(sealed)
}

fn open(cipher: &XChaCha20Poly1305, sealed_as: &SealedAs, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened::Broken)?;
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &sealed_as.0 })
        .map(Zeroizing::new)
        .map_err(|_| NotOpened::Broken)
}

mod base64_bytes {
    use base64::Engine as _;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::STANDARD;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
