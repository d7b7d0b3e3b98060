//! mluvii's JSON, read tolerantly.

use std::collections::BTreeMap;

use jiff::Timestamp;
use quietus_plugin::json::without_lone_surrogates;
use serde_json::error::Category;
use zeroize::Zeroizing;

use super::form::Form;
use super::kind::EventKind;
use super::stored::{Event, EventHead};
use super::text;
use super::timestamp::parse_timestamp;
use super::wire::{Data, Envelope, Field, Loose};
use super::word::{Channel, SessionSource, UNKNOWN_WORD, plain_word, same_word};
use crate::keys::{Digest, IndexKey, Secret};
use crate::subject::{InstallationName, SessionId, SessionKey, SourceName, TenantId};
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

/// Who sent a delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender<'a> {
    pub(crate) source: &'a SourceName,
    /// The company whose sessions the source tells of.
    pub(crate) installation: &'a InstallationName,
    /// The tenants whose events are taken; all when none is listed.
    pub(crate) tenants: &'a [TenantId],
}

/// Reads the body of a verified delivery.
pub(crate) fn decode(verified: &Verified<'_>, sender: Sender<'_>, key: &IndexKey) -> Decoded {
    let text = match text::text(verified) {
        Ok(text) => text,
        Err(reason) => return Decoded::Unreadable(reason),
    };
    // Of the text: compressed once more, the same may have other bytes.
    let digest = || key.body(text.bytes());
    // serde_json refuses a byte order mark.
    let json = text.bytes();
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    read(json, sender, digest).unwrap_or_else(|not_json| {
        let whole = without_lone_surrogates(json).map(Zeroizing::new);
        whole.and_then(|whole| read(&whole, sender, digest).ok()).unwrap_or(Decoded::Unreadable(not_json))
    })
}

/// Reads JSON; the error, where it is not.
fn read(json: &[u8], sender: Sender<'_>, digest: impl FnOnce() -> Digest) -> Result<Decoded, &'static str> {
    let envelope: Envelope<'_> = match serde_json::from_slice(json) {
        Ok(envelope) => envelope,
        Err(error) if error.classify() == Category::Data => {
            return Ok(Decoded::Unreadable("not an event with its data"));
        }
        Err(_) => return Err("not JSON"),
    };
    if envelope.repeated {
        return Ok(Decoded::Unreadable(REPEATED));
    }
    let Loose::Text(name) = &envelope.event_type else { return Ok(Decoded::Unreadable("no event type")) };
    if name.trim().is_empty() {
        return Ok(Decoded::Unreadable("no event type"));
    }
    // Such a delivery leads to nothing whatever its fields look like, so it must not fill the quarantine.
    let Some(kind) = event_kind(name) else { return Ok(Decoded::Ignored) };
    Ok(event(kind, &envelope.data, sender, digest).unwrap_or_else(Decoded::Unreadable))
}

/// The event, unless it is of a foreign tenant. The digest is made last, as it costs most.
fn event(
    kind: EventKind,
    data: &Data<'_>,
    sender: Sender<'_>,
    digest: impl FnOnce() -> Digest,
) -> Result<Decoded, &'static str> {
    if data.repeated {
        return Err(REPEATED);
    }
    let tenant = tenant(data)?;
    let ours = |tenant: &TenantId| sender.tenants.is_empty() || sender.tenants.contains(tenant);
    // Before the rest is read: nothing is kept of a foreign tenant, also where its event could not be read.
    if let Some(foreign) = tenant.filter(|tenant| !ours(tenant)) {
        return Ok(Decoded::ForeignTenant(foreign));
    }
    let session = SessionKey { installation: sender.installation.clone(), session: session(kind, data)? };
    let at = happened(kind, data);
    let (form, activity) = match form(kind, data, at)? {
        None => (None, None),
        Some(Submission::Whole(form)) => (Some(form), None),
        Some(Submission::ByActivity(form, activity)) => (Some(form), Some(activity)),
    };
    let head = EventHead {
        source: sender.source.clone(),
        session,
        kind,
        digest: digest(),
        tenant,
        time: at,
        channel: word(data.get(Field::Channel)).map(Channel),
        session_source: word(data.get(Field::Source)).map(SessionSource),
        started: time(data.get(Field::Started)),
        activity,
        reconciled: false,
    };
    Ok(Decoded::Event(Event { head, form }))
}

