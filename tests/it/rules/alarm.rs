//! A rule that is new or changed and would erase much waits for a person.

use serde_json::{Value, json};

use super::text;
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// Whether it needs a person that a rule waits, and what is said of it.
fn waiting(deployment: &Deployment) -> Option<Value> {
    let status = deployment.json(&["status"]);
    let all = status["attention"].as_array().expect("a list");
    all.iter().find(|found| found["code"] == "rule_waiting").cloned()
}

/// A deployment whose rule has erased one of four sessions, and its server.
pub(crate) fn one_of_four_erased(standin: &StandIn, more: &str) -> (Deployment, Server) {
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{more}"));
    deployment.replace("alarm_share = 1", "alarm_share = 0.3");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in 101..=104 {
        standin.begin(id, "ann@x.cz", (id > 101).then_some("v3"));
        standin.just_end(id);
    }
    deployment.settled(4);
    receipts(&deployment, 1);
    (deployment, server)
}

/// Starts the server again, with a version of that rule that would have erased all four.
pub(crate) fn would_erase_all(standin: &StandIn, deployment: &Deployment, server: Server) -> Server {
    changed(standin, deployment, server, "when = \"consent.state == 'absent'\"", "when = \"true\"")
}

#[test]
fn a_changed_rule_that_would_erase_much_waits_until_it_is_confirmed() {
    let standin = StandIn::start();
    let (deployment, server) = one_of_four_erased(&standin, "");
    assert!(waiting(&deployment).is_none(), "an empty ledger has nothing to compare with");
    let server = would_erase_all(&standin, &deployment, server);
    let found = wait_for("the rule to wait", || waiting(&deployment));
    let number = |name: &str| found["parameters"][name].as_u64();
    assert_eq!(
        (&found["object"], number("would"), number("sessions")),
        (&json!("rule:no consent, nothing kept"), Some(4), Some(4))
    );
    standin.begin(105, "bob@x.cz", Some("v3"));
    standin.just_end(105);
    held(&deployment, 1);
    let explained = deployment.json(&["explain", "acme/105"]);
    assert_eq!(explained["erasures"][0]["state"], "scheduled", "{explained}");
    assert!(standin.holds("bob@x.cz"));
    let other = deployment.run(&["rules", "confirm", "another"]);
    assert!(other.status.code() == Some(1) && text(&other).contains("no rule `another` waits"), "{}", text(&other));

    // A restart decides nothing anew.
    server.stop();
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    assert!(waiting(&deployment).is_some());
    let status = deployment.run(&["status"]);
    assert_eq!(status.status.code(), Some(1), "{}", text(&status));

    let confirmed = deployment.run(&["rules", "confirm", "no consent, nothing kept"]);
    assert!(confirmed.status.success(), "{}", text(&confirmed));
    receipts(&deployment, 2);
    assert!(waiting(&deployment).is_none());
    wait_for("what waited to be done", || (!standin.holds("bob@x.cz")).then_some(()));
    let audit = deployment.json(&["audit", "list"]);
    assert!(audit.to_string().contains("rules.confirm"), "{audit}");
}

/// How many erasures wait for their rules.
pub(crate) fn held(deployment: &Deployment, count: i64) {
    let sql = "SELECT COUNT(*) FROM task WHERE reason LIKE '%waits for `quietus rules confirm`'";
    wait_for("erasures to be held", || (deployment.count(sql) == count).then_some(()));
}

/// The erasure of a session, once it is in this state.
fn erasure_in(deployment: &Deployment, session: i64, state: &str) -> Value {
    wait_for(state, || {
        // Not before it has been heard of.
        deployment.ledger().query_row("SELECT 1 FROM session WHERE session = ?1", [session], |_| Ok(())).ok()?;
        let explained = deployment.json(&["explain", &format!("acme/{session}")]);
        let all = explained["erasures"].as_array()?.clone();
        all.into_iter().find(|one| one["state"] == state)
    })
}

