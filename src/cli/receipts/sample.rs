//! Receipts for the tests of these commands.

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::erasure::sample::{self, step};
use crate::erasure::{Erasure, Evidence, Findings, MluviiSearch, Outcome, Step, Subject};
use crate::keys::Digest;
use crate::receipt::{Receipt, ReceiptHead, ReceiptKey};
use crate::subject::InstallationName;

pub(super) fn key(byte: u8) -> ReceiptKey {
    ReceiptKey::new(&Zeroizing::new([byte; 32]))
}

/// A session, erased at mluvii: its receipt is complete.
pub(super) fn session() -> Erasure {
    sample::session(vec![step("mluvii", Outcome::Erased)])
}

/// A person of whom possible sessions were left, and of whom a target could not be asked: its receipt is incomplete.
pub(super) fn person() -> Erasure {
    let evidence = Evidence {
        looked_at: vec!["contacts".into()],
        not_looked_at: vec!["archive".into()],
        keeps: Some(vec!["a bin for 30 days".into()]),
        ..Evidence::default()
    };
    let reason = Some("it has no search".to_owned());
    let findings = Findings { certain: 1, possible_left: 2, search: MluviiSearch::Done, ..Findings::default() };
    Erasure {
        subject: Subject::Person { installation: InstallationName("acme".into()), digest: Digest([0xab; 16]) },
        approved: Some(Timestamp::UNIX_EPOCH),
        findings: Some(findings),
        steps: vec![step("mluvii", Outcome::Erased), Step { evidence, reason, ..step("crm", Outcome::Unverifiable) }],
        ..session()
    }
}

pub(super) fn issued(erasure: &Erasure, head: Option<&ReceiptHead>) -> Receipt {
    Receipt::issue(erasure, head, &key(2), Timestamp::UNIX_EPOCH).expect("all steps have an outcome")
}

/// So many receipts of sessions.
pub(super) fn chain(length: usize) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = Vec::new();
    for _ in 0..length {
        let head = receipts.last().map(Receipt::head);
        receipts.push(issued(&session(), head.as_ref()));
    }
    receipts
}
