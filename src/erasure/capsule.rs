//! A capsule: what an erasure needs to know, sealed under a key of its own that dies with the receipt.

use std::collections::BTreeSet;
use std::fmt;

use zeroize::Zeroizing;

use super::ErasureId;
use crate::keys::{CapsuleKey, KeyId, NotOpened, SealKey, Sealed, SealedAs};
use crate::subject::{Kind, Whom};

/// Whom an erasure is about, sealed under a key of its own, which is sealed beside it. Both open as this erasure's only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capsule {
    pub(crate) wrapped_key: Sealed,
    pub(crate) content: Sealed,
    /// The id of the key under which it is: without that key, nothing can be told to anybody.
    pub(crate) seal_key: KeyId,
}

impl Capsule {
    pub(crate) fn seal(whom: &Whom, of: ErasureId, under: &SealKey) -> Self {
        Self::seal_as(whom, &key_of(of), &content_of(of), under)
    }

    /// The same of another record, with what binds its key and its content to it.
    pub(crate) fn seal_as(whom: &Whom, key_as: &SealedAs, content_as: &SealedAs, under: &SealKey) -> Self {
        Self::seal_bytes(&whom.to_bytes(), key_as, content_as, under)
    }

    /// The same of what is not whom an erasure is about.
    pub(crate) fn seal_bytes(plain: &[u8], key_as: &SealedAs, content_as: &SealedAs, under: &SealKey) -> Self {
        let key = CapsuleKey::generate();
        let wrapped_key = key.wrap(key_as, under);
        // Of what is sealed, and not what seals now: it may just have been followed by another one.
        let seal_key = wrapped_key.generation().expect("it was just sealed");
        Self { wrapped_key, content: key.seal(content_as, plain), seal_key }
    }

    pub(crate) fn open(&self, of: ErasureId, under: &SealKey) -> Result<Whom, NotOpened> {
        self.open_as(&key_of(of), &content_of(of), under)
    }

    pub(crate) fn open_as(&self, key_as: &SealedAs, content_as: &SealedAs, under: &SealKey) -> Result<Whom, NotOpened> {
        Whom::from_bytes(&self.open_bytes(key_as, content_as, under)?).map_err(|_| NotOpened::Broken)
    }

    pub(crate) fn open_bytes(
        &self,
        key_as: &SealedAs,
        content_as: &SealedAs,
        under: &SealKey,
    ) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        CapsuleKey::unwrap(key_as, &self.wrapped_key, under)?.open(content_as, &self.content)
    }
}

fn key_of(erasure: ErasureId) -> SealedAs {
    SealedAs::new("capsule key", &[&erasure.0])
}

fn content_of(erasure: ErasureId) -> SealedAs {
    SealedAs::new("capsule", &[&erasure.0])
}

/// Whom a demand is about. Which erasure stands for it is known only when it is written, as it may join one that is there: the
/// ledger has it sealed for that one.
#[derive(Clone)]
pub(crate) struct ToSeal {
    whom: Whom,
    under: SealKey,
}

impl ToSeal {
    /// `None` where there is nothing to seal.
    pub(crate) fn of(whom: Whom, under: &SealKey) -> Option<Self> {
        (!whom.is_empty()).then(|| Self { whom, under: under.clone() })
    }

    pub(crate) fn seal(&self, of: ErasureId) -> Capsule {
        Capsule::seal(&self.whom, of, &self.under)
    }

    /// The kinds of the identifiers in it.
    pub(crate) fn kinds(&self) -> BTreeSet<Kind> {
        self.whom.identifiers.0.iter().map(|one| one.kind.clone()).collect()
    }

    #[cfg(test)]
    pub(crate) fn whom(&self) -> &Whom {
        &self.whom
    }
}

/// Of the same person, under whichever key.
impl PartialEq for ToSeal {
    fn eq(&self, other: &Self) -> bool {
        self.whom == other.whom
    }
}

impl Eq for ToSeal {}

impl fmt::Debug for ToSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToSeal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capsule_opens_as_its_own_erasures_only() {
        let key = SealKey::new(&Zeroizing::new([7; 32]));
        let whom = Whom { searched: true, ..Whom::default() };
        let [ann, bob] = [1, 2].map(|byte| ErasureId([byte; 16]));
        let [of_ann, of_bob] = [ann, bob].map(|id| Capsule::seal(&whom, id, &key));
        assert_eq!(of_ann.open(ann, &key).expect("opens"), whom);
        assert!(of_ann.open(bob, &key).is_err());
        // Nor with the other one's key, or content, alone.
        let mixed = Capsule { wrapped_key: of_bob.wrapped_key.clone(), ..of_ann.clone() };
        assert!([ann, bob].into_iter().all(|id| mixed.open(id, &key).is_err()));
        let key_as_content = Capsule { content: of_ann.wrapped_key.clone(), ..of_ann };
        assert!(key_as_content.open(ann, &key).is_err());
    }
}
