//! What is wrong with a configuration: where, which key, what was found and what is allowed. Text that was found is
//! shown only where it cannot be a secret written in the wrong place.

use std::fmt;
use std::io;
use std::path::PathBuf;

use figment::error::{Actual, Kind};
use serde::Serialize;

use super::layer::ENVIRONMENT_PREFIX;
use crate::causes::HELP_OF_DENIED;
use crate::likeness::did_you_mean;

/// Everything that is wrong with a configuration. The one reaction is to refuse it.
#[derive(Debug)]
pub(crate) struct ConfigError(pub(crate) Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// Whether nobody knows what is in it, as this account may not read it.
    pub(crate) fn is_denied(&self) -> bool {
        self.0.iter().any(|problem| problem.is_denied)
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    /// From 1; where TOML itself could not be read.
    pub(crate) line: Option<usize>,
    /// Such as `rule.2.when`: the second rule's `when`.
    pub(crate) key: Option<String>,
    pub(crate) what: String,
    /// The account that runs this may not read the file.
    #[serde(skip)]
    pub(crate) is_denied: bool,
}

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Defaults,
    File(PathBuf),
    Environment,
}

impl Problem {
    pub(super) fn of(place: Place, what: impl Into<String>) -> Self {
        Self { place, line: None, key: None, what: what.into(), is_denied: false }
    }

    /// A file that cannot be read.
    pub(super) fn unread(place: Place, error: &io::Error) -> Self {
        let is_denied = error.kind() == io::ErrorKind::PermissionDenied;
        let help = if is_denied { format!("; {HELP_OF_DENIED}") } else { String::new() };
        Self { is_denied, ..Self::of(place, format!("cannot be read: {error}{help}")) }
    }

    pub(super) fn at(place: Place, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..Self::of(place, what) }
    }

    /// A key that does not exist, with the one that was probably meant.
    pub(super) fn unknown_key(place: Place, key: String, name: &str, known: &[&str]) -> Self {
        if let Some((_, instead)) = REMOVED.iter().find(|(removed, _)| *removed == key) {
            return Self::at(place, key, format!("this key is gone: {instead}"));
        }
        Self::at(place, key, format!("there is no such key{}", allowed(name, known)))
    }

    /// What serde found, in words. `path` counts from 0, people count from 1.
    pub(super) fn of_kind(place: Place, file: &Place, path: &[String], kind: Kind) -> Self {
        let key = counted_from_one(&path.join("."));
        match kind {
            Kind::UnknownField(name, known) => {
                let key = if path.last() == Some(&name) { key } else { format!("{key}.{name}") };
                Self::unknown_key(place, key, &name, known)
            }
            Kind::MissingField(name) => Self::at(file.clone(), format!("{key}.{name}"), "is needed and has no default"),
            Kind::UnknownVariant(_, known) if is_secret_ref(known) => Self::at(place, key, SECRET_ALLOWED),
            Kind::UnknownVariant(found, known) => {
                Self::at(place, key, format!("`{found}` is not allowed{}", allowed(&found, known)))
            }
            Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
                Self::at(place, key, format!("found {}, expected {}", without_text(&found), in_words(&expected)))
            }
            Kind::InvalidLength(found, expected) => {
                Self::at(place, key, format!("found {found} elements, expected {expected}"))
            }
            Kind::Message(what) if what == "invalid socket address syntax" => {
                Self::at(place, key, "not an address and a port, such as `127.0.0.1:8080` or `[::]:8080`")
            }
            Kind::Message(what) => Self::at(place, key, what),
            other => Self::at(place, key, other.to_string()),
        }
    }
}

/// Keys that there were, and what is in their place.
const REMOVED: [(&str, &str); 1] = [(
    "erasing.deadline",
    "an erasure is late a month after it was due, by the calendar of `requests.time_zone`; leave the key out",
)];

/// What is said when a secret itself, or something else, stands where a reference to it belongs.
const SECRET_ALLOWED: &str = "a secret does not stand in the configuration; write { file = \"…\" }, \
                              { env = \"…\" } or { credential = \"…\" }";

fn is_secret_ref(known: &[&str]) -> bool {
    known == ["file", "env", "credential"]
}

/// The key's path as people count: `rule.0.when` is the first rule's, `rule.1.when`.
pub(crate) fn counted_from_one(key: &str) -> String {
    let segment = |text: &str| text.parse::<usize>().map_or_else(|_| text.to_owned(), |index| (index + 1).to_string());
    key.split('.').map(segment).collect::<Vec<_>>().join(".")
}

/// The type of what was found; text is not shown, as it could be a secret.
fn without_text(found: &Actual) -> String {
    match found {
        Actual::Str(_) | Actual::Char(_) | Actual::Bytes(_) => "text".to_owned(),
        Actual::Unsigned(number) => format!("the number {number}"),
        Actual::Signed(number) => format!("the number {number}"),
        Actual::Float(number) => format!("the number {number}"),
        Actual::Bool(value) => format!("`{value}`"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map | Actual::Enum | Actual::Unit => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// serde's name of what was expected, in the configuration's words.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or greater",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "`true` or `false`",
        "a string" | "path string" => "text",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        _ if expected.starts_with("enum ") => "a word",
        _ => expected,
    }
}

/// What could have been meant, and what is allowed.
fn allowed(name: &str, known: &[&str]) -> String {
    let meant = did_you_mean(name, known.iter().copied());
    if known.is_empty() { meant } else { format!("{meant} (allowed: {})", known.join(", ")) }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Defaults => write!(f, "the built-in defaults")?,
            Place::File(path) => write!(f, "{}", path.display())?,
            Place::Environment => write!(f, "the environment")?,
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match (&self.place, &self.key) {
            (Place::Environment, Some(key)) => {
                let variable = key.to_ascii_uppercase().replace('.', "__").replace('-', "_");
                write!(f, ", {ENVIRONMENT_PREFIX}{variable}: {}", self.what)
            }
            (_, Some(key)) => write!(f, ": {key}: {}", self.what),
            (_, None) => write!(f, ": {}", self.what),
        }
    }
}
