//! The switches of the stand-in: everything that is open, guessed or awkward about the real mluvii, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use axum::http::Method;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// How the stand-in behaves; by default as the cloud is known to. `docs/standin.md` says what each switch is for.
/// Times are by the stand-in's own clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Behaviour {
    pub(super) nulls: Nulls,
    pub(super) omit: Vec<Omission>,
    pub(super) omit_in_events: Vec<Omission>,
    pub(super) lag_ms: u64,
    pub(super) consent_lag_ms: u64,
    pub(super) without_token: Refusal,
    pub(super) bad_token: Refusal,
    pub(super) company: i64,
    pub(super) department_disagrees: bool,
    pub(super) ignored_filters: BTreeSet<String>,
    pub(super) limit_max: usize,
    /// Pages end before their limit, at another length each time, as where they are cut by their bytes.
    pub(super) uneven_pages: bool,
    /// An offset that is not before the end is refused.
    pub(super) refuses_offset_at_end: bool,
    pub(super) over_limit: OverLimit,
    pub(super) order: Order,
    pub(super) listed: Listed,
    pub(super) list_shape: ListShape,
    pub(super) client_id_is: GuestKey,
    pub(super) anonymize_session: Vec<Route>,
    pub(super) anonymize_guest: Vec<Route>,
    pub(super) anonymize_contact: Vec<Route>,
    pub(super) anonymize_guest_takes: GuestKey,
    pub(super) anonymize_delay_ms: u64,
    pub(super) anonymize_leaves: BTreeSet<Personal>,
    pub(super) anonymize_refuses: BTreeMap<i64, u16>,
    pub(super) generic_forms: bool,
    pub(super) activity_params: bool,
    pub(super) forms_become_call_params: bool,
    pub(super) field_names: FieldNames,
    pub(super) contacts: bool,
    pub(super) contact_match: ContactMatch,
    pub(super) webhooks_max: usize,
    pub(super) webhooks_masked: bool,
    pub(super) webhooks_unlisted: bool,
    pub(super) unlisted: BTreeSet<i64>,
}

/// Whether a key whose value is null is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Nulls {
    Explicit,
    Omitted,
}

/// A key that is left out: `guest.gdprVersion`, or `{"key": …, "sessions": [ids]}` for some sessions only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Omission {
    Everywhere(String),
    Sessions(OmittedFor),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OmittedFor {
    key: String,
    sessions: BTreeSet<i64>,
}

/// The answer to a call that has no good token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusal {
    /// 401.
    Unauthorized,
    /// 302 to the login page.
    Redirect,
    /// 200 with the login page.
    LoginPage,
}

/// The answer to a limit that is above the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OverLimit {
    /// The largest limit is used.
    Capped,
    /// 400.
    Refused,
}

/// The order of a list of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    NewestFirst,
    OldestFirst,
    /// The same at each call, and neither by id nor by time.
    Unsorted,
}

/// How much of a session its list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Listed {
    Whole,
    /// Id, channel, source, start and end.
    Short,
}

/// What a list of sessions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListShape {
    /// An array.
    Bare,
    /// An object that holds the array and its length.
    Wrapped,
}

/// Which of a guest's ids is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GuestKey {
    Identity,
    TempId,
    TrackedId,
    ChannelIdentity,
}

/// The personal parts of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Personal {
    Identity,
    TempId,
    TrackedId,
    ChannelIdentity,
    CallParams,
    PhoneCallbackNumber,
    IpAddress,
    GdprVersion,
    Feedback,
    Notes,
    /// What was said, and what was typed into forms.
    Texts,
    Recordings,
}

impl Personal {
    pub(super) const ALL: [Self; 12] = [
        Self::Identity,
        Self::TempId,
        Self::TrackedId,
        Self::ChannelIdentity,
        Self::CallParams,
        Self::PhoneCallbackNumber,
        Self::IpAddress,
        Self::GdprVersion,
        Self::Feedback,
        Self::Notes,
        Self::Texts,
        Self::Recordings,
    ];
}

/// The spelling of the names of call params and form fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldNames {
    AsGiven,
    Upper,
}

/// How `filterValue` is compared with a contact's values, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContactMatch {
    Exact,
    Contains,
}

/// A verb and a path: `POST /api/v1/Sessions/{id}/anonymous`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(super) method: Method,
    path: String,
}

/// Why a switch cannot be set, for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BehaviourError(String);

