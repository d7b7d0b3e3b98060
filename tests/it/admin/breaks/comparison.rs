//! Two descriptions of an HTTP API: what of the later one breaks programs that were written against the earlier one. Knows OpenAPI 3.1 as far
//! as aide and schemars write it, and nothing of this API.
//!
//! What is sent has to be taken as before. What is answered has to be there as before, and may be more: further members, words and sorts of
//! things are none that a program may stumble over (docs/api.md says so to whoever writes one).

use std::collections::BTreeMap;

use serde_json::Value;

/// A break.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Break {
    /// Such as `POST /api/v1/holds`.
    pub(super) operation: String,
    pub(super) what: String,
}

/// Who writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Sent,
    Answered,
}

/// What allows anything.
const ANY: &str = "anything";

/// What contains itself is compared down to here.
const DEPTH_MAX: usize = 12;

/// What breaks, in the order of the earlier description.
pub(super) fn breaks(before: &Value, after: &Value) -> Vec<Break> {
    let mut all = Vec::new();
    for (path, item) in object(&before["paths"]) {
        // How a part of a path is called, nobody sends.
        let now = object(&after["paths"]).find(|(other, _)| nameless(other) == nameless(path));
        for (method, operation) in object(item) {
            let mut compared = Compared { before, after, found: Vec::new(), depth: 0 };
            match now.and_then(|(_, item)| item.get(method)) {
                Some(present) => compared.operation(operation, present),
                None => compared.say("it is gone"),
            }
            let operation = format!("{} {path}", method.to_uppercase());
            all.extend(compared.found.into_iter().map(|what| Break { operation: operation.clone(), what }));
        }
    }
    all
}

/// A path without the names of its parts.
fn nameless(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// An operation that is compared, with the descriptions around it.
struct Compared<'a> {
    before: &'a Value,
    after: &'a Value,
    found: Vec<String>,
    depth: usize,
}

