//! How rules are written.

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Trigger;
use crate::consent::ConsentState;
use crate::subject::{Scope, TargetName};

/// What holds for all rules.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesSettings {
    /// A rule about the session that is new or changed waits for `quietus rules confirm` where it would have erased more than this share of
    /// the last month's sessions; 1 for never.
    pub(crate) alarm_share: f64,
}

/// What a trigger says about consent, before the rules are asked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentRuleSettings {
    pub(crate) on: Trigger,
    /// A CEL expression over the facts; needed, `"true"` for always.
    pub(crate) when: Option<String>,
    pub(crate) state: ConsentState,
}

/// What confirms that a form was sent by whom it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConfirmBy {
    /// A link that is sent to the address.
    Email,
}

/// On which event, when, erase what, after how long, at which targets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSettings {
    /// Stands in receipts: no personal data.
    pub(crate) name: String,
    pub(crate) on: Trigger,
    /// A CEL expression over the facts; needed, `"true"` for always.
    pub(crate) when: Option<String>,
    pub(crate) erase: Scope,
    /// Whether a person has to approve each erasure first (`quietus erasures approve`). Needed for `erase = "person"`, and for
    /// targets other than `mluvii` where a form can be the cause: what is typed proves nobody's identity.
    #[serde(default)]
    pub(crate) approve: bool,
    /// What lets each erasure begin in the place of that person: `"email"`, a link in a mail to the one address that the form names (docs/confirmation.md).
    /// The erasure is then about that address alone.
    #[serde(default)]
    pub(crate) confirm: Option<ConfirmBy>,
    /// Counted from the session's end, or from the form's submission; at once, when it is left out.
    pub(crate) after: Option<Span>,
    /// `mluvii` and names of plugins.
    #[schemars(with = "Vec<String>")]
    pub(crate) targets: Vec<TargetName>,
}
