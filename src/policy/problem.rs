//! What can be wrong with a rule.

/// A rule that could not be evaluated. Free of the facts' values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}`: {problem}")]
pub(crate) struct RuleFailed {
    pub(crate) rule: String,
    pub(crate) problem: &'static str,
}

/// What is wrong with a rule in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub(crate) struct BadRule {
    /// The key's path, such as `rule.2.when`, counted from 0.
    pub(crate) key: String,
    pub(crate) problem: String,
}

/// What is probably wrong with a rule, and cannot be known: mluvii brings new words without notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DoubtfulRule {
    /// The key's path, counted from 0.
    pub(crate) key: String,
    pub(crate) doubt: String,
}
