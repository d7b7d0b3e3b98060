//! Metrics: what is scraped from the real binary, by the tools of those who scrape it.

mod listener;
mod log;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::harness::{Deployment, ERASE, PASSWORD, RULES, Server, StandIn, client, http, receipts, signal, wait_for};
use crate::main_job::approve;
use tools::{MOVED_ELSEWHERE, check_metrics, the_dashboard_shows_something};

/// One scrape: each family with its samples, by their labels.
struct Scrape(BTreeMap<String, BTreeMap<String, f64>>);

impl Scrape {
    fn of(server: &Server) -> Self {
        Self::read(&server.metrics())
    }

    /// What belongs to a family follows its `TYPE`, and none begins twice: Prometheus would refuse all of it.
    fn read(text: &str) -> Self {
        let mut families = BTreeMap::<String, BTreeMap<String, f64>>::new();
        let mut family = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(named) = line.strip_prefix("# TYPE ") {
                family = named.split(' ').next().expect("a name").to_owned();
                assert!(families.insert(family.clone(), BTreeMap::new()).is_none(), "{family} begins twice");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
                assert!(series.starts_with(&family), "{series} does not belong to {family}");
                let samples = families.get_mut(&family).expect("a family has begun");
                let value = value.parse().expect("a number");
                assert!(samples.insert(series.to_owned(), value).is_none(), "{series} is there twice");
            }
        }
        Self(families)
    }

    fn series(&self) -> BTreeSet<&String> {
        self.0.values().flat_map(BTreeMap::keys).collect()
    }

    /// The value of a series; fails where it is missing.
    #[track_caller]
    fn value(&self, series: &str) -> f64 {
        let family = series.split('{').next().expect("a name");
        let samples = self.0.get(family).unwrap_or_else(|| panic!("there is no family {family}"));
        *samples.get(series).unwrap_or_else(|| panic!("there is no {series}: {samples:#?}"))
    }
}

/// Families of which a sample is not 0, in any scrape.
#[derive(Default)]
struct Moved(BTreeSet<String>);

impl Moved {
    fn note(&mut self, scrape: Scrape) -> Scrape {
        let moved = scrape.0.iter().filter(|(_, samples)| samples.values().any(|value| *value != 0.0));
        self.0.extend(moved.map(|(family, _)| family.clone()));
        scrape
    }
}

#[test]
fn every_metric_moves_and_the_dashboard_shows_it() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let before = Scrape::of(&server);
    check_metrics(&server.metrics());
    let mut moved = Moved::default();

    // Whom a person must approve, and two without consent, of whom one fails at first.
    standin.begin(101, "cecilie@example.com", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    standin.submit(101, 4711, &json!({ "oo1_guest_email": "cecilie@example.com" }));
    wait_for("an erasure that waits for approval", || {
        let scrape = moved.note(Scrape::of(&server));
        let shown = [
            "quietus_attention{code=\"approval_waiting\",severity=\"attention\"}",
            "quietus_erasures{state=\"requested\"}",
        ];
        shown.iter().all(|series| scrape.value(series) == 1.0).then_some(())
    });
    for path in ["/anonymous", "/callparams"] {
        standin.fault(&json!({ "path": path, "times": 1, "kind": "status", "status": 500 }));
    }
    standin.crm_fault(&json!({ "path": "/contacts", "times": 2, "kind": "status", "status": 503 }));
    standin.crm_fault(&json!({ "path": "/contacts", "times": 1, "kind": "delay", "delay_ms": 1_500 }));
    for (id, email) in [(102, "bea@example.com"), (103, "dan@example.com")] {
        standin.begin(id, email, None);
        standin.end(id);
    }
    strange_deliveries(&server);
    signal(&server.children()[0], "KILL");
    wait_for("something to be muted", || {
        let muted = deployment.run(&["attention", "mute", "deliveries_unreadable", "--for", "7d"]);
        muted.status.success().then_some(())
    });
    approve(&deployment);
    let prometheus = test_servers::prometheus::Prometheus::start(server.metrics, tools::ALERTS);
    wait_for("three receipts and a plugin that is up again", || {
        let scrape = moved.note(Scrape::of(&server));
        let receipts = scrape.value("quietus_receipts_head");
        let up = scrape.value("quietus_plugin_state{plugin=\"crm\",state=\"up\"}");
        let muted = scrape.value("quietus_attention_muted{code=\"deliveries_unreadable\",severity=\"attention\"}");
        (receipts == 3.0 && up == 1.0 && muted == 1.0).then_some(())
    });
    let _ = receipts(&deployment, 3);

    the_counts_are_right(&moved.note(Scrape::of(&server)));
    let after = Scrape::of(&server);
    let gone: Vec<_> = before.series().difference(&after.series()).map(|series| (*series).clone()).collect();
    assert!(gone.is_empty(), "no series comes and goes: {gone:?}");
    check_metrics(&server.metrics());
    let still: BTreeSet<_> = after.0.keys().filter(|family| !moved.0.contains(*family)).map(String::as_str).collect();
    let elsewhere: BTreeSet<_> = MOVED_ELSEWHERE.iter().map(|(family, ..)| *family).collect();
    let untested: Vec<_> = still.difference(&elsewhere).collect();
    assert!(untested.is_empty(), "nothing moves {untested:?}; move it here, or name the test in MOVED_ELSEWHERE");
    the_dashboard_shows_something(&prometheus.url(), &after.0.keys().map(String::as_str).collect());
}

