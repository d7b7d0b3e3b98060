//! The spellings that mluvii is known to use, in rotation, so that a reader of only one of them is found out.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde_json::{Map, Value};

#[derive(Debug, Default)]
pub(super) struct Spelling {
    times: AtomicUsize,
    documents: AtomicUsize,
    words: AtomicUsize,
}

/// Members whose names are data.
const NAMED_BY_DATA: [&str; 3] = ["callParams", "params", "submissionParams"];

impl Spelling {
    /// A time: the usual spelling, a colon or a comma before the fraction, no offset.
    pub(super) fn time(&self, time: Timestamp) -> String {
        let prague = time.to_zoned(TimeZone::fixed(offset(2)));
        let format = match turn(&self.times, 4) {
            0 => "%Y-%m-%dT%H:%M:%S.%6f+02:00",
            1 => "%Y-%m-%dT%H:%M:%S:%6f+02:00",
            2 => "%Y-%m-%dT%H:%M:%S,%3f+02:00",
            _ => return time.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string(),
        };
        prague.strftime(format).to_string()
    }

    /// A whole document: every third time with its keys in the other case.
    pub(super) fn document(&self, document: Value) -> Value {
        if turn(&self.documents, 3) == 2 { pascal_case(document) } else { document }
    }

    /// An enumeration's value: every other time in capitals.
    pub(super) fn word(&self, word: &str) -> String {
        if turn(&self.words, 2) == 1 { word.to_uppercase() } else { word.to_owned() }
    }
}

fn turn(counter: &AtomicUsize, of: usize) -> usize {
    counter.fetch_add(1, Ordering::Relaxed) % of
}

fn pascal_case(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(pascal_case).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let is_data = NAMED_BY_DATA.contains(&name.as_str()) && value.is_object();
                (capital(&name), if is_data { value } else { pascal_case(value) })
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        scalar => scalar,
    }
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
