//! Rules that are new or changed: before anything is decided by one, it is seen how much of the last month it would have erased. Where
//! that is too much, alone or with what came with it, what it demands does not begin until a person confirms it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::failure::Failure;
use super::parts::Worker;
use crate::causes::with_causes;
use crate::ledger::{
    DecidedSession, DecidedSessions, EraseWork, LedgerError, NewRuleVersion, RuleState, RuleVersion, each_decided,
    is_held, is_rejected,
};
use crate::policy::{Policy, Rule, consent_of_version};
use crate::subject::InstallationName;

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
        let new: Vec<&Rule> = self.policy.rules().filter(|rule| !is_worked_by(rule, &known)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let is_counted = |rule: &&Rule| {
            let is_new = !is_worked_by(rule, &known);
            if is_new { is_judged(&self.policy, rule, &known) } else { waits(rule, &known) }
        };
        let judged: Vec<Judged<'_>> =
            self.policy.rules().filter(is_counted).map(|rule| Judged::of(rule, &known)).collect();
        let effect = self.effect(&judged).await?;
        for rule in new {
            let (name, digest) = (rule.name.clone(), rule.version().to_owned());
            let index = judged.iter().position(|judged| judged.rule.name == rule.name);
            let too_much = index.and_then(|index| effect.too_much(index, self.alarm_share));
            let Shown { sessions, would, together, mluvii } =
                too_much.clone().or_else(|| Some(effect.of_all(index?))).unwrap_or_default();
            let state = state_of(rule, &known, too_much.is_some());
            tell(&name, &digest, state, (would, together, sessions));
            let version = NewRuleVersion { name, digest, state, sessions, would, together, mluvii };
            self.queue.add_rule_version(&version).await?;
        }
        Ok(())
    }

    /// Counts the sessions that ended in the last month, and which of them the rules would have erased: each, and any of them.
    async fn effect(&self, rules: &[Judged<'_>]) -> Result<Effect, LedgerError> {
        let mut effect = Effect::default();
        if rules.is_empty() {
            return Ok(effect);
        }
        let since = self.records.clock().await?.now.saturating_sub(MONTH).unwrap_or(Timestamp::MIN);
        let count = |page: DecidedSessions| {
            let is_recent = |one: &&DecidedSession| one.record.ended.is_some_and(|ended| ended >= since);
            for DecidedSession { record, .. } in page.sessions.iter().filter(is_recent) {
                let would =
                    rules.iter().map(|judged| self.policy.would_erase(judged.rule, record, judged.consent_is_new));
                effect.add(&record.session.installation, &would.collect::<Vec<_>>());
            }
        };
        each_decided(&*self.records, count).await?;
        Ok(effect)
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
    /// Whether the consent that it asks for comes about in another way than before.
    consent_is_new: bool,
}

impl<'p> Judged<'p> {
    fn of(rule: &'p Rule, known: &[RuleVersion]) -> Self {
        let consent = consent_of_version(rule.version());
        let mut others = newest(known).map(|version| consent_of_version(&version.rule.digest));
        let consent_is_new = match worked_by(rule, known) {
            Some(before) => consent != consent_of_version(&before.rule.digest),
            // One that is new itself: the other rules tell what was in force.
            None => consent.is_some() && !others.any(|other| other == consent),
        };
        Self { rule, consent_is_new }
    }
}

/// Sessions, and those of them that rules would have erased.
#[derive(Clone, Debug, Default)]
struct Tally {
    sessions: u64,
    /// By rule.
    would: Vec<u64>,
    /// By any of them.
    together: u64,
}

impl Tally {
    fn add(&mut self, would: &[bool]) {
        self.sessions += 1;
        self.together += u64::from(would.contains(&true));
        self.would.resize(would.len(), 0);
        self.would.iter_mut().zip(would).for_each(|(count, would)| *count += u64::from(*would));
    }
}

/// What rules would have done: to all sessions, and to each company's, as one that is small would not be noticed among all.
#[derive(Debug, Default)]
struct Effect {
    all: Tally,
    by_company: BTreeMap<InstallationName, Tally>,
}

/// What is said of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    sessions: u64,
    would: u64,
    together: u64,
    mluvii: Option<InstallationName>,
}