#[test]
fn what_cannot_be_done_is_late_and_its_target_is_out() {
    let standin = StandIn::start();
    standin.fault(&json!({ "path": "/anonymous", "kind": "status", "status": 503 }));
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    server.leaves_work("mluvii anonymizes nothing");
    standin.register(&server.callback());
    for id in 1..=3 {
        standin.begin(id, &format!("ann{id}@example.com"), None);
        standin.just_end(id);
    }
    wait_for("the erasures", || (deployment.count("SELECT count(*) FROM erasure") == 3).then_some(()));
    // No test waits for a month.
    let older = "UPDATE erasure SET created = created - 40 * 86400000, due_rule = due_rule - 40 * 86400000";
    deployment.ledger().execute(older, []).expect("made older");
    server.moved("quietus_erasures_late");
    server.moved("quietus_oldest_due_age_seconds");
    server.moved("quietus_queue_oldest_due_age_seconds");
    server.moved("quietus_breaker_open");
    server.moved("quietus_breaker_tries");
}

/// What cannot be read, is refused, and comes to no source.
fn strange_deliveries(server: &Server) {
    let post = |path: &str, password: &str| {
        let request = client().post(server.url(path)).basic_auth("mluvii", Some(password)).body("{");
        http(request).0
    };
    assert_eq!(post("/webhooks/acme", PASSWORD), 202);
    assert_eq!(post("/webhooks/acme", "wrong"), 401);
    assert_eq!(post("/webhooks/acne", PASSWORD), 404);
    assert_eq!(http(client().put(server.url("/webhooks/acme"))).0, 405);
}

#[track_caller]
fn the_counts_are_right(scrape: &Scrape) {
    for (series, expected) in [
        ("quietus_refusals_total{source=\"acme\",reason=\"wrong\"}", 1.0),
        ("quietus_refusals_total{source=\"acme\",reason=\"missing\"}", 0.0),
        ("quietus_refusals_total{source=\"acme\",reason=\"method\"}", 1.0),
        ("quietus_unknown_paths_total{nearest=\"acme\"}", 1.0),
        ("quietus_deliveries_total{source=\"acme\",result=\"quarantined\"}", 1.0),
        ("quietus_quarantine_deliveries", 1.0),
        ("quietus_decided_erasures_total{rule=\"no consent, nothing kept\"}", 2.0),
        ("quietus_decided_erasures_total{rule=\"the delete-my-data form\"}", 1.0),
        ("quietus_erasures{state=\"done\"}", 3.0),
        ("quietus_erasures_late", 0.0),
        ("quietus_plugin_restarts_total{plugin=\"crm\"}", 1.0),
        ("quietus_plugin_state{plugin=\"crm\",state=\"restarting\"}", 0.0),
        ("quietus_mluvii_calls_total{installation=\"acme\",kind=\"anonymize_session\",result=\"failed\"}", 1.0),
        ("quietus_mluvii_calls_total{installation=\"acme\",kind=\"token\",result=\"ok\"}", 1.0),
        ("quietus_processes{state=\"alive\"}", 1.0),
        ("quietus_ledger_up", 1.0),
        ("quietus_breaker_open{target=\"crm\"}", 0.0),
        ("quietus_breaker_open{target=\"mluvii/acme\"}", 0.0),
        ("quietus_queue_tasks{queue=\"step\",target=\"crm\",state=\"parked\"}", 0.0),
    ] {
        assert_eq!(scrape.value(series), expected, "{series}");
    }
    let sum = |family: &str| scrape.0[family].values().sum::<f64>();
    assert_eq!(sum("quietus_receipts_written_total"), 3.0);
    assert_eq!(sum("quietus_receipts"), 3.0);
    assert!(scrape.value("quietus_steps_total{target=\"mluvii/acme\",outcome=\"erased\"}") >= 3.0);
    assert!(scrape.value("quietus_work_total{work=\"erase\",target=\"mluvii/acme\",result=\"retried\"}") >= 1.0);
}

#[test]
fn strangers_and_senders_add_no_series_and_no_words_of_theirs() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    let server = Server::start(&deployment);
    let mut number = 0;
    // What a start adds may come a moment after the first scrape; what they add would come each time.
    wait_for("them to add nothing", || {
        let before = server.metrics();
        for _ in 0..30 {
            number += 1;
            let canary = format!("canary-{number}@example.com");
            for path in [format!("/webhooks/{canary}"), format!("/{canary}"), format!("/webhooks/acme?hint={canary}")] {
                let request = client().post(server.url(&path)).basic_auth(&canary, Some(&canary)).body(canary.clone());
                let (status, _) = http(request.header("user-agent", &canary).header("x-forwarded-for", &canary));
                assert!([401, 404].contains(&status), "{status}");
            }
            let reason =
                json!({ "eventType": canary, "data": { "id": number, "tenantId": number, "channel": canary } });
            assert_eq!(server.deliver(&reason), 204);
        }
        let after = server.metrics();
        assert!(!after.contains("canary"), "{after}");
        (Scrape::read(&before).series() == Scrape::read(&after).series()).then_some(())
    });
}
