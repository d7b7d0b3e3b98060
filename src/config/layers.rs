//! The layers of the configuration, merged: the built-in defaults, the file, the environment. Parses text into
//! typed sections, and keeps every problem on the way, so that one run names them all.

use std::path::Path;

use figment::Figment;
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::installations::{Installations, MLUVII};
use super::layer::Layer;
use super::problem::{ConfigError, Place, Problem};
use crate::subject::InstallationName;

/// The defaults, and the only place of them.
const DEFAULTS: &str = include_str!("../../config/default.toml");
/// A larger file is not a configuration.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The merged layers, and what was wrong with what has been read from them.
pub(super) struct Layers {
    merged: Figment,
    installations: Installations,
    file: Place,
    problems: Vec<Problem>,
}

impl Layers {
    /// Reads the file and merges it between the defaults and `variables`.
    pub(super) fn read(path: &Path, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let file = Place::File(path.to_owned());
        let text = read_text(path).map_err(|what| Problem::of(file.clone(), what))?;
        let mut defaults = Layer::of_toml(Place::Defaults, DEFAULTS)?;
        let mut written = Layer::of_toml(file.clone(), &text)?;
        let mut variables: Vec<Layer> = variables.filter_map(Layer::of_variable).collect();
        let mut problems = Vec::new();
        let installations = Installations::spread(&mut defaults, (&mut written, &file), &mut variables, &mut problems);
        let merged = Figment::new().merge(defaults).merge(written);
        let merged = variables.into_iter().fold(merged, Figment::merge);
        Ok(Self { merged, installations, file, problems })
    }

    /// Reads one section; what is wrong with it is kept.
    pub(super) fn section<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.merged.find_value(key).unwrap_or_else(|_| Dict::new().into());
        let path = [key.to_owned()];
        self.typed(&path, &path, &value)
    }

    /// Reads the `[mluvii]` tables; what is wrong with any of them is kept.
    pub(super) fn installations<T: DeserializeOwned>(&mut self) -> Vec<T> {
        let keys = self.installations.keys().to_vec();
        let read = |key: String| {
            let path = [MLUVII.to_owned(), key];
            let shown = self.installations.shown(&path[1]);
            let value = self.merged.find_value(&path.join(".")).unwrap_or_else(|_| Dict::new().into());
            self.typed(&path, &shown, &value)
        };
        keys.into_iter().filter_map(read).collect()
    }

    /// How the key of an installation is shown: `mluvii.acme.base_url`, or `mluvii.base_url` where it has no name.
    pub(super) fn installation_key(&self, name: &InstallationName, key: &str) -> String {
        [self.installations.shown(&name.0).as_slice(), &[key.to_owned()]].concat().join(".")
    }

    /// Reads every element of a list; what is wrong with any of them is kept.
    pub(super) fn list<T: DeserializeOwned>(&mut self, key: &'static str) -> Vec<T> {
        let Ok(value) = self.merged.find_value(key) else { return Vec::new() };
        let place = self.place(&[key.to_owned()], &value);
        let Value::Array(_, elements) = value else {
            self.problems.push(Problem::at(place, key, format!("expected a list; write `[[{key}]]`")));
            return Vec::new();
        };
        let path = |index: usize| [key.to_owned(), index.to_string()];
        let elements = elements.iter().enumerate();
        elements.filter_map(|(index, value)| self.typed(&path(index), &path(index), value)).collect()
    }

    /// Whether the file or the environment says it, and not only the defaults do.
    pub(super) fn is_said(&self, section: &'static str, key: &'static str) -> bool {
        let path = [section, key].map(str::to_owned);
        let value = self.merged.find_value(&path.join("."));
        value.is_ok_and(|value| self.place(&path, &value) != Place::Defaults)
    }

    /// Refuses sections that are not among `known`.
    pub(super) fn only(&mut self, known: &[&str]) {
        let Ok(all) = self.merged.extract::<Dict>() else { return };
        for (key, value) in all.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let place = self.place(std::slice::from_ref(key), value);
            self.problems.push(Problem::unknown_key(place, key.clone(), key, known));
        }
    }

    /// Notes a problem that only all sections together show.
    pub(super) fn problem(&mut self, key: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem::at(self.file.clone(), key, what));
    }

    /// Whether nothing was wrong so far.
    pub(super) fn are_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// Everything merged, as it was read.
    pub(super) fn merged(&self) -> serde_json::Value {
        let merged = self.merged.extract();
        let mut merged: serde_json::Value = merged.expect("what TOML and the environment bring can be written as JSON");
        if let Some(section) = merged.get_mut(MLUVII) {
            *section = self.installations.written(section.take());
        }
        merged
    }

    /// Ends the reading: the problems, if there were any.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError(self.problems)) }
    }

    /// Reads the value that stands at `path`; problems name it as `shown`.
    fn typed<T: DeserializeOwned>(&mut self, path: &[String], shown: &[String], value: &Value) -> Option<T> {
        let error = match value.deserialize::<T>() {
            Ok(typed) => return Some(typed),
            Err(error) => error,
        };
        for error in error {
            let place = self.place(&[path, &error.path].concat(), value);
            let shown = [shown, &error.path].concat();
            self.problems.push(Problem::of_kind(place, &self.file, &shown, error.kind));
        }
        None
    }

    /// Where the value at `path` was set: the deepest of its parents that is known, which lists hide.
    fn place(&self, path: &[String], value: &Value) -> Place {
        let found = (1..=path.len()).rev().find_map(|length| self.merged.find_metadata(&path[..length].join(".")));
        let metadata = found.or_else(|| self.merged.get_metadata(value.tag()));
        match metadata.map(|metadata| &*metadata.name) {
            Some(Layer::ENVIRONMENT) => Place::Environment,
            Some(Layer::DEFAULTS) => Place::Defaults,
            _ => self.file.clone(),
        }
    }
}

/// Reads a bounded file as text.
fn read_text(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("{length} bytes long; a configuration has at most {FILE_BYTES_MAX}"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}
