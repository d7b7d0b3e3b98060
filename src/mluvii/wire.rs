//! What mluvii's replies say, as far as it matters here. Texts, notes, activities and recordings are never held; what a
//! reply does not say is not made up: a missing key is not a null.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::keep::{Keep, Kept};
use super::settings::{GuestIdField, Nulls};
use super::shape::Shape;
use super::submitted;
use crate::event::{Channel, Form, SessionSource, UNKNOWN_WORD, parse_timestamp, plain_word, same_word};
use crate::keys::Secret;
use crate::subject::{
    Fingerprinted, Fingerprinter, GuestId, Identifier, Identifiers, Kind, Params, SessionId, TenantId, kind_of,
};

/// What a look-up tells of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    /// `guest.identity`.
    pub(crate) guest: Option<GuestId>,
    /// The version of the consent text that the guest agreed to; `None` only where it was read as null, or left out by
    /// an installation that leaves nulls out.
    pub(crate) consent_version: Option<String>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) channel: Option<Channel>,
    pub(crate) source: Option<SessionSource>,
    /// The tenant, which the API calls a department.
    pub(crate) department: Option<TenantId>,
    /// From the call params and, where that is set up and they have none, the contact record.
    pub(crate) identifiers: Identifiers,
    /// The number to call back, which may be anybody's.
    pub(crate) callback: Identifiers,
    /// The call params, one form for each place where they were filled in, where they were asked for.
    pub(crate) forms: Option<Vec<Form>>,
    /// What the asked activity says was submitted, if it says it.
    pub(crate) activity_form: Option<Form>,
}

impl SessionFacts {
    /// The fingerprints of what is shown; those of a number to call back can agree, but never contradict.
    pub(crate) fn fingerprints(&self, fingerprinter: &Fingerprinter) -> Vec<Fingerprinted> {
        let mut all = fingerprinter.of_all(&self.identifiers);
        for one in fingerprinter.of_all(&self.callback) {
            if !all.contains(&one) {
                all.push(Fingerprinted { supplementary: true, ..one });
            }
        }
        all
    }

    /// What plugins are told of a session: a number to call back is the person's for this, too.
    pub(crate) fn all_identifiers(&self) -> Identifiers {
        Identifiers(self.identifiers.0.union(&self.callback.0).cloned().collect())
    }
}

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
    ("departmentId", Keep::Text),
]);
const GUEST: Keep =
    Keep::Fields(&[("identity", Keep::Text), ("gdprVersion", Keep::Text), ("callParams", Keep::Every(&Keep::Text))]);
const GUEST_IDS: Keep = Keep::Fields(&[("id", Keep::Text), ("guest", IDS)]);
const IDS: Keep = Keep::Fields(&[
    ("identity", Keep::Text),
    ("tempId", Keep::Text),
    ("trackedId", Keep::Text),
    ("channelIdentity", Keep::Text),
]);
const ACTIVITIES: Keep = Keep::Fields(&[("activities", ACTIVITY)]);
const ACTIVITY: Keep = Keep::Fields(&ACTIVITY_KEYS);
const ACTIVITY_KEYS: [(&str, Keep); 8] = submitted::activity(&Keep::Text);
const CALL_PARAMS: Keep =
    Keep::Fields(&[("callParams", PARAM), ("name", Keep::Text), ("value", Keep::Text), SOURCE, UPDATED]);
const PARAM: Keep = Keep::Fields(&[("name", Keep::Text), ("value", Keep::Text), SOURCE, UPDATED]);
const SOURCE: (&str, Keep) = ("source", Keep::Text);
const UPDATED: (&str, Keep) = ("updatedDate", Keep::Text);
/// The names under which a list may be wrapped.
const WRAPPERS: [&str; 4] = ["sessions", "items", "data", "results"];
const LIST: Keep = Keep::Fields(&[
    ("id", Keep::Text),
    ("guest", IDS),
    ("sessions", GUEST_IDS),
    ("items", GUEST_IDS),
    ("data", GUEST_IDS),
    ("results", GUEST_IDS),
]);
const CONTACTS: Keep = Keep::Fields(&[
    ("id", Keep::Text),
    ("data", Keep::Every(&Keep::Texts)),
    ("contacts", CONTACT),
    ("items", CONTACT),
    ("results", CONTACT),
]);
const CONTACT: Keep = Keep::Fields(&[("id", Keep::Text), ("data", Keep::Every(&Keep::Texts))]);

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

/// What is wrong with a reply, for people; free of personal data.
pub(super) type Wrong = String;

