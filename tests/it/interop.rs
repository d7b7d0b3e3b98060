//! Signatures made by the libraries that senders use, the published `standardwebhooks` and `svix`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use super::harness::{Away, Deployment, Server, client, http, session_ended};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Headers by what made them.
type Signed = BTreeMap<String, BTreeMap<String, String>>;

/// The Python with the libraries: the one that `tests/run` names, or the one that it has made before.
pub(crate) fn python() -> PathBuf {
    let named = std::env::var_os("QUIETUS_TEST_PYTHON").map(PathBuf::from);
    let made = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-tools/venv/bin/python"));
    named.unwrap_or_else(made)
}

/// Has the libraries sign a body. That they are not there is a failure, not a reason to pass.
fn sign(body: &str) -> Signed {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/sign.py");
    let python = python();
    let needed = "the webhook libraries are needed: run `tests/run`, which installs them, or name a Python that has \
                  tests/requirements.txt in QUIETUS_TEST_PYTHON";
    let mut command = Command::new(&python);
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}; {needed}", python.display()));
    let request = json!({ "secret": SECRET, "body": body }).to_string();
    // A script that could not import its libraries reads nothing, and says why below.
    drop(child.stdin.take().expect("piped").write_all(request.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {needed}: {wrong}", python.display());
    serde_json::from_slice(&output.stdout).expect("headers")
}

#[test]
fn what_the_published_libraries_sign_is_taken_and_what_is_changed_after_is_not() {
    let mluvii = Away::new();
    let source = "[[source]]\nname = 'gateway'\ntenants = [62]\nauth = [{ standard_webhooks = { secrets = { file = 'gateway.secret' } } }]";
    let deployment = Deployment::bare(&mluvii.url(), source);
    deployment.write("gateway.secret", SECRET);
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let mut body = session_ended(1);
    body["data"]["guestName"] = json!("Žofie Ångström ☎");
    let body = body.to_string();
    let signed = sign(&body);
    let post = |headers: &BTreeMap<String, String>, body: &str| {
        let mut request = client().post(server.url("/webhooks/gateway")).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        http(request).0
    };
    let ways = ["standardwebhooks", "svix"];
    for way in ways {
        let headers = &signed[way];
        assert_eq!(headers.len(), 3, "{headers:?}");
        assert_eq!(post(headers, &body.replace("\"id\":1", "\"id\":2")), 401, "{way}: another body");
        assert_eq!(post(headers, &format!("{body} ")), 401, "{way}: a longer body");
        for (name, value) in headers {
            let mut changed = headers.clone();
            changed.insert(name.clone(), spoiled(name, value));
            assert_eq!(post(&changed, &body), 401, "{way}: another {name}");
            changed.remove(name);
            assert_eq!(post(&changed, &body), 401, "{way}: no {name}");
        }
        assert_eq!(post(&signed[&format!("{way}, an hour ago")], &body), 401, "{way}: sent again later");
    }
    assert_eq!(deployment.events(), 0);
    for way in ways {
        assert_eq!(post(&signed[way], &body), 204, "{way}");
    }
    assert_eq!(deployment.events(), 1, "the same delivery");
}

/// A value of the same form that was not signed.
fn spoiled(name: &str, value: &str) -> String {
    if name.ends_with("timestamp") {
        return (value.parse::<i64>().expect("seconds") + 1).to_string();
    }
    let swap = |c: char| if c == 's' { 'S' } else { c };
    if name.ends_with("id") {
        return value.chars().map(swap).collect();
    }
    let (version, signature) = value.split_once(',').expect("a version");
    let first = if signature.starts_with('A') { "B" } else { "A" };
    format!("{version},{first}{}", &signature[1..])
}
