//! Rules that are new or changed: before anything is decided by one, it is seen how much of the last month it would have erased. Where
//! that is too much, what it demands does not begin until a person confirms it.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::failure::Failure;
use super::parts::Worker;
use crate::causes::with_causes;
use crate::ledger::{DecidedSession, EraseWork, LedgerError, NewRuleVersion, RuleVersion, SessionMark, is_held};
use crate::policy::{Facts, Rule, RuleAnswer};

/// Sessions that are read at once.
const PAGE: u32 = 1_000;

/// What is compared with.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// How soon it is tried again where the ledger does not answer.
const RETRY: Duration = Duration::from_secs(2);

impl Worker {
    /// Judges the rules that are new or changed, however long the ledger is away; before that, nothing is decided by them.
    pub(super) async fn judge_rules(&self, shutdown: &CancellationToken) {
        while let Err(error) = self.try_to_judge_rules().await {
            warn!(error = %with_causes(&error), "the rules cannot be compared with what they were; nothing is decided before that");
            if shutdown.run_until_cancelled(tokio::time::sleep(RETRY)).await.is_none() {
                return;
            }
        }
    }

    async fn try_to_judge_rules(&self) -> Result<(), LedgerError> {
        let known = self.records.rule_versions().await?;
        let in_force = |rule: &Rule| known.iter().rev().find(|version| version.rule.name == rule.name);
        let is_known = |rule: &Rule| in_force(rule).is_some_and(|version| version.rule.digest == rule.digest());
        let new: Vec<&Rule> = self.policy.rules().filter(|rule| !is_known(rule)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let judged: Vec<&Rule> = new.iter().copied().filter(|rule| is_judged(rule, &known)).collect();
        let (sessions, counts) = self.would_have_erased(&judged).await?;
        for rule in new {
            let would = judged.iter().position(|judged| judged.name == rule.name).map_or(0, |index| counts[index]);
            let version = version(rule, sessions, would, self.alarm_share);
            self.queue.add_rule_version(&version).await?;
            if version.waiting {
                warn!(
                    rule = rule.name,
                    would, sessions, "a new or changed rule would erase too much; it waits to be confirmed"
                );
            } else {
                info!(rule = rule.name, would, sessions, "a rule is new or changed");
            }
        }
        Ok(())
    }

    /// How many sessions ended in the last month, and how many of them each rule would have erased.
    async fn would_have_erased(&self, rules: &[&Rule]) -> Result<(u64, Vec<u64>), LedgerError> {
        let mut counts = vec![0; rules.len()];
        let mut sessions = 0;
        if rules.is_empty() {
            return Ok((sessions, counts));
        }
        let since = self.records.clock().await?.now.saturating_sub(MONTH).unwrap_or(Timestamp::MIN);
        let mut next = Some(SessionMark::BEGINNING);
        while let Some(after) = next {
            let page = self.records.decided_sessions(after, PAGE).await?;
            next = page.next;
            for DecidedSession { record, .. } in page.sessions {
                if record.ended.is_none_or(|ended| ended < since) {
                    continue;
                }
                sessions += 1;
                let facts = Facts { record: &record, form: None };
                for (count, rule) in counts.iter_mut().zip(rules) {
                    let applies = rule.on.was_asked_of(&record) && rule.asked(&facts) == RuleAnswer::Applies;
                    *count += u64::from(applies);
                }
            }
        }
        Ok((sessions, counts))
    }

    /// Fails where an erasure waits for its rule to be confirmed.
    pub(super) async fn must_not_be_held(&self, work: &EraseWork) -> Result<(), Failure> {
        // What a person has asked for, or approved, waits for no rule.
        if work.approved {
            return Ok(());
        }
        let held = is_held(&work.rules, work.created, &self.records.rule_versions().await?);
        if held { Err(Failure::Held) } else { Ok(()) }
    }
}

/// Whether it is looked at how much a rule would have erased: not where a person decides about each erasure, where what it asks about
/// is not kept, or where this version of it was in force before.
fn is_judged(rule: &Rule, known: &[RuleVersion]) -> bool {
    let was_in_force = known
        .iter()
        .any(|version| version.rule.name == rule.name && version.rule.digest == rule.digest() && !version.rule.waiting);
    !rule.needs_approval() && rule.on.is_about_the_session() && !was_in_force
}

fn version(rule: &Rule, sessions: u64, would: u64, alarm_share: f64) -> NewRuleVersion {
    let waiting = would as f64 > sessions as f64 * alarm_share;
    NewRuleVersion { name: rule.name.clone(), digest: rule.digest().to_owned(), waiting, sessions, would }
}
