//! The layers of the configuration, merged: the built-in defaults, the file, the environment. Parses text into
//! typed sections, and keeps every problem on the way, so that one run names them all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use figment::Figment;
use figment::error::Kind;
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::installations::{Installations, MLUVII};
use super::layer::Layer;
use super::lines::Lines;
use super::problem::{ConfigError, Place, Problem};
use crate::chain;
use crate::subject::InstallationName;

/// The defaults, and the only place of them.
const DEFAULTS: &str = include_str!("../../config/default.toml");
/// So many problems of one table are told at once.
const PROBLEMS_MAX: usize = 50;
/// A larger file is not a configuration.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// By which it is seen whether a file's text is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextDigest(String);

impl TextDigest {
    fn of(text: &str) -> Self {
        Self(chain::hash(text.as_bytes()))
    }

    /// Of a configuration file as it is now; `None` where it cannot be read.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        read_text(path).ok().map(|text| Self::of(&text))
    }
}

/// The merged layers, and what was wrong with what has been read from them.
pub(super) struct Layers {
    merged: Figment,
    defaults: Figment,
    installations: Installations,
    file: Place,
    text: TextDigest,
    lines: Lines,
    problems: Vec<Problem>,
    /// Sections of which something could not be read.
    unread: BTreeSet<&'static str>,
    /// The elements of lists that could not be read, counted from 0.
    left_out: BTreeMap<&'static str, BTreeSet<usize>>,
    /// Lists with elements of which something stands in that could not be read.
    completed: BTreeSet<&'static str>,
}

impl Layers {
    /// Reads the file and merges it between the defaults and `variables`.
    pub(super) fn read(path: &Path, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let file = Place::File(path.to_owned());
        let text = read_text(path)?;
        Self::of_text(file, &text, variables)
    }

    /// The same of as much of the file as is TOML, from its beginning on.
    pub(super) fn read_beginning(
        path: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let file = Place::File(path.to_owned());
        let text = read_text(path)?;
        let wrong = Layer::of_toml(file.clone(), &text).err().and_then(|problem| problem.line);
        let lines = text.split_inclusive('\n').take(wrong.map_or(usize::MAX, |line| line - 1));
        Self::of_text(file, &lines.collect::<String>(), variables)
    }

    fn of_text(
        file: Place,
        text: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut defaults = Layer::of_toml(Place::Defaults, DEFAULTS)?;
        let mut written = Layer::of_toml(file.clone(), text)?;
        let mut variables: Vec<Layer> = variables.filter_map(Layer::of_variable).collect();
        let mut problems = Vec::new();
        let installations = Installations::spread(&mut defaults, (&mut written, &file), &mut variables, &mut problems);
        let defaults = Figment::new().merge(defaults);
        let merged = defaults.clone().merge(written);
        let merged = variables.into_iter().fold(merged, Figment::merge);
        // Where names of installations are wrong, what names them seems to name nothing.
        let unread = if problems.is_empty() { BTreeSet::new() } else { BTreeSet::from([MLUVII]) };
        let (left_out, completed) = Default::default();
        let (lines, text) = (Lines::of(text), TextDigest::of(text));
        Ok(Self { merged, defaults, installations, file, text, lines, problems, unread, left_out, completed })
    }

