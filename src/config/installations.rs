//! The `[mluvii]` tables, one for each company. When layers are merged, a list replaces a list; so each installation is
//! merged as a table under its name, `mluvii.NAME`, in every layer: the defaults fill each of them, and the environment
//! reaches each of them.

use std::collections::BTreeSet;

use figment::value::{Dict, Value};

use super::layer::Layer;
use super::problem::{Place, Problem};
use crate::mluvii::MluviiSettings;
use crate::subject::InstallationName;

/// The section's key.
pub(super) const MLUVII: &str = "mluvii";

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Under which keys the installations stand in the merged layers.
pub(super) struct Installations {
    keys: Vec<String>,
    /// One `[mluvii]` without a name: it is shown without one, too.
    unnamed: bool,
}

impl Installations {
    /// Puts every layer's `mluvii` under the names that the file gives, and notes what cannot be put anywhere.
    pub(super) fn spread(
        defaults: &mut Layer,
        file: (&mut Layer, &Place),
        variables: &mut [Layer],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let (layer, place) = file;
        let tables = tables(layer.content.remove(MLUVII), place, problems);
        let renamed =
            variables.iter().filter_map(|variable| name_of(variable.content.get(MLUVII)?.as_dict()?)).next_back();
        let names: Vec<Option<String>> = match tables.as_slice() {
            [one] => vec![renamed.or_else(|| name_of(one))],
            several => several.iter().map(name_of).collect(),
        };
        let unnamed = tables.len() == 1 && names[0].is_none();
        let keys = keys(&tables, &names, place, problems);
        let installations = Self { keys, unnamed };

        let filled = defaults.content.remove(MLUVII).and_then(Value::into_dict).unwrap_or_default();
        let named = |key: &String| {
            let mut table = filled.clone();
            table.insert("name".into(), Value::from(key.as_str()));
            (key.clone(), table)
        };
        defaults.put(installations.keys.iter().map(named).collect());
        layer.put(installations.keys.iter().cloned().zip(tables).collect());
        for variable in variables {
            if let Some(section) = variable.content.remove(MLUVII) {
                variable.put(installations.of_variable(section, problems));
            }
        }
        installations
    }

    /// The keys below `mluvii` under which the installations stand.
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// How the keys of an installation are shown: `mluvii.acme`, or `mluvii` where it has no name.
    pub(super) fn shown(&self, key: &str) -> Vec<String> {
        let mut shown = vec![MLUVII.to_owned()];
        if !self.unnamed {
            shown.push(key.to_owned());
        }
        shown
    }

    /// The merged section, as it would be written in a file.
    pub(super) fn written(&self, section: serde_json::Value) -> serde_json::Value {
        let serde_json::Value::Object(mut tables) = section else { return section };
        let mut tables: Vec<_> = self.keys.iter().filter_map(|key| tables.remove(key)).collect();
        match tables.pop() {
            Some(mut one) if self.unnamed => {
                if let Some(table) = one.as_object_mut() {
                    table.remove("name");
                }
                one
            }
            last => tables.into_iter().chain(last).collect(),
        }
    }

