//! Comparisons of years, which are ordered, shown, and done once a person confirms them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attention::WaitingPast;
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
    /// How many of each day would be erased, where any would, by when the day begins; empty once it is over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) days: BTreeMap<Timestamp, u64>,
    /// What the entered ones came to when they were entered: never more than what was shown.
    #[serde(default)]
    pub(crate) done: PastCounts,
    /// The same of the day that is being entered, and is a part of `done` by then: a server that is killed may have entered some of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) day: Option<PastCounts>,
    /// Why it is shown once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<String>,
    /// What tells the rules that were asked from others, and whatever else decides.
    pub(crate) decides: String,
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
    /// Rules of these that erase more than the session: the guest's or the person's other sessions go, too, and are not counted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) reach_further: BTreeSet<String>,
    /// Those of them that could not be read: what is said of them is what the rules do where the consent stays unknown.
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
        let Self { listed, found, would_erase, by_rule, reach_further, unread, failed, failed_by_rule, foreign } = more;
        self.reach_further.extend(reach_further);
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

impl PastCounts {
    /// What these come to beyond what was shown, in words; nothing where they do not.
    pub(crate) fn beyond(&self, shown: &Self) -> Option<String> {
        let none = ByMonth::new();
        if let Some((month, count, was)) = more(&self.would_erase, &shown.would_erase) {
            return Some(format!("{count} sessions of {month} would be erased, and {was} were shown"));
        }
        self.by_rule.iter().find_map(|(rule, by_month)| {
            let (month, count, was) = more(by_month, shown.by_rule.get(rule).unwrap_or(&none))?;
            Some(format!("the rule `{rule}` would erase {count} sessions of {month}, and {was} were shown"))
        })
    }
}

/// The first month of which there is more than was shown.
fn more<'m>(now: &'m ByMonth, shown: &ByMonth) -> Option<(&'m str, u64, u64)> {
    let with_shown =
        now.iter().map(|(month, count)| (month.as_str(), *count, shown.get(month).copied().unwrap_or_default()));
    with_shown.into_iter().find(|(_, count, was)| count > was)
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rules: &[(&str, &str, u64)], would: &[(&str, u64)]) -> PastCounts {
        let mut counts = PastCounts::default();
        for (rule, month, count) in rules {
            counts.by_rule.entry((*rule).into()).or_default().insert((*month).into(), *count);
        }
        counts.would_erase = would.iter().map(|(month, count)| ((*month).to_owned(), *count)).collect();
        counts
    }

    #[test]
    fn what_goes_beyond_what_was_shown_is_named() {
        let shown = counts(&[("a", "2026-01", 2), ("b", "2026-01", 2)], &[("2026-01", 2)]);
        let beyond = |rules, would| counts(rules, would).beyond(&shown);
        assert_eq!(beyond(&[("a", "2026-01", 2)], &[("2026-01", 2)]), None);
        assert_eq!(beyond(&[], &[]), None);
        let said = beyond(&[("a", "2026-01", 3)], &[("2026-01", 3)]).expect("more");
        assert_eq!(said, "3 sessions of 2026-01 would be erased, and 2 were shown");
        let said = beyond(&[("c", "2026-01", 1)], &[("2026-01", 1)]).expect("another rule");
        assert_eq!(said, "the rule `c` would erase 1 sessions of 2026-01, and 0 were shown");
        assert!(beyond(&[("a", "2026-02", 1)], &[("2026-02", 1)]).is_some(), "another month");
        // Two rules that were shown of the same sessions, and apply to others now.
        assert!(beyond(&[("a", "2026-01", 2), ("b", "2026-01", 2)], &[("2026-01", 4)]).is_some());
    }
}
