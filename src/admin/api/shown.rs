//! What several nouns show alike, and how lists are entered.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admin::problem::{Code, Problem};
use crate::attention::{Delay, DelayCode, delay_words};
use crate::erasure::{Recheck, RecheckOutcome};
use crate::hold::{HeldBy, HoldReason};
use crate::keys::Secret;
use crate::operations::GivenIdentifiers;
use crate::operations::recheck::{Rechecks, ToCome};
use crate::subject::Kind;

/// Items of one answer, where nobody has said how many.
const LIMIT: u32 = 50;

/// Items of one answer at most.
pub(super) const LIMIT_MAX: u32 = 500;

/// How many items an answer has.
pub(super) fn limit(wanted: Option<u32>) -> Result<u32, Problem> {
    match wanted.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(Problem::new(Code::NotUnderstood, format!("`limit` is from 1 to {LIMIT_MAX}"))),
    }
}

/// A parameter that is written as text, by its name.
pub(super) fn read<T: FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| unreadable(name))
}

/// The same of one that may be left out.
pub(super) fn read_if<T: FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| read(name, text)).transpose()
}

/// Words with commas between them, as they stand in answers.
pub(super) fn words<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Vec<T>, Problem> {
    let word = |one: &str| serde_json::from_value(Value::String(one.trim().to_owned())).map_err(|_| unreadable(name));
    text.into_iter().flat_map(|text| text.split(',')).map(word).collect()
}

fn unreadable(name: &str) -> Problem {
    Problem::new(Code::NotUnderstood, format!("`{name}` cannot be read; see /api/v1/openapi.json"))
}

/// A person, by what was given of them. Values of one kind are alternatives.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Identifier")]
pub(super) struct GivenIdentifier {
    /// `email`, `phone`, `name`, or a kind of the configuration.
    kind: String,
    /// Neither logged nor kept in clear.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    value: Secret,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// Refuses a kind that nothing is known by: leaving it out would mean somebody else.
pub(super) fn identifiers(given: Vec<GivenIdentifier>) -> Result<GivenIdentifiers, Problem> {
    if given.is_empty() {
        return Err(Problem::new(Code::Input, "nobody is named: `identifiers` is empty"));
    }
    let read = |GivenIdentifier { kind, value }: GivenIdentifier| {
        let kind = read::<Kind>("kind", &kind)?;
        match kind.is_internal_id() {
            true => {
                Err(Problem::new(Code::Input, format!("`{kind}` is an id that mluvii gives out, and names no person")))
            }
            false => Ok((kind, value)),
        }
    };
    given.into_iter().map(read).collect()
}

/// Why something is not over.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WaitsFor {
    code: DelayCode,
    /// The same in words.
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
    /// Whether `until` lies after the last day.
    too_late: bool,
}

impl From<&Delay> for WaitsFor {
    fn from(delay: &Delay) -> Self {
        Self {
            code: delay.code,
            text: delay_words(delay),
            target: delay.target.as_ref().map(ToString::to_string),
            until: delay.until,
            too_late: delay.too_late,
        }
    }
}

/// A hold by which something is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Held {
    hold: String,
    reason: HoldReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
}

impl From<&HeldBy> for Held {
    fn from(held: &HeldBy) -> Self {
        let case = held.case.as_ref().map(ToString::to_string);
        Self { hold: held.hold.to_string(), reason: held.reason, case }
    }
}

/// A look after a receipt.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Look {
    target: String,
    /// When it was done, or is due.
    #[schemars(with = "String")]
    at: Timestamp,
    /// Missing where it is to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<RecheckOutcome>,
    /// Why it is that.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// All looks after receipts, the oldest first.
pub(super) fn looks(rechecks: &Rechecks) -> Vec<Look> {
    let looked = |one: &Recheck| Look {
        target: one.target.to_string(),
        at: one.looked,
        found: Some(one.outcome),
        why: one.why.clone(),
    };
    let to_come = |one: &ToCome| Look { target: one.target.to_string(), at: one.at, found: None, why: None };
    rechecks.looked.iter().map(looked).chain(rechecks.to_come.iter().map(to_come)).collect()
}

/// A day, where there is one.
pub(super) fn day(day: Option<Date>) -> Option<String> {
    day.map(|day| day.to_string())
}
