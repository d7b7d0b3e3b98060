//! What a rule answers, for a person who asks why something was decided.

use serde::Serialize;

use super::facts::Trigger;

/// What a rule answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RuleAnswer {
    Applies,
    DoesNotApply,
    /// Its expression could not be evaluated: nothing is decided, and a person is needed.
    Failed,
    /// It is about another event.
    NotAsked,
}

/// A rule, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RuleAsked {
    pub(crate) rule: String,
    pub(crate) on: Trigger,
    pub(crate) answer: RuleAnswer,
    /// The facts that its expression asks for, as they were; form params by whether they are there.
    pub(crate) facts: Vec<String>,
}

impl RuleAsked {
    /// What it answered, and by which facts.
    pub(crate) fn in_words(&self) -> String {
        let facts = if self.facts.is_empty() { String::new() } else { format!(": {}", self.facts.join(", ")) };
        match self.answer {
            RuleAnswer::Applies => format!("rule `{}` applies{facts}", self.rule),
            RuleAnswer::DoesNotApply => format!("rule `{}` does not apply{facts}", self.rule),
            RuleAnswer::Failed => format!("rule `{}` cannot be evaluated{facts}", self.rule),
            RuleAnswer::NotAsked => format!("rule `{}` is not asked: it is on `{}`", self.rule, self.on.as_str()),
        }
    }
}
