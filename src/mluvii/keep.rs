//! Reads JSON and keeps only what was named; the rest is passed over while parsing and never held. A key that is missing,
//! a null and a shape that was not expected are three different things; only what is not JSON is an error.

use std::fmt;

use quietus_plugin::json::without_lone_surrogates;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::keys::Secret;

/// What to keep of a JSON value. Of an array, the same is kept of each element.
#[derive(Debug)]
pub(super) enum Keep {
    /// A string, a number or a boolean, as text.
    Text,
    /// The same, or a list of them.
    Texts,
    /// The named members of an object, whatever the case of their names.
    Fields(&'static [(&'static str, Keep)]),
    /// Every member of an object.
    Every(&'static Keep),
}

/// What was kept. It may be personal: it is not shown, and wiped when dropped.
#[derive(Debug)]
pub(super) enum Kept {
    Null,
    /// A shape that was not expected, or an object that names one member twice.
    Odd,
    Text(Secret),
    Object(Vec<(String, Kept)>),
    List(Vec<Kept>),
}

impl Keep {
    /// Reads one JSON document; `None` when it is not one.
    pub(super) fn read(&self, json: &[u8]) -> Option<Kept> {
        self.read_as_it_is(json).or_else(|| self.read_as_it_is(&Zeroizing::new(without_lone_surrogates(json)?)))
    }

    fn read_as_it_is(&self, json: &[u8]) -> Option<Kept> {
        let mut json = serde_json::Deserializer::from_slice(json);
        let kept = self.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(kept)
    }

    fn scalar(&self, text: impl Into<String>) -> Kept {
        match self {
            Self::Text | Self::Texts => Kept::Text(Secret::new(text)),
            Self::Fields(_) | Self::Every(_) => Kept::Odd,
        }
    }

    /// The name under which a member is kept, and what is kept of it.
    fn member(&self, name: String) -> Option<(String, &Keep)> {
        match self {
            Self::Text | Self::Texts => None,
            Self::Fields(fields) => {
                let (name, keep) = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name))?;
                Some(((*name).to_owned(), keep))
            }
            Self::Every(keep) => Some((name, keep)),
        }
    }
}

impl Kept {
    /// A member of an object, whatever the case of its name.
    pub(super) fn field(&self, name: &str) -> Option<&Kept> {
        self.members().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kept)| kept)
    }

    /// Takes a member out of an object.
    pub(super) fn into_field(self, name: &str) -> Option<Kept> {
        let Self::Object(members) = self else { return None };
        members.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kept)| kept)
    }

    /// The elements of a list, bare or under one of these names. `null` is not a list.
    pub(super) fn into_list(self, wrappers: &[&str]) -> Option<Vec<Kept>> {
        match self {
            Self::List(elements) => Some(elements),
            Self::Object(members) => members.into_iter().find_map(|(name, kept)| match kept {
                Self::List(elements) if wrappers.contains(&name.as_str()) => Some(elements),
                _ => None,
            }),
            Self::Null | Self::Odd | Self::Text(_) => None,
        }
    }

    /// A member's text without the spaces around it, unless nothing is left.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_text()
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text.expose().trim()).filter(|text| !text.is_empty())
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Kept)> {
        let members = if let Self::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().map(|(name, kept)| (name.as_str(), kept))
    }

    /// The elements of an array; none of anything else.
    pub(super) fn elements(&self) -> &[Kept] {
        if let Self::List(elements) = self { elements } else { &[] }
    }
}

impl<'de> DeserializeSeed<'de> for &Keep {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Kept, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Keep {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Kept, E> {
        Ok(Kept::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Kept, E> {
        Ok(self.scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Kept, E> {
        Ok(self.scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Kept, E> {
        Ok(self.scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Kept, E> {
        Ok(self.scalar(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Kept, E> {
        Ok(self.scalar(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kept, A::Error> {
        if let Keep::Text = self {
            // Read to its end, as the parser wants it: otherwise one odd value would make the whole reply no JSON.
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Kept::Odd);
        }
        let each = if let Keep::Texts = self { &Keep::Text } else { self };
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(each)? {
            elements.push(element);
        }
        Ok(Kept::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kept, A::Error> {
        let mut members: Vec<(String, Kept)> = Vec::new();
        let mut repeated = false;
        while let Some(name) = map.next_key::<String>()? {
            match self.member(name) {
                Some((name, keep)) => {
                    // Two spellings of one key say two things; neither is believed.
                    repeated |= matches!(self, Keep::Fields(_)) && members.iter().any(|(known, _)| *known == name);
                    members.push((name, map.next_value_seed(keep)?));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(if repeated || matches!(self, Keep::Text | Keep::Texts) { Kept::Odd } else { Kept::Object(members) })
    }
}
