//! The keys of a deployment and what is done with them: fingerprints, seals and digests. Key bytes enter, opaque
//! bytes leave; where keys are stored is not known here.

mod fingerprint;
mod id;
mod random;
mod root;
mod seal;
mod secret;

pub(crate) use fingerprint::{Carry, Digest, Fingerprint, IdempotencyKey, IndexKey};
pub(crate) use id::{KeyId, KeyIds, KeyKind};
pub(crate) use random::{fill_random, random_fraction};
pub(crate) use root::SealRoot;
#[cfg(test)]
pub(crate) use seal::FindSealKey;
pub(crate) use seal::{CapsuleKey, NoSealKey, NotOpened, SealKey, Sealed, SealedAs};
pub(crate) use secret::{ReadSecret, Secret, SecretError, SecretRef, TextOrSecret};

#[cfg(test)]
mod tests;
