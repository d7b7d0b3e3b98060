//! What mluvii did not deliver is found: whatever its lists' largest page and order are, and never by a filter that is ignored.

mod again;
mod killed;
mod known;
mod late;
mod lists;
mod pace;
mod past;
mod silent;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Away, Deployment, ERASE, Server, StandIn, quietus, receipts, wait_for};

const OFTEN: &[(&str, &str)] =
    &[("WATCH__RECONCILE", "200ms"), ("WATCH__RECONCILE_AFTER", "0s"), ("WATCH__RECONCILE_OVERLAP", "1h")];

/// Compared once an hour, if nothing else happens.
const HOURLY: &[(&str, &str)] = &[("WATCH__RECONCILE", "1h"), ("WATCH__RECONCILE_AFTER", "0s")];

/// Sessions of the past without consent, one each second and `at_once` more in one moment.
fn past(standin: &StandIn, count: i64, at_once: i64) -> Timestamp {
    let first = Timestamp::now() - SignedDuration::from_hours(48);
    let session = |id: i64, ended: Timestamp| json!({ "id": id, "tenant": 62, "ended": ended });
    let spread = (0..count).map(|n| session(1000 + n, first + SignedDuration::from_secs(n)));
    let moment = first + SignedDuration::new(3600, 123_456_000);
    let together = (0..at_once).map(|n| session(900_000 + n, moment));
    standin.begin_with(Value::Array(spread.chain(together).collect()));
    first
}

fn reconcile(deployment: &Deployment, since: Timestamp, more: &[&str]) -> Value {
    let since = since.to_string();
    deployment.json(&[&["reconcile", "--since", &since], more].concat())
}

/// A ledger that is there, without a server on it. It knows one session of now.
fn at_rest(standin: &StandIn, more: &str) -> Deployment {
    at_rest_tuned(standin, "", more)
}

/// The same with lines of its own for `[[mluvii]]`.
fn at_rest_tuned(standin: &StandIn, mluvii: &str, more: &str) -> Deployment {
    let deployment = Deployment::tuned(&standin.mluvii, mluvii, "", more);
    let server = Server::start(&deployment);
    tell(standin, &server, &deployment);
    drop(server);
    deployment
}

/// A server has been there for the first time.
fn tell_first(deployment: &Deployment) {
    let server = Server::start_with(deployment, HOURLY);
    first_time(deployment);
    drop(server);
}

fn first_time(deployment: &Deployment) {
    wait_for("the first time", || {
        (deployment.count("SELECT count(mark) FROM periodic WHERE name = 'reconcile/acme'") == 1).then_some(())
    });
}

/// The next server that starts compares.
fn due(deployment: &Deployment) {
    walked_back(deployment, 0);
}

/// That first time was so many hours ago, and nothing was compared since.
fn walked_back(deployment: &Deployment, hours: i64) {
    let moved = "UPDATE periodic SET mark = mark - ?1, due = 0 WHERE name LIKE 'reconcile%'";
    deployment.ledger().execute(moved, [hours * 3_600_000]).expect("an update");
}

/// A delivery that shows that departments are tenants here.
fn tell(standin: &StandIn, server: &Server, deployment: &Deployment) {
    standin.begin(1, "told@example.com", Some("v3"));
    standin.just_end(1);
    assert_eq!(server.deliver_end(1), 204);
    deployment.settled(1);
}

