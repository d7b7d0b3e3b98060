//! What mluvii's replies say, as far as it matters here. Bytes enter, facts leave; texts, notes, activities and
//! recordings are never held.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::keep::{Keep, Kept};
use crate::event::{Channel, Form, SessionSource, UNKNOWN_WORD, parse_timestamp, plain_word};
use crate::keys::Secret;
use crate::subject::{GuestId, Identifier, Identifiers, Kind, SessionId};

/// What a look-up tells of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    pub(crate) guest: Option<GuestId>,
    /// The version of the consent text that the guest agreed to; `None` when no consent was recorded.
    pub(crate) consent_version: Option<String>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) channel: Option<Channel>,
    pub(crate) source: Option<SessionSource>,
    pub(crate) identifiers: Identifiers,
    /// The call params, one form for each place where they were filled in.
    pub(crate) forms: Vec<Form>,
}

/// The names of call params, and what kind of identifier each holds.
pub(super) type Params = BTreeMap<String, Kind>;

/// The longest consent version that is kept, in characters.
const VERSION_CHARS_MAX: usize = 100;

const SESSION: Keep = Keep::Fields(&[
    ("id", Keep::Text),
    ("guest", GUEST),
    ("phoneCallbackNumber", Keep::Text),
    ("started", Keep::Text),
    ("ended", Keep::Text),
    ("channel", Keep::Text),
    ("source", Keep::Text),
]);
const GUEST: Keep =
    Keep::Fields(&[("identity", Keep::Text), ("gdprVersion", Keep::Text), ("callParams", Keep::Every(&Keep::Text))]);
const CALL_PARAMS: Keep = Keep::Fields(&[("callParams", PARAM), ("name", Keep::Text), ("value", Keep::Text), SOURCE]);
const PARAM: Keep = Keep::Fields(&[("name", Keep::Text), ("value", Keep::Text), SOURCE]);
const SOURCE: (&str, Keep) = ("source", Keep::Text);
const LIST: Keep =
    Keep::Fields(&[("id", Keep::Text), ("sessions", LISTED), ("items", LISTED), ("data", LISTED), ("results", LISTED)]);
const LISTED: Keep = Keep::Fields(&[("id", Keep::Text)]);

/// The origins that mluvii names, in the spelling in which they are kept.
const ORIGINS: [&str; 10] = [
    "entry_form",
    "offline_form",
    "feedback_form",
    "hero_card",
    "user",
    "widget_api",
    "chatbot",
    "external_messaging",
    "phone",
    "api",
];

/// Reads the reply to a session's look-up, without forms; `None` when it is not that of this session.
pub(super) fn session(json: &[u8], id: SessionId, params: &Params) -> Option<SessionFacts> {
    let reply = SESSION.read(json)?;
    let other = reply.text("id").is_some_and(|found| found != id.to_string());
    // A reply that names nothing of a session would read as "no consent", and erase.
    if other || reply.members().all(|(name, _)| name == "id") {
        return None;
    }
    let guest = reply.field("guest");
    let of_guest = |name| guest.and_then(|guest| guest.text(name));
    let call_params = guest.and_then(|guest| guest.field("callParams")).into_iter().flat_map(pairs);
    let mut identifiers: BTreeSet<_> =
        call_params.filter_map(|(name, value)| Identifier::new(kind(params, name)?, value)).collect();
    identifiers.extend(reply.text("phoneCallbackNumber").and_then(|number| Identifier::new(Kind::Phone, number)));
    Some(SessionFacts {
        guest: of_guest("identity").and_then(GuestId::named),
        consent_version: of_guest("gdprVersion").map(|version| version.chars().take(VERSION_CHARS_MAX).collect()),
        started: reply.text("started").and_then(parse_timestamp),
        ended: reply.text("ended").and_then(parse_timestamp),
        channel: reply.text("channel").map(|text| Channel(plain_word(text).to_owned())),
        source: reply.text("source").map(|text| SessionSource(plain_word(text).to_owned())),
        identifiers: Identifiers(identifiers),
        forms: Vec::new(),
    })
}

/// Adds what the reply to the call params' look-up says; `None` when it is not one.
pub(super) fn add_call_params(facts: &mut SessionFacts, json: &[u8], params: &Params) -> Option<()> {
    let reply = CALL_PARAMS.read(json)?;
    let list = match &reply {
        Kept::List(_) => &reply,
        _ => reply.field("callParams")?,
    };
    let mut forms: BTreeMap<String, BTreeMap<String, Secret>> = BTreeMap::new();
    for param in list.elements() {
        let (Some(name), Some(value)) = (param.text("name"), param.text("value")) else { continue };
        let identifier = kind(params, name).and_then(|kind| Identifier::new(kind, value));
        facts.identifiers.0.extend(identifier);
        let origin = param.text("source").map_or_else(|| UNKNOWN_WORD.to_owned(), origin);
        forms.entry(origin).or_default().insert(name.to_owned(), Secret::new(value));
    }
    let form = |(origin, params)| Form { origin, id: None, submitted: true, by_client: None, params };
    facts.forms = forms.into_iter().map(form).collect();
    Some(())
}

/// Whether a list of sessions names this one; `None` when it is not a list of sessions.
pub(super) fn lists(json: &[u8], id: SessionId) -> Option<bool> {
    let reply = LIST.read(json)?;
    let id = id.to_string();
    let is_this = |session: &Kept| session.text("id") == Some(id.as_str());
    let list = match &reply {
        Kept::List(_) => &reply,
        // `null` under a known name is an empty list.
        _ => reply.members().find(|(name, _)| *name != "id").map(|(_, list)| list)?,
    };
    Some(list.elements().iter().any(is_this))
}

/// Names and values, written as an object or as a list of `{name, value}`.
fn pairs(params: &Kept) -> Vec<(&str, &str)> {
    let members = params.members().filter_map(|(name, value)| Some((name, value.as_text()?)));
    let elements = params.elements().iter().filter_map(|param| Some((param.text("name")?, param.text("value")?)));
    members.chain(elements).collect()
}

fn kind(params: &Params, name: &str) -> Option<Kind> {
    params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| kind.clone())
}

/// `ENTRY_FORM`, `EntryForm` and `entry_form` are one origin.
fn origin(text: &str) -> String {
    let bare = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let known = ORIGINS.iter().find(|known| bare(known) == bare(text));
    known.map_or_else(|| plain_word(text).to_ascii_lowercase(), |known| (*known).to_owned())
}