impl Compared<'_> {
    fn say(&mut self, what: impl Into<String>) {
        self.found.push(what.into());
    }

    fn operation(&mut self, before: &Value, after: &Value) {
        if before["security"] != after["security"] {
            self.say("it takes another permission");
        }
        self.parameters(&parameters(before), &parameters(after));
        self.body(&before["requestBody"], &after["requestBody"]);
        for (status, one) in object(&before["responses"]) {
            match after["responses"].get(status) {
                Some(present) => {
                    self.headers(status, &one["headers"], &present["headers"]);
                    self.content(&format!("answer {status}"), Way::Answered, one, present);
                }
                None if status.starts_with('2') => self.say(format!("it does not answer {status} any more")),
                // It is not refused like that any more.
                None => {}
            }
        }
    }

    fn headers(&mut self, status: &str, before: &Value, after: &Value) {
        for (name, one) in object(before) {
            match after.get(name) {
                None => self.say(format!("answer {status} has no header {name} any more")),
                Some(present) if one["required"] == true && present["required"] != true => {
                    self.say(format!("answer {status} can be without the header {name} now"));
                }
                Some(_) => {}
            }
        }
    }

    fn parameters(&mut self, before: &BTreeMap<String, &Value>, after: &BTreeMap<String, &Value>) {
        for (name, one) in before {
            match after.get(name) {
                Some(present) => {
                    self.schema(&format!("parameter {name}"), Way::Sent, &one["schema"], &present["schema"]);
                }
                None => self.say(format!("parameter {name} is gone")),
            }
        }
        for (name, present) in after {
            let was_needed = before.get(name).is_some_and(|one| one["required"] == true);
            if present["required"] == true && !was_needed {
                self.say(format!("parameter {name} is needed now"));
            }
        }
    }

    fn body(&mut self, before: &Value, after: &Value) {
        if after["required"] == true && before["required"] != true {
            self.say("a body is needed now");
        }
        if !before.is_null() && after.is_null() {
            self.say("no body is taken any more");
            return;
        }
        self.content("body", Way::Sent, before, after);
    }

    fn content(&mut self, place: &str, way: Way, before: &Value, after: &Value) {
        for (media, one) in object(&before["content"]) {
            match after["content"].get(media) {
                Some(present) => self.schema(place, way, &one["schema"], &present["schema"]),
                None => self.say(format!("{place} is not {media} any more")),
            }
        }
    }

    fn schema(&mut self, place: &str, way: Way, before: &Value, after: &Value) {
        if self.depth == DEPTH_MAX {
            return;
        }
        self.depth += 1;
        let (mut old, mut new) = (alternatives(self.before, before), alternatives(self.after, after));
        let has_several = |all: &[Alternative<'_>]| all.iter().filter(|one| one.is_object()).count() > 1;
        if has_several(&old) || has_several(&new) {
            old.iter_mut().chain(&mut new).for_each(Alternative::tell_apart);
        }
        match way {
            Way::Sent => self.sent(place, &old, &new),
            Way::Answered => self.answered(place, &old, &new),
        }
        self.depth -= 1;
    }

    /// Each that was taken has to be taken.
    fn sent(&mut self, place: &str, old: &[Alternative<'_>], new: &[Alternative<'_>]) {
        for one in old {
            match new.iter().find(|other| other.name == one.name) {
                Some(present) => {
                    self.bounds(place, one, present);
                    self.parts(place, Way::Sent, one, present);
                }
                None if new.iter().any(|other| other.is_wider_than(one)) => {}
                None => self.say(format!("{place} cannot be {} any more", one.name)),
            }
        }
    }

    /// Each that is answered has to be known.
    fn answered(&mut self, place: &str, old: &[Alternative<'_>], new: &[Alternative<'_>]) {
        for present in new {
            match old.iter().find(|other| other.name == present.name) {
                Some(one) => {
                    let (was, is) = (&one.schema["format"], &present.schema["format"]);
                    if present.name == "string" && !was.is_null() && was != is {
                        self.say(format!("{place} has another format"));
                    }
                    self.parts(place, Way::Answered, one, present);
                }
                None if old.iter().any(|other| other.is_wider_than(present) || other.is_sort_of(present)) => {}
                None => self.say(format!("{place} can be {} now", present.name)),
            }
        }
    }

    /// What is sent is taken within the same bounds, or wider ones.
    fn bounds(&mut self, place: &str, before: &Alternative<'_>, after: &Alternative<'_>) {
        if before.is_word() {
            return;
        }
        let is_text = after.name == "string";
        let (before, after) = (before.schema, after.schema);
        let number = |schema: &Value, key: &str| schema[key].as_f64();
        for (key, is_lower) in [
            ("minimum", true),
            ("minLength", true),
            ("minItems", true),
            ("maximum", false),
            ("maxLength", false),
            ("maxItems", false),
        ] {
            let Some(now) = number(after, key) else { continue };
            let is_held = number(before, key).is_some_and(|was| if is_lower { now <= was } else { now >= was });
            if !is_held {
                self.say(format!("{place} has a narrower {key}"));
            }
        }
        // That there is a format is a note; that it is another one has a reason.
        let is_other = |key: &str| before[key] != after[key] && !after[key].is_null();
        let has_other_format = is_text && !before["format"].is_null() && is_other("format");
        if is_other("pattern") || has_other_format {
            self.say(format!("{place} has another form"));
        }
        if !before["default"].is_null() && before["default"] != after["default"] {
            self.say(format!("{place} is something else where it is left out"));
        }
    }

    fn parts(&mut self, place: &str, way: Way, before: &Alternative<'_>, after: &Alternative<'_>) {
        if before.name == "array" {
            self.schema(&format!("{place}[]"), way, &before.schema["items"], &after.schema["items"]);
        }
        if before.is_object() {
            self.members(place, way, before.schema, after.schema);
        }
    }

    fn members(&mut self, place: &str, way: Way, before: &Value, after: &Value) {
        for (name, one) in object(&before["properties"]) {
            let place = format!("{place}.{name}");
            match after["properties"].get(name) {
                Some(present) => self.schema(&place, way, one, present),
                None => self.say(format!("{place} is gone")),
            }
            if way == Way::Answered && needs(before, name) && !needs(after, name) {
                self.say(format!("{place} can be missing now"));
            }
        }
        let (open, now) = (&before["additionalProperties"], &after["additionalProperties"]);
        if open.is_object() && now.is_object() {
            self.schema(&format!("{place}.*"), way, open, now);
        }
        if way == Way::Sent {
            for name in after["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !needs(before, name) {
                    self.say(format!("{place}.{name} is needed now"));
                }
            }
            if *open != false && *now == false {
                self.say(format!("{place} has no other members any more"));
            }
        }
    }
}

