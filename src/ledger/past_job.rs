//! Comparisons of years, which are ordered, shown, and done once a person confirms them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attention::WaitingPast;
use crate::policy::RulesDigest;
use crate::subject::InstallationName;

/// So many are kept, the newest.
pub(crate) const PAST_JOBS_MAX: i64 = 100;

/// A number by month.
type ByMonth = BTreeMap<String, u64>;

/// A comparison of what ended in a time of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastJob {
    pub(crate) mluvii: InstallationName,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) state: PastState,
    /// Until when it is done, as far as its state goes.
    pub(crate) come: Timestamp,
    /// What it would come to.
    #[serde(flatten)]
    pub(crate) counts: PastCounts,
    /// Since when a person can confirm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shown: Option<Timestamp>,
    /// Those that were entered.
    pub(crate) entered: u64,
    /// What tells the rules that were asked from others.
    pub(crate) rules: RulesDigest,
    /// Why it does not go on; it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Sessions of a time, or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastCounts {
    /// Those that mluvii lists.
    pub(crate) listed: u64,
    /// Those that nobody told us of, by the month in which they ended.
    pub(crate) found: ByMonth,
    /// Those of them that any rule would erase.
    pub(crate) would_erase: ByMonth,
    /// The same by rule.
    pub(crate) by_rule: BTreeMap<String, ByMonth>,
    /// Those of them that could not be read, so that nobody knows what rules would do.
    pub(crate) unread: u64,
    /// Those that were read, and of which a rule could not be evaluated: nobody knows what would be done with them.
    pub(crate) failed: u64,
    /// The same by rule.
    pub(crate) failed_by_rule: BTreeMap<String, u64>,
    /// Of tenants of no source.
    pub(crate) foreign: u64,
}

impl PastCounts {
    pub(crate) fn add(&mut self, more: Self) {
        let Self { listed, found, would_erase, by_rule, unread, failed, failed_by_rule, foreign } = more;
        self.listed += listed;
        self.unread += unread;
        self.failed += failed;
        self.foreign += foreign;
        add(&mut self.found, found);
        add(&mut self.would_erase, would_erase);
        add(&mut self.failed_by_rule, failed_by_rule);
        for (rule, by_month) in by_rule {
            add(self.by_rule.entry(rule).or_default(), by_month);
        }
    }
}

fn add(all: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (name, count) in more {
        *all.entry(name).or_default() += count;
    }
}

/// What of these waits for a person.
pub(super) fn waiting(jobs: Vec<StoredPastJob>) -> Vec<WaitingPast> {
    let shown = jobs.into_iter().filter(|stored| stored.job.state == PastState::Shown);
    let waiting = |StoredPastJob { id, version, job }: StoredPastJob| WaitingPast {
        job: id.unsigned_abs(),
        version: version.unsigned_abs(),
        mluvii: job.mluvii,
        since: job.shown,
        found: job.counts.found.values().sum(),
        would_erase: job.counts.would_erase.values().sum(),
    };
    shown.map(waiting).collect()
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PastState {
    /// What it would come to is being found out.
    Looking,
    /// It waits for a person.
    Shown,
    /// Confirmed: what is found is entered.
    Entering,
    Done,
    Cancelled,
}

impl PastState {
    /// Whether a server works on it.
    pub(crate) fn is_under_way(self) -> bool {
        matches!(self, Self::Looking | Self::Entering)
    }

    /// Whether nothing more happens.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// One as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StoredPastJob {
    pub(crate) id: i64,
    #[serde(skip)]
    pub(crate) version: i64,
    #[serde(flatten)]
    pub(crate) job: PastJob,
}
