//! What came of a sweep: who was found, what is to become of them, and what names those who are to go.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::chain;
use crate::erasure::ErasureId;
use crate::ledger::{SweepJob, SweepThen};
use crate::subject::{InstallationName, Kind, TargetName};

/// Characters of a plan's hash. It tells plans apart.
const PLAN_CHARACTERS: usize = 32;

/// What came of it. Free of personal data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ErasedAgain {
    pub(crate) target: TargetName,
    pub(crate) mluvii: InstallationName,
    pub(crate) since: Timestamp,
    /// The erasures at this target since then by whose fingerprints people can be found.
    pub(crate) compared: u64,
    /// The others: their fingerprints are not kept any more, or are of another version.
    pub(crate) not_comparable: u64,
    /// Those whose data the target kept, or held when they were closed: they are not compared.
    pub(crate) not_erased_then: u64,
    /// Those that are done at this target and open elsewhere: they are not compared before they have ended.
    pub(crate) still_open: u64,
    /// Since when fingerprints are kept; `None` where they are kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept_since: Option<Timestamp>,
    /// Records that the target has told of.
    pub(crate) records: u64,
    /// Those of whom something was found, by their erasures.
    pub(crate) found: Vec<FoundAgain>,
    /// What names those who are to be erased again.
    pub(crate) plan: String,
    /// Places that the target did not tell of. Where there is one, nobody is erased: what is newer may be there.
    pub(crate) not_looked_at: Vec<String>,
    /// The kinds of identifiers that its records have: nobody is found by another one.
    #[serde(skip)]
    pub(in crate::operations) told: BTreeSet<Kind>,
    /// Of whose data some is there that counts for a later erasure of theirs, and nothing else.
    #[serde(skip)]
    pub(in crate::operations) later: BTreeSet<ErasureId>,
    /// Whether they were only counted, and not erased again.
    pub(crate) dry_run: bool,
    /// Whether what is asked for waits for somebody else's approval (`requests.four_eyes`).
    pub(crate) needs_approval: bool,
}

/// One who was erased, and of whom something is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FoundAgain {
    /// The erasure by which.
    pub(crate) erasure: ErasureId,
    pub(crate) is: Is,
    /// Records that are to go.
    pub(crate) records: u64,
    /// Records that are theirs and newer, or of which nobody knows whether they are.
    pub(crate) kept: u64,
    /// The erasure by which they go, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<ErasureId>,
}

/// What is to become of one who was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Is {
    /// All that is certainly theirs is older than their erasure: it goes.
    Again,
    /// The same, but the target did not tell of all places, and something newer may be there: nothing is erased.
    Unseen,
    /// An erasure of them at this target is under way.
    UnderWay,
    /// A hold keeps them, so nothing is erased: by the time that it ends, they may have come back.
    Held,
    /// Something of theirs is newer than their erasure: they came back, and nothing is erased.
    Back,
    /// Nobody knows whether what is theirs is newer, so nothing is erased.
    Undated,
    /// Something agrees and not enough: nothing is erased.
    Possible,
}

impl ErasedAgain {
    pub(crate) fn count(&self, is: Is) -> u64 {
        self.found.iter().filter(|one| one.is == is).count() as u64
    }
}

impl AuditEntry {
    /// With how many are what: `again` are those whom it has asked for, or, where it only counts, would ask for.
    pub(super) fn with_counts(self, done: &ErasedAgain, job: &SweepJob) -> Self {
        let of = |is| done.count(is);
        // Not those who were found: others can be found beside them once it asks, and who was asked for before it began from its start
        // once more may be gone by then.
        let again = if job.then == SweepThen::Count { of(Is::Again) } else { job.asked.len() as u64 };
        self.with("records", done.records)
            .with("compared", done.compared)
            .with("again", again)
            .with("unseen", of(Is::Unseen))
            .with("under_way", of(Is::UnderWay))
            .with("held", of(Is::Held))
            .with("back", of(Is::Back))
            .with("undated", of(Is::Undated))
            .with("possible", of(Is::Possible))
            .with_word("plan", &done.plan)
    }
}

/// What names those who are to be erased again, by how many records, and what was not looked at.
pub(super) fn plan(done: &ErasedAgain) -> String {
    let again = done.found.iter().filter(|one| one.is == Is::Again);
    let mut lines: Vec<_> = again.map(|one| format!("{} {}", one.erasure, one.records)).collect();
    lines.sort();
    let mut unseen: Vec<_> = done.not_looked_at.iter().map(|place| format!("? {place}")).collect();
    unseen.sort();
    lines.append(&mut unseen);
    let mut plan = chain::hash(format!("{}\n{}\n{}", done.target, done.mluvii, lines.join("\n")).as_bytes());
    plan.truncate(PLAN_CHARACTERS);
    plan
}
