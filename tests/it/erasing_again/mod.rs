//! After another system's restore: who was erased there is found and erased once more, and nobody else.

mod hostile;
mod killed;
mod people;
mod rechecks;
mod restored;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Deployment, program};
pub(crate) use killed::killed_at;

/// Before anything of these tests.
pub(crate) const SINCE: &str = "2020-01-01";

/// Who a person is here: a mail address alone is shared, a name alone is a namesake's.
pub(crate) const PERSON: &str = "match = [[\"email\", \"name\"]]\naccept_ledger_only = true";

/// A system that is one file.
pub(crate) struct System(TempDir);

impl System {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("changed");
        let system = Self(folder);
        system.holds(&[]);
        system
    }

    /// The plugin's part of a configuration.
    pub(crate) fn plugin(&self, name: &str) -> String {
        format!(
            "{}grants = [\"email\", \"name\"]\nconfig = {{ folder = \"{}\" }}\n",
            program(name, "sweeper.py"),
            self.0.path().display()
        )
    }

    /// Records of so many milliseconds since 1970, where their time is known.
    pub(crate) fn holds(&self, records: &[Record<'_>]) {
        let records: Vec<_> = records
            .iter()
            .map(|(email, name, created_ms)| json!({ "email": email, "name": name, "created_ms": created_ms }))
            .collect();
        self.write("people.json", &json!(records).to_string());
        std::fs::set_permissions(self.0.path().join("people.json"), std::fs::Permissions::from_mode(0o666))
            .expect("changed");
    }

    pub(crate) fn emails(&self) -> Vec<String> {
        let all: Value = serde_json::from_str(&self.read("people.json")).expect("JSON");
        all.as_array().expect("a list").iter().map(|one| one["email"].as_str().expect("a text").to_owned()).collect()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.path().join(name), content).expect("written");
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.0.path().join(name)).expect("removed");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }
}

/// An address, a name, and when it was made.
type Record<'a> = (&'a str, &'a str, Option<i64>);

/// Long before any erasure of these tests.
pub(crate) fn before() -> Option<i64> {
    Some(now_ms() - 30 * 86_400_000)
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_millis().try_into().expect("a time")
}

/// Asks for somebody's erasure at a target; returns its id.
pub(crate) fn erase(deployment: &Deployment, email: &str, name: &str, target: &str, more: &[&str]) -> String {
    deployment.write("email", email);
    deployment.write("name", name);
    let at = |file: &str| format!("@{}", deployment.path(file).display());
    let (email, name) = (at("email"), at("name"));
    let arguments = ["erase", "--email", &email, "--name", &name, "--targets", target];
    let asked = deployment.json(&[&arguments[..], more].concat());
    for file in ["email", "name"] {
        std::fs::remove_file(deployment.path(file)).expect("removed");
    }
    asked["id"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned()
}

/// Looks whom a target holds again.
fn look(deployment: &Deployment, target: &str, more: &[&str]) -> Value {
    deployment.json(&[&["erase-again", "--target", target, "--since", SINCE], more].concat())
}

/// What is said of those who were found, by their erasures.
fn found(look: &Value) -> BTreeMap<String, String> {
    let found = look["found"].as_array().unwrap_or_else(|| panic!("{look}"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    found.iter().map(|one| (text(&one["erasure"]), text(&one["is"]))).collect()
}

fn plan(look: &Value) -> String {
    look["plan"].as_str().unwrap_or_else(|| panic!("{look}")).to_owned()
}
