//! A capsule: what an erasure needs to know, sealed under a key of its own that dies with the receipt.

use crate::keys::{CapsuleKey, SealBroken, SealKey, Sealed};
use crate::subject::Whom;

/// Whom an erasure is about, sealed under a key of its own, which is sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capsule {
    pub(crate) wrapped_key: Sealed,
    pub(crate) content: Sealed,
}

impl Capsule {
    pub(crate) fn seal(whom: &Whom, under: &SealKey) -> Self {
        let key = CapsuleKey::generate();
        Self { wrapped_key: key.wrap(under), content: key.seal(&whom.to_bytes()) }
    }

    pub(crate) fn open(&self, under: &SealKey) -> Result<Whom, SealBroken> {
        let plain = CapsuleKey::unwrap(&self.wrapped_key, under)?.open(&self.content)?;
        Whom::from_bytes(&plain).map_err(|_| SealBroken)
    }
}
