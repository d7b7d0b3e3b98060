//! What a probe found, and the settings that follow.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a probe found.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Probe {
    pub(crate) findings: Vec<Finding>,
    /// Settings that follow, by their key below `mluvii`, each as its value in TOML.
    pub(crate) settings: BTreeMap<String, String>,
}

/// One thing that was tried. Free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: &'static str,
    pub(crate) state: State,
    pub(crate) said: String,
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Ok,
    /// Something does not work as the configuration says.
    Warning,
    /// It was not tried, or nothing could be learnt from it.
    Unknown,
}

impl Probe {
    pub(super) fn ok(&mut self, what: &'static str, said: impl Into<String>) {
        self.add(what, State::Ok, said.into());
    }

    pub(super) fn warning(&mut self, what: &'static str, said: impl Into<String>) {
        self.add(what, State::Warning, said.into());
    }

    pub(super) fn unknown(&mut self, what: &'static str, said: impl Into<String>) {
        self.add(what, State::Unknown, said.into());
    }

    /// A setting that follows.
    pub(super) fn set(&mut self, key: &str, value: toml::Value) {
        self.settings.insert(key.to_owned(), value.to_string());
    }

    fn add(&mut self, what: &'static str, state: State, said: String) {
        self.findings.push(Finding { what, state, said });
    }

    /// The settings as they stand in a configuration, below `[mluvii]`.
    pub(crate) fn toml(&self) -> String {
        let (searching, plain): (Vec<_>, Vec<_>) =
            self.settings.iter().partition(|(key, _)| key.starts_with("search."));
        let line =
            |(key, value): &(&String, &String)| format!("{} = {value}\n", key.strip_prefix("search.").unwrap_or(key));
        let mut text = plain.iter().map(line).collect::<String>();
        if !searching.is_empty() {
            text.push_str("\n[mluvii.search]\n");
            text.extend(searching.iter().map(line));
        }
        text
    }

    /// All of it as text, to be shared.
    pub(crate) fn text(&self) -> String {
        let mut findings = String::new();
        for finding in &self.findings {
            let state = match finding.state {
                State::Ok => "ok",
                State::Warning => "warning",
                State::Unknown => "unknown",
            };
            findings.push_str(&format!("{state:8} {}: {}\n", finding.what, finding.said));
        }
        if self.settings.is_empty() {
            return format!("{findings}\nNo settings follow.\n");
        }
        format!("{findings}\nSettings that follow:\n\n{}", self.toml())
    }
}