    /// Reads one section; what is wrong with it is kept. Its defaults stand in for it then, so that whatever else is wrong is found
    /// with it.
    pub(super) fn section<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.merged.find_value(key).unwrap_or_else(|_| Dict::new().into());
        let path = [key.to_owned()];
        self.typed(&path, &path, &value).ok().or_else(|| {
            self.unread.insert(key);
            self.defaults.find_value(key).unwrap_or_else(|_| Dict::new().into()).deserialize().ok()
        })
    }

    /// The same of a section that there need not be.
    pub(super) fn optional_section<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.merged.find_value(key).is_ok().then(|| self.section(key)).flatten()
    }

    /// Reads the `[mluvii]` tables; what is wrong with any of them is kept.
    pub(super) fn installations<T: DeserializeOwned>(&mut self) -> Vec<T> {
        let keys = self.installations.keys().to_vec();
        let read = |key: String| {
            let path = [MLUVII.to_owned(), key];
            let shown = self.installations.shown(&path[1]);
            let value = self.merged.find_value(&path.join(".")).unwrap_or_else(|_| Dict::new().into());
            self.typed(&path, &shown, &value).ok()
        };
        let installations: Vec<T> = keys.iter().cloned().filter_map(read).collect();
        if installations.len() < keys.len() {
            self.unread.insert(MLUVII);
        }
        installations
    }

    /// How the key of an installation is shown: `mluvii.acme.base_url`, or `mluvii.base_url` where it has no name.
    pub(super) fn installation_key(&self, name: &InstallationName, key: &str) -> String {
        [self.installations.shown(&name.0).as_slice(), &[key.to_owned()]].concat().join(".")
    }

    /// Reads every element of a list; what is wrong with any of them is kept.
    pub(super) fn list<T: DeserializeOwned>(&mut self, key: &'static str) -> Vec<T> {
        self.list_completed(key, &|_, _, _| {})
    }

    /// The same; `complete` puts something in place of what could not be read of an element, the number of which, and all of which it is told,
    /// so that whatever else is wrong with it is found, too.
    pub(super) fn list_completed<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        complete: &dyn Fn(usize, &Dict, &mut Dict),
    ) -> Vec<T> {
        let Ok(value) = self.merged.find_value(key) else { return Vec::new() };
        let place = self.place(&[key.to_owned()], &value);
        let Value::Array(_, elements) = value else {
            self.problems.push(Problem::at(place, key, format!("expected a list; write `[[{key}]]`")));
            self.unread.insert(key);
            return Vec::new();
        };
        let mut read = Vec::new();
        for (index, value) in elements.iter().enumerate() {
            let path = [key.to_owned(), index.to_string()];
            let typed = match self.typed(&path, &path, value) {
                Ok(element) => Some(element),
                Err(mut left) => {
                    if let (Value::Dict(_, all), Value::Dict(_, left)) = (value, &mut left) {
                        complete(index, all, left);
                    }
                    let completed = left.deserialize().ok();
                    if completed.is_some() {
                        self.completed.insert(key);
                    }
                    completed
                }
            };
            match typed {
                Some(element) => read.push(element),
                None => _ = self.left_out.entry(key).or_default().insert(index),
            }
        }
        read
    }

    /// Whether all of a section could be read. Of another one, names seem to refer to nothing.
    pub(super) fn is_whole(&self, section: &str) -> bool {
        let is_completed = self.completed.contains(section);
        !self.unread.contains(section) && !self.left_out.contains_key(section) && !is_completed
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

    /// Notes a problem that only all sections together show. Of a section that could not be read, more is known by then.
    pub(super) fn problem(&mut self, key: impl Into<String>, what: impl Into<String>) {
        let key = self.as_written(&key.into());
        if !self.unread.iter().any(|section| key.split('.').next() == Some(*section)) {
            self.problems.push(Problem::at(self.set_in(&key), key, what));
        }
    }

    /// Where a key is mended: in the environment, where that sets it, and in the file anywhere else.
    fn set_in(&self, key: &str) -> Place {
        match self.merged.find_metadata(key).map(|metadata| &*metadata.name) {
            Some(Layer::ENVIRONMENT) => Place::Environment,
            _ => self.file.clone(),
        }
    }

    /// The key as it is counted in the file, where elements before it could not be read.
    fn as_written(&self, key: &str) -> String {
        let mut segments: Vec<_> = key.split('.').map(str::to_owned).collect();
        if let [list, number, ..] = segments.as_mut_slice()
            && let (Some(left_out), Ok(among_read)) = (self.left_out.get(list.as_str()), number.parse::<usize>())
            && let Some(index) = (0..).filter(|index| !left_out.contains(index)).nth(among_read.saturating_sub(1))
        {
            *number = (index + 1).to_string();
        }
        segments.join(".")
    }

    /// On which line each key stands.
    pub(super) fn lines(&self) -> Lines {
        self.lines.clone()
    }

    /// Of the file's text.
    pub(super) fn text(&self) -> &TextDigest {
        &self.text
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
        let Self { mut problems, lines, file, .. } = self;
        for problem in problems.iter_mut().filter(|problem| problem.place == file) {
            problem.line = problem.line.or_else(|| lines.line(problem.key.as_deref()?));
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
    }

    /// Reads the value that stands at `path`; problems name it as `shown`. What is wrong is taken out and the rest read again, so that
    /// all of it is found. What only had keys too many is read without them; of anything else that is wrong, what is left is returned.
    fn typed<T: DeserializeOwned>(&mut self, path: &[String], shown: &[String], value: &Value) -> Result<T, Value> {
        let mut left = value.clone();
        let mut taken_out: Vec<Vec<String>> = Vec::new();
        let mut only_unknown = true;
        while taken_out.len() < PROBLEMS_MAX {
            let error = match left.deserialize::<T>() {
                Ok(typed) if only_unknown => return Ok(typed),
                Ok(_) => return Err(left),
                Err(error) => error,
            };
            let found = taken_out.len();
            for error in error {
                let at = place_of(&error);
                if taken_out.contains(&at) {
                    continue;
                }
                only_unknown &= matches!(error.kind, Kind::UnknownField(..));
                let place = self.place(&[path, &error.path].concat(), value);
                let shown = [shown, &error.path].concat();
                self.problems.push(Problem::of_kind(place, &self.file, &shown, error.kind));
                if take_out(&mut left, &at) {
                    taken_out.push(at);
                }
            }
            if taken_out.len() == found {
                break;
            }
        }
        Err(left)
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

/// The key that an error is about.
fn place_of(error: &figment::Error) -> Vec<String> {
    let mut path = error.path.clone();
    match &error.kind {
        Kind::UnknownField(name, _) if path.last() != Some(name) => path.push(name.clone()),
        Kind::MissingField(name) => path.push(name.to_string()),
        _ => {}
    }
    path
}

/// Takes a key out of a table; `false` where none stands there. An element of a list stays, as those behind it would be counted
/// otherwise.
fn take_out(value: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut at = value;
    for parent in parents {
        let inner = match at {
            Value::Dict(_, members) => members.get_mut(parent),
            Value::Array(_, elements) => parent.parse().ok().and_then(|index: usize| elements.get_mut(index)),
            _ => None,
        };
        let Some(inner) = inner else { return false };
        at = inner;
    }
    match at {
        Value::Dict(_, members) => members.remove(last).is_some(),
        _ => false,
    }
}

/// Reads a bounded file as text.
fn read_text(path: &Path) -> Result<String, Problem> {
    let file = || Place::File(path.to_owned());
    let unread = |error| Problem::unread(file(), &error);
    let length = std::fs::metadata(path).map_err(unread)?.len();
    if length > FILE_BYTES_MAX {
        let what = format!("{length} bytes long; a configuration has at most {FILE_BYTES_MAX}");
        return Err(Problem::of(file(), what));
    }
    std::fs::read_to_string(path).map_err(unread)
}
