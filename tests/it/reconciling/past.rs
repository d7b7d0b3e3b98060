//! The years before quietus: what the rules would do is shown first, by rule and month, and done once a person confirms it.

use std::process::Output;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::at_rest;
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

fn ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

/// Two without consent, and one with.
fn past(standin: &StandIn) {
    for (id, days, consent) in [(100, 50, None), (101, 50, Some("v3")), (102, 10, None)] {
        standin.begin_with(json!({
            "id": id, "tenant": 62, "ended": ago(days), "gdpr_version": consent,
            "call_params": [{ "name": "oo1_guest_email", "value": format!("g{id}@example.com"), "source": "ENTRY_FORM" }],
        }));
    }
}

fn order(deployment: &Deployment) -> String {
    deployment.json(&["reconcile", "--since", &ago(60).to_string()])["job"].to_string()
}

fn job(deployment: &Deployment) -> Value {
    deployment.json(&["reconcile", "status"])[0].clone()
}

fn in_state(deployment: &Deployment, state: &str) -> Value {
    wait_for(&format!("the job to be {state}"), || Some(job(deployment)).filter(|job| job["state"] == state))
}

/// Confirms what is shown of a job now.
fn confirm(deployment: &Deployment, id: &str) -> Output {
    confirm_of(deployment, id, &job(deployment)["shown"])
}

/// Confirms what was shown at a time.
fn confirm_of(deployment: &Deployment, id: &str, shown: &Value) -> Output {
    deployment.run(&["reconcile", "confirm", id, "--shown", shown.as_str().unwrap_or("2026-01-01T00:00:00Z")])
}

fn sum(by_month: &Value) -> u64 {
    by_month.as_object().expect("by month").values().map(|count| count.as_u64().expect("a number")).sum()
}

#[test]
fn what_rules_would_do_with_years_is_shown_by_rule_and_month_and_done_once_confirmed() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = at_rest(&standin, ERASE);
    let id = order(&deployment);
    let again = deployment.run(&["reconcile", "--since", &ago(60).to_string()]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not over"), "{again:?}");
    assert!(!confirm(&deployment, &id).status.success(), "nobody has seen it");
    let server = Server::start(&deployment);
    let shown = in_state(&deployment, "shown");
    assert_eq!((sum(&shown["found"]), sum(&shown["would_erase"]), &shown["unread"]), (3, 2, &json!(0)), "{shown}");
    let rule = &shown["by_rule"]["no consent, nothing kept"];
    assert_eq!((rule.as_object().map(serde_json::Map::len), sum(rule)), (Some(2), 2), "{shown}");
    let text = deployment.run(&["reconcile", "status"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("these rules would erase 2 sessions of 3") && text.contains("confirm 1 --shown 20"),
        "{text}"
    );
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 1, "nothing was done");

    assert!(confirm(&deployment, &id).status.success());
    assert_eq!(receipts(&deployment, 2).len(), 2);
    let done = in_state(&deployment, "done");
    assert_eq!(done["entered"], 3, "{done}");
    let held = [100, 101, 102].map(|id| standin.holds(&format!("g{id}@example.com")));
    assert_eq!(held, [false, true, false]);
    let audit = deployment.json(&["audit", "list", "--act", "sessions.reconcile_past"]);
    let states = audit.as_array().expect("a list").iter().map(|row| row["entry"]["details"]["state"].clone());
    let states: std::collections::BTreeSet<_> = states.map(|state| state.to_string()).collect();
    assert_eq!(states, ["\"done\"", "\"entering\"", "\"looking\""].map(str::to_owned).into());
    drop(server);
}

#[test]
fn a_job_that_waits_for_a_person_is_told_and_what_a_rule_fails_at_is_counted_apart() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = at_rest(&standin, ERASE);
    // `v3` is no number.
    deployment.add(
        r#"
[[rule]]
name = "odd"
on = "session-settled"
when = "consent.state == 'given' && int(consent.version) > 2"
erase = "session"
targets = ["mluvii"]
"#,
    );
    let id = order(&deployment);
    let server = Server::start_with(&deployment, &[("WATCH__RECONCILE", "0s")]);
    let shown = in_state(&deployment, "shown");
    assert_eq!((sum(&shown["found"]), sum(&shown["would_erase"]), &shown["unread"]), (3, 2, &json!(0)), "{shown}");
    assert_eq!((&shown["failed"], &shown["failed_by_rule"]), (&json!(1), &json!({ "odd": 1 })), "{shown}");
    let text = |arguments: &[&str]| String::from_utf8_lossy(&deployment.run(arguments).stdout).into_owned();
    let said = text(&["reconcile", "status"]);
    assert!(said.contains("1 of them: a rule could not be evaluated (`odd` of 1)"), "{said}");
    let waiting = || {
        let all = deployment.json(&["attention", "list"]);
        all.as_array().expect("a list").iter().find(|found| found["code"] == "past_waiting").cloned()
    };
    let told = waiting().expect("a person is needed");
    let parameters = &told["parameters"];
    assert_eq!(
        (&parameters["would"], &parameters["sessions"], &parameters["mluvii"]),
        (&json!(2), &json!(3), &json!("acme"))
    );
    assert!(told["since"] == shown["shown"] && !told["since"].is_null(), "{told}");
    let said = text(&["status"]);
    assert!(said.contains(&format!("quietus reconcile status {id}")), "{said}");
    let counted = "quietus_attention{code=\"past_waiting\",severity=\"attention\"} 1";
    wait_for("the metric", || server.metrics().contains(counted).then_some(()));
    assert!(deployment.run(&["reconcile", "cancel", &id]).status.success());
    assert_eq!(waiting(), None);
    drop(server);
}