#[test]
fn a_session_of_which_nobody_told_us_is_found_and_decided_on_once() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    // Within the overlap, and before the first start: a person orders that.
    let before = Timestamp::now() - SignedDuration::from_mins(10);
    standin.begin_with(json!({ "id": 5, "tenant": 62, "ended": before }));
    let server = Server::start_with(&deployment, OFTEN);
    // No webhook: nobody tells us. What ends before the first time is left to a person.
    wait_for("the first time", || {
        (deployment.count("SELECT count(mark) FROM periodic WHERE name LIKE 'reconcile/%'") == 1).then_some(())
    });
    tell(&standin, &server, &deployment);
    standin.begin(7, "ann@example.com", None);
    standin.begin(8, "bob@example.com", Some("v3"));
    standin.just_end(7);
    standin.just_end(8);
    let receipts = receipts(&deployment, 1);
    assert!(receipts[0].to_string().contains("acme/7"), "{receipts:?}");
    deployment.settled(3);
    let again = standin.calls("/Sessions").len();
    wait_for("further comparisons", || (standin.calls("/Sessions").len() > again + 5).then_some(()));
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 3, "nothing is found twice");
    server.moved("quietus_reconciliations_total");
    server.moved("quietus_reconciliation_found_total");
    let metrics = server.metrics();
    assert!(metrics.contains("quietus_reconciliation_found_total{installation=\"acme\"} 2\n"), "{metrics}");
    let marked = "SELECT count(*) FROM session WHERE record LIKE '%\"r\":true%'";
    assert_eq!(deployment.count(marked), 2, "it is marked how they came");
    let audit = deployment.json(&["audit", "list", "--act", "sessions.reconcile"]);
    let rows = audit.as_array().expect("a list");
    let ended = rows.iter().filter(|row| row["entry"]["result"] != "begun");
    let found: u64 =
        ended.map(|row| row["entry"]["details"]["found"].as_u64().unwrap_or_else(|| panic!("{row}"))).sum();
    assert!(found == 2 && rows.iter().all(|row| row["entry"]["actor"] == "server:watch"), "{audit}");
    drop(server);
}

#[test]
fn after_three_days_of_failures_nothing_is_missing() {
    let standin = StandIn::start();
    let rules = format!("webhook = \"managed\"\n[watch]\nwebhooks = \"200ms\"\n{ERASE}");
    let deployment = Deployment::bare(&standin.mluvii, &rules);
    // Nobody takes what mluvii delivers.
    let away = Away::new();
    let public = away.url();
    let mut settings = OFTEN.to_vec();
    settings.push(("SERVER__PUBLIC_URL", &public));
    let server = Server::start_with(&deployment, &settings);
    let webhook = wait_for("the webhook", || standin.webhooks().pop());
    wait_for("the first time", || {
        (deployment.count("SELECT count(mark) FROM periodic WHERE name LIKE 'reconcile/%'") == 1).then_some(())
    });
    tell(&standin, &server, &deployment);
    let (status, _) = server.stop();
    assert!(status.success());

    // By its own clock, mluvii waits for three days before it deletes the webhook.
    for id in 7..12 {
        standin.begin(id, &format!("guest{id}@example.com"), None);
        standin.just_end(id);
    }
    wait_for("a failure", || {
        let tried = standin.get(&standin.mluvii, "/standin/deliveries")["deliveries"].as_array().map(Vec::len);
        (tried > Some(0)).then_some(())
    });
    standin.set_clock(&json!({ "speed": 1000.0, "advance_s": 72 * 3600 }));
    wait_for("the webhook to be deleted", || {
        standin.begin_with(json!({ "id": 99_999, "tenant": 99 }));
        standin.just_end(99_999);
        standin.webhooks().is_empty().then_some(())
    });
    standin.set_clock(&json!({ "speed": 1.0 }));

    let _server = Server::start_with(&deployment, &settings);
    let restored = wait_for("the webhook", || standin.webhooks().pop());
    assert_ne!(restored["id"], webhook["id"]);
    assert_eq!(receipts(&deployment, 5).len(), 5);
    for id in 7..12 {
        assert!(!standin.holds(&format!("guest{id}@example.com")), "{id}");
    }
}

