//! What an anonymized session still shows of a person, by kind and number, never by value.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::Shape;
use crate::erasure::Evidence;
use crate::subject::{Params, kind_of};

/// Kinds of personal things in a session's reply, by the words of `mluvii.accept_left`. The names of call params' own
/// kinds (`email`, `phone`, …) come beside them.
pub(super) const KINDS: [&str; 11] = [
    "identity",
    "temp_id",
    "tracked_id",
    "channel_identity",
    "ip_address",
    "call_params",
    "phone_callback_number",
    "feedback",
    "notes",
    "texts",
    "recordings",
];

/// Places at mluvii that hold personal data and cannot be looked at here.
pub(super) const PLACES: [&str; 2] = ["contact record", "e-mail threads"];

/// What a search for a person cannot find: contacts by what no field is known for, and who is in no contact at all.
pub(super) const UNSEARCHED: [&str; 3] = ["contacts by email", "contacts by phone", "sessions without a contact"];

/// Single fields, and their kinds.
const FIELDS: [(&[&str], &str); 6] = [
    (&["guest", "identity"], "identity"),
    (&["guest", "tempId"], "temp_id"),
    (&["guest", "trackedId"], "tracked_id"),
    (&["guest", "channelIdentity"], "channel_identity"),
    (&["guest", "ipAddress"], "ip_address"),
    (&["phoneCallbackNumber"], "phone_callback_number"),
];

/// Names of members that say how something was said, not what.
const TECHNICAL: [&str; 16] = [
    "type",
    "kind",
    "state",
    "status",
    "result",
    "source",
    "channel",
    "client",
    "key",
    "language",
    "uuid",
    "originalFormID",
    "formFieldSetUUID",
    "submissionIdentification",
    "mimeType",
    "direction",
];

/// What the configuration accepts to be left: kinds and places.
pub(super) type Accepted = BTreeSet<String>;

/// Reads `mluvii.accept_left`; the error says which words there are.
pub(super) fn accepted(words: &[String], params: &Params) -> Result<Accepted, String> {
    let of_params = params.values().map(|kind| kind.as_str());
    let known: BTreeSet<&str> = KINDS.into_iter().chain(PLACES).chain(UNSEARCHED).chain(of_params).collect();
    match words.iter().find(|word| !known.contains(word.as_str())) {
        None => Ok(words.iter().cloned().collect()),
        Some(unknown) => {
            let known = known.into_iter().collect::<Vec<_>>().join("`, `");
            Err(format!("`{unknown}` is none of `{known}`"))
        }
    }
}

/// Personal things by kind, and how many there are.
pub(super) type Left = BTreeMap<String, u64>;

/// What a session's reply still shows.
pub(super) fn in_session(session: &Shape, params: &Params) -> Left {
    let mut left = Left::new();
    let mut add = |kind: &str, count: u64| {
        if count > 0 {
            *left.entry(kind.to_owned()).or_default() += count;
        }
    };
    for (path, kind) in FIELDS {
        let field = path.iter().try_fold(session, |shape, name| shape.field(name));
        add(kind, u64::from(field.is_some_and(Shape::holds)));
    }
    let call_params = session.field("guest").and_then(|guest| guest.field("callParams"));
    for (name, value) in call_params.into_iter().flat_map(Shape::members) {
        let kind = kind_of(params, name);
        add(kind.as_ref().map_or("call_params", |kind| kind.as_str()), u64::from(value.holds()));
    }
    // In a list of names and values, the names are values too, and those are not held.
    let listed = call_params.into_iter().flat_map(Shape::elements).filter(|param| param.holds());
    add("call_params", listed.count() as u64);
    add("notes", spoken_in(session.field("notes")));
    add("texts", spoken_in(session.field("activities")));
    add("feedback", u64::from(session.field("feedback").is_some_and(says_anything)));
    let recordings = session.field("recordings").map_or(&[][..], Shape::elements);
    // One that does not say that it is deleted is still there.
    let kept = recordings.iter().filter(|recording| recording.field("isDeleted") != Some(&Shape::Flag(true)));
    add("recordings", kept.count() as u64);
    left
}

/// Adds what was left to the evidence, and what of it is accepted apart.
pub(super) fn into_evidence(left: Left, accepted: &Accepted, evidence: &mut Evidence) {
    let (fine, wrong): (Left, Left) = left.into_iter().partition(|(kind, _)| accepted.contains(kind));
    evidence.accepted.extend(fine);
    evidence.left.extend(wrong);
}

/// How many elements hold a text that somebody may have said or written.
fn spoken_in(list: Option<&Shape>) -> u64 {
    match list {
        Some(Shape::List(elements)) => elements.iter().filter(|element| is_spoken(element)).count() as u64,
        Some(other) => u64::from(is_spoken(other)),
        None => 0,
    }
}

fn is_spoken(shape: &Shape) -> bool {
    match shape {
        Shape::Text => true,
        Shape::List(elements) => elements.iter().any(is_spoken),
        Shape::Object(members) => members.iter().any(|(name, value)| !is_technical(name) && is_spoken(value)),
        Shape::Null | Shape::Blank | Shape::Flag(_) | Shape::Number | Shape::Time => false,
    }
}

/// Feedback may be a number alone.
fn says_anything(shape: &Shape) -> bool {
    match shape {
        Shape::Object(members) => members.iter().any(|(name, value)| !is_technical(name) && says_anything(value)),
        Shape::List(elements) => elements.iter().any(says_anything),
        Shape::Time => false,
        other => other.holds(),
    }
}

fn is_technical(name: &str) -> bool {
    let is_id =
        name.eq_ignore_ascii_case("id") || name.ends_with("Id") || name.ends_with("ID") || name.ends_with("_id");
    is_id || TECHNICAL.iter().any(|known| known.eq_ignore_ascii_case(name))
}
