//! From what the steps met to the answer: the only place where outcomes are decided.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::{Answer, PluginError, Progress};

use crate::plan::{Plan, Planned};
use crate::stored::Stored;
use crate::words::{self, filled};

/// What the steps of one call met.
pub(crate) struct Found<'p> {
    plan: &'p Plan,
    /// Answers about the person.
    asked: u64,
    /// Steps that looked and were answered, in order.
    looked: Vec<&'p Planned>,
    /// What is there: found by looking, or, in a dry run, what the erasing steps would erase.
    there: BTreeMap<String, u64>,
    /// Steps that erase without a list, so that a dry run cannot tell what they would do.
    blind: Vec<&'p str>,
    /// The first step that was told that the system keeps the data, and the status.
    retained: Option<(&'p str, u16)>,
    /// Results that do not show whose they are, by step.
    hidden: BTreeMap<&'p str, u64>,
    /// Steps that found a result of the person's that lacks what is to be taken of it.
    lost: BTreeSet<&'p str>,
    /// Results that hold what was asked for and may be somebody else's, by step.
    needs_person: BTreeMap<&'p str, u64>,
    /// What could not be looked at, by step and status.
    refused: BTreeMap<(&'p str, u16), u64>,
    /// Steps that were answered with a part of what there is.
    cut: BTreeSet<&'p str>,
    /// Searches that were believed (`trust_search`).
    trusted: BTreeSet<&'p str>,
    /// A step that erases without a search, answered that nothing is there.
    unproved: Option<(&'p str, Unproved)>,
    /// Values that are no identifiers, so that nothing is asked by them.
    unusable: u64,
    /// Steps that found something that no step has written about since.
    unwritten: Vec<&'p Planned>,
}

/// Why "not there" does not show what became of the data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unproved {
    /// A gateway says so to everything.
    Uncontrolled,
    /// It is not there now; an earlier deletion was not answered, so nobody saw whether it ever was.
    Unanswered,
}

impl Unproved {
    /// What was not looked at.
    fn not_looked_at(self, step: &str) -> String {
        let sentence = match self {
            Self::Uncontrolled => words::UNCONTROLLED,
            Self::Unanswered => words::UNANSWERED,
        };
        filled(sentence, &[("step", step)])
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Uncontrolled => "add a search before the step, or `health`, a request that is always answered",
            Self::Unanswered => "add a search before the step",
        }
    }
}

impl<'p> Found<'p> {
    pub(crate) fn of(plan: &'p Plan, unusable: u64) -> Self {
        Self {
            plan,
            asked: 0,
            looked: Vec::new(),
            there: BTreeMap::new(),
            blind: Vec::new(),
            retained: None,
            hidden: BTreeMap::new(),
            lost: BTreeSet::new(),
            needs_person: BTreeMap::new(),
            refused: BTreeMap::new(),
            cut: BTreeSet::new(),
            trusted: BTreeSet::new(),
            unproved: None,
            unusable,
            unwritten: Vec::new(),
        }
    }

    /// A step was answered. What is asked without an identifier, such as an account's number, is about nobody.
    pub(crate) fn answered(&mut self, step: &'p Planned) {
        self.asked += u64::from(step.personal);
        if step.personal && step.reads && !self.has_looked(step) {
            self.looked.push(step);
        }
        if step.results.trusts_search {
            self.trusted.insert(&step.name);
        }
    }

    pub(crate) fn retained(&mut self, step: &'p Planned, status: u16) {
        self.retained.get_or_insert((&step.name, status));
    }

    /// A step that looks has found something.
    pub(crate) fn matched(&mut self, step: &'p Planned) {
        if step.personal {
            self.unwritten.push(step);
        }
    }

    /// A step has written about what the steps before it found, or would write.
    pub(crate) fn wrote(&mut self, step: &Planned) {
        let of_others = |found: &Planned| {
            !step.roots.is_empty() && !found.results.extract.is_empty() && !step.roots.contains(&found.name)
        };
        self.unwritten.retain(|found| of_others(found));
    }

    pub(crate) fn there(&mut self, step: &Planned, how_many: u64) {
        if step.personal {
            *self.there.entry(step.count.clone()).or_default() += how_many;
        }
    }

    pub(crate) fn blind(&mut self, step: &'p Planned) {
        self.blind.push(&step.name);
    }

    /// A step has found results that do not show whose they are.
    pub(crate) fn hidden(&mut self, step: &'p Planned, how_many: u64) {
        if how_many > 0 {
            *self.hidden.entry(&step.name).or_default() += how_many;
        }
    }

    /// A step has found results of the person's that lack what is to be taken of them.
    pub(crate) fn lost(&mut self, step: &'p Planned, how_many: u64) {
        if how_many > 0 {
            self.lost.insert(&step.name);
        }
    }

