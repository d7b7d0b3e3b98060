//! Receipts for tests, of operations and of those that show them.

use jiff::Timestamp;

use super::Header;
use crate::erasure::sample::{self, step};
use crate::erasure::{Erasure, Evidence, Findings, MluviiSearch, Outcome, Step, Subject};
use crate::keys::Digest;
use crate::operations::series::Links;
use crate::receipt::Receipt;
pub(crate) use crate::receipt::sample::{chain, issued, key};
use crate::subject::InstallationName;

/// A session, erased at mluvii: its receipt is complete.
pub(crate) fn session() -> Erasure {
    sample::session(vec![step("mluvii", Outcome::Erased)])
}

/// A person of whom possible sessions were left, and of whom a target could not be asked: its receipt is incomplete.
pub(crate) fn person() -> Erasure {
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

/// The lines of an export of these receipts.
pub(crate) fn export(receipts: &[Receipt]) -> Vec<String> {
    let mut header = Header::empty(Links { public_keys: vec![key(2).public()], ..Links::default() });
    receipts.iter().for_each(|receipt| header.add(receipt));
    let mut lines = vec![serde_json::to_string(&header).expect("JSON")];
    lines.extend(receipts.iter().map(|receipt| serde_json::to_string(receipt).expect("JSON")));
    lines
}
