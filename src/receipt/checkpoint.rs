//! What a ledger says of the oldest records of a chain that have moved to an archive file: which they are, how they end, and
//! which file it is. The chain goes on after it. Both chains, receipts and the audit, have such statements, signed by the key of the
//! receipts: whoever writes the ledger could otherwise have records explained away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ReceiptKey;
use super::key::PublicKey;
use crate::chain::{Head, canonical};

/// The format's version, in every checkpoint.
const FORMAT: u32 = 1;

/// A chain of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChainName {
    Receipts,
    Audit,
}

impl ChainName {
    pub(crate) const ALL: [Self; 2] = [Self::Receipts, Self::Audit];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Receipts => "receipts",
            Self::Audit => "audit",
        }
    }

    /// What its records are called, in the plural.
    pub(crate) fn records(self) -> &'static str {
        match self {
            Self::Receipts => "receipts",
            Self::Audit => "rows of the audit",
        }
    }
}

/// Records that are in an archive file, and in the ledger no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    format: u32,
    pub(crate) chain: ChainName,
    /// The id of the ledger that they were in.
    pub(crate) ledger: String,
    /// The numbers of the first and the last record in the file.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The hash of the last one, hex: the first record after the checkpoint names it as its predecessor.
    pub(crate) hash: String,
    /// How many they are.
    pub(crate) records: u64,
    /// The file's name, without its folder.
    pub(crate) file: String,
    /// Of the file's bytes, hex.
    pub(crate) sha256: String,
    pub(crate) at: Timestamp,
    /// The id of the key that signed it.
    pub(crate) key: String,
}

/// What is to be signed of an archive file.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    pub(crate) chain: ChainName,
    pub(crate) ledger: String,
    pub(crate) first: u64,
    pub(crate) end: Head,
    pub(crate) records: u64,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

impl Checkpoint {
    /// Where the chain goes on: at the last record in the file.
    pub(crate) fn head(&self) -> Head {
        Head { sequence: self.last, hash: self.hash.clone() }
    }

    /// Whether the record with this number is in the file; a number that was lost before is not.
    pub(crate) fn holds(&self, sequence: u64) -> bool {
        (self.first..=self.last).contains(&sequence)
    }
}

/// A checkpoint as it stands in the ledger, and in the header of what follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedCheckpoint {
    pub(crate) checkpoint: Checkpoint,
    /// Ed25519 over the canonical JSON of `{"checkpoint": …}`, hex; no statement of a receipt has that form.
    signature: String,
}

impl SignedCheckpoint {
    pub(crate) fn sign(moved: Moved, at: Timestamp, key: &ReceiptKey) -> Self {
        let Moved { chain, ledger, first, end, records, file, sha256 } = moved;
        let (last, hash) = (end.sequence, end.hash);
        let checkpoint =
            Checkpoint { format: FORMAT, chain, ledger, first, last, hash, records, file, sha256, at, key: key.id() };
        let signature = key.sign(&signed_bytes(&checkpoint));
        Self { checkpoint, signature }
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.checkpoint.format == FORMAT && key.has_signed(&signed_bytes(&self.checkpoint), &self.signature)
    }
}

fn signed_bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    let json = serde_json::json!({ "checkpoint": checkpoint }).to_string();
    // Greater numbers than JSON carries were read from somewhere and signed by nobody.
    canonical::bytes(&json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::TrustedKeys;
    use super::super::sample::{checkpoint, key};
    use super::*;

    #[test]
    fn a_checkpoint_is_of_the_key_that_it_names_and_of_all_that_it_says() {
        let signed = checkpoint(ChainName::Receipts, 1, &Head { sequence: 3, hash: "3".into() });
        let keys = |bytes: &[u8]| {
            let public: Vec<_> = bytes.iter().map(|byte| key(*byte).public()).collect();
            TrustedKeys::read(public.iter().map(String::as_str)).expect("keys")
        };
        assert!(keys(&[1, 2]).have_signed(&signed));
        assert!(!keys(&[1]).have_signed(&signed));
        let json = serde_json::to_value(&signed).expect("JSON");
        for (member, other) in json["checkpoint"].as_object().expect("an object") {
            let mut changed = json.clone();
            changed["checkpoint"][member] = match other {
                serde_json::Value::Number(number) => (number.as_u64().expect("a number") + 1).into(),
                _ if member == "chain" => "audit".into(),
                _ if member == "at" => "2030-01-01T00:00:00Z".into(),
                _ => "other".into(),
            };
            let changed: SignedCheckpoint = serde_json::from_value(changed).expect("reads");
            assert!(!keys(&[1, 2]).have_signed(&changed), "{member}");
        }
    }

    #[test]
    fn a_checkpoint_with_a_member_that_nobody_has_signed_is_none() {
        let mut json = serde_json::to_value(checkpoint(ChainName::Audit, 1, &Head { sequence: 3, hash: "3".into() }))
            .expect("JSON");
        json["checkpoint"]["note"] = "looked at".into();
        assert!(serde_json::from_value::<SignedCheckpoint>(json).is_err());
    }
}
