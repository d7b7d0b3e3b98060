//! The leak scanner: searches everything that a plugin says, before redaction, for values that it must not say. A leak
//! names the kind of value and the place, never the value itself.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::plugin::lock::lock;

/// A shorter value is only found where it stands alone: `7` in `status 401` is no session.
const STANDS_ALONE_BELOW: usize = 4;
/// A shorter value is not looked for in other encodings, where it would be found by chance.
const ENCODED_FROM: usize = 6;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Private {
    Identifier,
    Secret,
    /// An identifier that is made to break things.
    Hostile,
    /// Of a configuration that must be refused.
    Configuration,
}

/// A value that was found in what the plugin said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leak {
    pub(super) value: Private,
    /// Such as "the identifier `email`".
    pub(super) what: String,
    pub(super) spelling: &'static str,
    pub(super) place: &'static str,
}

impl std::fmt::Display for Leak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}) in {}", self.what, self.spelling, self.place)
    }
}

/// The values that are searched for, and the leaks so far.
#[derive(Default)]
pub(super) struct LeakScanner {
    needles: Vec<Needle>,
    leaks: BTreeSet<Leak>,
}

struct Needle {
    value: Private,
    what: String,
    spelling: &'static str,
    text: Vec<u8>,
    any_case: bool,
}

impl LeakScanner {
    /// Searches for this value from now on.
    pub(super) fn look_for(&mut self, value: Private, what: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.needles.iter().any(|n| n.value == value && n.text == text.to_lowercase().as_bytes())
        {
            return;
        }
        let mut add = |spelling, text: Vec<u8>, any_case: bool| {
            let text = if any_case { text.to_ascii_lowercase() } else { text };
            self.needles.push(Needle { value, what: what.to_owned(), spelling, text, any_case });
        };
        add("as it is", text.to_lowercase().into_bytes(), true);
        let url = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        if url != text {
            add("as in a URL", url.into_bytes(), true);
            add("as in a form", utf8_percent_encode(text, FORM).to_string().replace("%20", "+").into_bytes(), true);
        }
        if text.len() >= ENCODED_FROM {
            add("in hex", hex::encode(text).into_bytes(), true);
            for encoded in base64_within(text.as_bytes()) {
                add("in Base64", encoded, false);
            }
        }
    }

    /// Searches a message of the protocol.
    pub(super) fn scan_message(&mut self, message: &Value) {
        let place = match message["type"].as_str() {
            // Sent before it knows any value.
            Some("hello") => return,
            Some("log") => "a log line",
            Some("error") => "an error",
            Some("result") => "a result",
            // The host seals it, and shows it to nobody.
            Some("resume") => return,
            _ => "a message",
        };
        self.scan_json(message, place);
    }

    fn scan_json(&mut self, json: &Value, place: &'static str) {
        match json {
            Value::String(text) => self.scan_bytes(text.as_bytes(), place),
            Value::Array(list) => list.iter().for_each(|item| self.scan_json(item, place)),
            Value::Object(fields) => {
                // What `find` and `sweep` return is meant to be returned; the place where a sweep goes on is shown to nobody.
                for (name, value) in fields.iter().filter(|(name, _)| !["identifiers", "next"].contains(&name.as_str()))
                {
                    self.scan_bytes(name.as_bytes(), place);
                    let place = match name.as_str() {
                        "reason" => "a reason",
                        "counts" => "a count's name",
                        _ => place,
                    };
                    self.scan_json(value, place);
                }
            }
            _ => {}
        }
    }

    /// Searches bytes outside of messages, such as standard output.
    pub(super) fn scan_bytes(&mut self, bytes: &[u8], place: &'static str) {
        // Not only ASCII: `ŽOFIE` is Žofie.
        let lower = String::from_utf8_lossy(bytes).to_lowercase().into_bytes();
        for needle in &self.needles {
            let hay = if needle.any_case { &lower } else { bytes };
            if contains(hay, &needle.text) {
                let Needle { value, what, spelling, .. } = needle;
                self.leaks.insert(Leak { value: *value, what: what.clone(), spelling, place });
            }
        }
    }

    /// The leaks of such values.
    pub(super) fn leaks(&self, of: Private) -> Vec<&Leak> {
        self.leaks.iter().filter(|leak| leak.value == of).collect()
    }

    /// The longest text that is searched for, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.needles.iter().map(|needle| needle.text.len()).max().unwrap_or(0)
    }
}

/// The scanner, shared by all processes of a run.
#[derive(Clone, Default)]
pub(super) struct SharedScanner(Arc<Mutex<LeakScanner>>);

impl SharedScanner {
    pub(super) fn lock(&self) -> MutexGuard<'_, LeakScanner> {
        lock(&self.0)
    }
}

/// What a form leaves as it is, beside letters and digits (WHATWG URL, application/x-www-form-urlencoded).
const FORM: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// What stands in the Base64 of any text with the value in it, whatever stands before and after: the value begins at the
/// first, second or third byte of a group, and the characters that it does not fill alone are cut off.
fn base64_within(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for before in 0..3_usize {
        let padded = [&vec![0; before], value].concat();
        let first = (before * 8).div_ceil(6);
        let whole = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            found.insert(encoded.as_bytes()[first..whole].to_vec());
        }
    }
    found
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let alone = needle.len() < STANDS_ALONE_BELOW;
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    let mut windows = hay.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
    windows.any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| hay.get(before));
        !alone || !(is_word(before) || is_word(hay.get(at + needle.len())))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &str, said: &str, expected: Option<&str>) {
        let mut scanner = LeakScanner::default();
        scanner.look_for(Private::Identifier, "it", value);
        scanner.scan_bytes(said.as_bytes(), "a log line");
        assert_eq!(scanner.leaks(Private::Identifier).first().map(|leak| leak.spelling), expected, "{said}");
    }

    #[test]
    fn a_value_is_found_in_every_spelling() {
        check("ann@x.cz", "for ANN@x.cz.", Some("as it is"));
        check("Žofie Nová", "ŽOFIE NOVÁ", Some("as it is"));
        check("ann@x.cz", "/c/ann%40x%2Ecz", Some("as in a URL"));
        check("ann@x.cz", "e=ann%40x.cz", Some("as in a form"));
        check("Ann Novak", "n=Ann+Novak", Some("as in a form"));
        check("ann@x.cz", "616E6E40782E637A", Some("in hex"));
        for before in ["", "1", "12", "123"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}ann@x.cz and more"));
            check("ann@x.cz", &encoded, Some("in Base64"));
        }
        check("ann@x.cz", "nobody", None);
    }

    #[test]
    fn a_short_value_is_found_where_it_stands_alone() {
        check("40", "status 401", None);
        check("40", "person 40.", Some("as it is"));
        check("", "anything", None);
    }

    #[test]
    fn messages_are_searched_where_they_can_leak() {
        let mut scanner = LeakScanner::default();
        scanner.look_for(Private::Secret, "the secret `token`", "hunter2");
        scanner.scan_message(&json!({ "type": "hello", "manifest": { "name": "hunter2" } }));
        assert!(scanner.leaks(Private::Secret).is_empty());
        scanner
            .scan_message(&json!({ "type": "result", "result": { "reason": "hunter2", "counts": { "hunter2": 1 } } }));
        let places: Vec<_> = scanner.leaks(Private::Secret).iter().map(|leak| leak.place).collect();
        assert_eq!(places, ["a count's name", "a reason"]);
        assert_eq!(scanner.leaks(Private::Secret)[1].to_string(), "the secret `token` (as it is) in a reason");
    }
}
