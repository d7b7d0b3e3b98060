//! Signatures, checked by the published libraries of Standard Webhooks.

use std::io::Write as _;
use std::process::{Command, Stdio};

use quietus_plugin::http::test::{Reply, Server};
use serde_json::{Value, json};

use super::*;

/// Reads one JSON object, and says for each key whether the library takes the signature.
const CHECK: &str = r#"
import json, sys
from standardwebhooks.webhooks import Webhook
asked = json.load(sys.stdin)
def good(key):
    try:
        Webhook(key).verify(asked["body"], asked["headers"])
        return True
    except Exception:
        return False
json.dump({name: good(key) for name, key in asked["keys"].items()}, sys.stdout)
"#;

/// What the Python library says of what an endpoint got.
fn taken_by_python(headers: &Value, body: &str) -> Value {
    let python = std::env::var("QUIETUS_TEST_PYTHON").expect("QUIETUS_TEST_PYTHON names no Python: run tests/run");
    let mut python = Command::new(python);
    let mut python =
        python.args(["-c", CHECK]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let keys: Value =
        SECRETS.iter().filter(|(_, key)| key.starts_with("whsec_")).map(|(name, key)| (*name, *key)).collect();
    let asked = json!({ "headers": headers, "body": body, "keys": keys });
    write!(python.stdin.take().expect("piped"), "{asked}").expect("written");
    let said = python.wait_with_output().expect("it ends");
    serde_json::from_slice(&said.stdout).expect("its answer")
}

/// The headers and the body of one message that is signed by the secrets of these names.
fn signed_by(names: &[&str]) -> (Value, String) {
    let endpoint = Server::start(|_| Reply::empty(204));
    let config = json!({ "http": { "url": endpoint.url, "signing": names } });
    made(&config).erase(with_values(&["žluťoučký@kůň.cz".into()])).expect("handed on");
    let seen = endpoint.seen().remove(0);
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value = names.iter().map(|name| (*name, seen.header(name).expect("there"))).collect();
    (headers, seen.body)
}

#[test]
fn the_published_library_takes_what_is_signed_by_its_key_only() {
    let (headers, body) = signed_by(&["signing"]);
    assert_eq!(taken_by_python(&headers, &body), json!({ "signing": true, "next": false }));
    assert_eq!(taken_by_python(&headers, &format!("{body} ")), json!({ "signing": false, "next": false }));
}

#[test]
fn while_a_key_is_replaced_both_are_good() {
    let (headers, body) = signed_by(&["next", "signing"]);
    assert_eq!(taken_by_python(&headers, &body), json!({ "signing": true, "next": true }));
}

#[test]
fn the_published_crate_takes_it_too() {
    let (headers, body) = signed_by(&["signing"]);
    let mut map = ::http::HeaderMap::new();
    for (name, value) in headers.as_object().expect("headers") {
        let name = ::http::HeaderName::try_from(name).expect("a name");
        map.insert(name, value.as_str().expect("text").parse().expect("a value"));
    }
    let library = standardwebhooks::Webhook::new(SECRETS[0].1).expect("a key");
    library.verify(body.as_bytes(), &map).expect("taken");
    let other = standardwebhooks::Webhook::new(SECRETS[1].1).expect("a key");
    other.verify(body.as_bytes(), &map).expect_err("of another key");
}
