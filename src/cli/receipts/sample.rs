//! Receipts for the tests of these commands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::erasure::{Erasure, ErasureId, ErasureState, Evidence, Findings, MluviiSearch, Outcome, Step, Subject};
use crate::keys::Digest;
use crate::receipt::{Receipt, ReceiptHead, ReceiptKey};
use crate::subject::{InstallationName, SessionId, SessionKey, TargetName};

pub(super) fn key(byte: u8) -> ReceiptKey {
    ReceiptKey::new(&Zeroizing::new([byte; 32]))
}

pub(super) fn step(target: &str, outcome: Outcome) -> Step {
    let now = Timestamp::UNIX_EPOCH;
    Step {
        target: TargetName(target.into()),
        stage: None,
        outcome: Some(outcome),
        reason: None,
        attempts: 1,
        rounds: 1,
        counts: BTreeMap::from([("sessions".to_owned(), 1)]),
        evidence: Evidence::default(),
        erased_at: Some(now),
        verified_at: Some(now),
        report_by: None,
        report: None,
    }
}

/// A session, erased at mluvii: its receipt is complete.
pub(super) fn session() -> Erasure {
    let now = Timestamp::UNIX_EPOCH;
    let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
    Erasure {
        id: ErasureId([7; 16]),
        subject: Subject::Session(session),
        rules: vec!["r".into()],
        state: ErasureState::Verifying,
        created: now,
        due: now,
        begun: Some(now),
        ended: None,
        approved: None,
        sessions: 1,
        findings: Some(Findings { certain: 1, ..Findings::default() }),
        verdict: None,
        steps: vec![step("mluvii", Outcome::Erased)],
    }
}

/// A person of whom possible sessions were left, and of whom a target could not be asked: its receipt is incomplete.
pub(super) fn person() -> Erasure {
    let evidence = Evidence {
        looked_at: vec!["contacts".into()],
        not_looked_at: vec!["archive".into()],
        keeps: vec!["a bin for 30 days".into()],
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
