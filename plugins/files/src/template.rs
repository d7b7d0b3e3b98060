//! Names of files and objects: an operator's template, with a person's identifiers in it, becomes patterns that match
//! no more than was meant. An identifier fills a part of one name and never more; only the operator writes `*`. What e-mail address
//! is the same as another one is said by [`quietus_plugin::identity`], and how letters are composed means nothing.

mod parse;
mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::identity::{normal_forms, spellings};
use quietus_plugin::{Kind, PluginError, Request};

use pattern::Composed;
pub(crate) use pattern::{Name, Pattern, key};

/// Names made for one person in one place.
const NAMES_MAX: usize = 1000;
/// The longest name of one file (`NAME_MAX` in Linux), in bytes.
const COMPONENT_BYTES_MAX: usize = 255;
/// The longest key of an object, in bytes: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
const KEY_BYTES_MAX: usize = 1024;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Files: `*` is a wildcard.
    Files,
    /// Objects: `/` is a character as any other, and there are no wildcards.
    Objects,
}

/// A template: parts between `/`.
#[derive(Debug)]
pub(crate) struct Template {
    naming: Naming,
    components: Vec<Vec<Part>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// An identifier's value, and what must not be in it: next to a wildcard, the character that ends it.
    Slot {
        kind: String,
        without: Vec<char>,
    },
    Any,
}

/// What a template becomes for one person.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    pub(crate) names: Vec<Name>,
    /// Values that cannot be a part of a name here, so that nobody knows what is named after them.
    pub(crate) unusable: u64,
    /// Whether the person has an identifier of every kind in it.
    pub(crate) applies: bool,
}

/// What stands for one identifier in a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    text: String,
    /// Another address that is the same is meant, too.
    is_address: bool,
}

impl Template {
    /// The identifier kinds in it.
    pub(crate) fn kinds(&self) -> BTreeSet<&str> {
        let parts = self.components.iter().flatten();
        parts.filter_map(|part| if let Part::Slot { kind, .. } = part { Some(kind.as_str()) } else { None }).collect()
    }

    /// The folders before the first name with an identifier or wildcard in it.
    pub(crate) fn fixed(&self) -> Vec<String> {
        let text = |component: &Vec<Part>| match component.as_slice() {
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        };
        // An identifier is in one of them, so that all before it are folders.
        self.components.iter().map_while(text).collect()
    }

    /// How many names are before the first with an identifier in it: everybody's.
    pub(crate) fn shared(&self) -> usize {
        let is_shared = |component: &&Vec<Part>| !component.iter().any(|part| matches!(part, Part::Slot { .. }));
        self.components.iter().take_while(is_shared).count()
    }

    /// Its text before the first identifier or wildcard.
    pub(crate) fn beginning(&self) -> String {
        let mut text = String::new();
        for (at, component) in self.components.iter().enumerate() {
            if at > 0 {
                text.push('/');
            }
            for part in component {
                let Part::Text(more) = part else { return text };
                text.push_str(more);
            }
        }
        text
    }

    /// The names of one person: one for each combination of the values. A blank value is none.
    pub(crate) fn fill(&self, request: &Request) -> Result<Filled, PluginError> {
        let mut filled = Filled { applies: true, ..Filled::default() };
        let mut combinations = vec![BTreeMap::new()];
        for kind in self.kinds() {
            let values: BTreeSet<_> = request.values(kind).filter(|value| !value.trim().is_empty()).collect();
            filled.applies &= !values.is_empty();
            let (usable, unusable): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| self.can_hold(kind, value));
            filled.unusable += unusable.len() as u64;
            let usable: BTreeSet<_> = usable.into_iter().flat_map(|value| self.spelled(kind, value)).collect();
            if combinations.len() * usable.len() > NAMES_MAX {
                let text = format!("the person's identifiers make more than {NAMES_MAX} names; use fewer kinds in one");
                return Err(PluginError::permanent(text));
            }
            let mut longer = Vec::with_capacity(combinations.len() * usable.len());
            for value in usable {
                for known in &combinations {
                    let mut known: BTreeMap<&str, Value> = known.clone();
                    known.insert(kind, value.clone());
                    longer.push(known);
                }
            }
            combinations = longer;
        }
        if !filled.applies {
            return Ok(Filled::default());
        }
        for values in &combinations {
            let names: Vec<_> = Composed::ALL.into_iter().filter_map(|how| self.name(values, how)).collect();
            filled.unusable += u64::from(names.is_empty());
            filled.names.extend(names);
        }
        // `{a}{b}` of two values each can come to one name twice.
        filled.names.sort();
        filled.names.dedup();
        Ok(filled)
    }

    /// Whether a value can be a part of a name: `/` and NUL end one.
    fn can_hold(&self, kind: &str, value: &str) -> bool {
        let barred = |part: &Part| match part {
            Part::Slot { kind: known, without } => known == kind && value.contains(without.as_slice()),
            _ => false,
        };
        !value.contains(['/', '\0']) && !self.components.iter().flatten().any(barred)
    }

    /// How a value may stand in a name. Files are compared with what is there; a storage of objects is asked for each key by its letters.
    fn spelled(&self, word: &str, value: &str) -> Vec<Value> {
        let kind = Kind::from(word);
        let is_address = self.naming == Naming::Files;
        let typed = Value { text: value.to_owned(), is_address: false };
        let forms = if kind == Kind::Email { normal_forms(&kind, value, None) } else { Vec::new() };
        let [form] = forms.as_slice() else { return vec![typed] };
        let mut all: Vec<_> = spellings(&kind, form).into_iter().map(|text| Value { text, is_address }).collect();
        all.retain(|value| self.can_hold(word, &value.text));
        let is_spelled = |known: &Value| known.is_address && known.text.to_lowercase() == value.to_lowercase();
        if !all.iter().any(is_spelled) {
            all.push(typed);
        }
        all
    }

    /// `None` when it cannot be a name.
    fn name(&self, values: &BTreeMap<&str, Value>, how: Composed) -> Option<Name> {
        let patterns = self.components.iter().map(|component| pattern(component, values)).enumerate();
        let shared = self.shared();
        // The operator's own folders are spelt as they are.
        let name: Name = patterns.map(|(at, one)| if at < shared { one } else { one.composed(how) }).collect();
        let fits = match self.naming {
            Naming::Files => name.iter().all(|part| part.least() <= COMPONENT_BYTES_MAX),
            Naming::Objects => name.iter().map(|part| part.least() + 1).sum::<usize>() <= KEY_BYTES_MAX + 1,
        };
        let leads_elsewhere = |part: &Pattern| matches!(part.exact(), Some("." | ".."));
        (fits && !name.iter().any(leads_elsewhere)).then_some(name)
    }
}

fn pattern(component: &[Part], values: &BTreeMap<&str, Value>) -> Pattern {
    let mut pattern = Pattern::default();
    for part in component {
        match part {
            Part::Text(text) => pattern.push(text),
            Part::Slot { kind, .. } => match values.get(kind.as_str()) {
                Some(Value { text, is_address: true }) => pattern.push_address(text),
                Some(Value { text, .. }) => pattern.push(text),
                None => {}
            },
            Part::Any => pattern.push_any(),
        }
    }
    pattern
}

#[cfg(test)]
mod tests;