/// Whenever it is killed: that it was about to enter some is written before the first.
#[test]
fn what_was_entered_stands_in_the_audit_also_when_it_was_killed_midway() {
    let standin = StandIn::start();
    let first = past(&standin, 3_000, 0);
    let deployment = at_rest(&standin, ERASE);
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("quietus.toml")).args(["reconcile", "--since", &first.to_string()]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut comparing = command.spawn().expect("it starts");
    let entered = || deployment.count("SELECT COALESCE(SUM(count), 0) FROM inbox") > 0;
    wait_for("the first to be entered", || entered().then_some(()));
    comparing.kill().expect("it is killed");
    comparing.wait().expect("it ends");
    let audit = deployment.json(&["audit", "list", "--act", "sessions.reconcile"]);
    let mut rows = audit.as_array().expect("a list").iter();
    let began = rows.find(|row| row["entry"]["result"] == "begun").unwrap_or_else(|| panic!("{audit}"));
    assert_eq!(began["entry"]["details"]["mluvii"], "acme", "{audit}");
    // Ordered again, it goes on: nothing is missing, and nothing is entered twice.
    let again = reconcile(&deployment, first, &[]);
    let entered = "SELECT COALESCE(SUM(count), 0) FROM inbox";
    assert_eq!((&again["listed"], deployment.count(entered)), (&json!(3_001), 3_000), "{again}");
    assert_eq!(deployment.count("SELECT count(DISTINCT session) FROM event"), 3_001);
    assert_eq!(reconcile(&deployment, first, &[])["found"], 0);
}

#[test]
fn what_has_expired_is_not_found_anew_and_other_tenants_are_not_ours() {
    let standin = StandIn::start();
    let first = past(&standin, 3, 0);
    standin.begin_with(json!({ "id": 77, "tenant": 99, "ended": first + SignedDuration::from_secs(1) }));
    let deployment = at_rest(&standin, ERASE);
    assert_eq!(reconcile(&deployment, first, &[])["found"], 3);
    let server = Server::start(&deployment);
    receipts(&deployment, 3);
    drop(server);
    let ledger = deployment.ledger();
    ledger
        .execute(
            "INSERT INTO tombstone (installation, session, at, erased)
         SELECT installation, session, 0, 1 FROM session WHERE session = 1001",
            [],
        )
        .expect("an insert");
    ledger.execute("DELETE FROM session WHERE session = 1001", []).expect("a deletion");
    drop(ledger);
    let again = reconcile(&deployment, first, &[]);
    assert_eq!((&again["found"], &again["known"], &again["foreign"]), (&json!(0), &json!(4), &json!(1)), "{again}");
}

/// A list names departments. That these are the tenants that sources list, only a delivery shows.
#[test]
fn nobody_is_taken_for_ours_before_it_is_known_that_departments_are_tenants() {
    let standin = StandIn::start();
    let first = past(&standin, 3, 0);
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    drop(Server::start(&deployment));
    let dry = reconcile(&deployment, first, &["--dry-run"]);
    assert_eq!((&dry["unclear"], &dry["found"]), (&json!(3), &json!(0)), "{dry}");
    let refused = deployment.run(&["reconcile", "--since", &first.to_string()]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("no delivery has shown"), "{said}");
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 0);
    // Another tenant's department has the number of ours.
    standin.behave(&json!({ "department_disagrees": true }));
    let server = Server::start(&deployment);
    tell(&standin, &server, &deployment);
    drop(server);
    assert_eq!(reconcile(&deployment, first, &["--dry-run"])["unclear"], 3);
}

/// The end of one that was known went missing when it went on.
#[test]
fn a_conversation_that_went_on_and_ended_again_is_found() {
    let standin = StandIn::start();
    let deployment = at_rest(&standin, ERASE);
    let later = Timestamp::now() - SignedDuration::from_secs(1);
    let before = (later - SignedDuration::from_mins(90)).as_microsecond();
    let moved = format!("UPDATE session SET record = json_set(record, '$.e', {before}), sum = NULL WHERE session = 1");
    deployment.ledger().execute(&moved, []).expect("an update");
    let since = later - SignedDuration::from_mins(60);
    assert_eq!(reconcile(&deployment, since, &["--dry-run"])["found"], 1);
}