    /// A step that has found such a result.
    pub(crate) fn loses(&self) -> Option<&'p str> {
        self.lost.first().copied()
    }

    /// Whether a step has looked and was answered.
    pub(crate) fn has_looked(&self, step: &Planned) -> bool {
        self.looked.iter().any(|known| known.name == step.name)
    }

    /// A step has found results that may be somebody else's although they hold what was asked for.
    pub(crate) fn needs_person(&mut self, step: &'p Planned, how_many: u64) {
        if how_many > 0 {
            *self.needs_person.entry(&step.name).or_default() += how_many;
        }
    }

    /// A step was refused one of the items that it goes over.
    pub(crate) fn refused(&mut self, step: &'p Planned, status: u16) {
        *self.refused.entry((&step.name, status)).or_default() += 1;
    }

    /// A step was answered with a part of what there is, and nobody has seen the rest.
    pub(crate) fn cut(&mut self, step: &'p Planned) {
        self.cut.insert(&step.name);
    }

    /// Whether something was found that only a person can judge, or not all was seen.
    pub(crate) fn leaves_any(&self) -> bool {
        !(self.hidden.is_empty() && self.needs_person.is_empty() && self.refused.is_empty() && self.cut.is_empty())
    }

    /// A step that erases without a search was answered that nothing is there, which does not show what became of it.
    pub(crate) fn unproved(&mut self, step: &'p Planned, why: Unproved) {
        self.unproved.get_or_insert((&step.name, why));
    }

    pub(crate) fn is_unproved(&self) -> bool {
        self.unproved.is_some()
    }

    pub(crate) fn retains_nothing(&self) -> bool {
        self.retained.is_none()
    }

    /// The answer with where was looked, what was believed, what the operator says of the system, and with what only a person can
    /// judge: nothing is erased or absent for sure while that is there.
    fn told(&self, answer: Answer) -> Answer {
        let mut answer = answer;
        for step in &self.looked {
            answer = answer.looked_at(filled(words::LOOKED, &[("request", &step.shown), ("by", &step.asks_by())]));
        }
        for step in &self.trusted {
            answer = answer.looked_at(filled(words::TRUSTED, &[("step", step)]));
        }
        answer = self.plan.not_looked_at.iter().cloned().fold(answer, Answer::not_looked_at);
        if self.unusable > 0 {
            answer = answer.not_looked_at(filled(words::UNUSABLE, &[("count", &self.unusable.to_string())]));
        }
        let mut reasons = Vec::new();
        for (step, how_many) in &self.hidden {
            reasons.push(filled(words::HIDDEN, &[("count", &how_many.to_string()), ("step", step)]));
        }
        for (step, how_many) in &self.needs_person {
            reasons.push(filled(words::NEEDS_PERSON, &[("count", &how_many.to_string()), ("step", step)]));
        }
        for ((step, status), how_many) in &self.refused {
            let names = [("count", how_many.to_string()), ("step", (*step).to_owned()), ("status", status.to_string())];
            reasons.push(filled(words::REFUSED, &names.each_ref().map(|(name, value)| (*name, value.as_str()))));
        }
        reasons.extend(self.cut.iter().map(|step| filled(words::CUT, &[("step", step)])));
        answer.unclear(&reasons)
    }

    /// The answer with what the system keeps of what was erased, or would be.
    fn kept_of(&self, answer: Answer) -> Answer {
        self.plan.keeps.iter().cloned().fold(answer, Answer::keeps)
    }

    /// The answer to `erase`.
    pub(crate) fn erased(self, progress: &Progress<Stored>) -> Result<Answer, PluginError> {
        let counts = progress.counts();
        let unproved = self.unproved.map(|(step, why)| (why.not_looked_at(step), why.advice()));
        let answer = match (self.settled()?, unproved) {
            (Some(retained), unproved) => unproved.into_iter().fold(retained, |all, (what, _)| all.not_looked_at(what)),
            (None, Some((unproved, _))) if !counts.is_empty() => Answer::erased().not_looked_at(unproved),
            (None, None) if !counts.is_empty() => Answer::erased(),
            (None, _) if self.asked == 0 => Answer::unverifiable(words::UNASKED),
            (None, Some((unproved, advice))) => {
                let reason = filled(words::UNPROVED, &[("what", &unproved), ("advice", advice)]);
                Answer::unverifiable(reason).not_looked_at(unproved)
            }
            (None, None) => Answer::absent(),
        };
        let answer = if counts.is_empty() { answer } else { self.kept_of(answer) };
        Ok(self.told(counted(answer, counts)))
    }

    /// The answer to a dry run: what is there now.
    pub(crate) fn would_go(self) -> Result<Answer, PluginError> {
        let retained = self.settled()?;
        let answer = match (retained, self.blind.first(), self.any_there()) {
            (Some(retained), ..) => retained,
            (None, _, true) => self.kept_of(counted(Answer::residual(), self.there.clone())),
            (None, Some(step), false) => Answer::unverifiable(filled(words::BLIND, &[("step", step)])),
            (None, None, false) if self.asked == 0 => Answer::unverifiable(words::UNASKED),
            (None, None, false) => Answer::absent(),
        };
        Ok(self.told(answer))
    }

    /// The answer to `verify`.
    pub(crate) fn looked(self) -> Answer {
        let answer = match self.kept() {
            Some(retained) => retained,
            None if self.asked == 0 => Answer::unverifiable(words::UNASKED_AGAIN),
            None if self.any_there() => counted(Answer::residual(), self.there.clone()),
            None => Answer::absent(),
        };
        self.told(answer)
    }

    pub(crate) fn any_there(&self) -> bool {
        self.there.values().any(|count| *count > 0)
    }

    /// What was found and not written about is neither erased nor absent.
    fn settled(&self) -> Result<Option<Answer>, PluginError> {
        match (self.kept(), self.unwritten.first()) {
            (None, Some(Planned { name, .. })) => Err(PluginError::permanent(format!(
                "step `{name}` found something, and no step erased it: check `for_each`, `when` and the identifiers"
            ))),
            (kept, _) => Ok(kept),
        }
    }

    fn kept(&self) -> Option<Answer> {
        let (step, status) = self.retained?;
        Some(Answer::retained(filled(words::RETAINED, &[("step", step), ("status", &status.to_string())])))
    }
}

fn counted(answer: Answer, counts: BTreeMap<String, u64>) -> Answer {
    counts.into_iter().fold(answer, |answer, (what, how_many)| answer.count(what, how_many))
}
