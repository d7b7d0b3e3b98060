//! What happens to a deployment while it is searched.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    ACTIVITY, AGENT, BODY, CHANNEL, CHATBOT, CUSTOMER, EMAIL, EXTRA, FORM, FOUND, HAND, HOP, NAME, NOTE, OTHER_EMAIL,
    PHONE,
};
use crate::harness::{Deployment, PASSWORD, Server, StandIn, client, http, wait_for};

/// What ends is compared all the time.
pub(super) const OFTEN: &[(&str, &str)] =
    &[("WATCH__RECONCILE", "200ms"), ("WATCH__RECONCILE_AFTER", "0s"), ("WATCH__RECONCILE_OVERLAP", "1h")];

/// Personal data comes in by every way there is.
pub(super) fn everything(standin: &StandIn, server: &Server, deployment: &Deployment) {
    conversations(standin);
    deliveries(server);
    let outside = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(outside.path(), HAND).expect("it is writable");
    let who = format!("@{}", outside.path().display());
    assert!(deployment.run(&["erase", "--email", &who]).status.success());
    requested(outside.path(), deployment);
    found_at_mluvii(standin, server, deployment);
    // A configuration that is reloaded.
    deployment.add("[[test]]\nname = \"no consent\"\non = \"session-settled\"\nconsent = { state = \"absent\" }\nexpect = [\"no consent, nothing kept\"]\n");
    let reloaded = deployment.run(&["reload"]);
    assert!(reloaded.status.success(), "{reloaded:?}");
}

/// A person's request is entered, planned and found; and lines of which some are wrong, in every column.
fn requested(outside: &std::path::Path, deployment: &Deployment) {
    std::fs::write(outside, format!("email: {HAND}\nname: {NAME}\nphone: {PHONE}\n")).expect("it is writable");
    let file = outside.display().to_string();
    let new = ["requests", "new", "--came", "letter", "--verified", "document", "--file", &file];
    assert!(deployment.run(&new).status.success());
    for arguments in [&["plan", "R-1"][..], &["plan", "R-1", "--json"], &["find", "--file", &file], &["show", "R-1"]] {
        let output = deployment.run(&[&["requests"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        super::assert_silent("what a request shows", &[output.stdout, output.stderr].concat());
    }
    let (columns, right) =
        ("name,number,came,received,mluvii,targets,email", format!("{NAME},,letter,,,,{OTHER_EMAIL}"));
    let wrong = (0..7).map(|at| vec![""; at].join(",") + NAME + &",".repeat(6 - at));
    let lines: Vec<_> = [columns.to_owned(), right].into_iter().chain(wrong).collect();
    std::fs::write(outside, lines.join("\n")).expect("it is writable");
    let results = deployment.path("results.csv").display().to_string();
    let output = deployment.run(&["requests", "new", "--came", "letter", "--csv", &file, "--results", &results]);
    super::assert_silent("what many requests show", &[output.stdout, output.stderr].concat());
    assert!(std::fs::read_to_string(results).expect("results").contains(",acme/R-"), "one of them is right");
}

/// Conversations of which we are told, and faults while they are erased.
fn conversations(standin: &StandIn) {
    for (id, email, consent) in [(101, EMAIL, None), (102, OTHER_EMAIL, Some("v3")), (103, OTHER_EMAIL, Some("v3"))] {
        standin.begin_with(conversation(id, email, consent));
        standin.add_contact(email);
        standin.end(id);
    }
    let params = json!({ "oo1_guest_email": OTHER_EMAIL, "oo1_guest_ident": NAME, "free": FORM });
    standin.submit(102, 4711, &params);
    standin.happen(102, "form", &json!({ "kind": "chatbot", "form_id": 1, "params": { "value": CHATBOT } }));
    standin.crm_fault(&json!({ "path": "/contacts", "times": 2, "kind": "status", "status": 500 }));
    standin.crm_fault(&json!({ "path": "/contacts", "times": 1, "kind": "garbage" }));
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "status", "status": 500 }));
}

/// A conversation with something in each field.
pub(super) fn conversation(id: i64, email: &str, consent: Option<&str>) -> Value {
    let param = |name: &str, value: &str| json!({ "name": name, "value": value, "source": "ENTRY_FORM" });
    json!({
        "id": id, "tenant": 62, "guest": format!("g-{id}"), "channel": CHANNEL, "gdpr_version": consent,
        "phone_callback_number": PHONE, "notes": [NOTE], "activities": [ACTIVITY],
        "call_params": [
            param("oo1_guest_email", email), param("oo1_guest_ident", NAME), param("oo1_guest_phone", PHONE),
            param("customer", CUSTOMER), param("free", FORM),
        ],
    })
}

