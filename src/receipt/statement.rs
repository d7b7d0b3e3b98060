//! What a receipt says; `docs/receipt.md` describes every member.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Gap;
use crate::chain::canonical::INTEGER_MAX;
use crate::erasure::{
    Confirmation, ErasureId, ErasureState, MluviiSearch, Outcome, Reason, ReasonCode, Seen, Step, Verdict,
};
use crate::subject::{InstallationName, Scope, TargetName};

/// The format's version, in every statement.
pub(super) const FORMAT: u64 = 2;

/// What a receipt says. The signature and the next receipt's `previous` cover all of it, as canonical JSON (RFC 8785).
///
/// Written, it has all of its members; what is not there is `null`, `{}` or `[]`. Read, it is a view: a later program may
/// have written members that this one does not know, so nothing is ever verified by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Statement {
    pub(crate) format: u64,
    /// From 1, without a gap.
    pub(crate) sequence: u64,
    /// SHA-256 of the preceding statement, hex; of nothing for the first.
    pub(crate) previous: String,
    /// The id of the key that signed it: the first 16 hex digits of the SHA-256 of the public key.
    pub(crate) key: String,
    pub(crate) erasure: ErasureId,
    pub(crate) installation: InstallationName,
    pub(crate) scope: Scope,
    /// A session's key; of a guest or a person a keyed digest.
    pub(crate) subject: String,
    /// `done`, or `cancelled` when a person closed it with steps unfinished.
    pub(crate) state: ErasureState,
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<ReasonStatement>,
    pub(crate) rules: Vec<String>,
    /// The receipts of what was found again after them, and what this one erased again. Receipts from before there were any have none.
    #[serde(default)]
    pub(crate) follows: Vec<FollowedStatement>,
    /// When a person approved it, or the request's plan by which it was run.
    pub(crate) approved: Option<Timestamp>,
    /// When and by what it was confirmed that its form was sent by whom it names, where that let it begin.
    pub(crate) confirmed: Option<ConfirmedStatement>,
    pub(crate) sessions: u32,
    pub(crate) possible_left: u32,
    pub(crate) possible_included: u32,
    pub(crate) possible_excluded: u32,
    pub(crate) excluded: u32,
    /// Receipts from before it was counted have none.
    #[serde(default)]
    pub(crate) came_since: u32,
    pub(crate) unread: u32,
    /// Why it reaches less far than its rule says, as a code.
    pub(crate) narrowed: Option<String>,
    pub(crate) search: MluviiSearch,
    pub(crate) consent_versions: Vec<String>,
    /// The hold that keeps something; there are no holds yet.
    pub(crate) hold: Option<Value>,
    /// The receipts before this one that a restored ledger has lost.
    pub(crate) gap: Option<Gap>,
    pub(crate) created: Timestamp,
    pub(crate) begun: Option<Timestamp>,
    pub(crate) ended: Timestamp,
    pub(crate) steps: Vec<StepStatement>,
}

impl Statement {
    /// Whether somebody has seen of all that is said to be gone that it is. What a reason means that a later program gave, nobody knows here.
    pub(crate) fn seen(&self) -> Seen {
        let reasons = self.reasons.iter().map(|reason| Some((reason.code.parse::<ReasonCode>().ok()?, reason.count)));
        let Some(known) = reasons.collect::<Option<Vec<_>>>() else { return Seen::NotAll };
        Seen::by(known, self.steps.iter().map(|step| step.not_looked_at.len()).sum())
    }
}

/// A receipt that another one follows, as it is signed. It stays true of its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowedStatement {
    pub(crate) erasure: ErasureId,
    /// Its number; not where nothing of it is left in the ledger.
    pub(crate) sequence: Option<u64>,
    /// The hash of its statement; not where it has moved to an archive.
    pub(crate) hash: Option<String>,
}

/// A confirmation as it is signed. `by` is a text here, because a later program may know more ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConfirmedStatement {
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

impl ConfirmedStatement {
    pub(super) fn of(confirmation: Option<&Confirmation>) -> Option<Self> {
        let confirmation = confirmation?;
        Some(Self { by: confirmation.by.as_str().to_owned(), at: confirmation.confirmed? })
    }
}

/// A reason as it is signed. The code is a text here, because a later program may give reasons that this one does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReasonStatement {
    pub(crate) code: String,
    pub(crate) target: Option<TargetName>,
    pub(crate) count: Option<u64>,
    pub(crate) detail: Option<String>,
}

/// The outcome at one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepStatement {
    pub(crate) target: TargetName,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) looked_at: Vec<String>,
    pub(crate) not_looked_at: Vec<String>,
    pub(crate) keeps: Vec<String>,
    pub(crate) left: BTreeMap<String, u64>,
    pub(crate) accepted: BTreeMap<String, u64>,
    pub(crate) expected: bool,
    pub(crate) erased_at: Option<Timestamp>,
    pub(crate) verified_at: Option<Timestamp>,
}

impl StepStatement {
    pub(super) fn of(step: &Step, outcome: Outcome) -> Self {
        let evidence = &step.evidence;
        Self {
            target: step.target.clone(),
            outcome,
            reason: step.reason.clone(),
            counts: bounded(&step.counts),
            looked_at: evidence.looked_at.clone(),
            not_looked_at: evidence.not_looked_at.clone(),
            keeps: evidence.keeps.clone().unwrap_or_default(),
            left: bounded(&evidence.left),
            accepted: bounded(&evidence.accepted),
            expected: evidence.expected,
            erased_at: step.erased_at,
            verified_at: step.verified_at,
        }
    }
}

impl From<Reason> for ReasonStatement {
    fn from(reason: Reason) -> Self {
        let count = reason.count.map(|count| count.min(INTEGER_MAX));
        Self { code: reason.code.as_str().to_owned(), target: reason.target, count, detail: reason.detail }
    }
}

/// A target may answer any number; a greater one than JSON carries would make a statement that nobody can verify.
fn bounded(counts: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(name, count)| (name.clone(), (*count).min(INTEGER_MAX))).collect()
}
