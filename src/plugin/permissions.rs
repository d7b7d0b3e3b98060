//! A plugin's sandbox permissions: what its manifest points at in its configuration, which is the operator's, and what the
//! operator adds. The manifest itself opens nothing.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use quietus_plugin::{Manifest, pointed};
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
    granted.ports.extend(ports(&manifest.ports_from, config));
    granted.reads.extend(pointed(&manifest.reads_from, config).into_iter().filter_map(path));
    granted.writes.extend(pointed(&manifest.writes_from, config).into_iter().filter_map(path));
    granted
}

/// The ports that the pointers lead to. A plugin could point at anything, and the operator has not meant a port by each number, nor by
/// each text with a colon in it (`22:02`, `batch:22`).
fn ports<'c>(pointers: &'c [String], config: &'c Value) -> impl Iterator<Item = u16> {
    pointers.iter().flat_map(move |pointer| {
        let is_key = |part: &&str| *part != "*" && part.parse::<usize>().is_err();
        let says = Says::of(pointer.rsplit('/').find(is_key).unwrap_or_default());
        pointed(std::slice::from_ref(pointer), config).into_iter().filter_map(move |value| port(value, says))
    })
}

/// What the key says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Port,
    Address,
    Nothing,
}

/// The last word of a key under which an address may be written without a scheme.
const ADDRESSES: [&str; 11] =
    ["address", "addr", "broker", "dsn", "endpoint", "host", "hostname", "node", "server", "uri", "url"];

impl Says {
    /// By the last word of a key such as `db_ports`, `smtp-host` or `baseUrl`.
    fn of(key: &str) -> Self {
        let begins =
            |(at, c): (usize, char)| at > 0 && c.is_ascii_uppercase() && key.as_bytes()[at - 1].is_ascii_lowercase();
        let camel = key.char_indices().filter(|one| begins(*one)).map(|(at, _)| at).next_back().unwrap_or_default();
        let word = key[camel..].rsplit(['_', '-', '.']).next().unwrap_or_default().to_ascii_lowercase();
        let is = |known: &str| word.strip_prefix(known).is_some_and(|plural| matches!(plural, "" | "s" | "es"));
        if is("port") {
            Self::Port
        } else if ADDRESSES.into_iter().any(is) {
            Self::Address
        } else {
            Self::Nothing
        }
    }
}

fn path(named: &Value) -> Option<PathBuf> {
    named.as_str().map(PathBuf::from)
}

/// The port of a URL; of a number or a `host:port` where that is meant.
fn port(named: &Value, says: Says) -> Option<u16> {
    let Some(text) = named.as_str() else {
        return named.as_u64().filter(|_| says == Says::Port)?.try_into().ok();
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, _)) if !is_scheme(scheme) => return None,
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // Not a colon of an IPv6 address.
    let written = host.rsplit_once(':').filter(|(before, _)| !before.contains(':') || before.ends_with(']'));
    match (written, scheme) {
        (Some((_, port)), Some(_)) => port.parse().ok(),
        (Some((host, port)), None) => port.parse().ok().filter(|_| says != Says::Nothing || is_surely_a_host(host)),
        (None, scheme) => {
            let scheme = scheme?;
            SCHEMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, port)| *port)
        }
    }
}

/// RFC 3986, 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Whatever the key is: an IP address, or a name in a domain. A single word, a version and a time are none.
fn is_surely_a_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_domain = |last: &str| last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    text.parse::<Ipv4Addr>().is_ok()
        || text == "localhost"
        || (text.split('.').all(is_label) && text.rsplit_once('.').is_some_and(|(_, last)| is_domain(last)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(named: Value, expected: Option<u16>) {
        assert_eq!(port(&named, Says::Port), expected, "{named}");
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
    fn what_only_looks_like_an_address_opens_nothing() {
        let lookalikes = [
            "02:22",
            "22",
            "16:9",
            "batch:22",
            "sha256:22",
            "2026-11-29T02:22",
            "2026-11-29 02:22",
            "v1.2:22",
            "1.2:22",
            ":22",
            "a b.example:22",
            "see http://a.example:22",
            "...:22",
            "[noon]:22",
            "1.2.3.4.5:22",
            "a.example:ssh",
        ];
        for text in lookalikes {
            assert_eq!(port(&json!(text), Says::Nothing), None, "{text}");
        }
        assert_eq!(port(&json!(22), Says::Nothing), None);
        assert_eq!(port(&json!(22), Says::Address), None, "an address is no number");
        for text in
            ["crm.example:22", "10.0.0.1:22", "[::1]:22", "localhost:22", "ssh://batch:22", "user@crm.example:22"]
        {
            assert_eq!(port(&json!(text), Says::Nothing), Some(22), "{text}");
        }
        assert_eq!(port(&json!("batch:22"), Says::Address), Some(22));
    }

    #[test]
    fn the_last_word_of_a_key_says_what_its_value_is() {
        let of = |keys: &[&str], says: Says| assert!(keys.iter().all(|key| Says::of(key) == says), "{keys:?}");
        of(&["port", "ports", "db_port", "smtp-ports", "dbPort", "PORT"], Says::Port);
        of(
            &["url", "base_url", "baseUrl", "baseURL", "servers", "address", "addresses", "imap.host", "hosts"],
            Says::Address,
        );
        of(&["export", "exports", "at", "", "report", "ghost", "hostage", "portal", "url_of", "curl"], Says::Nothing);
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
            .port_from("/at")
            .port_from("/hours/0")
            .port_from("/db_port")
            .port_from("/servers")
            .port_from("/none")
            .reads("/ca")
            .writes("/out");
        let config = json!({ "batch": 22, "at": "02:22", "hours": ["8:30"], "db_port": 5433, "servers": ["https://a.example", "b.example:81"], "ca": "/etc/ca.pem", "out": ["/a", "/b"] });
        let granted = Permissions { ports: [9].into(), ..Permissions::default() };
        let permissions = permissions_of(&manifest, &config, granted);
        assert_eq!(permissions.ports, [9, 81, 443, 5433].into(), "neither what it declares nor any number");
        assert_eq!(permissions.reads, ["/etc/ca.pem".into()].into());
        assert_eq!(permissions.writes, ["/a".into(), "/b".into()].into());
    }
}