impl Default for Behaviour {
    fn default() -> Self {
        let route = |text: &str| text.parse().expect("a verb and a path");
        Self {
            nulls: Nulls::Explicit,
            omit: Vec::new(),
            omit_in_events: Vec::new(),
            lag_ms: 0,
            consent_lag_ms: 0,
            without_token: Refusal::Redirect,
            bad_token: Refusal::Unauthorized,
            company: 500,
            department_disagrees: false,
            ignored_filters: BTreeSet::new(),
            limit_max: 1000,
            uneven_pages: false,
            refuses_offset_at_end: false,
            over_limit: OverLimit::Capped,
            order: Order::NewestFirst,
            listed: Listed::Whole,
            list_shape: ListShape::Bare,
            client_id_is: GuestKey::Identity,
            anonymize_session: vec![
                route("POST /api/v1/Sessions/{id}/anonymous"),
                route("POST /api/v1/Sessions/{id}/anonymize"),
            ],
            anonymize_guest: vec![route("POST /api/v1/Guest/{id}/anonymous")],
            anonymize_contact: Vec::new(),
            anonymize_guest_takes: GuestKey::Identity,
            anonymize_delay_ms: 0,
            anonymize_leaves: BTreeSet::from([Personal::GdprVersion]),
            anonymize_refuses: BTreeMap::new(),
            generic_forms: false,
            activity_params: true,
            forms_become_call_params: false,
            field_names: FieldNames::AsGiven,
            contacts: true,
            contact_match: ContactMatch::Exact,
            webhooks_max: 100,
            webhooks_masked: false,
            webhooks_unlisted: false,
            unlisted: BTreeSet::new(),
        }
    }
}

impl Behaviour {
    /// Sets the named switches; `null` sets one back to its default. Nothing is changed when one of them is wrong.
    pub(crate) fn set(&mut self, switches: &Map<String, Value>) -> Result<(), BehaviourError> {
        let mut changed = self.clone();
        let defaults = members(&Self::default());
        for (name, value) in switches {
            let Some(default) = defaults.get(name) else {
                let known: Vec<_> = defaults.keys().map(String::as_str).collect();
                return Err(BehaviourError(format!("there is no switch `{name}`; there are {}", known.join(", "))));
            };
            let mut all = members(&changed);
            all.insert(name.clone(), if value.is_null() { default.clone() } else { value.clone() });
            // One switch at a time, so that the error can name it.
            changed = serde_json::from_value(Value::Object(all))
                .map_err(|error| BehaviourError(format!("`{name}`: {error}")))?;
        }
        *self = changed;
        Ok(())
    }

    /// The names of all switches.
    #[cfg(test)]
    pub(crate) fn names() -> Vec<String> {
        members(&Self::default()).into_iter().map(|(name, _)| name).collect()
    }

    /// Whether the filter of this name, or all of its group (`Ended` of `Ended.Min`), is ignored.
    pub(super) fn ignores(&self, filter: &str) -> bool {
        let group = filter.split('.').next().unwrap_or_default();
        self.ignored_filters.iter().any(|name| name.eq_ignore_ascii_case(filter) || name.eq_ignore_ascii_case(group))
    }
}

fn members(behaviour: &Behaviour) -> Map<String, Value> {
    let Ok(Value::Object(members)) = serde_json::to_value(behaviour) else { return Map::new() };
    members
}

impl Omission {
    /// The key that is left out of this session's documents.
    pub(super) fn key_for(&self, session: i64) -> Option<&str> {
        match self {
            Self::Everywhere(key) => Some(key),
            Self::Sessions(OmittedFor { key, sessions }) => sessions.contains(&session).then_some(key),
        }
    }
}

impl Route {
    /// The id in a path that is this one; with its escapes.
    pub(super) fn id<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (before, after) = self.path.split_once("{id}")?;
        let id = path.strip_prefix(before)?.strip_suffix(after)?;
        (!id.is_empty() && !id.contains('/')).then_some(id)
    }
}

impl FromStr for Route {
    type Err = BehaviourError;

    fn from_str(text: &str) -> Result<Self, BehaviourError> {
        let wrong = || BehaviourError(format!("`{text}` is not a verb and a path with {{id}} in it"));
        let (method, path) = text.split_once(' ').ok_or_else(wrong)?;
        let method = method.parse().map_err(|_| wrong())?;
        let path = path.trim();
        if !path.starts_with('/') || path.matches("{id}").count() != 1 {
            return Err(wrong());
        }
        Ok(Self { method, path: path.to_owned() })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Serialize for Route {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
