//! mluvii's JSON, read tolerantly.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::error::Category;

use super::wire::{Data, Envelope, Field, Loose};
use super::{Channel, Event, EventHead, EventKind, Form, SessionSource, UNKNOWN_WORD, parse_timestamp, plain_word};
use crate::keys::{IndexKey, Secret};
use crate::subject::{SessionId, SessionKey, SourceName, TenantId};
use crate::verify::Verified;

/// What a verified delivery turned out to be.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and a box would cost each delivery an allocation"
)]
pub(crate) enum Decoded {
    /// Leads to work.
    Event(Event),
    /// An event type that leads to no work, or one that is not known: acknowledged and counted.
    Ignored,
    /// Of a tenant that the source does not list.
    ForeignTenant(TenantId),
    /// Not JSON, or an event that matters in a shape that is not known; the reason shows no content.
    Unreadable(&'static str),
}

/// Reads the body of a verified delivery. All tenants are welcome when none is listed.
pub(crate) fn decode(verified: &Verified<'_>, source: &SourceName, tenants: &[TenantId], key: &IndexKey) -> Decoded {
    let body = verified.body();
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let envelope: Envelope<'_> = match serde_json::from_slice(json) {
        Ok(envelope) => envelope,
        Err(error) if error.classify() == Category::Data => return Decoded::Unreadable("not an event with its data"),
        Err(_) => return Decoded::Unreadable("not JSON"),
    };
    if envelope.repeated {
        return Decoded::Unreadable(REPEATED);
    }
    let Loose::Text(name) = &envelope.event_type else { return Decoded::Unreadable("no event type") };
    let Some(kind) = event_kind(name) else { return Decoded::Ignored };
    let read = || {
        if envelope.data.repeated {
            return Err(REPEATED);
        }
        let tenant = tenant(&envelope.data)?;
        if let Some(foreign) = tenant.filter(|tenant| !tenants.is_empty() && !tenants.contains(tenant)) {
            return Ok(Decoded::ForeignTenant(foreign));
        }
        let session = SessionKey { source: source.clone(), session: session(kind, &envelope.data)? };
        let form = form(kind, &envelope.data)?;
        let head = head(kind, session, tenant, &envelope.data, key.body(body));
        Ok(Decoded::Event(Event { head, form }))
    };
    read().unwrap_or_else(Decoded::Unreadable)
}

const REPEATED: &str = "a key is there twice";

const KINDS: [(&str, EventKind); 7] = [
    ("SessionEnded", EventKind::SessionEnded),
    ("SessionActivityHeroCardSubmission", EventKind::SessionActivityHeroCardSubmission),
    ("SessionActivityChatbotHeroCardSubmission", EventKind::SessionActivityChatbotHeroCardSubmission),
    ("SessionActivityCallScriptSubmission", EventKind::SessionActivityCallScriptSubmission),
    ("SessionCallParamsUpdated", EventKind::SessionCallParamsUpdated),
    ("SessionOperatorConcluded", EventKind::SessionOperatorConcluded),
    ("SessionRecordingPostProcessingCompleted", EventKind::SessionRecordingPostProcessingCompleted),
];

fn event_kind(name: &str) -> Option<EventKind> {
    let exact = KINDS.iter().find(|(known, _)| *known == name);
    exact.or_else(|| KINDS.iter().find(|(known, _)| same_word(known, name))).map(|(_, kind)| *kind)
}

/// mluvii has changed the spelling of its enums over the years: `REJECTED_USER` became `RejectedUser`.
fn same_word(known: &str, word: &str) -> bool {
    let letters = word.bytes().filter(|byte| *byte != b'_');
    known.bytes().map(|byte| byte.to_ascii_lowercase()).eq(letters.map(|byte| byte.to_ascii_lowercase()))
}