/// Reads the reply to a session's look-up, without forms; the error says what is not as mluvii answers.
pub(super) fn session(json: &[u8], id: SessionId, nulls: Nulls, params: &Params) -> Result<SessionFacts, Wrong> {
    let reply = SESSION.read(json).ok_or("the reply is not JSON")?;
    is_of(&reply, id)?;
    let guest = guest(&reply, nulls)?;
    let consent_version = match guest {
        Some(guest) => consent_version(guest, nulls)?,
        None => None,
    };
    let call_params = guest.and_then(|guest| guest.field("callParams"));
    // Passed over, the identifiers that may stand there would be missed, and the person not be found by them.
    if matches!(call_params, Some(Kept::Text(_) | Kept::Odd)) {
        return Err("`guest.callParams` is neither an object nor a list".into());
    }
    let call_params = call_params.into_iter().flat_map(pairs);
    let identifiers = call_params.filter_map(|(name, value)| Identifier::new(kind_of(params, name)?, value)).collect();
    let callback = reply.text("phoneCallbackNumber").and_then(|number| Identifier::new(Kind::Phone, number));
    Ok(SessionFacts {
        guest: guest.and_then(|guest| guest.text("identity")).and_then(GuestId::named),
        consent_version,
        started: reply.text("started").and_then(parse_timestamp),
        ended: reply.text("ended").and_then(parse_timestamp),
        channel: reply.text("channel").map(|text| Channel(plain_word(text).to_owned())),
        source: reply.text("source").map(|text| SessionSource(plain_word(text).to_owned())),
        department: reply.text("departmentId").and_then(|text| text.parse().ok()).map(TenantId),
        identifiers: Identifiers(identifiers),
        callback: Identifiers(callback.into_iter().collect()),
        forms: None,
        activity_form: None,
    })
}

fn is_of(reply: &Kept, id: SessionId) -> Result<(), Wrong> {
    match (reply, reply.text("id")) {
        (Kept::Object(_), Some(found)) if found == id.to_string() => Ok(()),
        // Its consent and its guest would be taken for this session's.
        (Kept::Object(_), Some(_)) => Err("the reply is about another session".into()),
        (Kept::Object(_), None) => Err("the reply has no key `id`".into()),
        _ => Err("the reply is not a session".into()),
    }
}

fn guest(reply: &Kept, nulls: Nulls) -> Result<Option<&Kept>, Wrong> {
    match (reply.field("guest"), nulls) {
        (Some(guest @ Kept::Object(_)), _) => Ok(Some(guest)),
        (None, Nulls::Explicit) => Err("the reply has no key `guest`".into()),
        (Some(Kept::Null), Nulls::Explicit) => Err("`guest` is null, so there is no `gdprVersion` to read".into()),
        // An error document may name the session, too.
        (Some(Kept::Null) | None, Nulls::Omitted) if reply.members().count() > 1 => Ok(None),
        (None, Nulls::Omitted) => Err("the reply has nothing of a session but its id".into()),
        _ => Err("`guest` is not what mluvii is known to answer".into()),
    }
}

fn consent_version(guest: &Kept, nulls: Nulls) -> Result<Option<String>, Wrong> {
    match (guest.field("gdprVersion"), nulls) {
        (Some(Kept::Null), _) | (None, Nulls::Omitted) => Ok(None),
        // Taken for a null, the consent would be `absent`, and the session erased for a key that is missing.
        (None, Nulls::Explicit) => Err("the reply has no key `guest.gdprVersion`".into()),
        (Some(version), _) => match version.as_text() {
            Some(version) => Ok(Some(version.chars().take(VERSION_CHARS_MAX).collect())),
            None => Err("`guest.gdprVersion` is neither a text nor null".into()),
        },
    }
}

/// Whether `guest.callParams` shows that nothing was filled in.
pub(super) fn has_no_params(json: &[u8]) -> bool {
    let shape = Shape::read(json);
    let params = shape.as_ref().and_then(|session| session.field("guest")?.field("callParams"));
    params.is_some_and(|params| !params.holds())
}

/// The shape of a session that should be anonymized: whatever it shows, it must be this session's reply. It is read twice:
/// the shape holds no values, and so not the id, and a key that is there twice is not believed.
pub(super) fn session_shape(json: &[u8], id: SessionId, nulls: Nulls) -> Result<Shape, Wrong> {
    is_of(&SESSION.read(json).ok_or("the reply is not JSON")?, id)?;
    let shape = Shape::read(json).ok_or("the reply is not JSON")?;
    match (shape.field("guest"), nulls) {
        (Some(Shape::Object(_) | Shape::Null), _) => Ok(shape),
        (None, Nulls::Omitted) if shape.field("channel").or(shape.field("started")).is_some() => Ok(shape),
        _ => Err("the reply has no key `guest`".into()),
    }
}

/// The ids of a session's guest.
pub(super) fn guest_id(json: &[u8], field: GuestIdField) -> Option<GuestId> {
    let reply = GUEST_IDS.read(json)?;
    reply.field("guest")?.text(field.as_str()).and_then(GuestId::named)
}

/// The department of a session.
pub(super) fn department(json: &[u8]) -> Option<TenantId> {
    SESSION.read(json)?.text("departmentId")?.parse().ok().map(TenantId)
}

