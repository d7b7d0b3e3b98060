//! mluvii's JSON as it stands on the wire: keys without case, any value in any place, text borrowed where it can be.
//! One pass reads every field that matters to some event type; which of them do is decided afterwards.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::keys::Secret;

/// `{"eventType": …, "data": {…}}`.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    pub(super) event_type: Loose<'a>,
    pub(super) data: Data<'a>,
    /// One of its two keys is there twice.
    pub(super) repeated: bool,
}

/// The fields of `data`.
#[derive(Default)]
pub(super) struct Data<'a> {
    values: [Loose<'a>; FIELDS.len()],
    /// A key that matters is there twice, in one spelling or two.
    pub(super) repeated: bool,
}

/// A key of `data`, as an index into [`FIELDS`].
#[derive(Clone, Copy)]
pub(super) enum Field {
    Id,
    TenantId,
    Channel,
    Source,
    Started,
    Ended,
    SessionId,
    Time,
    Result,
    OriginalFormId,
    SubmittedByClient,
    Params,
    SubmissionKey,
    SubmissionValue,
    ActivityId,
}

const FIELDS: [(&str, Field); 15] = [
    ("id", Field::Id),
    ("tenantId", Field::TenantId),
    ("channel", Field::Channel),
    ("source", Field::Source),
    ("started", Field::Started),
    ("ended", Field::Ended),
    ("sessionId", Field::SessionId),
    ("time", Field::Time),
    ("result", Field::Result),
    ("originalFormID", Field::OriginalFormId),
    ("submittedByClient", Field::SubmittedByClient),
    ("params", Field::Params),
    ("chatbotHeroCardSubmissionKey", Field::SubmissionKey),
    ("chatbotHeroCardSubmissionValue", Field::SubmissionValue),
    ("activityId", Field::ActivityId),
];

impl<'a> Data<'a> {
    pub(super) fn get(&self, field: Field) -> &Loose<'a> {
        &self.values[field as usize]
    }
}

/// A value of which the type is not relied on. A missing one is null.
#[derive(Default)]
pub(super) enum Loose<'a> {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// An object, its values as text; personal.
    Map(BTreeMap<String, Secret>),
    /// A list, or an object with a key that is there twice, in one spelling or two.
    Other,
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope::default();
        let mut types = 0;
        let mut datas = 0;
        while let Some(Key(key)) = map.next_key()? {
            if key.eq_ignore_ascii_case("eventType") {
                envelope.event_type = map.next_value()?;
                types += 1;
            } else if key.eq_ignore_ascii_case("data") {
                envelope.data = map.next_value::<Option<Data<'de>>>()?.unwrap_or_default();
                datas += 1;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        envelope.repeated = types > 1 || datas > 1;
        Ok(envelope)
    }
}

impl<'de> Deserialize<'de> for Data<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event's data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data<'de>, A::Error> {
        let mut data = Data::default();
        while let Some(Key(key)) = map.next_key()? {
            if let Some((_, field)) = FIELDS.iter().find(|(name, _)| key.eq_ignore_ascii_case(name)) {
                let before = std::mem::replace(&mut data.values[*field as usize], map.next_value()?);
                // A null before it says nothing, so it does not contradict.
                data.repeated |= !matches!(before, Loose::Null);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(data)
    }
}

/// A key, borrowed unless it is written with escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(LooseVisitor)? {
            Loose::Text(key) => Ok(Self(key)),
            _ => Err(D::Error::custom("a key that is not text")),
        }
    }
}

impl<'de> Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
        Ok(Loose::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose<'de>, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loose<'de>, E> {
        Ok(Loose::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loose<'de>, E> {
        // As a float it is no id; a wrapped number would be the id of another session.
        Ok(i64::try_from(value).map_or(Loose::Float(value as f64), Loose::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Loose<'de>, E> {
        Ok(Loose::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Loose<'de>, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'de>, A::Error> {
        let mut fields: BTreeMap<String, Secret> = BTreeMap::new();
        // Names of fields match without case, so `agree` beside `Agree` would say two things.
        let mut names = std::collections::BTreeSet::new();
        let mut repeated = false;
        while let Some((name, value)) = map.next_entry::<String, _>()? {
            repeated |= !names.insert(name.to_lowercase());
            fields.insert(name, plain(value));
        }
        Ok(if repeated { Loose::Other } else { Loose::Map(fields) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose<'de>, A::Error> {
        // A list that is not read to its end would be an error of the whole delivery.
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

/// A form field's value is text whatever its type; a list or an object (a choice of several) is its JSON.
fn plain(value: Value) -> Secret {
    match value {
        Value::Null => Secret::new(""),
        Value::String(text) => Secret::new(text),
        other => Secret::new(other.to_string()),
    }
}
