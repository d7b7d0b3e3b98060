//! How tests of rules are written.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::consent::ConsentState;
use crate::policy::Trigger;
use crate::subject::{Scope, TargetName};

/// A conversation, and what is expected to be decided on it. What is not written of it is not known: 0, `''`, `false`, or `unknown`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTestSettings {
    pub(crate) name: String,
    /// When the rules are asked.
    pub(crate) on: Trigger,
    /// The session's end, or the form's submission; 2026-01-01T00:00:00Z, when it is left out.
    #[schemars(with = "Option<String>")]
    pub(crate) at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) session: SessionOfTest,
    #[serde(default)]
    pub(crate) consent: ConsentOfTest,
    /// Needed on `form-submitted`, and nowhere else.
    pub(crate) form: Option<FormOfTest>,
    /// Each erasure that is to be decided, and no other: the rule's name, or a table of what it has to be. `[]`: nothing is erased.
    pub(crate) expect: Option<Vec<Expected>>,
    /// What the consent rules are to say; not looked at, when it is left out.
    pub(crate) expect_consent: Option<ConsentState>,
}

/// The facts of a session, as rules have them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionOfTest {
    pub(crate) id: Option<i64>,
    pub(crate) tenant: Option<i64>,
    /// The only `[mluvii]`, when it is left out.
    pub(crate) installation: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) duration_s: Option<u32>,
    /// True on `session-ended` and `session-settled`, when it is left out.
    pub(crate) ended: Option<bool>,
}

/// The facts of a consent, as rules have them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentOfTest {
    pub(crate) state: Option<ConsentState>,
    pub(crate) version: Option<String>,
    pub(crate) origin: Option<String>,
}

/// The facts of a form, as rules have them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormOfTest {
    pub(crate) id: Option<i64>,
    pub(crate) origin: Option<String>,
    /// `false`: it was shown and cancelled.
    pub(crate) submitted: bool,
    pub(crate) by_client: Option<bool>,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, String>,
}

/// An erasure that is expected.
#[derive(Clone, Debug, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Expected {
    /// What this rule demands.
    Rule(String),
    Erasure(ExpectedErasure),
}

/// What an expected erasure has to be; what is left out is not looked at.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedErasure {
    pub(crate) rule: Option<String>,
    pub(crate) erase: Option<Scope>,
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) targets: Option<Vec<TargetName>>,
    pub(crate) after: Option<Span>,
    #[schemars(with = "Option<String>")]
    pub(crate) due: Option<Timestamp>,
    pub(crate) approve: Option<bool>,
}

impl Expected {
    /// The rule that it names.
    pub(crate) fn rule(&self) -> Option<&str> {
        match self {
            Self::Rule(name) => Some(name),
            Self::Erasure(erasure) => erasure.rule.as_deref(),
        }
    }
}

/// By hand, so that a misspelt key is refused by its name, and not as something that fits no variant.
impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpectedVisitor)
    }
}

struct ExpectedVisitor;

impl<'de> Visitor<'de> for ExpectedVisitor {
    type Value = Expected;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule's name, or a table such as { erase = \"session\", after = \"30d\" }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Expected, E> {
        Ok(Expected::Rule(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expected, A::Error> {
        ExpectedErasure::deserialize(MapAccessDeserializer::new(map)).map(Expected::Erasure)
    }
}
