//! How one configuration differs from another: which keys, with what stood there and what stands there now as `quietus config show`
//! shows it, and which of them a running server cannot take.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Config;
use super::redact::{Schemas, redacted};
use crate::operations::configuration::Changed;

/// What belongs to a process for as long as it is there: its sockets, its ledger, its keys, and where it keeps what it knows.
const NEEDS_RESTART: [&str; 10] = [
    "admin",
    "server.listen",
    "server.metrics_listen",
    "server.reports_listen",
    "server.control",
    "server.state_dir",
    "ledger",
    "keys",
    "log.format",
    "witness",
];

/// Whether a server has to be started anew before a key means something else.
pub(crate) fn needs_restart(key: &str) -> bool {
    NEEDS_RESTART.into_iter().any(|parent| is_within(key, parent))
}

/// Whether a key is another one, or stands below it.
pub(crate) fn is_within(key: &str, parent: &str) -> bool {
    key.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Config {
    /// The keys by which another one differs from this one.
    pub(crate) fn difference(&self, other: &Self, schemas: &Schemas) -> Vec<Changed> {
        let shown = |config: &Self| redacted(config.written.clone(), schemas);
        let (before, after) = (shown(self), shown(other));
        let mut changed = Vec::new();
        let [before, after] =
            [(&self.written, &before), (&other.written, &after)].map(|(value, shown)| Some(Part { value, shown }));
        compare("", before, after, &mut changed);
        changed
    }

    /// An element of a list by its name, with its key, or the only table that stands in its place; as it was written.
    pub(crate) fn element(&self, list: &str, name: &str) -> Option<(String, &Value)> {
        match &self.written[list] {
            Value::Array(elements) => {
                let element = elements.iter().find(|element| element["name"] == name)?;
                Some((joined(list, name), element))
            }
            only => Some((list.to_owned(), only)),
        }
    }

    /// What the layers bring together, to be digested. A password that stands where it does not belong is in it.
    pub(crate) fn as_written(&self) -> String {
        self.written.to_string()
    }
}

/// A part of a configuration: as it is, and as it may be shown.
#[derive(Clone, Copy)]
struct Part<'a> {
    value: &'a Value,
    shown: &'a Value,
}

impl<'a> Part<'a> {
    fn member(self, name: &str) -> Option<Self> {
        Some(Self { value: self.value.get(name)?, shown: self.shown.get(name).unwrap_or(&Value::Null) })
    }

    /// The elements of a list of tables, by their names.
    fn elements(self) -> Option<Vec<(String, Self)>> {
        let elements = self.value.as_array().filter(|all| all.iter().all(Value::is_object))?;
        let shown = |index: usize| self.shown.get(index).unwrap_or(&Value::Null);
        let parts = named_elements(elements).into_iter().enumerate();
        Some(parts.map(|(index, (name, value))| (name, Part { value, shown: shown(index) })).collect())
    }
}

fn compare(key: &str, before: Option<Part<'_>>, after: Option<Part<'_>>, changed: &mut Vec<Changed>) {
    let (Some(old), Some(new)) = (before, after) else {
        return changed.push(told(key, before, after));
    };
    if old.value == new.value {
        return;
    }
    if let (Value::Object(members), Value::Object(others)) = (old.value, new.value) {
        let names: BTreeSet<_> = members.keys().chain(others.keys()).collect();
        for name in names {
            compare(&joined(key, name), old.member(name), new.member(name), changed);
        }
        return;
    }
    if let (Some(elements), Some(others)) = (old.elements(), new.elements()) {
        return compare_elements(key, &elements, &others, changed);
    }
    changed.push(told(key, before, after));
}