/// Whether an object always has a member.
fn needs(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name))
}

/// By name, but those of the path by their place.
fn parameters(operation: &Value) -> BTreeMap<String, &Value> {
    let all = || operation["parameters"].as_array().into_iter().flatten();
    let of_path = all().filter(|one| one["in"] == "path").enumerate();
    let of_path = of_path.map(|(place, one)| (format!("{place} of the path"), one));
    let others = all().filter(|one| one["in"] != "path");
    let others = others.map(|one| (one["name"].as_str().unwrap_or_default().to_owned(), one));
    of_path.chain(others).collect()
}

/// One of what a schema allows.
struct Alternative<'a> {
    /// What tells it from the others: a word as JSON, or a type.
    name: String,
    schema: &'a Value,
}

impl Alternative<'_> {
    fn is_word(&self) -> bool {
        self.name.starts_with('"')
    }

    fn is_object(&self) -> bool {
        self.name.starts_with("object")
    }

    /// Whether it allows all that another one does, and more.
    fn is_wider_than(&self, other: &Self) -> bool {
        match self.name.as_str() {
            ANY => true,
            "number" => other.name == "integer",
            "string" => other.is_word(),
            _ => false,
        }
    }

    /// Whether another one is a further word, or a further sort of object.
    fn is_sort_of(&self, other: &Self) -> bool {
        self.is_word() && other.is_word() || self.is_object() && other.is_object()
    }

    /// Names it by a member that is always the same word, or by the only one that it needs.
    fn tell_apart(&mut self) {
        if !self.is_object() {
            return;
        }
        let word = |(name, member): (&String, &Value)| Some(format!("object with {name} {}", member.get("const")?));
        let by_word = object(&self.schema["properties"]).find_map(word);
        let by_need = || match self.schema["required"].as_array().map(Vec::as_slice) {
            Some([only]) => Some(format!("object with {only}")),
            _ => None,
        };
        if let Some(name) = by_word.or_else(by_need) {
            self.name = name;
        }
    }
}

fn alternatives<'a>(description: &'a Value, schema: &'a Value) -> Vec<Alternative<'a>> {
    if let Some(name) = schema["$ref"].as_str() {
        let meant = description.pointer(name.trim_start_matches('#')).expect("what is referred to is described");
        return alternatives(description, meant);
    }
    for of in ["oneOf", "anyOf", "allOf"] {
        if let Some(these) = schema[of].as_array() {
            // All at once are written for one only, which has words of its own.
            assert!(of != "allOf" || these.len() == 1, "{schema}");
            return these.iter().flat_map(|one| alternatives(description, one)).collect();
        }
    }
    let named = |name: String| Alternative { name, schema };
    if let Some(word) = schema.get("const") {
        return vec![named(word.to_string())];
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| named(word.to_string())).collect();
    }
    match &schema["type"] {
        Value::String(kind) => vec![named(kind.clone())],
        Value::Array(kinds) => kinds.iter().filter_map(|kind| Some(named(kind.as_str()?.to_owned()))).collect(),
        _ => vec![named(ANY.to_owned())],
    }
}
