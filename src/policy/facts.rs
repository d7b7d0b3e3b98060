//! What expressions can ask. This file is the documented set of facts: name, type and meaning of each stand in
//! [`FACTS`], which the type check, the evaluation and the README's table share.

use cel::{Context, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::consent::ConsentRecord;
use crate::event::{Form, same_word};

/// When rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trigger {
    /// A session has ended; its operator may still be writing.
    SessionEnded,
    /// Nothing more is expected of a session.
    SessionSettled,
    /// A form was submitted or cancelled, or call params came.
    FormSubmitted,
    /// The consent state is another than before.
    ConsentChanged,
}

/// The type of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Text,
    /// A text that is one of a few words, so that a misspelt comparison is found when the configuration is read.
    Word(&'static [&'static str]),
    /// A text that is usually one of these words, and may be a newer one. Words match without case and `_`, as mluvii has
    /// changed their spelling over the years: the fact has the spelling that stands here.
    Known(&'static [&'static str]),
    /// The name of a form's field, in lower case: mluvii's fields match without case.
    FieldName,
    /// From names of fields to texts.
    TextMap,
    List,
    /// A type that is known only when it is evaluated, such as a comprehension's variable.
    Any,
}

const CONSENT_STATES: &[&str] = &["given", "absent", "refused", "withdrawn", "unknown"];

/// The channels that mluvii documents.
const CHANNELS: &[&str] = &["Chat", "AV", "Phone"];

/// The sources of sessions that mluvii documents.
const SOURCES: &[&str] = &[
    "Default",
    "Callback",
    "Invitation",
    "ChatInvitation",
    "IncomingCall",
    "OutgoingCall",
    "Campaign",
    "API",
    "Facebook",
    "WhatsApp",
    "VK",
    "Apple",
    "GenericChannel",
];

/// Where forms come from: the events' own names, and the sources of call params that mluvii documents.
pub(super) const FORM_ORIGINS: &[&str] = &[
    "hero_card",
    "chatbot",
    "call_script",
    "entry_form",
    "offline_form",
    "feedback_form",
    "user",
    "widget_api",
    "external_messaging",
    "phone",
    "api",
];

/// Every fact. Facts of `form` exist on `form-submitted` only. What is not known is 0, `''` or `false`.
pub(super) const FACTS: &[(&str, &str, Type)] = &[
    ("session", "id", Type::Int),
    ("session", "tenant", Type::Int),
    ("session", "installation", Type::Text),
    ("session", "channel", Type::Known(CHANNELS)),
    ("session", "source", Type::Known(SOURCES)),
    ("session", "duration_s", Type::Int),
    ("session", "ended", Type::Bool),
    ("consent", "state", Type::Word(CONSENT_STATES)),
    ("consent", "version", Type::Text),
    ("consent", "origin", Type::Text),
    ("form", "id", Type::Int),
    ("form", "origin", Type::Known(FORM_ORIGINS)),
    ("form", "submitted", Type::Bool),
    ("form", "by_client", Type::Bool),
    ("form", "params", Type::TextMap),
];

/// The words that are known of a fact.
pub(crate) fn known_words(group: &str, name: &str) -> &'static [&'static str] {
    match FACTS.iter().find(|(of, fact, _)| *of == group && *fact == name) {
        Some((.., Type::Known(words) | Type::Word(words))) => words,
        _ => &[],
    }
}

impl Trigger {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SessionEnded => "session-ended",
            Self::SessionSettled => "session-settled",
            Self::FormSubmitted => "form-submitted",
            Self::ConsentChanged => "consent-changed",
        }
    }

    /// Whether its rules ask nothing but what the consent record keeps.
    pub(crate) fn is_about_the_session(self) -> bool {
        matches!(self, Self::SessionEnded | Self::SessionSettled)
    }

    /// Whether its rules, which are about the session, have been asked by now.
    pub(crate) fn was_asked_of(self, record: &ConsentRecord) -> bool {
        match self {
            Self::SessionEnded => record.ended.is_some(),
            Self::SessionSettled => record.settled.is_some(),
            Self::FormSubmitted | Self::ConsentChanged => false,
        }
    }

    /// Whether facts of the named group exist at this trigger.
    pub(super) fn has(self, group: &str) -> bool {
        group != "form" || self == Self::FormSubmitted
    }
}

/// The facts of one trigger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) record: &'a ConsentRecord,
    pub(crate) form: Option<&'a Form>,
}

impl Facts<'_> {
    /// Makes every fact a variable.
    pub(super) fn bind(&self, context: &mut Context<'_, '_>) {
        for group in ["session", "consent", "form"] {
            let known = FACTS.iter().filter(|(of, ..)| *of == group && (group != "form" || self.form.is_some()));
            let values: std::collections::HashMap<_, _> =
                known.map(|(_, name, _)| (name.to_string(), self.value(group, name))).collect();
            if !values.is_empty() {
                context.add_variable_from_value(group, values);
            }
        }
    }

    pub(super) fn value(&self, group: &str, name: &str) -> Value {
        let record = self.record;
        let text = |text: Option<&str>| Value::from(text.unwrap_or_default());
        let known = |words, found: Option<&str>| Value::from(found.map_or("", |found| spelt_as_known(words, found)));
        match (group, name, self.form) {
            ("session", "id", _) => record.session.session.0.into(),
            ("session", "tenant", _) => record.tenant.map_or(0, |tenant| tenant.0).into(),
            ("session", "installation", _) => (*record.session.installation.0).into(),
            ("session", "channel", _) => known(CHANNELS, record.channel.as_ref().map(|channel| channel.0.as_str())),
            ("session", "source", _) => known(SOURCES, record.session_source.as_ref().map(|source| source.0.as_str())),
            ("session", "duration_s", _) => match (record.started, record.ended) {
                (Some(started), Some(ended)) => ended.duration_since(started).as_secs().into(),
                _ => 0.into(),
            },
            ("session", "ended", _) => record.ended.is_some().into(),
            ("consent", "state", _) => record.consent.state.as_str().into(),
            ("consent", "version", _) => text(record.consent.version.as_deref()),
            ("consent", "origin", _) => text(record.consent.origin.as_deref()),
            ("form", "id", Some(form)) => form.id.unwrap_or_default().into(),
            ("form", "origin", Some(form)) => known(FORM_ORIGINS, Some(&form.origin)),
            ("form", "submitted", Some(form)) => form.submitted.into(),
            ("form", "by_client", Some(form)) => form.by_client.unwrap_or_default().into(),
            ("form", "params", Some(form)) => {
                let params = form.params.iter().map(|(name, value)| (name.to_lowercase(), value.expose().to_owned()));
                params.collect::<std::collections::HashMap<_, _>>().into()
            }
            _ => unreachable!("every fact of FACTS has its value here"),
        }
    }
}

/// The known word that differs only in case and `_`; the text itself where there is none.
fn spelt_as_known<'t>(words: &[&'static str], text: &'t str) -> &'t str {
    words.iter().copied().find(|word| same_word(word, text)).unwrap_or(text)
}
