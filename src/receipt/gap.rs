//! What a ledger says of receipts that it has lost. A person makes the statement when a restored ledger is to go on; it is
//! signed at once, and the first receipt after it repeats it, signed with that receipt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ReceiptHead, ReceiptKey};
use crate::chain::{Next, canonical};
use crate::receipt::key::PublicKey;

/// Receipts that were issued and are not in the ledger any more. Their numbers are never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gap {
    /// The number of the last receipt before the gap; 0 where there is none.
    pub(crate) after: u64,
    /// Its hash, hex; of nothing where there is none.
    pub(crate) after_hash: String,
    /// The number of the last receipt that is missing.
    pub(crate) last: u64,
    /// Its hash, hex: the first receipt after the gap names it as its predecessor.
    pub(crate) last_hash: String,
    /// Where nobody knows how far the numbers had gone: the newest receipt that was seen, of which `last_hash` is then. Those behind it may
    /// have been issued, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<u64>,
    /// When the person said so.
    pub(crate) at: Timestamp,
    /// Who said so.
    pub(crate) by: String,
    pub(crate) cause: GapCause,
}

/// How the receipts were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GapCause {
    /// A backup was restored by `quietus ledger restore`.
    Restored,
    /// The ledger was older than it had been, and was accepted by `quietus ledger accept`.
    Accepted,
}

impl Gap {
    /// What is missing between the newest receipt that is there and the newest that was ever seen.
    pub(crate) fn between(
        there: Option<&ReceiptHead>,
        seen: &ReceiptHead,
        at: Timestamp,
        by: String,
        cause: GapCause,
    ) -> Self {
        let Next { sequence, previous } = Next::after(there);
        let last_hash = seen.hash.clone();
        Self { after: sequence - 1, after_hash: previous, last: seen.sequence, last_hash, seen: None, at, by, cause }
    }

    /// The same with all numbers up to this one, which may have been issued without anybody having seen it.
    pub(crate) fn up_to(self, last: u64) -> Self {
        if last <= self.last {
            return self;
        }
        Self { seen: Some(self.last), last, ..self }
    }

    /// Whether it has this receipt, which somebody has seen, among those that are missing.
    pub(crate) fn has(&self, receipt: &ReceiptHead) -> bool {
        let seen = self.seen.unwrap_or(self.last);
        self.covers(receipt.sequence) && (receipt.sequence != seen || receipt.hash == self.last_hash)
    }

    /// Where the chain goes on: at the last receipt that is missing.
    pub(crate) fn head(&self) -> ReceiptHead {
        ReceiptHead { sequence: self.last, hash: self.last_hash.clone() }
    }

    /// Whether a receipt is among those that are missing.
    pub(crate) fn covers(&self, sequence: u64) -> bool {
        self.after < sequence && sequence <= self.last
    }

    /// Whether `there` is the newest receipt before the gap.
    pub(crate) fn begins_at(&self, there: Option<&ReceiptHead>) -> bool {
        let Next { sequence, previous } = Next::after(there);
        (self.after + 1, &self.after_hash) == (sequence, &previous)
    }

    /// Whether the chain may go on behind the gap after this receipt: it is the newest before it, or a missing one that is there all the same
    /// and may be the last that was issued.
    pub(super) fn may_follow(&self, head: &ReceiptHead) -> bool {
        self.begins_at(Some(head)) || self.seen.is_some_and(|seen| seen <= head.sequence && self.has(head))
    }
}

/// A gap as it stands in the ledger until a receipt follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedGap {
    pub(crate) gap: Gap,
    /// Ed25519 over the canonical JSON of `{"gap": …}`, hex; no statement of a receipt has that form.
    signature: String,
}

impl SignedGap {
    pub(crate) fn sign(gap: Gap, key: &ReceiptKey) -> Self {
        let signature = key.sign(&signed_bytes(&gap));
        Self { gap, signature }
    }

    /// Whether it was signed by the key whose public half is this one, as hex. Anyone who can write the ledger could
    /// otherwise have receipts explained away.
    pub(crate) fn is_signed_by(&self, public: &str) -> bool {
        PublicKey::read(public).is_some_and(|key| key.has_signed(&signed_bytes(&self.gap), &self.signature))
    }
}

fn signed_bytes(gap: &Gap) -> Vec<u8> {
    let json = serde_json::json!({ "gap": gap }).to_string();
    canonical::bytes(&json).expect("a gap holds no other numbers than integers below 2^53")
}

/// Where a chain ends, and what was lost there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    /// What the next receipt follows: the newest receipt, or the last one that is missing.
    pub(crate) head: Option<ReceiptHead>,
    /// The gap that the next receipt has to repeat.
    pub(crate) gap: Option<SignedGap>,
}
