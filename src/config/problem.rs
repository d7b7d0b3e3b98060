//! What is wrong with a configuration: where, which key, what was found and what is allowed. Text that was found is
//! shown only where it cannot be a secret written in the wrong place.

use std::fmt;
use std::path::PathBuf;

use figment::error::{Actual, Kind};
use serde::Serialize;

use super::layers::ENVIRONMENT_PREFIX;

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
        Self { place, line: None, key: None, what: what.into() }
    }

    pub(super) fn at(place: Place, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..Self::of(place, what) }
    }

    /// A key that does not exist, with the one that was probably meant.
    pub(super) fn unknown_key(place: Place, key: String, name: &str, known: &[&str]) -> Self {
        Self::at(place, key, format!("is not a key that exists here{}", allowed(name, known)))
    }

    /// What serde found, in words. `path` counts from 0, people count from 1.
    pub(super) fn of_kind(place: Place, file: &Place, path: &[String], kind: Kind) -> Self {
        let key = dotted(path);
        match kind {
            Kind::UnknownField(name, known) => {
                let key = if path.last() == Some(&name) { key } else { format!("{key}.{name}") };
                Self::unknown_key(place, key, &name, known)
            }
            Kind::MissingField(name) => {
                Self::at(file.clone(), format!("{key}.{name}"), "is missing, and there is no default for it")
            }
            Kind::UnknownVariant(_, known) if is_secret_ref(known) => Self::at(place, key, SECRET_ALLOWED),
            Kind::UnknownVariant(found, known) => {
                Self::at(place, key, format!("`{found}` is not allowed here{}", allowed(&found, known)))
            }
            Kind::InvalidType(found, expected) => {
                Self::at(place, key, format!("is {}, expected {expected}", without_text(&found)))
            }
            Kind::InvalidValue(found, expected) => {
                Self::at(place, key, format!("cannot be {}, expected {expected}", without_text(&found)))
            }
            Kind::InvalidLength(found, expected) => {
                Self::at(place, key, format!("has {found} elements, expected {expected}"))
            }
            Kind::Message(what) => Self::at(place, key, what),
            other => Self::at(place, key, other.to_string()),
        }
    }
}

/// What is said when a secret itself, or something else, stands where a reference to it belongs.
const SECRET_ALLOWED: &str = "is a secret and does not stand in the configuration; allowed: { file = \"…\" }, \
                              { env = \"…\" } or { credential = \"…\" }";

fn is_secret_ref(known: &[&str]) -> bool {
    known == ["file", "env", "credential"]
}

/// The path as people count, from 1.
fn dotted(path: &[String]) -> String {
    let segment = |text: &String| match text.parse::<usize>() {
        Ok(index) => (index + 1).to_string(),
        Err(_) => text.clone(),
    };
    path.iter().map(segment).collect::<Vec<_>>().join(".")
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

/// What could have been meant, and what is allowed.
fn allowed(name: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (strsim::jaro_winkler(name, known), known));
    let meant = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    let meant = meant.map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"));
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
                let variable = key.to_ascii_uppercase().replace('.', "__");
                write!(f, ", {ENVIRONMENT_PREFIX}{variable}: {}", self.what)
            }
            (_, Some(key)) => write!(f, ": {key} {}", self.what),
            (_, None) => write!(f, " {}", self.what),
        }
    }
}
