//! Rules that are new or changed: before anything is decided by one, it is seen how much of the last month it would have erased. Where
//! that is too much, what it demands does not begin until a person confirms it.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::failure::Failure;
use super::parts::Worker;
use crate::causes::with_causes;
use crate::consent::{ConsentRecord, ConsentState};
use crate::ledger::{
    DecidedSession, DecidedSessions, EraseWork, LedgerError, NewRuleVersion, RuleState, RuleVersion, each_decided,
    is_held, is_rejected,
};
use crate::policy::{Facts, Rule, RuleAnswer, consent_differs};

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
        let is_known = |rule: &Rule| in_force(rule).is_some_and(|version| version.rule.digest == rule.version());
        let new: Vec<&Rule> = self.policy.rules().filter(|rule| !is_known(rule)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut judged: Vec<_> = new
            .iter()
            .filter(|rule| is_judged(rule, &known))
            .map(|rule| Judged {
                rule,
                consent_differs: in_force(rule)
                    .is_some_and(|before| consent_differs(&before.rule.digest, rule.version())),
                would: 0,
            })
            .collect();
        let sessions = self.count_would_have_erased(&mut judged).await?;
        for rule in new {
            let would = judged.iter().find(|judged| judged.rule.name == rule.name).map_or(0, |judged| judged.would);
            let state = state_of(rule, &known, would as f64 > sessions as f64 * self.alarm_share);
            let (name, digest) = (rule.name.clone(), rule.version().to_owned());
            tell(&name, &digest, state, would, sessions);
            self.queue.add_rule_version(&NewRuleVersion { name, digest, state, sessions, would }).await?;
        }
        Ok(())
    }

    /// Counts the sessions that ended in the last month, and which of them each rule would have erased.
    async fn count_would_have_erased(&self, rules: &mut [Judged<'_>]) -> Result<u64, LedgerError> {
        let mut sessions = 0;
        if rules.is_empty() {
            return Ok(sessions);
        }
        let since = self.records.clock().await?.now.saturating_sub(MONTH).unwrap_or(Timestamp::MIN);
        let count = |page: DecidedSessions| {
            let is_recent = |one: &&DecidedSession| one.record.ended.is_some_and(|ended| ended >= since);
            for DecidedSession { record, .. } in page.sessions.iter().filter(is_recent) {
                sessions += 1;
                for judged in rules.iter_mut() {
                    judged.would += u64::from(self.would_erase(judged, record));
                }
            }
        };
        each_decided(&*self.records, count).await?;
        Ok(sessions)
    }

    /// Whether a rule would have erased a session. Where the consent rules changed, it would if it could: what forms said is not kept, so
    /// nobody knows what these rules would have said of the consent.
    fn would_erase(&self, Judged { rule, consent_differs, .. }: &Judged<'_>, record: &ConsentRecord) -> bool {
        let applies = |record: &ConsentRecord| rule.asked(&Facts { record, form: None }) == RuleAnswer::Applies;
        if !rule.on.was_asked_of(record) {
            return false;
        }
        applies(record)
            || (*consent_differs
                && self.policy.consents_possible(record).iter().any(|state| applies(&with(record, *state))))
    }

    /// Whether a person has rejected rules that demand an erasure. Fails where it waits for its rule to be confirmed.
    pub(super) async fn is_rejected(&self, work: &EraseWork) -> Result<bool, Failure> {
        // What a person has asked for, or approved, waits for no rule.
        if work.approved {
            return Ok(false);
        }
        let versions = self.records.rule_versions().await?;
        // First: what is left without it may begin, or wait.
        if work.demands.iter().any(|demand| is_rejected(demand, &versions)) {
            return Ok(true);
        }
        if is_held(&work.demands, &versions) { Err(Failure::Held) } else { Ok(false) }
    }
}

/// A rule whose effect is looked at.
struct Judged<'p> {
    rule: &'p Rule,
    /// Whether the consent rules changed since its last version.
    consent_differs: bool,
    /// The sessions of the last month that it would have erased.
    would: u64,
}

/// The record, if its consent were this one.
fn with(record: &ConsentRecord, state: ConsentState) -> ConsentRecord {
    let mut record = record.clone();
    record.consent.state = state;
    record
}

/// Whether it is looked at how much a rule would have erased: not where a person decides about each erasure, where what it asks about
/// is not kept, or where a person, or its effect, has let this version of it begin before.
fn is_judged(rule: &Rule, known: &[RuleVersion]) -> bool {
    let before = known.iter().rev().find(|version| is_of(version, rule));
    let is_decided = before.is_some_and(|version| version.rule.state != RuleState::Waiting);
    !rule.needs_approval() && rule.on.is_about_the_session() && !is_decided
}

fn is_of(version: &RuleVersion, rule: &Rule) -> bool {
    version.rule.name == rule.name && version.rule.digest == rule.version()
}

/// What becomes of a version of a rule that is begun to be worked by. One that was there before stays what it was: only a person lets go of
/// what waits.
fn state_of(rule: &Rule, known: &[RuleVersion], is_much: bool) -> RuleState {
    match known.iter().rev().find(|version| is_of(version, rule)) {
        Some(before) => before.rule.state,
        None if is_much => RuleState::Waiting,
        None => RuleState::InForce,
    }
}

fn tell(rule: &str, version: &str, state: RuleState, would: u64, sessions: u64) {
    match state {
        RuleState::InForce => info!(rule, version, would, sessions, "a rule is new or changed"),
        RuleState::Waiting => {
            warn!(
                rule,
                version,
                would,
                sessions,
                "a new or changed rule would erase too much; it waits to be confirmed or rejected"
            );
        }
        RuleState::Rejected => {
            warn!(rule, version, "a person has rejected this version of the rule; nothing that it demands begins");
        }
    }
}
