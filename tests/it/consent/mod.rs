//! Consents over time, through the binary: seen by what a person filled in, ended by a letter, exported.

mod erased;

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, RULES, Server, StandIn, receipts, wait_for};

/// A file with what nobody else may see.
fn secret(deployment: &Deployment, name: &str, value: &str) -> String {
    deployment.write(name, value);
    format!("@{}", deployment.path(name).display())
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// States, versions and origins of one session's consent, the oldest first.
fn history(shown: &Value) -> Vec<(String, String, String)> {
    let earlier = shown["earlier"].as_array().cloned().unwrap_or_default();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or("-").to_owned();
    let all = earlier.iter().chain([&shown["consent"]]);
    all.map(|one| (text(one, "state"), text(one, "version"), text(one, "origin"))).collect()
}

fn consent(state: &str, version: &str, origin: &str) -> (String, String, String) {
    (state.into(), version.into(), origin.into())
}

#[test]
fn a_withdrawal_by_letter_is_shown_first_confirmed_and_found_again() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, "ann@x.cz"), (102, "bob@x.cz"), (103, "ann@x.cz")] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    deployment.settled(3);
    let ann = secret(&deployment, "ann", "Ann@X.cz");

    let written_out = deployment.run(&["consent", "show", "--email", "ann@x.cz"]);
    assert_eq!(written_out.status.code(), Some(2), "{}", said(&written_out));
    let shown = deployment.json(&["consent", "show", "--email", &ann]);
    let sessions: Vec<_> = shown.as_array().expect("a list").iter().map(|one| &one["session"]).collect();
    assert_eq!(sessions, [&json!("acme/101"), &json!("acme/103")]);
    assert_eq!(history(&shown[0]), [consent("given", "v3", "session")]);

    let letter = ["consent", "withdraw", "--email", &ann, "--came", "letter", "--exclude", "acme/103"];
    let foreseen = deployment.json(&letter);
    assert_eq!(foreseen["sessions"][0]["demands"][0]["rule"], "consent withdrawn", "{foreseen}");
    assert_eq!(foreseen["sessions"][0]["demands"][0]["scope"], "guest", "{foreseen}");
    assert_eq!(foreseen["left"], json!([{ "session": "acme/103", "why": "excluded" }]));
    let erasures = || deployment.json(&["erasures", "list"]).as_array().map(Vec::len);
    let before = erasures();
    let text = said(&deployment.run(&letter));
    let hash = foreseen["hash"].as_str().expect("a hash").to_owned();
    assert!(
        text.contains(&format!("--confirm {hash}")) && text.contains("`consent withdrawn` erases the guest"),
        "{text}"
    );
    assert_eq!(
        history(&deployment.json(&["consent", "show", "--session", "acme/101"])[0]).len(),
        1,
        "it was only shown"
    );

    // What was shown for a letter is not what is done for a call, nor of another session.
    for other in [
        ["consent", "withdraw", "--email", &ann, "--came", "phone", "--exclude", "acme/103", "--confirm", &hash],
        ["consent", "withdraw", "--email", &ann, "--came", "letter", "--exclude", "acme/101", "--confirm", &hash],
    ] {
        let refused = deployment.run(&other);
        assert!(
            refused.status.code() == Some(1) && said(&refused).contains("is not what was shown"),
            "{}",
            said(&refused)
        );
    }
    assert!(standin.holds("ann@x.cz"));
    assert_eq!(erasures(), before, "nothing is demanded by what was only shown");

    let done = deployment.json(&[&letter[..], &["--confirm", &hash]].concat());
    assert_eq!((&done["sessions"], &done["erasures"]), (&json!(1), &json!(1)), "{done}");
    let shown = deployment.json(&["consent", "show", "--session", "acme/101"]);
    assert_eq!(history(&shown[0]), [consent("given", "v3", "session"), consent("withdrawn", "v3", "officer-letter")]);
    let again = deployment.run(&[&letter[..], &["--confirm", &hash]].concat());
    assert_eq!(again.status.code(), Some(1), "it is done once: {}", said(&again));
    let receipts = receipts(&deployment, 1);
    assert_eq!(receipts[0]["statement"]["rules"], json!(["consent withdrawn"]), "{receipts:?}");
    wait_for("the session to be erased", || {
        (deployment.json(&["consent", "show", "--session", "acme/101"])[0]["erased"] != Value::Null).then_some(())
    });
    // The proof of what was agreed to stays, and names nobody.
    let shown = deployment.json(&["consent", "show", "--session", "acme/101"]);
    assert_eq!(history(&shown[0]).len(), 2);
    assert!(standin.holds("bob@x.cz"), "nobody else is touched");

    let audit = deployment.json(&["audit", "list", "--act", "consent.withdraw"]);
    assert_eq!(audit.as_array().map(Vec::len), Some(1), "{audit}");
    assert_eq!(audit[0]["entry"]["details"]["sessions"], json!([101]), "{audit}");
    assert_eq!(audit[0]["entry"]["details"]["came"], "officer-letter", "{audit}");

    let looks = deployment.json(&["audit", "list", "--act", "person.find"]);
    let details = json!({ "records": "consents", "found": 2, "kinds": "email" });
    let all = looks.as_array().expect("rows");
    assert!(all.iter().all(|row| row["entry"]["details"] == details), "{looks}");
    assert_eq!(all.len(), 3, "to show them, and to show a withdrawal twice; a session's number is nobody: {looks}");

    let csv = deployment.run(&["consent", "export"]);
    let lines: Vec<_> = String::from_utf8_lossy(&csv.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines[1].starts_with("\"acme\",101,62,") && lines[1].contains(",no,given,\"v3\","), "{lines:?}");
    assert!(lines[2].contains(",yes,withdrawn,\"v3\",") && lines[2].contains("officer-letter"), "{lines:?}");
    let file = deployment.path("consents.jsonl");
    let file = file.to_str().expect("UTF-8");
    let written = deployment.run(&["consent", "export", "--format", "json", "--out", file]);
    assert!(written.status.success(), "{}", said(&written));
    let exported = std::fs::read_to_string(file).expect("there");
    assert_eq!(exported.lines().count(), 3);
    assert!(!exported.contains("ann") && !exported.contains("guest"), "{exported}");
}

