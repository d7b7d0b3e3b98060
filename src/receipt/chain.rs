//! Verifying receipts without the ledger.

use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use super::Receipt;

/// What is wrong with a chain, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChainBroken {
    #[error("the public key is not 64 hex digits of an Ed25519 key")]
    PublicKey,
    #[error(
        "receipt {0}: the signature is not of this statement under this key; it was changed, or another key signed it"
    )]
    Signature(u64),
    #[error("receipt {found} stands where {expected} belongs: receipts are missing or out of order")]
    Sequence { expected: u64, found: u64 },
    #[error("receipt {0}: it does not name its predecessor's hash; one of the two was replaced")]
    Link(u64),
}

/// Verifies consecutive receipts: signatures, numbers without a gap, and each link. A list that starts at 1 is verified
/// from the chain's beginning; of a later start only the first link is taken on trust.
pub(crate) fn verify_chain<'a>(
    receipts: impl IntoIterator<Item = &'a Receipt>,
    public: &str,
) -> Result<u64, ChainBroken> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(public.trim(), &mut bytes).map_err(|_| ChainBroken::PublicKey)?;
    let public = VerifyingKey::from_bytes(&bytes).map_err(|_| ChainBroken::PublicKey)?;
    let mut head: Option<super::ReceiptHead> = None;
    let mut verified = 0;
    for receipt in receipts {
        let statement = &receipt.statement;
        let sequence = statement.sequence;
        if !receipt.is_signed_by(&public) {
            return Err(ChainBroken::Signature(sequence));
        }
        if let Some(expected) = head.as_ref().map(|head| head.sequence + 1)
            && expected != sequence
        {
            return Err(ChainBroken::Sequence { expected, found: sequence });
        }
        let previous = match &head {
            Some(head) => Some(head.hash.clone()),
            None if sequence == 1 => Some(hex::encode(Sha256::digest([]))),
            None => None,
        };
        if previous.is_some_and(|previous| previous != statement.previous) {
            return Err(ChainBroken::Link(sequence));
        }
        head = Some(receipt.head());
        verified += 1;
    }
    Ok(verified)
}
