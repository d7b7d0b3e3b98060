//! The deployment's seal key. It seals nothing itself: the key of each generation follows from it and the generation's secret,
//! so that neither a copy of the keys nor one of the generations opens anything alone.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{KeyId, KeyKind};

#[derive(Clone)]
pub(crate) struct SealRoot(Zeroizing<[u8; 32]>);

impl SealRoot {
    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn id(&self) -> KeyId {
        KeyId::of_secret(&self.0, KeyKind::Seal)
    }

    /// The key of the generation with this secret, and its id.
    pub(crate) fn generation(&self, secret: &Zeroizing<[u8; 32]>) -> (KeyId, Zeroizing<[u8; 32]>) {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0[..]).expect("HMAC takes a key of any length");
        let mac = mac.chain_update(b"quietus seal generation: ").chain_update(&secret[..]);
        let key = Zeroizing::new(mac.finalize().into_bytes().into());
        (KeyId::of_secret(&key, KeyKind::Seal), key)
    }
}
