//! What Prometheus's own tools say of the metrics, the alert rules and the dashboard.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{client, http, wait_for};

pub(super) const ALERTS: &str = include_str!("../../../config/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../../config/grafana/quietus.json");

/// Families that the one deployment of these tests does not move, and the tests that do.
pub(super) const MOVED_ELSEWHERE: [(&str, &str); 18] = [
    ("quietus_panics_total", "faults::ending"),
    ("quietus_reloads_total", "reload::ways"),
    ("quietus_task_restarts_total", "faults::ending"),
    ("quietus_log_dropped_lines_total", "faults::log"),
    ("quietus_expired_total", "retention, and the contract's expiring"),
    ("quietus_erasures_late", "the contract's asking, monitoring's tests"),
    ("quietus_oldest_due_age_seconds", "the contract's asking, monitoring's tests"),
    ("quietus_queue_oldest_due_age_seconds", "the contract's asking, monitoring's tests"),
    ("quietus_breaker_open", "the contract's asking, monitoring's tests"),
    ("quietus_breaker_needs_person", "the contract's asking, monitoring's tests"),
    ("quietus_breaker_tries", "the contract's asking, monitoring's tests"),
    ("quietus_receipts_archived", "the contract's asking, monitoring's tests"),
    ("quietus_receipts_unacknowledged", "the contract's asking, monitoring's tests"),
    ("quietus_sessions_consent_unknown", "the contract's asking, monitoring's tests"),
    ("quietus_plugin_calls_under_way", "monitoring's tests"),
    ("quietus_reconciliations_total", "reconciling"),
    ("quietus_reconciliation_found_total", "reconciling"),
    ("quietus_reconciliation_reappeared_total", "reconciling::again"),
];

fn promtool(arguments: &[&str], input: &str) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/prometheus");
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool is there; tests/run installs it");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[track_caller]
fn finds_nothing(output: &Output) {
    let said = [&*output.stdout, &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{said}");
}

/// Names, units, help and types are as Prometheus wants them; the linter only says so, with exit code 3.
#[track_caller]
pub(super) fn check_metrics(text: &str) {
    finds_nothing(&promtool(&["check", "metrics"], text));
}

#[test]
fn the_alert_rules_are_sound_and_each_fires_when_it_should() {
    finds_nothing(&promtool(&["check", "rules", "alerts.yml"], ""));
    finds_nothing(&promtool(&["test", "rules", "alerts.test.yml"], ""));
    let tests = include_str!("../../../config/prometheus/alerts.test.yml");
    let alerts: Vec<_> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 15, "{alerts:?}");
    let untested: Vec<_> = alerts.iter().filter(|alert| !tests.contains(&format!("alertname: {alert}\n"))).collect();
    assert!(untested.is_empty(), "no test fires {untested:?}");
}

/// The queries of all panels, as Grafana asks them.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let all = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let targets = all(&dashboard["panels"]).into_iter().flat_map(|panel| {
        let targets = all(&panel["targets"]);
        // None is hidden in a row that is closed, and each asks for something.
        assert!(all(&panel["panels"]).is_empty(), "{panel}");
        assert_eq!(targets.is_empty(), panel["type"] == "row", "{panel}");
        targets
    });
    let query = |target: Value| target["expr"].as_str().expect("a query").replace("$job", "quietus");
    // The shortest that Grafana takes is four scrapes, and these are fast.
    targets.map(query).map(|query| query.replace("$__rate_interval", "10s")).collect()
}

/// Each query of the dashboard has an answer, no alert rule fails, and both ask for nothing that is not there.
#[track_caller]
pub(super) fn the_dashboard_shows_something(prometheus: &str, families: &BTreeSet<&str>) {
    let queries = queries();
    assert!(queries.len() > 40, "{}", queries.len());
    let ask = |path: &str, query: &[(&str, &str)]| -> Value {
        let (status, text) = http(client().get(format!("{prometheus}/api/v1/{path}")).query(query));
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((status, &answer["status"]), (200, &Value::from("success")), "{query:?}: {text}");
        answer
    };
    for query in &queries {
        wait_for(&format!("an answer to {query}"), || {
            let answer = ask("query", &[("query", query)]);
            let found = answer["data"]["result"].as_array().is_some_and(|result| !result.is_empty());
            found.then_some(())
        });
    }
    let rules = ask("rules", &[]);
    let rules = rules["data"]["groups"][0]["rules"].as_array().expect("rules").clone();
    for rule in &rules {
        assert_eq!(rule["lastError"], Value::Null, "{rule}");
    }
    let known = |word: &str| {
        let histogram = word.strip_suffix("_bucket");
        families.contains(word) || histogram.is_some_and(|name| families.contains(name))
    };
    let text = queries.join("\n") + ALERTS;
    let names =
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|name| name.starts_with("quietus_"));
    let unknown: BTreeSet<_> = names.filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "nobody shows {unknown:?}");
}
