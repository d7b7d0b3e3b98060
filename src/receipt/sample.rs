//! Receipts for tests, of this module and of those that show them.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{ChainName, Moved, Receipt, ReceiptHead, ReceiptKey, SignedCheckpoint};
use crate::erasure::sample::{session, step};
use crate::erasure::{Erasure, Outcome};

/// The key of all samples is that of 2.
pub(crate) fn key(byte: u8) -> ReceiptKey {
    ReceiptKey::new(&Zeroizing::new([byte; 32]))
}

pub(crate) fn issued(erasure: &Erasure, head: Option<&ReceiptHead>) -> Receipt {
    Receipt::issue(erasure, &[], head, None, &key(2), Timestamp::UNIX_EPOCH).expect("all steps have an outcome")
}

/// So many receipts of sessions.
pub(crate) fn chain(length: usize) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = Vec::new();
    for _ in 0..length {
        let head = receipts.last().map(Receipt::head);
        receipts.push(issued(&session(vec![step("mluvii", Outcome::Erased)]), head.as_ref()));
    }
    receipts
}

/// A checkpoint over an archive that is nowhere, signed by the key of all samples.
pub(crate) fn checkpoint(chain: ChainName, first: u64, end: &ReceiptHead) -> SignedCheckpoint {
    let (ledger, file, sha256) = ("a".to_owned(), format!("{}-{first}.jsonl", chain.as_str()), "f".repeat(64));
    let records = end.sequence + 1 - first;
    let moved = Moved { chain, ledger, first, end: end.clone(), records, file, sha256 };
    SignedCheckpoint::sign(moved, Timestamp::UNIX_EPOCH, &key(2))
}