const REPEATED: &str = "a key is there twice";

fn event_kind(name: &str) -> Option<EventKind> {
    // The exact spelling is the usual one and costs least; every delivery comes by here.
    let exact = EventKind::ALL.into_iter().find(|kind| kind.name() == name);
    exact.or_else(|| EventKind::ALL.into_iter().find(|kind| same_word(kind.name(), name)))
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
        | EventKind::SessionRecordingPostProcessingCompleted
        | EventKind::GuestIdentityUpdated => None,
    }
}

/// What an event says of a form.
enum Submission {
    Whole(Form),
    /// What was filled in stands in an activity of the session, by this id; the form here is without it.
    ByActivity(Form, i64),
}

/// A form of either shape. One without anything filled in is never treated as an empty form: it is looked up by its
/// activity, or it is not understood.
fn form(kind: EventKind, data: &Data<'_>, time: Option<Timestamp>) -> Result<Option<Submission>, &'static str> {
    let Some(origin) = form_origin(kind) else { return Ok(None) };
    let params = form_params(data)?;
    // Rules ask for the form's id: with a wrong one left out, a request for erasure could match none and be lost.
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
    let submitted = submitted(data.get(Field::Result))?;
    let empty = Form { origin: origin.to_owned(), id, submitted, by_client, params: BTreeMap::new(), time };
    if let Some(params) = params {
        return Ok(Some(Submission::Whole(Form { params, ..empty })));
    }
    if !submitted {
        // It was cancelled, so nothing was filled in.
        return Ok(Some(Submission::Whole(empty)));
    }
    match data.get(Field::ActivityId) {
        Loose::Null => Err("a form without what was filled in, and without an activity to look it up by"),
        value => {
            let activity = integer(value).ok_or("an activity id that is not a number")?;
            Ok(Some(Submission::ByActivity(empty, activity)))
        }
    }
}

/// What was filled in, by `params` or by one key with its value: every kind of form may come in both shapes.
fn form_params(data: &Data<'_>) -> Result<Option<BTreeMap<String, Secret>>, &'static str> {
    let mut params = match data.get(Field::Params) {
        Loose::Null => None,
        Loose::Map(params) => Some(params.clone()),
        _ => return Err("params that are not an object with different keys"),
    };
    match (plain_text(data.get(Field::SubmissionKey))?, plain_text(data.get(Field::SubmissionValue))?) {
        (Some(name), value) => {
            let params = params.get_or_insert_default();
            // Another spelling of this name in `params` would say two things of one field.
            params.retain(|other, _| other.to_lowercase() != name.to_lowercase());
            params.insert(name, Secret::new(value.unwrap_or_default()));
        }
        (None, Some(_)) => return Err("a form's value without its key"),
        (None, None) => {}
    }
    Ok(params)
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

/// When it happened: a session's end has a name of its own.
fn happened(kind: EventKind, data: &Data<'_>) -> Option<Timestamp> {
    let [first, second] = match kind {
        EventKind::SessionEnded => [Field::Ended, Field::Time],
        _ => [Field::Time, Field::Ended],
    };
    time(data.get(first)).or_else(|| time(data.get(second)))
}

/// Up to here, each whole number has a float of its own.
const EXACT_MAX: f64 = (1_i64 << 53) as f64;

/// A number, also one that is written as text, or with a fraction of nothing: `107.0` is what some programs make of 107.
fn integer(value: &Loose<'_>) -> Option<i64> {
    match value {
        Loose::Int(number) => Some(*number),
        Loose::Float(number) if number.fract() == 0.0 && number.abs() < EXACT_MAX => Some(*number as i64),
        Loose::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn plain_text(value: &Loose<'_>) -> Result<Option<String>, &'static str> {
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