#[test]
fn by_which_form_a_consent_was_withdrawn_is_shown_and_exported() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, "ann@x.cz"), (102, "bob@x.cz")] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    deployment.settled(2);
    standin.submit(101, 4712, &json!({ "agree": "no" }));
    let ann = secret(&deployment, "ann", "ann@x.cz");
    let shown = wait_for("the withdrawal to be known", || {
        let shown = deployment.json(&["consent", "show", "--session", "acme/101"]);
        (shown[0]["consent"]["state"] == "withdrawn").then_some(shown)
    });
    assert_eq!(history(&shown[0]), [consent("given", "v3", "session"), consent("withdrawn", "v3", "hero_card")]);
    assert_eq!(shown[0]["consent"]["form_id"], 4712, "{shown}");
    // By what she has filled in, too, also once the session is erased by the rule that follows.
    receipts(&deployment, 1);
    let shown = deployment.json(&["consent", "show", "--email", &ann]);
    assert_eq!(history(&shown[0]), [consent("given", "v3", "session"), consent("withdrawn", "v3", "hero_card")]);
    let text = said(&deployment.run(&["consent", "show", "--session", "acme/101"]));
    assert!(text.contains("hero_card 4712"), "{text}");
    let csv = said(&deployment.run(&["consent", "export"]));
    let by_form =
        |session: &str| csv.lines().any(|line| line.contains(session) && line.ends_with("\"hero_card\",4712"));
    assert!(by_form(",101,") && !by_form(",102,"), "{csv}");
}

#[test]
fn who_shares_a_device_with_somebody_who_withdraws_is_left() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, "ann@x.cz"), (102, "bob@x.cz")] {
        standin.begin_with(json!({
            "id": id,
            "tenant": 62,
            "guest": "tablet",
            "gdpr_version": "v3",
            "call_params": [{ "name": "oo1_guest_email", "value": email, "source": "ENTRY_FORM" }],
        }));
        standin.end(id);
    }
    deployment.settled(2);
    let tablet = secret(&deployment, "tablet", "acme/tablet");
    let letter = ["consent", "withdraw", "--guest", &tablet, "--came", "letter"];
    let foreseen = deployment.json(&letter);
    assert_eq!(foreseen["sessions"], json!([]), "whose is whose, nobody has said: {foreseen}");
    let left = [101, 102].map(|id| json!({ "session": format!("acme/{id}"), "why": "possible" }));
    assert_eq!(foreseen["left"], json!(left), "{foreseen}");
    let ann = [&letter[..], &["--include", "acme/101"]].concat();
    let foreseen = deployment.json(&ann);
    assert_eq!(foreseen["sessions"][0]["session"], "acme/101", "{foreseen}");
    let hash = foreseen["hash"].as_str().expect("a hash");
    let done = deployment.json(&[&ann[..], &["--confirm", hash]].concat());
    assert_eq!(done["sessions"], 1, "{done}");
    let state = |id| deployment.json(&["consent", "show", "--session", id])[0]["consent"]["state"].clone();
    assert_eq!((state("acme/101"), state("acme/102")), (json!("withdrawn"), json!("given")));
}

