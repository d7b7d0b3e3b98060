//! A plugin's sandbox permissions: what its manifest points at in its configuration, which is the operator's, and what the
//! operator adds. The manifest itself opens nothing.

use std::path::PathBuf;

use quietus_plugin::Manifest;
use serde_json::Value;

use super::launch::Permissions;

/// Ports by the scheme of a URL that names none.
const SCHEMES: [(&str, u16); 11] = [
    ("https", 443),
    ("http", 80),
    ("imaps", 993),
    ("imap", 143),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("amqp", 5672),
    ("amqps", 5671),
    ("nats", 4222),
    ("tls", 4222),
];

/// Adds what the manifest declares for this configuration. A pointer that leads nowhere adds nothing: what it leads to is
/// optional then, or the schema refuses the configuration.
pub(super) fn permissions_of(manifest: &Manifest, config: &Value, mut granted: Permissions) -> Permissions {
    granted.ports.extend(addresses(&manifest.ports_from, config).filter_map(port));
    granted.reads.extend(named(&manifest.reads_from, config).filter_map(path));
    granted.writes.extend(named(&manifest.writes_from, config).filter_map(path));
    granted
}

/// What the pointers lead to; of a list, each element.
fn named<'c>(pointers: &[String], config: &'c Value) -> impl Iterator<Item = &'c Value> {
    let found = pointers.iter().flat_map(move |pointer| each(config, pointer));
    found.flat_map(|value| value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice))
}

/// What the pointers lead to and means an address: a bare number does under a key that says so, and not under `export`. A plugin could
/// point at any number, and the operator has not meant a port by it.
fn addresses<'c>(pointers: &'c [String], config: &'c Value) -> impl Iterator<Item = &'c Value> {
    pointers.iter().flat_map(move |pointer| {
        let key = pointer.trim_end_matches("/*").rsplit('/').next().unwrap_or_default();
        let one = key.strip_suffix('s').unwrap_or(key);
        let says_port =
            ["_port", "-port", "Port"].iter().any(|end| one.ends_with(end)) || one.eq_ignore_ascii_case("port");
        let found = named(std::slice::from_ref(pointer), config);
        found.filter(move |value| value.is_string() || says_port)
    })
}

fn path(named: &Value) -> Option<PathBuf> {
    named.as_str().map(PathBuf::from)
}

/// What a pointer leads to; a part that is `*` leads to each element of a list.
fn each<'c>(config: &'c Value, pointer: &str) -> Vec<&'c Value> {
    let Some((before, after)) = pointer.split_once("/*") else { return config.pointer(pointer).into_iter().collect() };
    let elements = config.pointer(before).and_then(Value::as_array).into_iter().flatten();
    elements.flat_map(|element| each(element, after)).collect()
}

/// The port of a port, of a `host:port`, or of a URL.
fn port(named: &Value) -> Option<u16> {
    let Some(text) = named.as_str() else { return named.as_u64()?.try_into().ok() };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // Not a colon of an IPv6 address.
    let written = host.rsplit_once(':').filter(|(before, _)| !before.contains(':') || before.ends_with(']'));
    match written {
        Some((_, port)) => port.parse().ok(),
        None => {
            let scheme = scheme?;
            SCHEMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, port)| *port)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(named: Value, expected: Option<u16>) {
        assert_eq!(port(&named), expected, "{named}");
    }

    #[test]
    fn a_port_is_found_in_all_that_names_one() {
        check(json!(8443), Some(8443));
        check(json!("https://crm.example/v1"), Some(443));
        check(json!("http://user:pass@127.0.0.1:8080?x=1"), Some(8080));
        check(json!("HTTPS://[::1]:8443/"), Some(8443));
        check(json!("https://[::1]/"), Some(443));
        check(json!("mail.example:993"), Some(993));
        check(json!("mail.example"), None);
        check(json!("gopher://old.example"), None);
        check(json!(70_000), None);
        check(json!(null), None);
    }

    #[test]
    fn a_star_leads_to_each_element_of_a_list() {
        let accounts =
            json!([{ "imap": { "host": "a.example:993" } }, { "web": {} }, { "imap": { "host": "b.example:143" } }]);
        let manifest = Manifest::new("x", "1").port_from("/accounts/*/imap/host").port_from("/accounts/*/imap/*/x");
        let permissions = permissions_of(
            &manifest,
            &json!({ "accounts": accounts, "imap": { "host": "c:1" } }),
            Permissions::default(),
        );
        assert_eq!(permissions.ports, [143, 993].into());
    }

    #[test]
    fn what_is_declared_is_looked_up_in_the_configuration_and_added_to_what_is_granted() {
        let manifest = Manifest::new("x", "1")
            .port(25)
            .port_from("/batch")
            .port_from("/db_port")
            .port_from("/servers")
            .port_from("/none")
            .reads("/ca")
            .writes("/out");
        let config = json!({ "batch": 22, "db_port": 5433, "servers": ["https://a.example", "b.example:81"], "ca": "/etc/ca.pem", "out": ["/a", "/b"] });
        let granted = Permissions { ports: [9].into(), ..Permissions::default() };
        let permissions = permissions_of(&manifest, &config, granted);
        assert_eq!(permissions.ports, [9, 81, 443, 5433].into(), "neither what it declares nor any number");
        assert_eq!(permissions.reads, ["/etc/ca.pem".into()].into());
        assert_eq!(permissions.writes, ["/a".into(), "/b".into()].into());
    }
}