impl Effect {
    fn add(&mut self, company: &InstallationName, would: &[bool]) {
        self.all.add(would);
        self.by_company.entry(company.clone()).or_default().add(would);
    }

    /// Where the rules together would have erased more than this share, and this one would have been a part of it.
    fn too_much(&self, rule: usize, share: f64) -> Option<Shown> {
        let is_much = |tally: &Tally| {
            tally.together as f64 > tally.sessions as f64 * share
                && tally.would.get(rule).is_some_and(|would| *would > 0)
        };
        if is_much(&self.all) {
            return Some(self.of_all(rule));
        }
        let (company, tally) = self.by_company.iter().find(|(_, tally)| is_much(tally))?;
        Some(shown(tally, rule, Some(company.clone())))
    }

    fn of_all(&self, rule: usize) -> Shown {
        shown(&self.all, rule, None)
    }
}

fn shown(tally: &Tally, rule: usize, mluvii: Option<InstallationName>) -> Shown {
    let would = tally.would.get(rule).copied().unwrap_or_default();
    Shown { sessions: tally.sessions, would, together: tally.together, mluvii }
}

/// The newest version of a rule's name that servers have worked by.
fn worked_by<'k>(rule: &Rule, known: &'k [RuleVersion]) -> Option<&'k RuleVersion> {
    known.iter().rev().find(|version| version.rule.name == rule.name)
}

/// The newest version of each name; `known` are in the order of name and time.
fn newest(known: &[RuleVersion]) -> impl Iterator<Item = &RuleVersion> {
    let names: BTreeMap<_, _> = known.iter().map(|version| (version.rule.name.as_str(), version)).collect();
    names.into_values()
}

fn is_worked_by(rule: &Rule, known: &[RuleVersion]) -> bool {
    worked_by(rule, known).is_some_and(|version| version.rule.digest == rule.version())
}

/// Whether it waits for a person already.
fn waits(rule: &Rule, known: &[RuleVersion]) -> bool {
    worked_by(rule, known).is_some_and(|version| version.rule.state == RuleState::Waiting)
}

/// Whether it is looked at how much a rule would have erased: not where a person decides about each erasure, where what it asks about
/// is not kept, or where a person, or its effect, has let this version of it begin before.
fn is_judged(policy: &Policy, rule: &Rule, known: &[RuleVersion]) -> bool {
    let before = known.iter().rev().find(|version| is_of(version, rule));
    let is_decided = before.is_some_and(|version| version.rule.state != RuleState::Waiting);
    !rule.needs_approval() && policy.can_be_compared(rule) && !is_decided
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

fn tell(rule: &str, version: &str, state: RuleState, (would, together, sessions): (u64, u64, u64)) {
    match state {
        RuleState::InForce => info!(rule, version, would, together, sessions, "a rule is new or changed"),
        RuleState::Waiting => {
            warn!(
                rule,
                version,
                would,
                together,
                sessions,
                "a new or changed rule would erase too much; it waits to be confirmed or rejected"
            );
        }
        RuleState::Rejected => {
            warn!(rule, version, "a person has rejected this version of the rule; nothing that it demands begins");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company(name: &str) -> InstallationName {
        InstallationName(name.into())
    }

    #[test]
    fn rules_that_came_together_are_judged_together_and_each_company_by_itself() {
        let mut effect = Effect::default();
        // Each would erase one of four, the last one nothing.
        for session in 0..4 {
            effect.add(&company("large"), &[session == 0, session == 1, false]);
        }
        let waits =
            |rule, share| effect.too_much(rule, share).map(|shown| (shown.would, shown.together, shown.sessions));
        assert_eq!((waits(0, 0.3), waits(1, 0.3), waits(2, 0.3)), (Some((1, 2, 4)), Some((1, 2, 4)), None));
        assert_eq!((waits(0, 0.5), waits(0, 1.0)), (None, None));

        for _ in 0..40 {
            effect.add(&company("large"), &[false, false, false]);
        }
        effect.add(&company("small"), &[false, true, false]);
        assert_eq!(effect.too_much(0, 0.3), None);
        let small = Shown { sessions: 1, would: 1, together: 1, mluvii: Some(company("small")) };
        assert_eq!(effect.too_much(1, 0.3), Some(small));
    }
}