fn tenant(data: &Data<'_>) -> Result<Option<TenantId>, &'static str> {
    match data.get(Field::TenantId) {
        Loose::Null => Ok(None),
        value => integer(value).map(|id| Some(TenantId(id))).ok_or("a tenant id that is not a number"),
    }
}

fn session(kind: EventKind, data: &Data<'_>) -> Result<SessionId, &'static str> {
    let field = match form_origin(kind) {
        // An activity's `id`, if it had one, would be its own.
        Some(_) => Field::SessionId,
        None => Field::Id,
    };
    integer(data.get(field)).map(SessionId).ok_or("no session id")
}

/// The forms' own name for the kinds that are form submissions.
fn form_origin(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::SessionActivityHeroCardSubmission => Some("hero_card"),
        EventKind::SessionActivityChatbotHeroCardSubmission => Some("chatbot"),
        EventKind::SessionActivityCallScriptSubmission => Some("call_script"),
        EventKind::SessionEnded
        | EventKind::SessionCallParamsUpdated
        | EventKind::SessionOperatorConcluded
        | EventKind::SessionRecordingPostProcessingCompleted => None,
    }
}

/// Both shapes, `params` and the one key with its value, are taken for every kind of form.
fn form(kind: EventKind, data: &Data<'_>) -> Result<Option<Form>, &'static str> {
    let Some(origin) = form_origin(kind) else { return Ok(None) };
    let mut params = match data.get(Field::Params) {
        Loose::Null => BTreeMap::new(),
        Loose::Map(params) => params.clone(),
        _ => return Err("params that are not an object with different keys"),
    };
    match (text(data.get(Field::SubmissionKey))?, text(data.get(Field::SubmissionValue))?) {
        (Some(name), value) => _ = params.insert(name, Secret::new(value.unwrap_or_default())),
        (None, Some(_)) => return Err("a form's value without its key"),
        (None, None) => {}
    }
    let id = match data.get(Field::OriginalFormId) {
        Loose::Null => None,
        value => Some(integer(value).ok_or("a form id that is not a number")?),
    };
    let by_client = match data.get(Field::SubmittedByClient) {
        Loose::Bool(by_client) => Some(*by_client),
        Loose::Text(word) if same_word("true", word) => Some(true),
        Loose::Text(word) if same_word("false", word) => Some(false),
        _ => None,
    };
    Ok(Some(Form { origin: origin.to_owned(), id, submitted: submitted(data.get(Field::Result))?, by_client, params }))
}

/// A result that is not known must not be guessed: one way a duty to erase would vanish, the other way too much would.
fn submitted(result: &Loose<'_>) -> Result<bool, &'static str> {
    match result {
        Loose::Null => Ok(true),
        Loose::Text(word) if same_word("submitted", word) => Ok(true),
        Loose::Text(word) if same_word("cancelled", word) || same_word("canceled", word) => Ok(false),
        _ => Err("a form's result that is not known"),
    }
}

fn head(
    kind: EventKind,
    session: SessionKey,
    tenant: Option<TenantId>,
    data: &Data<'_>,
    digest: crate::keys::Digest,
) -> EventHead {
    let [first, second] = match kind {
        EventKind::SessionEnded => [Field::Ended, Field::Time],
        _ => [Field::Time, Field::Ended],
    };
    EventHead {
        session,
        kind,
        digest,
        tenant,
        time: time(data.get(first)).or_else(|| time(data.get(second))),
        channel: word(data.get(Field::Channel)).map(Channel),
        session_source: word(data.get(Field::Source)).map(SessionSource),
        started: time(data.get(Field::Started)),
    }
}

/// A number, also one that is written as text.
fn integer(value: &Loose<'_>) -> Option<i64> {
    match value {
        Loose::Int(number) => Some(*number),
        Loose::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn text(value: &Loose<'_>) -> Result<Option<String>, &'static str> {
    Ok(Some(match value {
        Loose::Null => return Ok(None),
        Loose::Text(text) => text.clone().into_owned(),
        Loose::Int(number) => number.to_string(),
        Loose::Float(number) => number.to_string(),
        Loose::Bool(yes) => yes.to_string(),
        Loose::Map(_) | Loose::Other => return Err("a form's key or value that is not text"),
    }))
}

/// A time that cannot be read is no reason to lose the event.
fn time(value: &Loose<'_>) -> Option<Timestamp> {
    let Loose::Text(text) = value else { return None };
    parse_timestamp(text)
}

fn word(value: &Loose<'_>) -> Option<String> {
    match value {
        Loose::Null => None,
        Loose::Text(word) => Some(plain_word(word).to_owned()),
        _ => Some(UNKNOWN_WORD.to_owned()),
    }
}
