//! Environment variables that look like ours and set nothing: a key of the configuration is written with two underscores, and whoever
//! writes one would never learn that nothing has changed.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::layer::ENVIRONMENT_PREFIX;

const PREFIX: &str = "QUIETUS_";

/// Read elsewhere than by the layers.
const READ: &str = "QUIETUS_CONFIG";

/// Of quietus's own tests, which run commands in their environment.
const OF_TESTS: &str = "QUIETUS_TEST_";

/// A variable that sets nothing. Its value is not kept: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdleVariable {
    pub(crate) name: String,
    /// The variable that may be meant.
    pub(crate) meant: Option<String>,
}

impl fmt::Display for IdleVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} sets nothing", self.name)?;
        match &self.meant {
            Some(meant) => write!(f, "; is {meant} meant?"),
            None => write!(f, "; a key of the configuration is written {ENVIRONMENT_PREFIX}SECTION__KEY"),
        }
    }
}

/// Those of the names that set nothing. `merged` is the configuration: secrets name variables, too.
pub(super) fn idle(names: &[String], merged: &Value, sections: &[&str]) -> Vec<IdleVariable> {
    let mut named = BTreeSet::new();
    named_by_secrets(merged, &mut named);
    let is_ours = |name: &&String| {
        let upper = name.to_ascii_uppercase();
        let is_known = name.starts_with(ENVIRONMENT_PREFIX) || name.starts_with(OF_TESTS) || *name == READ;
        upper.starts_with(PREFIX) && !is_known
    };
    let idle = names.iter().filter(is_ours).filter(|name| !named.contains(name.as_str()) && !is_of_kubernetes(name));
    idle.map(|name| IdleVariable { name: name.clone(), meant: meant(name, sections) }).collect()
}

/// The names in `{ env = "…" }`.
fn named_by_secrets<'v>(value: &'v Value, named: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(members) => {
            named.extend(members.get("env").and_then(Value::as_str));
            members.values().for_each(|member| named_by_secrets(member, named));
        }
        Value::Array(elements) => elements.iter().for_each(|element| named_by_secrets(element, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Kubernetes gives each container the addresses of services, as `QUIETUS_SERVICE_HOST` of a service of our name.
fn is_of_kubernetes(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let is_port = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    matches!(rest, "SERVICE_HOST" | "SERVICE_PORT" | "PORT")
        || rest.starts_with("SERVICE_PORT_")
        || rest.strip_prefix("PORT_").is_some_and(is_port)
}

/// `QUIETUS_SERVER_LISTEN`, `QUIETUS_SERVER__LISTEN` and `quietus__server__listen` all mean one key of a section that there is.
fn meant(name: &str, sections: &[&str]) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let rest = upper.strip_prefix(PREFIX)?.trim_start_matches('_');
    let section = sections.iter().find(|section| {
        let key = rest.strip_prefix(&section.to_ascii_uppercase());
        key.is_some_and(|key| key.starts_with('_') && !key.trim_start_matches('_').is_empty())
    })?;
    let key = rest[section.len()..].trim_start_matches('_');
    Some(format!("{ENVIRONMENT_PREFIX}{}__{key}", section.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let merged = json!({ "source": [{ "auth": [{ "basic": { "password": { "env": "QUIETUS_PASSWORD" } } }] }] });
        let idle = idle(&[name.to_owned()], &merged, &["server", "log"]);
        assert_eq!(idle.first().map(ToString::to_string).as_deref(), expected, "{name}");
    }

    #[test]
    fn what_looks_like_ours_and_sets_nothing_is_pointed_out() {
        let meant = |name: &str| {
            Some(format!("the environment variable {name} sets nothing; is QUIETUS__SERVER__LISTEN meant?"))
        };
        for name in ["QUIETUS_SERVER__LISTEN", "QUIETUS_SERVER_LISTEN", "quietus__server__listen"] {
            check(name, meant(name).as_deref());
        }
        let form = "a key of the configuration is written QUIETUS__SECTION__KEY";
        check("QUIETUS_X", Some(&format!("the environment variable QUIETUS_X sets nothing; {form}")));
        check("QUIETUS_LOG", Some(&format!("the environment variable QUIETUS_LOG sets nothing; {form}")));
    }

    #[test]
    fn what_is_read_or_named_or_another_programs_is_not() {
        for name in ["QUIETUS_CONFIG", "QUIETUS_PASSWORD", "QUIETUS__SERVER__LISTEN", "PATH", "QUIETUSX"] {
            check(name, None);
        }
        for name in ["QUIETUS_SERVICE_HOST", "QUIETUS_SERVICE_PORT_HTTP", "QUIETUS_PORT", "QUIETUS_PORT_8080_TCP_ADDR"]
        {
            check(name, None);
        }
    }
}