#[test]
fn a_comparison_that_fails_needs_a_person_until_it_succeeds() {
    let standin = StandIn::start();
    standin.behave(&json!({ "ignored_filters": ["Ended"] }));
    // Something that an ignored filter lists.
    standin.begin_with(json!({ "id": 5, "tenant": 62, "ended": Timestamp::now() }));
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, OFTEN);
    let attention = || {
        let all = deployment.json(&["attention", "list"]);
        let of_code = |found: &&Value| found["code"] == "reconcile_failed";
        all.as_array().expect("a list").iter().find(of_code).cloned()
    };
    let found = wait_for("attention", attention);
    assert!(found["parameters"]["reason"].as_str().is_some_and(|why| why.contains("the filter is ignored")), "{found}");
    let failed = "quietus_reconciliations_total{installation=\"acme\",result=\"failed\"} 0\n";
    assert!(!server.metrics().contains(failed), "it is counted");
    standin.behave(&json!({ "ignored_filters": null }));
    wait_for("it to be over", || attention().is_none().then_some(()));
}

#[test]
fn a_form_of_which_nobody_told_us_is_found_and_decided_on_once() {
    let standin = StandIn::start();
    let rule = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n\
                [[rule]]\nname = \"delete me\"\non = \"form-submitted\"\n\
                when = \"form.id == 4711 && form.submitted && form.params['agree'] == 'yes'\"\nerase = \"session\"\n\
                targets = [\"mluvii\"]\n";
    let deployment = Deployment::bare(&standin.mluvii, rule);
    let server = Server::start_with(&deployment, &[("WATCH__RECONCILE", "0s")]);
    tell(&standin, &server, &deployment);
    let submitted = |id: i64, person: &str, form: Value| {
        standin.begin(id, &format!("{person}@example.com"), Some("v3"));
        standin.happen(id, "form", &form);
        standin.just_end(id);
    };
    let form = |kind: &str, agree: &str| json!({ "kind": kind, "form_id": 4711, "params": { "agree": agree } });
    // Nothing of these is delivered but one session's end.
    submitted(7, "ann", form("hero_card", "yes"));
    submitted(8, "bob", form("call_script", "no"));
    submitted(9, "cid", json!({ "kind": "hero_card", "form_id": 4711, "submitted": false, "params": {} }));
    submitted(10, "dan", form("chatbot", "yes"));
    assert_eq!(server.deliver_end(10), 204);
    deployment.settled(2);
    let since = (Timestamp::now() - SignedDuration::from_hours(1)).to_string();
    let counted = reconcile(&deployment, Timestamp::now() - SignedDuration::from_hours(1), &["--dry-run"]);
    assert_eq!((&counted["found"], &counted["forms"]), (&3.into(), &3.into()), "{counted}");
    let shown = deployment.run(&["reconcile", "--since", &since, "--dry-run"]);
    let shown = String::from_utf8(shown.stdout).expect("a text");
    assert!(shown.contains("3 forms were submitted and nobody told us: nothing was done"), "{shown}");
    let done = reconcile(&deployment, Timestamp::now() - SignedDuration::from_hours(1), &[]);
    assert_eq!((&done["found"], &done["forms"]), (&3.into(), &3.into()), "{done}");
    assert_eq!(receipts(&deployment, 2).len(), 2);
    deployment.settled(5);
    let held = ["ann", "bob", "cid", "dan"].map(|person| standin.holds(&format!("{person}@example.com")));
    assert_eq!(held, [false, true, true, false]);
    // What was told, as what was found, is known.
    let again = reconcile(&deployment, Timestamp::now() - SignedDuration::from_hours(1), &[]);
    assert_eq!((&again["found"], &again["forms"]), (&0.into(), &0.into()), "{again}");
    assert!(server.stop().0.success());

    // A server finds it by itself.
    let server = Server::start_with(&deployment, OFTEN);
    wait_for("the first time", || {
        (deployment.count("SELECT count(mark) FROM periodic WHERE name LIKE 'reconcile/%'") == 1).then_some(())
    });
    submitted(11, "eve", form("hero_card", "yes"));
    assert_eq!(receipts(&deployment, 3).len(), 3);
    assert!(!standin.holds("eve@example.com"));
    server.moved("quietus_reconciliation_forms_found_total");
    drop(server);
}
