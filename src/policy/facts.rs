//! What expressions can ask. This file is the documented set of facts: name, type and meaning of each stand in
//! [`FACTS`], which the type check, the evaluation and the README's table share.

use cel::{Context, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::consent::ConsentRecord;
use crate::event::Form;

/// When rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Moment {
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
    /// From text to text.
    TextMap,
    List,
    /// A type that is known only when it is evaluated, such as a comprehension's variable.
    Any,
}

const CONSENT_STATES: &[&str] = &["given", "absent", "refused", "withdrawn", "unknown"];

/// Every fact. Facts of `form` exist on `form-submitted` only. What is not known is 0, `''` or `false`.
pub(super) const FACTS: &[(&str, &str, Type)] = &[
    ("session", "id", Type::Int),
    ("session", "tenant", Type::Int),
    ("session", "channel", Type::Text),
    ("session", "source", Type::Text),
    ("session", "duration_s", Type::Int),
    ("session", "ended", Type::Bool),
    ("consent", "state", Type::Word(CONSENT_STATES)),
    ("consent", "version", Type::Text),
    ("consent", "origin", Type::Text),
    ("form", "id", Type::Int),
    ("form", "origin", Type::Text),
    ("form", "submitted", Type::Bool),
    ("form", "by_client", Type::Bool),
    ("form", "params", Type::TextMap),
];

impl Moment {
    /// Whether facts of the named group exist at this moment.
    pub(super) fn has(self, group: &str) -> bool {
        group != "form" || self == Self::FormSubmitted
    }
}

/// The facts of one moment.
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

    fn value(&self, group: &str, name: &str) -> Value {
        let record = self.record;
        let text = |text: Option<&str>| Value::from(text.unwrap_or_default());
        match (group, name, self.form) {
            ("session", "id", _) => record.session.session.0.into(),
            ("session", "tenant", _) => record.tenant.map_or(0, |tenant| tenant.0).into(),
            ("session", "channel", _) => text(record.channel.as_ref().map(|channel| channel.0.as_str())),
            ("session", "source", _) => text(record.session_source.as_ref().map(|source| source.0.as_str())),
            ("session", "duration_s", _) => match (record.started, record.ended) {
                (Some(started), Some(ended)) => ended.duration_since(started).as_secs().into(),
                _ => 0.into(),
            },
            ("session", "ended", _) => record.ended.is_some().into(),
            ("consent", "state", _) => record.consent.state.as_str().into(),
            ("consent", "version", _) => text(record.consent.version.as_deref()),
            ("consent", "origin", _) => text(record.consent.origin.as_deref()),
            ("form", "id", Some(form)) => form.id.unwrap_or_default().into(),
            ("form", "origin", Some(form)) => form.origin.as_str().into(),
            ("form", "submitted", Some(form)) => form.submitted.into(),
            ("form", "by_client", Some(form)) => form.by_client.unwrap_or_default().into(),
            ("form", "params", Some(form)) => {
                let params = form.params.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
                params.collect::<std::collections::HashMap<_, _>>().into()
            }
            _ => unreachable!("every fact of FACTS has its value here"),
        }
    }
}
