//! The webhooks at mluvii: watched, registered, corrected and restored where that was ordered; those of others are never touched.

mod restored;

use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, PASSWORD, Server, StandIn, wait_for};

const MANAGED: &str = "webhook = \"managed\"\n[watch]\nwebhooks = \"100ms\"\n";
const WATCHED: &str = "[watch]\nwebhooks = \"100ms\"\n";

/// A deployment whose address is known before its server starts.
struct Addressed {
    deployment: Deployment,
    socket: TcpListener,
}

impl Addressed {
    fn new(standin: &StandIn, more: &str) -> Self {
        let deployment = Deployment::bare(&standin.mluvii, &format!("{more}{ERASE}"));
        let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let public = format!("public_url = \"{}\"", Self::public_url(&socket));
        let config = deployment.configuration();
        let listen = "listen = \"127.0.0.1:0\"";
        deployment.write("quietus.toml", &config.replacen(listen, &format!("{listen}\n{public}"), 1));
        Self { deployment, socket }
    }

    fn public_url(socket: &TcpListener) -> String {
        format!("http://{}", socket.local_addr().expect("an address"))
    }

    fn start(&self) -> Server {
        Server::start_on(&self.deployment, &self.socket, None, &[])
    }

    fn address(&self) -> String {
        format!("{}/webhooks/acme", Self::public_url(&self.socket))
    }

    /// With credentials.
    fn callback(&self, password: &str) -> String {
        self.address().replacen("://", &format!("://mluvii:{}@", password.replace(':', "%3A")), 1)
    }

    fn attention(&self) -> Vec<String> {
        let status = self.deployment.json(&["attention", "list"]);
        let all = status.as_array().expect("a list").iter();
        let ours = all.filter(|found| found["code"] == "webhook_wrong");
        ours.map(|found| found["parameters"]["reason"].as_str().expect("a reason").to_owned()).collect()
    }
}

fn id(webhook: &Value) -> String {
    webhook["id"].to_string()
}

/// Webhooks of ours at mluvii.
fn ours(standin: &StandIn, address: &str) -> Vec<Value> {
    let path = address.split("//").nth(1).expect("a URL").to_owned();
    let is_ours = |webhook: &Value| webhook["callbackUrl"].as_str().is_some_and(|url| url.ends_with(&path));
    standin.webhooks().into_iter().filter(is_ours).collect()
}

fn writes(standin: &StandIn, path: &str) -> Vec<String> {
    let calls = standin.calls(path).into_iter().filter(|call| call["method"] != "GET");
    calls.map(|call| call["method"].as_str().expect("a method").to_owned()).collect()
}

#[test]
fn a_managed_webhook_is_registered_restored_and_corrected_and_its_secret_is_nowhere() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, MANAGED);
    let server = there.start();
    let address = there.address();
    let registered = wait_for("the webhook", || ours(&standin, &address).pop());
    assert_eq!(registered["callbackUrl"], there.callback(PASSWORD).as_str());
    let types = registered["eventTypes"].as_array().expect("a list");
    assert!(types.contains(&json!("SessionEnded")), "{types:?}");
    assert!(!types.contains(&json!("SessionActivityHeroCardSubmission")), "no rule is asked about a form: {types:?}");

    // Deleted, as mluvii does after three days of failures. One that nobody has seen in the list yet would need a person.
    let is_done = |row: &Value| row["entry"]["result"] == "done";
    wait_for("the server to have seen it", || {
        let audit = there.deployment.json(&["audit", "list", "--act", "webhook.register"]);
        audit.as_array()?.iter().any(is_done).then_some(())
    });
    let path = format!("/api/v1/Webhooks/{}", id(&registered));
    assert_eq!(standin.api(Method::DELETE, &path, &Value::Null).0, 204);
    let restored = wait_for("it to be restored", || ours(&standin, &address).pop());

    // Changed by somebody: fewer events, another password. What it has beyond that, stays.
    let path = format!("/api/v1/Webhooks/{}", id(&restored));
    let changed = json!({ "eventTypes": ["EmailThreadCreated"], "callbackUrl": there.callback("another-one") });
    assert_eq!(standin.api(Method::PUT, &path, &changed).0, 204);
    let corrected = wait_for("it to be corrected", || {
        ours(&standin, &address).pop().filter(|webhook| webhook["callbackUrl"] == there.callback(PASSWORD).as_str())
    });
    assert_eq!(id(&corrected), id(&restored), "changed in its place");
    let types = corrected["eventTypes"].as_array().expect("a list");
    assert!(types.contains(&json!("EmailThreadCreated")) && types.contains(&json!("SessionEnded")), "{types:?}");

    // Deliveries come, and what was done stands in the audit.
    standin.begin(7, "ann@example.com", Some("v3"));
    standin.just_end(7);
    standin.wait_for_deliveries();
    there.deployment.settled(1);
    let audit = there.deployment.json(&["audit", "list", "--act", "webhook.register"]);
    let done = audit.as_array().expect("a list").iter().filter(|row| is_done(row));
    assert!(done.clone().count() >= 3 && done.clone().all(|row| row["entry"]["actor"] == "server:watch"), "{audit}");
    assert_eq!(there.attention(), [""; 0]);
    let said = [server.log().concat(), audit.to_string(), server.metrics()].concat();
    let status = there.deployment.run(&["webhook", "status"]);
    assert!(status.status.success(), "{status:?}");
    let said = format!("{said}{}", String::from_utf8_lossy(&status.stdout));
    assert!(said.contains(&address) && !said.contains("password-42"), "a secret is shown");
}

