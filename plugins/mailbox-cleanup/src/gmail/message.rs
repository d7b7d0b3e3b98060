//! Reads Gmail's JSON: ids of messages, and the headers of one.

use serde::Deserialize;
use serde_json::Value;

use crate::following::named;

/// The headers that tell whose a message is.
pub(super) const HEADERS: [&str; 6] = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];

/// A page of a list. Where nothing is found, the list of messages is left out, and the estimate is 0; what has neither is
/// no answer, and never "nobody".
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// `null` is no list.
    #[serde(default)]
    messages: Vec<Id>,
    result_size_estimate: Option<u64>,
    #[serde(default, deserialize_with = "named")]
    pub(super) next_page_token: Option<String>,
}

/// A message without anything else.
#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) id: String,
}

impl Page {
    /// Whether it says that there are messages, whatever it shows.
    pub(super) fn says_some(&self) -> bool {
        self.result_size_estimate.is_some_and(|estimate| estimate > 0)
    }

    /// The ids; `None` when this is no list.
    pub(super) fn ids(self) -> Option<Vec<String>> {
        if self.messages.is_empty() && self.result_size_estimate.is_none() {
            return None;
        }
        Some(self.messages.into_iter().map(|listed| listed.id).collect())
    }
}

/// A message in the format `metadata`.
#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    /// Left out when there is none of the headers.
    #[serde(default)]
    payload: Payload,
    /// Only where it is asked for.
    #[serde(default, rename = "internalDate")]
    internal_date: Value,
}

#[derive(Default, Deserialize)]
struct Payload {
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

impl Message {
    /// When Gmail took it, in milliseconds since 1970.
    pub(super) fn taken(&self) -> Option<i64> {
        self.internal_date.as_str().map_or_else(|| self.internal_date.as_i64(), |millis| millis.parse().ok())
    }

    /// Whether it has none of the headers: each message is from somebody, and so they are not shown.
    pub(super) fn is_bare(&self) -> bool {
        !self.payload.headers.iter().any(|header| HEADERS.iter().any(|name| name.eq_ignore_ascii_case(&header.name)))
    }

    /// The headers as they stand in a message. No value can make a header of its own: one with a line break that does not fold it
    /// shows nobody for sure, and is left empty.
    pub(super) fn raw(&self) -> Vec<u8> {
        let known = self.payload.headers.iter().filter_map(|header| {
            let name = HEADERS.iter().find(|name| name.eq_ignore_ascii_case(&header.name))?;
            let value = header.value.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
            let value = if value.contains(['\r', '\n']) { "" } else { &value };
            Some(format!("{name}: {value}\r\n"))
        });
        known.chain(["\r\n".to_owned()]).collect::<String>().into_bytes()
    }
}
