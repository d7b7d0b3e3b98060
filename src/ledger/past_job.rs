//! Comparisons of years, which are ordered, shown, and done once a person confirms them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::RulesDigest;
use crate::subject::InstallationName;

/// So many are kept, the newest.
pub(crate) const PAST_JOBS_MAX: i64 = 100;

/// A number by month.
pub(crate) type ByMonth = BTreeMap<String, u64>;

/// A comparison of what ended in a time of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastJob {
    pub(crate) mluvii: InstallationName,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) state: PastState,
    /// Until when it is done, as far as its state goes.
    pub(crate) come: Timestamp,
    /// Sessions that mluvii lists.
    pub(crate) listed: u64,
    /// Those that nobody told us of, by the month in which they ended.
    pub(crate) found: ByMonth,
    /// Those of them that any rule would erase.
    pub(crate) would_erase: ByMonth,
    /// The same by rule.
    pub(crate) by_rule: BTreeMap<String, ByMonth>,
    /// Those of them that could not be read, so that nobody knows what rules would do.
    pub(crate) unread: u64,
    /// Of tenants of no source.
    pub(crate) foreign: u64,
    /// Those that were entered.
    pub(crate) entered: u64,
    /// What tells the rules that were asked from others.
    pub(crate) rules: RulesDigest,
    /// Why it does not go on; it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
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
