//! Keyed digests under the index key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{KeyId, KeyKind, Secret};

/// The key under which identifiers, bodies and steps are digested. Without it, no one can be found again.
///
/// When it is replaced, what the old one has digested is digested once more, under the new one ([`Carry`]), and whatever is
/// digested from then on goes through both. So all that is kept stays comparable, and can be guessed by nobody who knows the
/// old one alone; but each of them is needed for ever.
#[derive(Clone)]
pub(crate) struct IndexKey {
    /// The first one, and those that replaced one another, in order; never none.
    generations: Vec<Generation>,
}

#[derive(Clone)]
struct Generation {
    mac: Hmac<Sha256>,
    /// It says which ones came before, too.
    id: KeyId,
}

impl IndexKey {
    pub(crate) fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self { generations: vec![Generation { mac: mac(bytes), id: KeyId::of_secret(bytes, KeyKind::Index) }] }
    }

    /// With a key that takes its place.
    pub(crate) fn replaced_by(mut self, bytes: &Zeroizing<[u8; 32]>) -> Self {
        let id = KeyId::of_secret_after(bytes, self.id());
        self.generations.push(Generation { mac: mac(bytes), id });
        self
    }

    /// A key of its own for everything that is compared within one installation.
    pub(crate) fn of_installation(&self, name: &str) -> Self {
        let mut own = self.clone();
        // What the later ones are given is of one installation already.
        let first = &mut own.generations[0];
        first.mac = mac(&Zeroizing::new(first.digest("installation", &[name.as_bytes()])));
        own
    }

    /// The fingerprint of a normalized identifier of the named kind.
    pub(crate) fn fingerprint(&self, kind: &str, normalized: &Secret) -> Fingerprint {
        let parts = [kind.as_bytes(), normalized.expose().as_bytes()];
        let first = Fingerprint(self.generations[0].digest("fingerprint", &parts));
        self.generations[1..].iter().fold(first, |before, generation| generation.fingerprint(before))
    }

    /// The digest of a delivery's body, for finding duplicates. Keyed, because the bare hash of a form could be guessed.
    pub(crate) fn body(&self, body: &[u8]) -> Digest {
        self.short("body", &[body])
    }

    /// The digest of anything else that is compared but not kept.
    pub(crate) fn seen(&self, parts: &[&[u8]]) -> Digest {
        self.short("seen", parts)
    }

    fn short(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        let first = Digest::of(self.generations[0].digest(purpose, parts));
        self.generations[1..].iter().fold(first, |before, generation| generation.carried(before))
    }

    /// The key that makes a step idempotent at its target, the same over all retries. A target that still held what it
    /// said it erased is asked anew, in the next round and under another key: it must not answer what it answered before.
    pub(crate) fn idempotency(&self, erasure: &str, target: &str, round: u32) -> IdempotencyKey {
        let parts: [&[u8]; 3] = [erasure.as_bytes(), target.as_bytes(), &round.to_be_bytes()];
        IdempotencyKey(self.last().digest("step", &parts))
    }

    /// What a token for reports is made of: see [`Reportable`](crate::erasure::Reportable).
    pub(crate) fn report(&self, erasure: &str, target: &str, stage: &str, round: u32) -> [u8; 32] {
        let parts: [&[u8]; 4] = [erasure.as_bytes(), target.as_bytes(), stage.as_bytes(), &round.to_be_bytes()];
        self.last().digest("report", &parts)
    }

    /// What a link to a task is made of: see [`TaskLink`](crate::erasure::TaskLink).
    pub(crate) fn task_link(&self, task: &str, expires: i64, number: &[u8]) -> [u8; 32] {
        let parts: [&[u8]; 3] = [task.as_bytes(), &expires.to_be_bytes(), number];
        self.last().digest("task link", &parts)
    }

    pub(crate) fn id(&self) -> &KeyId {
        &self.last().id
    }

    /// The key as it was when it had this id: others know what was made with it. `None` where it never had.
    pub(crate) fn as_it_was(&self, id: &KeyId) -> Option<Self> {
        let place = self.generations.iter().position(|generation| generation.id == *id)?;
        Some(Self { generations: self.generations[..=place].to_vec() })
    }

    /// The key as it is, and as it was before each replacement.
    pub(crate) fn all(&self) -> Vec<Self> {
        let all = (0..self.generations.len()).rev();
        all.map(|place| Self { generations: self.generations[..=place].to_vec() }).collect()
    }

    /// What carries over to this key what was digested when it had that id; `None` where it never had.
    pub(crate) fn carry_from(&self, id: &KeyId) -> Option<Carry> {
        let place = self.generations.iter().position(|generation| generation.id == *id)?;
        Some(Carry { from: id.clone(), to: self.id().clone(), through: self.generations[place + 1..].to_vec() })
    }

    fn last(&self) -> &Generation {
        &self.generations[self.generations.len() - 1]
    }
}

/// Digests what stands under an old index key once more, under those that replaced it.
#[derive(Clone)]
pub(crate) struct Carry {
    pub(crate) from: KeyId,
    pub(crate) to: KeyId,
    through: Vec<Generation>,
}

impl Carry {
    pub(crate) fn fingerprint(&self, before: Fingerprint) -> Fingerprint {
        self.through.iter().fold(before, |before, generation| generation.fingerprint(before))
    }

    pub(crate) fn digest(&self, before: Digest) -> Digest {
        self.through.iter().fold(before, |before, generation| generation.carried(before))
    }
}

impl Generation {
    fn fingerprint(&self, before: Fingerprint) -> Fingerprint {
        Fingerprint(self.digest("carried", &[&before.0]))
    }

    fn carried(&self, before: Digest) -> Digest {
        Digest::of(self.digest("carried", &[&before.0]))
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

fn mac(key: &Zeroizing<[u8; 32]>) -> Hmac<Sha256> {
    Hmac::new_from_slice(&key[..]).expect("HMAC takes a key of any length")
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