/// Sessions whose consent was given, which were read and settled.
fn begun_with(
    alarm_share: &str,
    sessions: std::ops::RangeInclusive<i64>,
    rules: &str,
) -> (StandIn, Deployment, Server) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, rules);
    deployment.replace("alarm_share = 1", &format!("alarm_share = {alarm_share}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let count = sessions.clone().count();
    for id in sessions {
        standin.begin(id, "ann@x.cz", Some("v3"));
        standin.end(id);
    }
    deployment.settled(count);
    (standin, deployment, server)
}

/// Starts a server again, with a rule or consent rule that is another one.
fn changed(standin: &StandIn, deployment: &Deployment, server: Server, from: &str, to: &str) -> Server {
    server.stop();
    deployment.replace(from, to);
    let server = Server::start(deployment);
    standin.register(&server.callback());
    server
}

#[test]
fn what_a_rejected_version_demands_never_begins_and_what_another_rule_demands_does() {
    let kept = "\n[[rule]]\nname = \"retention\"\non = \"session-settled\"\nwhen = \"session.id > 0\"\nerase = \"session\"\nafter = \"365d\"\n\
                targets = [\"mluvii\"]\n";
    let (standin, deployment, server) = begun_with("0.3", 101..=104, &format!("{ERASE}{kept}"));
    let server = changed(&standin, &deployment, server, "when = \"consent.state == 'absent'\"", "when = \"true\"");
    let name = "no consent, nothing kept";
    let version = |found: &Value| found["parameters"]["version"].as_str().expect("a version").to_owned();
    let second = version(&wait_for("the rule to wait", || waiting(&deployment)));
    standin.begin(105, "bob@x.cz", Some("v3"));
    standin.just_end(105);
    held(&deployment, 1);

    // Whatever the next version is: what the second one demanded is not let go with it.
    let server = changed(&standin, &deployment, server, "when = \"true\"", "when = \"consent.state == 'refused'\"");
    assert_eq!(version(&waiting(&deployment).expect("it waits on")), second);
    for version in [&["--version", second.as_str()][..], &[]] {
        let confirmed = deployment.run(&[&["rules", "confirm", name], version].concat());
        let said = text(&confirmed);
        assert!(confirmed.status.code() == Some(1) && said.contains("has changed since its version"), "{said}");
    }
    let unknown = deployment.run(&["rules", "reject", name, "--version", "00000000"]);
    assert!(
        unknown.status.code() == Some(1) && text(&unknown).contains("no server has worked by"),
        "{}",
        text(&unknown)
    );
    assert!(waiting(&deployment).is_some() && standin.holds("bob@x.cz"));

    let rejected = deployment.json(&["rules", "reject", name]);
    assert_eq!((&rejected["version"], &rejected["would"]), (&json!(second), &json!(4)), "{rejected}");
    assert!(waiting(&deployment).is_none());
    // A year's retention is what is left of it.
    let left = wait_for("it to be retention's alone", || {
        let one = erasure_in(&deployment, 105, "scheduled");
        one["rejected"].is_array().then_some(one)
    });
    assert_eq!(
        (&left["rules"], &left["rejected"]),
        (&json!(["retention"]), &json!([format!("{name}@{second}")])),
        "{left}"
    );
    assert!(standin.holds("bob@x.cz"));
    let audit = deployment.json(&["audit", "list", "--act", "rules.reject"]);
    assert!(audit.to_string().contains(&second), "{audit}");

    // The version stays rejected when it comes back, and what it alone demands is over at once.
    let server = changed(&standin, &deployment, server, "when = \"consent.state == 'refused'\"", "when = \"true\"");
    server.stop();
    deployment.replace(kept, "");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(106, "cyd@x.cz", Some("v3"));
    standin.just_end(106);
    let over = erasure_in(&deployment, 106, "cancelled");
    assert_eq!(over["rejected"], json!([format!("{name}@{second}")]), "{over}");
    assert!(waiting(&deployment).is_none() && standin.holds("cyd@x.cz"));
    server.stop();
}

#[test]
fn a_changed_consent_table_makes_the_rules_that_ask_for_it_wait() {
    let tables = |id: i64| {
        format!(
            "\n[[consent]]\non = \"form-submitted\"\nwhen = \"form.id == {id}\"\nstate = \"withdrawn\"\n\n[settling]\npause = \"0s\"\n\
             \n[[rule]]\nname = \"withdrawn\"\non = \"session-settled\"\nwhen = \"consent.state == 'withdrawn'\"\nerase = \"session\"\n\
             targets = [\"mluvii\"]\n\n[[rule]]\nname = \"phone\"\non = \"session-settled\"\nwhen = \"session.channel == 'Phone'\"\n\
             erase = \"session\"\ntargets = [\"mluvii\"]\n"
        )
    };
    let (standin, deployment, server) = begun_with("0.3", 101..=103, &tables(4711));
    assert!(waiting(&deployment).is_none());
    // Nobody knows what the forms of last month would have said by the new table.
    let server = changed(&standin, &deployment, server, "form.id == 4711", "form.id > 0");
    let found = wait_for("the rule to wait", || waiting(&deployment));
    let number = |name: &str| found["parameters"][name].as_u64();
    assert_eq!(
        (&found["object"], number("would"), number("sessions")),
        (&json!("rule:withdrawn"), Some(3), Some(3)),
        "the other one asks for no consent"
    );
    server.stop();
}

/// All rules that wait, in order.
fn all_waiting(deployment: &Deployment) -> Vec<Value> {
    let status = deployment.json(&["status"]);
    let all = status["attention"].as_array().expect("a list");
    all.iter().filter(|found| found["code"] == "rule_waiting").map(|found| found["parameters"].clone()).collect()
}

/// A rule about settled sessions.
fn rule(name: &str, when: &str) -> String {
    let (name, when) = (json!(name), json!(when));
    format!(
        "\n[[rule]]\nname = {name}\non = \"session-settled\"\nwhen = {when}\nerase = \"session\"\ntargets = [\"mluvii\"]\n"
    )
}

#[test]
fn rules_that_would_erase_much_together_wait_together() {
    let (standin, deployment, server) = begun_with("0.3", 101..=104, ERASE);
    // Each one of them erases a fourth.
    let parts: String =
        (101..=104).map(|id| rule(&format!("part {id}"), &format!("session.id % 4 == {}", id % 4))).collect();
    let config = deployment.configuration();
    deployment.write("quietus.toml", &format!("{config}{parts}{}", rule("the guest's", "session.id == 7")));
    let reloaded = deployment.run(&["reload"]);
    assert!(reloaded.status.success() && text(&reloaded).contains("confirm 'part 101'"), "{}", text(&reloaded));
    let waiting = all_waiting(&deployment);
    assert_eq!(waiting.len(), 4, "what would erase nothing is no part of it: {waiting:?}");
    for found in &waiting {
        assert_eq!((&found["would"], &found["together"], &found["sessions"]), (&json!(1), &json!(4), &json!(4)));
    }
    standin.begin(105, "bob@x.cz", Some("v3"));
    standin.just_end(105);
    held(&deployment, 1);
    assert!(standin.holds("bob@x.cz"));
    server.stop();
}

#[test]
fn what_was_rejected_is_over_before_its_version_can_begin_after_all() {
    let name = "the guest's";
    let (standin, deployment, server) = begun_with("0.3", 101..=103, ERASE);
    let config = deployment.configuration();
    let late = rule("late", "session.id > 0").replace("erase =", "after = \"365d\"\nerase =");
    deployment.write("quietus.toml", &format!("{config}{}{late}", rule(name, "session.ended")));
    let reloaded = deployment.run(&["reload"]);
    assert!(text(&reloaded).contains(r"quietus rules confirm 'the guest'\''s'"), "{}", text(&reloaded));
    standin.begin(104, "bob@x.cz", Some("v3"));
    standin.just_end(104);
    held(&deployment, 1);
    let version = all_waiting(&deployment)
        .iter()
        .find_map(|found| (found["rule"] == name).then(|| found["version"].as_str().expect("a version").to_owned()))
        .expect("it waits");
    // Nobody works on what is cancelled, so none of it is cancelled yet.
    server.stop();
    assert!(deployment.run(&["rules", "reject", name]).status.success());
    assert!(deployment.run(&["rules", "reject", "late"]).status.success());
    let unnamed = deployment.run(&["rules", "confirm", name]);
    assert!(!unnamed.status.success() && text(&unnamed).contains("was rejected"), "{}", text(&unnamed));
    let confirm = || deployment.run(&["rules", "confirm", name, "--version", &version]);
    let refused = confirm();
    assert!(!refused.status.success() && text(&refused).contains("is cancelled yet"), "{}", text(&refused));

    let server = Server::start(&deployment);
    standin.register(&server.callback());
    // Also what a year's retention had demanded is over now.
    erasure_in(&deployment, 104, "cancelled");
    wait_for("it to be confirmed", || confirm().status.success().then_some(()));
    standin.begin(105, "cyd@x.cz", Some("v3"));
    standin.just_end(105);
    wait_for("what is demanded now to be done", || (!standin.holds("cyd@x.cz")).then_some(()));
    assert!(standin.holds("bob@x.cz"));
    server.stop();
}

#[test]
fn a_consent_table_and_a_rule_that_come_together_wait() {
    let (_standin, deployment, server) = begun_with("0.3", 101..=103, ERASE);
    let config = deployment.configuration();
    let table = "\n[[consent]]\non = \"session-settled\"\nwhen = \"true\"\nstate = \"absent\"\n";
    let changed = rule("changed", "consent.state == 'absent'").replace("session-settled", "consent-changed");
    let origin = rule("origin", "consent.state == 'absent' && consent.origin == 'rule'");
    deployment.write("quietus.toml", &format!("{config}{table}{origin}{changed}"));
    let reloaded = deployment.run(&["reload"]);
    assert!(reloaded.status.success(), "{}", text(&reloaded));
    let waiting: Vec<_> = all_waiting(&deployment).iter().map(|found| found["rule"].clone()).collect();
    // The one that was there asks for the consent, too.
    assert_eq!(waiting, ["changed", "no consent, nothing kept", "origin"]);
    server.stop();
}