fn compare_elements(key: &str, old: &[(String, Part<'_>)], new: &[(String, Part<'_>)], changed: &mut Vec<Changed>) {
    let found = |all: &[(String, Part<'_>)], name: &str| all.iter().position(|(other, _)| other == name);
    let before = changed.len();
    for (name, part) in old {
        let other = found(new, name).map(|index| new[index].1);
        if other.is_none_or(|other| other.value != part.value) {
            compare(&joined(key, name), Some(*part), other, changed);
        }
    }
    for (name, part) in new.iter().filter(|(name, _)| found(old, name).is_none()) {
        compare(&joined(key, name), None, Some(*part), changed);
    }
    if changed.len() == before {
        let order = |all: &[(String, Part<'_>)]| Some(all.iter().map(|(name, _)| name.as_str()).collect::<Value>());
        let (before, after) = (order(old), order(new));
        let needs_restart = needs_restart(key);
        changed.push(Changed { key: format!("{key} (order)"), before, after, needs_restart, is_behind: false });
    }
}

fn told(key: &str, before: Option<Part<'_>>, after: Option<Part<'_>>) -> Changed {
    let [before, after] = [before, after].map(|part| part.map(|part| part.shown.clone()));
    Changed { key: key.to_owned(), before, after, needs_restart: needs_restart(key), is_behind: false }
}

/// The elements of a list by their names, where each has one of its own, and else counted from 1.
pub(super) fn named_elements(elements: &[Value]) -> Vec<(String, &Value)> {
    let names: BTreeSet<_> = elements.iter().filter_map(|element| element["name"].as_str()).collect();
    let has_names = names.len() == elements.len();
    let name = |(index, element): (usize, &Value)| match element["name"].as_str().filter(|_| has_names) {
        Some(name) => name.to_owned(),
        None => (index + 1).to_string(),
    };
    elements.iter().enumerate().map(|one| (name(one), one.1)).collect()
}

/// A key below another one; quoted as in TOML where it has to be.
pub(super) fn joined(key: &str, name: &str) -> String {
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let name = if is_plain { name.to_owned() } else { format!("{name:?}") };
    if key.is_empty() { name } else { format!("{key}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[mluvii]\nclient_id = { file = 'a' }\nclient_secret = { file = 'a' }\nca_file = 'ca.pem'\n\
                        [[source]]\nname = 'acme'\nauth = [{ basic = { user = 'u', password = { file = 'p' } } }]\n\
                        [[rule]]\nname = 'no consent'\non = 'session-settled'\nwhen = 'true'\nerase = 'session'\ntargets = ['mluvii']\n\
                        [[rule]]\nname = 'b'\non = 'session-settled'\nwhen = 'true'\nerase = 'session'\ntargets = ['mluvii']\n\
                        [[plugin]]\nname = 'crm'\nexec = 'x'\nargs = ['--token=hunter2']\nconfig = { key = { file = 'no secret' } }\n\
                        secrets = { token = { env = 'T' } }\n";

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("quietus.toml");
        std::fs::write(&path, text).expect("is written");
        Config::load(&path).expect("loads")
    }

    /// Each as `key: before → after`, with `!` where it needs a restart.
    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        assert!(GOOD.contains(from), "{from}");
        let changed = config(GOOD).difference(&config(&GOOD.replacen(from, to, 1)), &Schemas::new());
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let line = |changed: &Changed| {
            let restart = if changed.needs_restart { "!" } else { "" };
            format!("{restart}{}: {} → {}", changed.key, value(&changed.before), value(&changed.after))
        };
        assert_eq!(changed.iter().map(line).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_different_is_named_by_its_key_and_shown_as_far_as_it_may_be() {
        check("[mluvii]", "[mluvii]", &[]);
        check("user = 'u'", "user = 'v'", &["source.acme.auth.1.basic.user: \"u\" → \"v\""]);
        check("'p'", "'q'", &["source.acme.auth.1.basic.password.file: \"p\" → \"q\""]);
        check("when = 'true'", "when = 'false'", &["rule.\"no consent\".when: \"true\" → \"false\""]);
        check(
            "name = 'b'",
            "name = 'no'",
            &[
                "rule.b: {\"erase\":\"session\",\"name\":\"b\",\"on\":\"session-settled\",\"targets\":[\"mluvii\"],\"when\":\"true\"} → -",
                "rule.no: - → {\"erase\":\"session\",\"name\":\"no\",\"on\":\"session-settled\",\"targets\":[\"mluvii\"],\"when\":\"true\"}",
            ],
        );
        check("hunter2", "hunter3", &["plugin.crm.args: [\"[redacted]\"] → [\"[redacted]\"]"]);
        check("[mluvii]", "[server]\ndrain_max = '7s'\n[mluvii]", &["server.drain_max: \"20s\" → \"7s\""]);
    }

    #[test]
    fn what_belongs_to_the_process_needs_a_restart() {
        check(
            "[mluvii]",
            "[server]\nlisten = '127.0.0.1:1'\n[mluvii]",
            &["!server.listen: \"127.0.0.1:8080\" → \"127.0.0.1:1\""],
        );
        check(
            "[mluvii]",
            "[ledger]\nurl = 'sqlite:x.db'\n[mluvii]",
            &["!ledger.url: \"sqlite:quietus.db\" → \"sqlite:x.db\""],
        );
        assert!(needs_restart("witness.vault.file") && needs_restart("ledger") && !needs_restart("ledgers"));
        assert!(!needs_restart("log.level") && !needs_restart("server.listening"));
    }

    #[test]
    fn another_order_is_a_difference() {
        let second = &GOOD[GOOD.find("[[rule]]\nname = 'b'").expect("there")..GOOD.find("[[plugin]]").expect("there")];
        let first = &GOOD[GOOD.find("[[rule]]").expect("there")..GOOD.find("[[rule]]\nname = 'b'").expect("there")];
        check(
            &format!("{first}{second}"),
            &format!("{second}{first}"),
            &["rule (order): [\"no consent\",\"b\"] → [\"b\",\"no consent\"]"],
        );
    }

    #[test]
    fn what_is_referred_to_is_known_and_what_a_plugin_means_is_not() {
        let config = config(GOOD);
        let by = crate::keys::IndexKey::new(&zeroize::Zeroizing::new([1; 32]));
        let keys: Vec<_> = config.behind(&by).into_keys().collect();
        let expected = [
            "mluvii.ca_file",
            "mluvii.client_id",
            "mluvii.client_secret",
            "plugin.crm.secrets.token",
            "source.acme.auth.1.basic.password",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn the_server_is_found_by_what_stands_before_what_is_no_toml() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("quietus.toml");
        for text in ["[server]\ncontrol = 'here.sock'\n[[rule\n", "[server]\ncontrol = 'here.sock'\n[nonsense]\n"] {
            std::fs::write(&path, text).expect("is written");
            assert_eq!(Config::control_socket_of(&path), Some(folder.path().join("here.sock")), "{text}");
        }
    }
}
