//! The shape of a JSON document without its values: what is empty and what is not. For looking at a session that should
//! be anonymized without ever holding what is still in it.

use std::fmt;

use quietus_plugin::json;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::event::parse_timestamp;

/// A JSON value of which only the kind is held. Names of members are held as they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    /// A text with nothing in it but spaces.
    Blank,
    Flag(bool),
    Number,
    /// A text that is a time.
    Time,
    Text,
    List(Vec<Shape>),
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// Reads one JSON document; `None` when it is not one.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        json::read(json).ok()
    }

    /// A member, whatever the case of its name.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, shape)| shape)
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> &[(String, Self)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// The elements of an array; none of anything else.
    pub(super) fn elements(&self) -> &[Self] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    /// Whether anything is in it. Of a `{"name": …, "value": …}` only the value counts.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Null | Self::Blank => false,
            Self::Flag(_) | Self::Number | Self::Time | Self::Text => true,
            Self::List(elements) => elements.iter().any(Self::holds),
            Self::Object(members) => match self.value_of_named() {
                Some(value) => value.holds(),
                None => members.iter().any(|(_, shape)| shape.holds()),
            },
        }
    }

    fn value_of_named(&self) -> Option<&Self> {
        self.field("name")?;
        self.field("value")
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::Flag(value))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Shape, E> {
        Ok(match value {
            blank if blank.trim().is_empty() => Shape::Blank,
            time if parse_timestamp(time).is_some() => Shape::Time,
            _ => Shape::Text,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Shape::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Shape::Object(members))
    }
}
