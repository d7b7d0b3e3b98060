//! Canonical JSON (RFC 8785) of a text: members sorted by the UTF-16 code units of their names, no white space, one
//! spelling for each string and number. Two texts that mean the same have the same canonical bytes.
//!
//! Statements hold no fractions, so a number is an integer within ±(2^53 − 1), where every reader agrees on its value.
//! Anything else is refused, and so is a member that is there twice: readers differ in which of the two they believe.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The greatest integer that every reader of JSON reads as it is written.
pub(crate) const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The canonical bytes of a JSON text; the error names no content.
pub(crate) fn bytes(json: &str) -> Result<Vec<u8>, serde_json::Error> {
    let node: Node = serde_json::from_str(json)?;
    let mut out = Vec::with_capacity(json.len());
    node.write(&mut out);
    Ok(out)
}

/// A value as it was written, unlike [`serde_json::Value`], which keeps the last of two members with the same name.
enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Text(String),
    List(Vec<Node>),
    /// In canonical order, each name once.
    Members(Vec<(String, Node)>),
}

impl Node {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Integer(integer) => out.extend_from_slice(integer.to_string().as_bytes()),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    separate(index, out);
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Members(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    separate(index, out);
                    write_text(name, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

/// serde_json escapes exactly what RFC 8785 demands, in the same spelling.
fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing a string to memory does not fail");
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        if value.unsigned_abs() > INTEGER_MAX { Err(E::custom(NO_INTEGER)) } else { Ok(Node::Integer(value)) }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        i64::try_from(value).map_err(|_| E::custom(NO_INTEGER)).and_then(|value| self.visit_i64(value))
    }

    /// A fraction, an exponent, `-0`, or more digits than an integer has.
    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Err(E::custom(NO_INTEGER))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        // Names compare by UTF-16 code units: a character beyond U+FFFF sorts before U+E000 to U+FFFF.
        members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom("a member is there twice"));
        }
        Ok(Node::Members(members))
    }
}

const NO_INTEGER: &str = "a number is no integer within ±(2^53 − 1), or is not written as one";

#[cfg(test)]
mod tests;
