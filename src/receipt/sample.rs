//! Receipts for tests, of this module and of those that show them.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Receipt, ReceiptHead, ReceiptKey};
use crate::erasure::sample::{session, step};
use crate::erasure::{Erasure, Outcome};

/// The key of all samples is that of 2.
pub(crate) fn key(byte: u8) -> ReceiptKey {
    ReceiptKey::new(&Zeroizing::new([byte; 32]))
}

pub(crate) fn issued(erasure: &Erasure, head: Option<&ReceiptHead>) -> Receipt {
    Receipt::issue(erasure, head, None, &key(2), Timestamp::UNIX_EPOCH).expect("all steps have an outcome")
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
