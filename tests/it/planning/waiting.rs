//! Why something is not over: from the letter until the vendor has purged, which is after the last day.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{ANN, codes, file, talked, text};
use crate::harness::{Deployment, Server, StandIn, crm_plugin, wait_for};

const SETTINGS: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n\n[requests]\nwarn_before = \"25d\"\n";

/// What is told under a code.
#[track_caller]
fn told(deployment: &Deployment, code: &str) -> Value {
    let all = deployment.json(&["attention", "list"]);
    let found = all.as_array().expect("a list").iter().find(|one| one["code"] == code);
    found.unwrap_or_else(|| panic!("nothing is told of {code}: {all:#}")).clone()
}

#[test]
fn a_request_says_what_it_waits_for_and_that_the_vendors_window_ends_after_its_last_day() {
    let standin = StandIn::start();
    let crm = crm_plugin(&standin.crm).replacen("rate = 1000", "rate = 1000\nverify_after = \"31d\"", 1);
    let deployment = Deployment::bare(&standin.mluvii, &format!("{SETTINGS}{crm}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_email", ANN)]);
    deployment.settled(1);
    standin.add_contact(ANN);
    let request = |arguments: &[&str]| deployment.json(&[&["requests"], arguments].concat());
    let why = |code: &str| {
        let why = &told(&deployment, code)["parameters"]["why"][0];
        assert_eq!(why["of"], "acme/R-1", "{why}");
        why.clone()
    };

    let ann = file(&deployment, "ann", &format!("email: {ANN}\n"));
    let received = (Timestamp::now() - SignedDuration::from_hours(15 * 24)).strftime("%Y-%m-%d").to_string();
    let entered = request(&["new", "--came", "letter", "--file", &ann, "--received", &received]);
    assert_eq!(codes(&entered), ["unverified"]);
    assert_eq!(codes(&why("requests_due_soon")), ["unverified"]);
    assert!(text(&deployment, &["attention", "list", "--severity", "attention"]).contains("verify whose it is"));
    request(&["verify", "R-1", "--ask"]);
    assert_eq!(codes(&request(&["list"])[0]), ["unanswered"]);
    request(&["verify", "R-1", "--how", "document"]);
    assert_eq!(codes(&request(&["list"])[0]), ["unplanned"]);
    let plan = request(&["plan", "R-1"]);
    assert_eq!(codes(&request(&["show", "R-1"])), ["not_run"]);

    assert!(deployment.run(&["targets", "pause", "crm", "--reason", "maintenance"]).status.success());
    let ran = request(&["run", "R-1", "--plan", plan["plan"].as_str().expect("a hash")]);
    let shown = |code: &str| {
        wait_for(&format!("it to wait for nothing but `{code}`"), || {
            let shown = request(&["show", "R-1"]);
            (codes(&shown) == [code]).then_some(shown)
        })
    };
    assert_eq!(shown("paused")["waits_for"][0]["target"], "crm");
    assert!(deployment.run(&["targets", "resume", "crm"]).status.success());
    let purging = shown("purge")["waits_for"][0].clone();
    assert_eq!((&purging["target"], &purging["too_late"]), (&json!("crm"), &json!(true)), "{purging}");
    let until: Timestamp = purging["until"].as_str().and_then(|until| until.parse().ok()).expect("a time");
    let days = until.duration_since(Timestamp::now()).as_hours() / 24;
    assert!((30..=31).contains(&days), "{purging}");

    // The same stands in lists, on the erasure, and in what is told.
    assert!(text(&deployment, &["requests", "list"]).contains("crm, which may purge until"));
    let erasure = ran["erasure"].as_str().expect("an erasure");
    let one = deployment.json(&["erasures", "show", erasure]);
    let step = one["steps"].as_array().expect("steps").iter().find(|step| step["target"] == "crm").expect("the CRM's");
    let left = one["days_left"].as_i64().expect("days");
    assert!((27..=40).contains(&left), "it is on time for a month: {one:#}");
    let last = one["on_time_until"].as_str().expect("a day");
    let on_time = text(&deployment, &["erasures", "show", erasure]);
    assert!(on_time.contains(&format!("on time   until {last}, {left} days left")), "{on_time}");
    assert!(text(&deployment, &["erasures", "list"]).contains(&format!("{left} d left")), "{left}");
    assert_eq!((codes(&one), &step["asked_again"]), (vec!["purge"], &purging["until"]), "{one:#}");
    assert_eq!(why("requests_due_soon")["waits_for"][0], purging);
    server.leaves_work("the CRM is asked again in a month");
    server.stop();

    // A year later.
    let late = "UPDATE erasure SET due = 0, due_rule = 0, created = 0";
    deployment.ledger().execute(late, []).expect("an update");
    assert_eq!(deployment.json(&["erasures", "list"])[0]["late"], json!(true));
    let listed = text(&deployment, &["erasures", "list"]);
    let late =
        listed.lines().find(|line| line.contains(&format!("{erasure} is late ("))).expect("it is said to be late");
    assert!(late.contains(" days late), and waits for crm, which may purge until"), "{late}");
    let shown = deployment.json(&["erasures", "show", erasure]);
    assert!(shown["days_left"].as_i64().is_some_and(|left| left < -300), "{shown:#}");
    let by_days = format!("{} days late", shown["days_left"].as_i64().expect("a number").unsigned_abs());
    assert!(text(&deployment, &["erasures", "show", erasure]).contains(&by_days), "{by_days}");
    let overdue = told(&deployment, "overdue");
    assert_eq!(overdue["parameters"]["days_left"], shown["days_left"], "{overdue}");
    assert!(text(&deployment, &["attention", "list"]).contains(&format!("its month is over, {by_days}")), "{by_days}");
    assert_eq!(told(&deployment, "overdue")["parameters"]["why"][0]["of"], erasure);
}