#[test]
fn a_watched_webhook_is_told_of_and_a_person_registers_it() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, WATCHED);
    let server = there.start();
    let missing = wait_for("attention", || there.attention().pop());
    assert!(missing.contains("does not have it"), "{missing}");
    assert_eq!(writes(&standin, "/Webhooks"), [""; 0], "nobody has ordered it");
    let status = there.deployment.run(&["webhook", "status"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains("quietus webhook register acme"), "{status:?}");

    let registered = there.deployment.json(&["webhook", "register", "acme"]);
    assert_eq!(registered["change"], "registered");
    assert_eq!(there.deployment.json(&["webhook", "register", "acme"])["change"], "none");
    wait_for("nothing to need a person", || there.attention().is_empty().then_some(()));
    let status = there.deployment.json(&["webhook", "status"]);
    assert_eq!((&status[0]["state"], &status[0]["address"]), (&json!("right"), &json!(there.address())));

    assert_eq!(there.deployment.json(&["webhook", "unregister", "acme"])["deleted"], 1);
    assert_eq!(there.deployment.run(&["webhook", "unregister", "acme"]).status.code(), Some(1));
    let unknown = there.deployment.run(&["webhook", "register", "acne"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there are: acme"), "{unknown:?}");
    drop(server);
}

#[test]
fn webhooks_of_others_are_never_touched() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, MANAGED);
    // On another host, at another path of ours, of a copy for tests, and one that only looks alike.
    let public = Addressed::public_url(&there.socket);
    let others = [
        "https://mluvii:secret@analytics.example/hook".to_owned(),
        format!("{public}/webhooks/other"),
        "http://127.0.0.1:1/webhooks/acme".to_owned(),
        format!("https://{}@evil.example/webhooks/acme", public.trim_start_matches("http://")),
    ];
    for other in &others {
        let webhook = json!({ "eventTypes": ["SessionEnded"], "callbackUrl": other });
        assert_eq!(standin.api(Method::POST, "/api/v1/Webhooks", &webhook).0, 201, "{other}");
    }
    let before = standin.webhooks();
    // No room for one of ours: mluvii answers 409 with the id of another's.
    standin.behave(&json!({ "webhooks_max": others.len() }));
    let server = there.start();
    let said = wait_for("attention", || there.attention().pop());
    assert!(said.contains("leads elsewhere") && said.contains("a person has to decide"), "{said}");
    assert_eq!(standin.webhooks(), before);
    standin.behave(&json!({ "webhooks_max": null }));
    wait_for("our own", || ours(&standin, &there.address()).pop());
    wait_for("nothing to need a person", || there.attention().is_empty().then_some(()));
    // The server would register it again at once.
    let refused = there.deployment.run(&["webhook", "unregister", "acme"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("a server would register it again"), "{refused:?}");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    drop(server);
    let config = there.deployment.configuration();
    there.deployment.write("quietus.toml", &config.replace("webhook = \"managed\"", "webhook = \"watched\""));
    assert_eq!(there.deployment.json(&["webhook", "unregister", "acme"])["deleted"], 1);
    let after: Vec<_> = standin.webhooks().into_iter().filter(|webhook| before.contains(webhook)).collect();
    assert_eq!(after, before);
    let deletions = standin.calls("/Webhooks").into_iter().filter(|call| call["method"] == "DELETE").count();
    assert_eq!(deletions, 0, "without an id, all of a company's would go");
}

#[test]
fn a_mluvii_that_masks_passwords_is_not_corrected_again_and_again() {
    let standin = StandIn::start();
    standin.behave(&json!({ "webhooks_masked": true }));
    let there = Addressed::new(&standin, MANAGED);
    let _server = there.start();
    wait_for("the webhook", || ours(&standin, &there.address()).pop());
    let looks = || standin.calls("/Webhooks").into_iter().filter(|call| call["method"] == "GET").count();
    let before = looks();
    wait_for("further looks", || (looks() > before + 3).then_some(()));
    assert_eq!(writes(&standin, "/Webhooks"), ["POST"]);
    assert_eq!(there.attention(), [""; 0]);
}

#[test]
fn a_check_says_what_a_webhook_lacks() {
    let standin = StandIn::start();
    let said = |deployment: &Deployment, arguments: &[&str]| {
        let checked = deployment.run(arguments);
        (checked.status.success(), String::from_utf8_lossy(&checked.stdout).into_owned())
    };
    // To be managed, and nobody knows where it is.
    let nowhere = Deployment::bare(&standin.mluvii, &format!("{MANAGED}{ERASE}"));
    let (is_right, text) = said(&nowhere, &["check"]);
    assert!(!is_right && text.contains("`server.public_url` is not set"), "{text}");
    let there = Addressed::new(&standin, WATCHED);
    drop(there.start());
    let (_, text) = said(&there.deployment, &["check", "--connect"]);
    assert!(text.contains("mluvii does not have it") && text.contains("quietus webhook register acme"), "{text}");
    there.deployment.json(&["webhook", "register", "acme"]);
    let (_, text) = said(&there.deployment, &["check", "--connect"]);
    assert!(text.contains("source acme, its webhook at mluvii") && !text.contains("webhook register"), "{text}");
    assert!(!text.contains("password-42"), "a secret is shown");
}

/// A list that does not show what was registered: a further one each time would deliver each event as often.
#[test]
fn a_webhook_that_the_list_hides_is_not_registered_again_and_again() {
    let standin = StandIn::start();
    standin.behave(&json!({ "webhooks_unlisted": true }));
    let there = Addressed::new(&standin, MANAGED);
    let server = there.start();
    let said =
        wait_for("attention", || there.attention().into_iter().find(|why| why.contains("is not registered again")));
    assert!(said.contains("a person has to look"), "{said}");
    let looks = || standin.calls("/Webhooks").into_iter().filter(|call| call["method"] == "GET").count();
    let before = looks();
    wait_for("further looks", || (looks() > before + 3).then_some(()));
    assert_eq!(writes(&standin, "/Webhooks"), ["POST"]);
    standin.behave(&json!({ "webhooks_unlisted": null }));
    wait_for("nothing to need a person", || there.attention().is_empty().then_some(()));
    // Once it was shown, one that is deleted is restored as ever.
    let path = format!("/api/v1/Webhooks/{}", id(&ours(&standin, &there.address())[0]));
    assert_eq!(standin.api(Method::DELETE, &path, &Value::Null).0, 204);
    wait_for("it to be restored", || ours(&standin, &there.address()).pop());
    drop(server);
}

/// What is masked cannot be compared, but what comes by it is refused.
#[test]
fn masked_credentials_that_are_refused_are_set_anew_once() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, MANAGED);
    let needed = [
        "SessionEnded",
        "SessionCallParamsUpdated",
        "SessionOperatorConcluded",
        "SessionRecordingPostProcessingCompleted",
        "GuestIdentityUpdated",
    ];
    let wrong = json!({ "eventTypes": needed, "callbackUrl": there.callback("another-one") });
    standin.behave(&json!({ "webhooks_masked": true }));
    assert_eq!(standin.api(Method::POST, "/api/v1/Webhooks", &wrong).0, 201);
    let path = format!("/api/v1/Webhooks/{}", id(&standin.webhooks()[0]));
    let server = there.start();
    standin.begin(7, "ann@example.com", Some("v3"));
    standin.just_end(7);
    wait_for("it to be set anew", || (writes(&standin, &path) == ["PUT"]).then_some(()));
    standin.begin(8, "bob@example.com", Some("v3"));
    standin.just_end(8);
    let known = "SELECT count(*) FROM session WHERE session = 8";
    wait_for("a delivery that is taken", || (there.deployment.count(known) == 1).then_some(()));
    let looks = || standin.calls("/Webhooks").into_iter().filter(|call| call["method"] == "GET").count();
    let before = looks();
    wait_for("further looks", || (looks() > before + 3).then_some(()));
    assert_eq!(writes(&standin, &path), ["PUT"], "once");
    assert_eq!(there.attention(), [""; 0]);
    drop(server);
}

#[test]
fn what_was_noted_of_a_source_that_is_gone_is_over_at_the_next_start() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, WATCHED);
    let server = there.start();
    wait_for("attention", || there.attention().pop());
    drop(server);
    let config = there.deployment.configuration();
    let renamed =
        config.replacen("[[source]]\nname = \"acme\"", "[[source]]\nname = \"other\"\nwebhook = \"managed\"", 1);
    assert_ne!(renamed, config);
    there.deployment.write("quietus.toml", &renamed);
    let server = there.start();
    wait_for("the note to be gone", || there.attention().is_empty().then_some(()));
    drop(server);
}
