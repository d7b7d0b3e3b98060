//! What other rules would decide on the sessions that the ledger knows, and how that differs from what was decided. Only rules about
//! a session's end and settling are tried: what a form said is gone. Read a page at a time, whatever there is of sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::ledger::{DecidedSession, DecidedSessions, each_decided};
use crate::operations::{OperationError, Operations};
use crate::policy::{Facts, Policy, RuleAnswer};

/// What the rules of a configuration would decide, beside what was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Trial {
    /// The sessions that ended in the time.
    pub(crate) sessions: u64,
    /// Those of them that the rules would erase, whichever does.
    pub(crate) would_erase: u64,
    /// Those of these on which no rule about the session has decided so.
    pub(crate) would_erase_more: u64,
    /// Sessions that a rule about the session has decided to erase, and that the rules would leave alone.
    pub(crate) would_erase_less: u64,
    /// By rule and month, where there is anything to say.
    pub(crate) differences: Vec<Difference>,
    /// Rules about forms and changes of the consent: they cannot be tried.
    pub(crate) not_tried: Vec<String>,
    /// Sessions whose rows are damaged, so that nothing can be said of them.
    pub(crate) damaged: u64,
    /// Sessions of which a rule's expression could not be evaluated: they would need a person.
    pub(crate) failed: u64,
}

/// A rule and the month in which sessions ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) rule: String,
    /// Such as `2026-11`.
    pub(crate) month: String,
    /// Sessions that it would erase.
    pub(crate) would: u64,
    /// Sessions on which it has decided so, by what was kept of the evaluations.
    pub(crate) decided: u64,
    /// Would, and was not decided.
    pub(crate) more: u64,
    /// Was decided, and would not.
    pub(crate) less: u64,
    /// Whether the rule is one of those that were tried.
    pub(crate) is_tried: bool,
}

/// Tries rules on the sessions that ended in the last so long, by the ledger's clock. `progress` is told how many sessions were read,
/// of how many.
pub(crate) async fn try_rules(
    on: &Operations,
    policy: &Policy,
    last: Duration,
    progress: impl Fn(u64, u64),
) -> Result<Trial, OperationError> {
    let since = on.ledger.clock().await?.now.saturating_sub(last).unwrap_or(Timestamp::MIN);
    let all = on.ledger.counts().await?.sessions;
    let mut counting = Counting::of(policy);
    let mut read = 0;
    let count = |page: DecidedSessions| {
        counting.trial.damaged += page.damaged;
        read += page.sessions.len() as u64 + page.damaged;
        let in_time = |session: &&DecidedSession| session.record.ended.is_some_and(|ended| ended >= since);
        page.sessions.iter().filter(in_time).for_each(|session| counting.count(policy, session));
        progress(read, all);
    };
    each_decided(&*on.ledger, count).await?;
    Ok(counting.done())
}

/// What one rule would decide and has decided, in one month.
#[derive(Default)]
struct Counts {
    would: u64,
    decided: u64,
    more: u64,
    less: u64,
}

/// Bounded by rules and months, not by sessions.
struct Counting {
    trial: Trial,
    counts: BTreeMap<(String, String), Counts>,
    tried: BTreeSet<String>,
    not_tried: BTreeSet<String>,
}

impl Counting {
    fn of(policy: &Policy) -> Self {
        let named = |about_session: bool| -> BTreeSet<String> {
            policy
                .rules()
                .filter(|rule| rule.on.is_about_the_session() == about_session)
                .map(|rule| rule.name.clone())
                .collect()
        };
        Self { trial: Trial::default(), counts: BTreeMap::new(), tried: named(true), not_tried: named(false) }
    }

    fn count(&mut self, policy: &Policy, session: &DecidedSession) {
        self.trial.sessions += 1;
        let record = &session.record;
        let facts = Facts { record, form: None };
        let mut would = BTreeSet::new();
        for rule in policy.rules().filter(|rule| rule.on.was_asked_of(record)) {
            match rule.asked(&facts) {
                RuleAnswer::Applies => _ = would.insert(rule.name.clone()),
                // One that cannot be evaluated has nothing decided at all.
                RuleAnswer::Failed => {
                    self.trial.failed += 1;
                    return;
                }
                RuleAnswer::DoesNotApply | RuleAnswer::NotAsked => {}
            }
        }
        let of_session = session.evaluated.iter().filter(|evaluated| evaluated.on.is_about_the_session());
        let decided: BTreeSet<_> = of_session.flat_map(|evaluated| evaluated.applied.iter().cloned()).collect();
        self.trial.would_erase += u64::from(!would.is_empty());
        self.trial.would_erase_more += u64::from(!would.is_empty() && decided.is_empty());
        self.trial.would_erase_less += u64::from(would.is_empty() && !decided.is_empty());
        let month = record.ended.map_or_else(String::new, |ended| ended.strftime("%Y-%m").to_string());
        for name in would.union(&decided) {
            let counts = self.counts.entry((name.clone(), month.clone())).or_default();
            let (is_wanted, was_decided) = (would.contains(name), decided.contains(name));
            counts.would += u64::from(is_wanted);
            counts.decided += u64::from(was_decided);
            counts.more += u64::from(is_wanted && !was_decided);
            counts.less += u64::from(was_decided && !is_wanted);
        }
    }

    fn done(self) -> Trial {
        let difference = |((rule, month), counts): ((String, String), Counts)| {
            let Counts { would, decided, more, less } = counts;
            Difference { is_tried: self.tried.contains(&rule), rule, month, would, decided, more, less }
        };
        Trial {
            differences: self.counts.into_iter().map(difference).collect(),
            not_tried: self.not_tried.into_iter().collect(),
            ..self.trial
        }
    }
}
