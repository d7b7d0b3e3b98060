//! The public keys that a verifier believes.

use std::collections::BTreeMap;

use super::key::PublicKey;
use super::{KeyRotation, SignedCheckpoint};
use crate::keys::KeyId;

/// Public keys that a verifier believes, by their ids.
#[derive(Debug)]
pub(crate) struct TrustedKeys(BTreeMap<String, PublicKey>);

impl TrustedKeys {
    /// Takes the keys as hex; `None` where one is no Ed25519 key.
    pub(crate) fn read<'a>(public_keys: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let keys = public_keys.into_iter().map(|text| PublicKey::read(text).map(|key| (key.id(), key)));
        keys.collect::<Option<_>>().map(Self)
    }

    /// Takes further keys, each by the word of one that is taken already, in whatever order they stand. Returns those that
    /// were new, by their ids, with the one that spoke for each.
    pub(crate) fn follow(&mut self, rotations: &[KeyRotation]) -> Vec<(KeyId, KeyId)> {
        let mut followed = Vec::new();
        let mut left: Vec<_> =
            rotations.iter().filter_map(|rotation| Some((rotation.verified()?, &rotation.to))).collect();
        while let Some(place) = left.iter().position(|((from, _), _)| self.0.contains_key(from.as_str())) {
            let ((from, to), public) = left.swap_remove(place);
            let Some(key) = PublicKey::read(public) else { continue };
            if self.0.insert(to.as_str().to_owned(), key).is_none() {
                followed.push((from, to));
            }
        }
        followed
    }

    /// Whether one of them has signed the checkpoint, the one that it names.
    pub(crate) fn have_signed(&self, checkpoint: &SignedCheckpoint) -> bool {
        self.0.get(&checkpoint.checkpoint.key).is_some_and(|key| checkpoint.is_signed_by(key))
    }

    pub(super) fn get(&self, id: &str) -> Option<&PublicKey> {
        self.0.get(id)
    }
}
