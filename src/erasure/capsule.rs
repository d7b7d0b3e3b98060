//! A capsule: what an erasure needs to know, sealed under a key of its own that dies with the receipt.

use crate::keys::{CapsuleKey, KeyId, SealBroken, SealKey, Sealed};
use crate::subject::Whom;

/// Whom an erasure is about, sealed under a key of its own, which is sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capsule {
    pub(crate) wrapped_key: Sealed,
    pub(crate) content: Sealed,
    /// The id of the key under which it is: without that key, nothing can be told to anybody.
    pub(crate) seal_key: KeyId,
}

impl Capsule {
    pub(crate) fn seal(whom: &Whom, under: &SealKey) -> Self {
        let key = CapsuleKey::generate();
        let seal_key = under.id().clone();
        Self { wrapped_key: key.wrap(under), content: key.seal(&whom.to_bytes()), seal_key }
    }

    pub(crate) fn open(&self, under: &SealKey) -> Result<Whom, SealBroken> {
        let plain = CapsuleKey::unwrap(&self.wrapped_key, under)?.open(&self.content)?;
        Whom::from_bytes(&plain).map_err(|_| SealBroken)
    }
}