/// What has more in it than it should, cannot be read, or is refused.
fn deliveries(server: &Server) {
    let mut body = crate::harness::session_ended(103);
    body["data"]["client"] = json!({ "name": NAME, "email": EXTRA });
    body["data"]["channel"] = json!(CHANNEL);
    assert_eq!(server.deliver(&body), 204);
    let (status, _) = http(
        client()
            .post(server.url(&format!("/webhooks/acme?hint={BODY}")))
            .basic_auth("mluvii", Some(PASSWORD))
            .header("user-agent", AGENT)
            .header("x-forwarded-for", HOP)
            .body(format!("{{\"eventType\": \"SessionEnded\", \"data\": \"{BODY} {NAME}\"")),
    );
    assert_eq!(status, 202);
    let (status, _) = http(client().post(server.url("/webhooks/acme")).basic_auth(AGENT, Some(BODY)).body(BODY));
    assert_eq!(status, 401);
}

/// Conversations of which nobody tells us: a server finds one by itself, another one by order, and one of the past once that is confirmed.
fn found_at_mluvii(standin: &StandIn, server: &Server, deployment: &Deployment) {
    let ago = |hours| Timestamp::now() - SignedDuration::from_hours(hours);
    let ended = |id, hours| {
        let mut conversation = conversation(id, FOUND, Some("v3"));
        conversation["ended"] = json!(ago(hours));
        standin.begin_with(conversation);
    };
    let is_known = |id: i64| deployment.run(&["explain", &format!("acme/{id}")]).status.success();
    server.moved("quietus_reconciliations_total");
    ended(104, 0);
    wait_for("the server to find it", || is_known(104).then_some(()));
    // A person's erasure waits for all that may be theirs to settle.
    standin.happen(104, "conclude", &json!({}));
    ended(105, 3);
    for more in [&["--dry-run"][..], &[]] {
        let (since, until) = (ago(4).to_string(), ago(2).to_string());
        let order = [&["reconcile", "--since", &since, "--until", &until], more].concat();
        assert!(deployment.run(&order).status.success(), "{order:?}");
    }
    wait_for("it to be decided on", || is_known(105).then_some(()));
    ended(106, 50 * 24);
    let job = deployment.json(&["reconcile", "--since", &ago(60 * 24).to_string()])["job"].to_string();
    let shown = wait_for("what the rules would do", || {
        let job = deployment.json(&["reconcile", "status"])[0].clone();
        (job["state"] == "shown").then(|| job["shown"].as_str().expect("a time").to_owned())
    });
    assert!(deployment.run(&["reconcile", "confirm", &job, "--shown", &shown]).status.success());
    wait_for("it to be decided on", || is_known(106).then_some(()));
}

/// What the command line and the metrics say while everything is under way.
pub(super) fn shown(deployment: &Deployment, server: &Server) -> String {
    let mut shown = server.metrics();
    for arguments in [
        &["status"][..],
        &["erasures", "list"],
        &["quarantine", "list"],
        &["quarantine", "show", "1"],
        &["config", "show"],
        &["check", "--connect"],
        &["check", "--against-running"],
        &["reload"],
        &["explain", "acme/101"],
        &["explain", "acme/106"],
        &["rules", "test"],
        &["rules", "try", "--since", "90d"],
        &["webhook", "status"],
        &["reconcile", "status"],
        &["attention", "list"],
        &["alerts", "test"],
        &["alerts", "list"],
        &["audit", "list"],
        &["consent", "show", "--session", "acme/101"],
        &["consent", "withdraw", "--session", "acme/104", "--came", "letter"],
        &["consent", "export"],
        &["consent", "export", "--format", "json"],
        &["letters", "acknowledgement", "--lang", "cs"],
        &["letters", "refusal", "--lang", "en"],
    ] {
        for form in [&[][..], &["--json"]] {
            let output = deployment.run(&[form, arguments].concat());
            let (code, says) = (output.status.code(), output.stdout.len() + output.stderr.len());
            assert!(matches!(code, Some(0 | 1 | 3)) && says > 0, "{arguments:?}: {output:?}");
            shown += &String::from_utf8_lossy(&output.stdout);
            shown += &String::from_utf8_lossy(&output.stderr);
        }
    }
    shown
}

/// What is shown and printed of consents and receipts once there are some. A person is asked for as an officer does.
pub(super) fn papers(deployment: &Deployment) -> String {
    let outside = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(outside.path(), OTHER_EMAIL).expect("it is writable");
    let who = format!("@{}", outside.path().display());
    let mut shown = String::new();
    for arguments in [
        &["consent", "show", "--email", &who][..],
        &["consent", "export"],
        &["receipts", "find", "--email", &who],
        &["receipts", "certificate", "1", "--lang", "cs"],
        &["receipts", "certificate", "2", "--lang", "en", "--for", "authority"],
        &["receipts", "certificate", "3", "--lang", "cs", "--for", "authority"],
        &["letters", "confirmation", "--lang", "cs", "--receipt", "1"],
        &["letters", "partial-refusal", "--lang", "en", "--receipt", "2"],
        &["letters", "recipients", "--lang", "cs", "--receipt", "3"],
    ] {
        let output = deployment.run(arguments);
        let (code, says) = (output.status.code(), output.stdout.len() + output.stderr.len());
        assert!(matches!(code, Some(0 | 1)) && says > 0, "{arguments:?}: {output:?}");
        shown += &String::from_utf8_lossy(&output.stdout);
        shown += &String::from_utf8_lossy(&output.stderr);
    }
    shown
}
