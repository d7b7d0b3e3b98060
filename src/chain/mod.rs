//! What every chain of records is made of: canonical JSON, its hash, and the link from a record to the one before it. What
//! the records say is not known here.

pub(crate) mod canonical;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The newest record's place in its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) sequence: u64,
    /// Of its canonical JSON, hex.
    pub(crate) hash: String,
}

/// The place of a record that is to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    /// From 1, without a gap.
    pub(crate) sequence: u64,
    /// The hash of the record before it; of nothing for the first one.
    pub(crate) previous: String,
}

impl Next {
    pub(crate) fn after(head: Option<&Head>) -> Self {
        match head {
            Some(head) => Self { sequence: head.sequence + 1, previous: head.hash.clone() },
            None => Self { sequence: 1, previous: hash(&[]) },
        }
    }
}

/// Why a record does not follow another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkBroken {
    /// Records are missing or out of order.
    Sequence { expected: u64 },
    /// It does not name its predecessor's hash.
    Previous,
}

/// Whether a record follows the head. Of a list that does not start at 1 the first link is taken on trust.
pub(crate) fn follows(head: Option<&Head>, sequence: u64, previous: &str) -> Result<(), LinkBroken> {
    if head.is_none() && sequence != 1 {
        return Ok(());
    }
    let next = Next::after(head);
    if next.sequence != sequence {
        return Err(LinkBroken::Sequence { expected: next.sequence });
    }
    if next.previous != previous { Err(LinkBroken::Previous) } else { Ok(()) }
}

/// SHA-256, hex.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