/// What the activity says was submitted; `None` when it is not there or does not say it.
pub(super) fn activity_form(json: &[u8], activity: i64) -> Option<Form> {
    let reply = ACTIVITIES.read(json)?;
    let wanted = activity.to_string();
    let mut activities = reply.field("activities")?.elements().iter();
    let activity = activities.find(|one| submitted::id(one) == Some(&*wanted))?;
    let filled_in = activity.field("submissionParams").filter(|params| !matches!(params, Kept::Null | Kept::Odd))?;
    let params = pairs(filled_in).into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect();
    Some(Form {
        origin: submitted::origin(activity).to_owned(),
        id: activity.text("originalFormId").and_then(|id| id.parse().ok()),
        submitted: !submitted::is_cancelled(activity),
        by_client: submitted::by_client(activity),
        params,
        time: activity.text("time").and_then(parse_timestamp),
    })
}

/// Adds what the reply to the call params' look-up says; the error says what is not as mluvii answers.
pub(super) fn add_call_params(facts: &mut SessionFacts, json: &[u8], params: &Params) -> Result<(), Wrong> {
    let reply = CALL_PARAMS.read(json).ok_or("the reply is not JSON")?;
    let list = match (&reply, reply.field("callParams")) {
        (Kept::List(list), _) | (_, Some(Kept::List(list))) => list.as_slice(),
        (_, Some(Kept::Null)) => &[],
        _ => return Err("the reply has no key `callParams`".into()),
    };
    let mut forms: BTreeMap<String, Form> = BTreeMap::new();
    for param in list {
        let (Some(name), Some(value)) = (param.text("name"), param.text("value")) else { continue };
        let identifier = kind_of(params, name).and_then(|kind| Identifier::new(kind, value));
        facts.identifiers.0.extend(identifier);
        let origin = param.text("source").map_or_else(|| UNKNOWN_WORD.to_owned(), origin);
        let form = forms.entry(origin.clone()).or_insert_with(|| Form {
            origin,
            id: None,
            submitted: true,
            by_client: None,
            params: BTreeMap::new(),
            time: None,
        });
        form.params.insert(name.to_owned(), Secret::new(value));
        form.time = form.time.max(param.text("updatedDate").and_then(parse_timestamp));
    }
    facts.forms = Some(forms.into_values().collect());
    Ok(())
}

/// One element of a list of sessions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: SessionId,
    /// `guest.identity`, where the list shows it.
    pub(super) guest: Option<GuestId>,
}

/// The sessions of a list; `None` when it is not a list of sessions.
pub(super) fn listed(json: &[u8]) -> Option<Vec<Listed>> {
    let reply = LIST.read(json)?;
    // One that cannot be read makes it no list: left out, its session would be missed.
    reply.into_list(&WRAPPERS)?.iter().map(listed_one).collect()
}

fn listed_one(kept: &Kept) -> Option<Listed> {
    let id = SessionId(kept.text("id")?.parse().ok()?);
    let guest = kept.field("guest").and_then(|guest| guest.text("identity")).and_then(GuestId::named);
    Some(Listed { id, guest })
}

/// A contact record: its id, and its data by field.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) id: GuestId,
    data: Kept,
}

impl Contact {
    /// The values of a field, whatever the case of its name.
    pub(super) fn values<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.data.members().filter(move |(name, _)| name.eq_ignore_ascii_case(field));
        fields.flat_map(|(_, values)| {
            values.as_text().into_iter().chain(values.elements().iter().filter_map(Kept::as_text))
        })
    }
}

impl Contact {
    /// Whether the record has the field, filled in or not.
    pub(super) fn has(&self, field: &str) -> bool {
        self.data.members().any(|(name, _)| name.eq_ignore_ascii_case(field))
    }
}

/// The contacts of a list; `None` when it is not a list of contacts.
pub(super) fn contacts(json: &[u8]) -> Option<Vec<Contact>> {
    let list = CONTACTS.read(json)?.into_list(&["contacts", "items", "results"])?;
    list.into_iter().map(contact_of).collect()
}

/// One contact's own reply; `None` when it is not one.
pub(super) fn contact(json: &[u8]) -> Option<Contact> {
    contact_of(CONTACT.read(json)?)
}

fn contact_of(kept: Kept) -> Option<Contact> {
    let id = kept.text("id").and_then(GuestId::named)?;
    let data = kept.into_field("data").filter(|data| matches!(data, Kept::Object(_)))?;
    Some(Contact { id, data })
}

/// Names and values, written as an object or as a list of `{name, value}`.
fn pairs(params: &Kept) -> Vec<(&str, &str)> {
    let members = params.members().filter_map(|(name, value)| Some((name, value.as_text()?)));
    let elements = params.elements().iter().filter_map(|param| Some((param.text("name")?, param.text("value")?)));
    members.chain(elements).collect()
}

/// `ENTRY_FORM`, `EntryForm` and `entry_form` are one origin.
fn origin(text: &str) -> String {
    let known = ORIGINS.iter().find(|known| same_word(known, text));
    known.map_or_else(|| plain_word(text).to_ascii_lowercase(), |known| (*known).to_owned())
}