#[test]
fn a_job_that_is_cancelled_or_whose_rules_have_changed_does_nothing() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = at_rest(&standin, ERASE);
    let id = order(&deployment);
    let server = Server::start(&deployment);
    in_state(&deployment, "shown");
    drop(server);
    let config = deployment.configuration();
    deployment.write("quietus.toml", &config.replace("consent.state == 'absent'", "consent.state != 'given'"));
    let refused = confirm(&deployment, &id);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("the rules have changed"), "{said}");
    assert!(deployment.run(&["reconcile", "cancel", &id]).status.success());
    assert!(!deployment.run(&["reconcile", "cancel", &id]).status.success());
    assert!(!confirm(&deployment, &id).status.success());
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 1);
    assert_eq!(order(&deployment), "2");
}

/// A consent table about the session, and a rule that follows from what it says.
const CONSENT: &str = r#"
[[consent]]
on = "session-settled"
when = "consent.version.startsWith('v3')"
state = "withdrawn"

[[rule]]
name = "withdrawn"
on = "consent-changed"
when = "consent.state == 'withdrawn'"
erase = "session"
targets = ["mluvii"]
"#;

#[test]
fn what_consent_tables_say_is_shown_as_it_is_done() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = at_rest(&standin, &format!("{ERASE}{CONSENT}"));
    let id = order(&deployment);
    let server = Server::start_with(&deployment, &[("WATCH__RECONCILE", "0s")]);
    let shown = in_state(&deployment, "shown");
    assert_eq!((sum(&shown["would_erase"]), sum(&shown["by_rule"]["withdrawn"])), (3, 1), "{shown}");
    assert!(confirm(&deployment, &id).status.success());
    // And that of the session that was told.
    receipts(&deployment, 4);
    assert_eq!([100, 101, 102].map(|id| standin.holds(&format!("g{id}@example.com"))), [false; 3]);
    drop(server);
}

#[test]
fn no_more_is_done_than_was_shown() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = at_rest(&standin, ERASE);
    let id = order(&deployment);
    let server = Server::start_with(&deployment, &[("WATCH__RECONCILE", "0s")]);
    let first = in_state(&deployment, "shown");
    assert_eq!(sum(&first["would_erase"]), 2);
    // Of that time, and nobody has seen it.
    standin.begin_with(json!({ "id": 110, "tenant": 62, "ended": ago(55) }));
    assert!(confirm(&deployment, &id).status.success());
    let again = wait_for("it to be shown once more", || {
        Some(job(&deployment)).filter(|job| job["state"] == "shown" && job["again"].is_string())
    });
    assert_eq!((sum(&again["would_erase"]), &again["entered"]), (3, &json!(0)), "{again}");
    let said = String::from_utf8_lossy(&deployment.run(&["reconcile", "status"]).stdout).into_owned();
    assert!(said.contains("it is shown once more: mluvii shows other sessions than before"), "{said}");
    assert!(standin.holds("g100@example.com") && standin.holds("g102@example.com"), "nothing was done");
    // Who has the first numbers before them has not seen these.
    let of_first = confirm_of(&deployment, &id, &first["shown"]);
    assert!(String::from_utf8_lossy(&of_first.stderr).contains("was shown again meanwhile"), "{of_first:?}");
    assert!(confirm(&deployment, &id).status.success());
    assert_eq!(in_state(&deployment, "done")["entered"], 4);
    receipts(&deployment, 3);
    drop(server);
}

#[test]
fn a_job_is_not_confirmed_where_mluvii_is_read_otherwise_than_it_was_shown() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = at_rest(&standin, ERASE);
    let id = order(&deployment);
    let server = Server::start_with(&deployment, &[("WATCH__RECONCILE", "0s")]);
    in_state(&deployment, "shown");
    let config = deployment.configuration();
    for (from, to) in [
        ("base_url =", "nulls = \"omitted\"\nbase_url ="),
        ("region = \"CZ\"", "region = \"SK\""),
        ("tenants = [62]", "tenants = [62, 63]"),
    ] {
        assert!(config.contains(from), "{from}");
        deployment.write("quietus.toml", &config.replace(from, to));
        let refused = confirm(&deployment, &id);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("or how mluvii is read"), "{to}: {said}");
    }
    deployment.write("quietus.toml", &config.replace("call_max = \"5s\"", "call_max = \"6s\""));
    let confirmed = confirm(&deployment, &id);
    assert!(confirmed.status.success(), "how fast it is read changes nothing: {confirmed:?}");
    drop(server);
}

#[test]
fn nobody_is_looked_up_before_it_is_known_whose_they_are() {
    let standin = StandIn::start();
    past(&standin);
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    drop(Server::start(&deployment));
    order(&deployment);
    let server = Server::start(&deployment);
    let failed = wait_for("a failure", || job(&deployment)["reason"].as_str().map(str::to_owned));
    assert!(failed.contains("no delivery has shown"), "{failed}");
    assert!(standin.calls("/Sessions/100").is_empty());
    drop(server);
}