#[test]
fn who_writes_a_withdrawal_down_does_not_approve_what_it_erases() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}\n[requests]\nfour_eyes = true\n"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let letter = ["consent", "withdraw", "--session", "acme/101", "--came", "letter"];
    let foreseen = deployment.json(&letter);
    assert_eq!(foreseen["sessions"][0]["demands"][0]["approve"], true, "{foreseen}");
    let hash = foreseen["hash"].as_str().expect("a hash");
    let done = deployment.json(&[&letter[..], &["--confirm", hash]].concat());
    assert_eq!(done["erasures"], 1, "{done}");
    let erasures = deployment.json(&["erasures", "list"]);
    let mut all = erasures.as_array().expect("a list").iter();
    let demanded = all.find(|one| one["rules"] == json!(["consent withdrawn"])).expect("it is demanded");
    assert_eq!(demanded["state"], "requested", "{erasures}");
    let id = demanded["id"].as_str().expect("an id");
    let own = deployment.run(&["erasures", "approve", id, "--yes"]);
    assert!(own.status.code() == Some(1) && said(&own).contains("somebody else has to approve it"), "{}", said(&own));
    assert!(standin.holds("ann@x.cz"));
}

#[test]
fn who_writes_a_withdrawal_down_does_not_approve_what_it_demands_later_either() {
    let standin = StandIn::start();
    let rules = ERASE.replace("'absent'", "'withdrawn'");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n[requests]\nfour_eyes = true\n"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let letter = ["consent", "withdraw", "--session", "acme/101", "--came", "letter"];
    let foreseen = deployment.json(&letter);
    assert_eq!(foreseen["sessions"][0]["demands"], json!([]), "{foreseen}");
    assert_eq!(foreseen["sessions"][0]["at_settling"][0]["approve"], true, "{foreseen}");
    let hash = foreseen["hash"].as_str().expect("a hash");
    assert_eq!(deployment.json(&[&letter[..], &["--confirm", hash]].concat())["erasures"], 0);
    let demanded = wait_for("it to be demanded", || deployment.json(&["erasures", "list"])[0].as_object().cloned());
    assert_eq!(demanded["state"], "requested", "{demanded:?}");
    let own = deployment.run(&["erasures", "approve", demanded["id"].as_str().expect("an id"), "--yes"]);
    assert!(own.status.code() == Some(1) && said(&own).contains("somebody else has to approve it"), "{}", said(&own));
    assert!(standin.holds("ann@x.cz"));
}

#[test]
fn a_withdrawal_waits_for_a_mluvii_that_is_away_and_for_rules_that_servers_work_by() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let letter = ["consent", "withdraw", "--session", "acme/101", "--came", "phone"];
    let hash = deployment.json(&letter)["hash"].as_str().expect("a hash").to_owned();

    standin.fault(&json!({ "path": "/Sessions/101", "times": 1000, "kind": "status", "status": 500 }));
    let away = deployment.run(&[&letter[..], &["--confirm", &hash]].concat());
    assert_eq!(away.status.code(), Some(5), "who it is about cannot be sealed: {}", said(&away));
    standin.clear_faults();
    assert_eq!(deployment.json(&["consent", "show", "--session", "acme/101"])[0]["consent"]["state"], "given");

    // A rule of which no server knows demands nothing.
    let config = deployment.configuration();
    deployment.write("quietus.toml", &config.replace("erase = \"guest\"", "erase = \"session\""));
    let changed = deployment.json(&letter);
    assert_eq!(changed["sessions"][0]["demands"][0]["scope"], "session", "{changed}");
    let hash = changed["hash"].as_str().expect("a hash");
    let unknown = deployment.run(&[&letter[..], &["--confirm", hash]].concat());
    assert!(unknown.status.code() == Some(1) && said(&unknown).contains("quietus reload"), "{}", said(&unknown));
    let missing = deployment.run(&["consent", "show", "--session", "acme/999"]);
    assert!(missing.status.code() == Some(1) && said(&missing).contains("not in the ledger"), "{}", said(&missing));
}
