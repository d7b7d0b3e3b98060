//! Verifying receipts without the ledger.

use std::collections::HashMap;

use super::{FollowedStatement, KeyRotation, Receipt, ReceiptHead, TrustedKeys};
use crate::chain::{LinkBroken, Next, follows};
use crate::keys::KeyId;

/// What is wrong with a chain, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChainBroken {
    #[error("the public key is not 64 hex digits of an Ed25519 key")]
    PublicKey,
    #[error("receipt {sequence}: it was signed by the key {named}, which is none of those given")]
    Key { sequence: u64, named: String },
    #[error(
        "receipt {0}: the signature is not of this statement under this key; it was changed, or another key signed it"
    )]
    Signature(u64),
    #[error("receipt {found} stands where {expected} belongs: receipts are missing or out of order")]
    Sequence { expected: u64, found: u64 },
    #[error("receipt {0}: it does not name its predecessor's hash; one of the two was replaced")]
    Link(u64),
    #[error("receipt {0}: the earlier receipt that it says it follows is another one, or no earlier one")]
    Follows(u64),
    #[error("receipt {0}: the gap that it states does not lie between its predecessor and itself")]
    Gap(u64),
}

/// Verifies receipts one after the other: signatures, numbers without a gap but for those that a receipt states, and each
/// link. A list that starts at 1, or after a checkpoint, is verified from there; of a later start only the first link is taken on
/// trust.
#[derive(Debug)]
pub(crate) struct Chain {
    keys: TrustedKeys,
    head: Option<ReceiptHead>,
    /// The beginnings of the hashes of those that were verified, by their numbers: later ones may say that they follow them.
    verified: HashMap<u64, [u8; HASH_BYTES]>,
}

/// So much of a hash is remembered: it tells one receipt from another, and is no proof, which the links are.
const HASH_BYTES: usize = 8;

impl Chain {
    /// Takes the public keys as hex; a receipt must be signed by the one of them that it names.
    pub(crate) fn under<'a>(public_keys: impl IntoIterator<Item = &'a str>) -> Result<Self, ChainBroken> {
        let keys = TrustedKeys::read(public_keys).ok_or(ChainBroken::PublicKey)?;
        Ok(Self { keys, head: None, verified: HashMap::new() })
    }

    /// Takes further keys, each by the word of one that is taken already; see [`TrustedKeys::follow`].
    pub(crate) fn follow(&mut self, rotations: &[KeyRotation]) -> Vec<(KeyId, KeyId)> {
        self.keys.follow(rotations)
    }

    pub(crate) fn keys(&self) -> &TrustedKeys {
        &self.keys
    }

    /// The last receipt that was verified, or after which the chain goes on.
    pub(crate) fn head(&self) -> Option<&ReceiptHead> {
        self.head.as_ref()
    }

    /// Goes on after a receipt that was not looked at, as a checkpoint says that has been verified.
    pub(crate) fn goes_on_after(&mut self, head: ReceiptHead) {
        self.head = Some(head);
    }

    /// Verifies the next receipt.
    pub(crate) fn check(&mut self, receipt: &Receipt) -> Result<(), ChainBroken> {
        let statement = &receipt.statement;
        let sequence = statement.sequence;
        let unknown = || ChainBroken::Key { sequence, named: statement.key.clone() };
        let key = self.keys.get(&statement.key).ok_or_else(unknown)?;
        // First: numbers and links of a statement that nobody signed say nothing.
        if !receipt.is_signed_by(key) {
            return Err(ChainBroken::Signature(sequence));
        }
        if let Some(gap) = &statement.gap {
            if Next::after(Some(&gap.head())) != (Next { sequence, previous: statement.previous.clone() }) {
                return Err(ChainBroken::Gap(sequence));
            }
            // Where the missing ones are in the list all the same, they are verified like others.
            if self.head.as_ref().is_some_and(|head| gap.may_follow(head)) {
                self.head = Some(gap.head());
            }
        }
        match follows(self.head.as_ref(), sequence, &statement.previous) {
            Err(LinkBroken::Sequence { expected }) => return Err(ChainBroken::Sequence { expected, found: sequence }),
            Err(LinkBroken::Previous) => return Err(ChainBroken::Link(sequence)),
            Ok(()) => {}
        }
        if !statement.follows.iter().all(|followed| self.may_be_followed(followed, sequence)) {
            return Err(ChainBroken::Follows(sequence));
        }
        let head = receipt.head();
        self.verified.extend(beginning(&head.hash).map(|beginning| (sequence, beginning)));
        self.head = Some(head);
        Ok(())
    }

    /// Whether a receipt is as the one of this number says that it is, as far as it was verified here.
    fn may_be_followed(&self, followed: &FollowedStatement, sequence: u64) -> bool {
        let Some(earlier) = followed.sequence else { return true };
        let known = self.verified.get(&earlier);
        let is_it = |hash: &String| known.is_none_or(|known| beginning(hash).as_ref() == Some(known));
        earlier < sequence && followed.hash.as_ref().is_none_or(is_it)
    }
}

fn beginning(hash: &str) -> Option<[u8; HASH_BYTES]> {
    let mut bytes = [0; HASH_BYTES];
    hex::decode_to_slice(hash.get(..2 * HASH_BYTES)?, &mut bytes).ok()?;
    Some(bytes)
}

/// Verifies consecutive receipts under one public key, and returns how many there were.
pub(crate) fn verify_chain<'a>(
    receipts: impl IntoIterator<Item = &'a Receipt>,
    public: &str,
) -> Result<u64, ChainBroken> {
    let mut chain = Chain::under([public])?;
    let mut verified = 0;
    for receipt in receipts {
        chain.check(receipt)?;
        verified += 1;
    }
    Ok(verified)
}