    /// Where `QUIETUS__MLUVII__KEY` and `QUIETUS__MLUVII__NAME__KEY` belong.
    fn of_variable(&self, section: Value, problems: &mut Vec<Problem>) -> Vec<(String, Dict)> {
        let Some(section) = section.into_dict() else {
            problems.push(Problem::at(
                Place::Environment,
                MLUVII,
                "name a key of it, such as QUIETUS__MLUVII__BASE_URL",
            ));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (first, value) in section {
            let named = self.keys.iter().find(|key| as_variable(key) == as_variable(&first));
            match (named, value, self.keys.as_slice()) {
                (Some(key), Value::Dict(_, table), _) => tables.push((key.clone(), table)),
                (_, value, [one]) => tables.push((one.clone(), Dict::from([(first, value)]))),
                (_, value, several) => {
                    let names: Vec<_> = several.iter().map(|key| as_variable(key).to_ascii_uppercase()).collect();
                    let what = match value {
                        Value::Dict(..) => format!("there is no such installation; there are {}", names.join(", ")),
                        _ => format!(
                            "there are several installations; name one, as in QUIETUS__MLUVII__{}__{}",
                            names.first().map(String::as_str).unwrap_or_default(),
                            first.to_ascii_uppercase()
                        ),
                    };
                    problems.push(Problem::at(Place::Environment, format!("{MLUVII}.{first}"), what));
                }
            }
        }
        tables
    }
}

impl Layer {
    /// Puts tables below `mluvii`; those of one key become one.
    fn put(&mut self, tables: Vec<(String, Dict)>) {
        let mut section = Dict::new();
        for (key, table) in tables {
            match section.entry(key).or_insert_with(|| Dict::new().into()) {
                Value::Dict(_, there) => there.extend(table),
                _ => unreachable!("only tables are put in"),
            }
        }
        self.content.insert(MLUVII.into(), section.into());
    }
}

/// The tables that the file writes; one without anything in it where it writes none.
fn tables(section: Option<Value>, place: &Place, problems: &mut Vec<Problem>) -> Vec<Dict> {
    let mut wrong = |key: String, what: &str| problems.push(Problem::at(place.clone(), key, what));
    let elements = match section {
        None => return vec![Dict::new()],
        Some(Value::Dict(_, table)) => return vec![table],
        Some(Value::Array(_, elements)) => elements,
        Some(_) => {
            wrong(MLUVII.into(), "expected a table; write `[mluvii]`, or `[[mluvii]]` for each of several companies");
            return vec![Dict::new()];
        }
    };
    let mut tables = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        match element.into_dict() {
            Some(table) => tables.push(table),
            None => wrong(format!("{MLUVII}.{}", index + 1), "expected a table; write `[[mluvii]]`"),
        }
    }
    if tables.is_empty() {
        tables.push(Dict::new());
    }
    tables
}

/// The key of each table: its name, or its place in the list where it has none that can be used.
fn keys(tables: &[Dict], names: &[Option<String>], place: &Place, problems: &mut Vec<Problem>) -> Vec<String> {
    let several = tables.len() > 1;
    let mut seen = BTreeSet::new();
    let mut keys = Vec::new();
    for (index, (table, name)) in tables.iter().zip(names).enumerate() {
        let mut wrong = |what: String| {
            let key = if several { format!("{MLUVII}.{}.name", index + 1) } else { format!("{MLUVII}.name") };
            problems.push(Problem::at(place.clone(), key, what));
        };
        match name {
            // A name that is no text is refused when the table is read, at its place in the list.
            None if table.contains_key("name") => keys.push(index.to_string()),
            None if several => {
                wrong("is needed where there are several installations".into());
                keys.push(index.to_string());
            }
            None => keys.push(InstallationName::UNNAMED.to_owned()),
            Some(name) => {
                if let Err(what) = check_name(name) {
                    wrong(what);
                } else if !seen.insert(as_variable(name)) {
                    wrong(format!("`{name}` is taken"));
                }
                keys.push(name.clone());
            }
        }
    }
    keys
}

/// A name stands in keys of the configuration, in names of variables and in `NAME/ID`, and must be told apart from a key.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    let ends = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) || !ends || as_variable(name).contains("__") {
        return Err(format!(
            "the name `{name}`: allowed are 1 to {NAME_BYTES_MAX} of a-z, 0-9, and single `-` and `_` in between, a letter \
             first"
        ));
    }
    if is_settings_key(name) {
        return Err(format!("`{name}` is the name of a setting of mluvii; take another for the installation"));
    }
    Ok(())
}

fn is_settings_key(name: &str) -> bool {
    let schema = schemars::schema_for!(MluviiSettings);
    schema.get("properties").and_then(serde_json::Value::as_object).is_some_and(|known| known.contains_key(name))
}

/// A name as it stands in a variable's, which cannot have a `-`.
fn as_variable(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

fn name_of(table: &Dict) -> Option<String> {
    table.get("name")?.as_str().map(str::to_owned)
}
