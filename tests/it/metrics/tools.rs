//! What Prometheus's own tools say of the metrics, the alert rules and the dashboard.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{client, http, wait_for};

pub(super) const ALERTS: &str = include_str!("../../../config/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../../config/grafana/quietus.json");

/// Families that the one deployment of [`super::every_metric_moves_and_the_dashboard_shows_it`] does not move, and the function that does, in
/// a file.
pub(super) const MOVED_ELSEWHERE: [(&str, &str, &str); 21] = [
    (
        "quietus_rechecks_total",
        "tests/it/erasing_again/rechecks.rs",
        "what_comes_back_is_seen_on_its_date_and_opens_its_request_until_it_is_erased_again",
    ),
    (
        "quietus_panics_total",
        "tests/it/faults/ending.rs",
        "a_task_that_panics_and_cannot_be_begun_anew_ends_the_process_which_says_so_before",
    ),
    (
        "quietus_task_restarts_total",
        "tests/it/faults/ending.rs",
        "an_alert_that_panics_is_begun_anew_and_tells_what_it_has_to",
    ),
    (
        "quietus_reloads_total",
        "tests/it/reload/ways.rs",
        "sighup_has_the_configuration_taken_and_the_log_says_what_came_of_it",
    ),
    ("quietus_log_dropped_lines_total", "tests/it/faults/log.rs", "a_log_that_nobody_reads_stops_nothing"),
    ("quietus_expired_total", "src/ledger/expiry/tests.rs", "what_was_deleted_is_counted_by_kind"),
    ("quietus_erasures_late", "tests/it/metrics.rs", "what_cannot_be_done_is_late_and_its_target_is_out"),
    ("quietus_requests", "tests/it/requests.rs", "an_extension_and_a_pause_move_the_last_day"),
    ("quietus_requests_late", "tests/it/requests.rs", "an_extension_and_a_pause_move_the_last_day"),
    ("quietus_oldest_due_age_seconds", "tests/it/metrics.rs", "what_cannot_be_done_is_late_and_its_target_is_out"),
    (
        "quietus_queue_oldest_due_age_seconds",
        "tests/it/metrics.rs",
        "what_cannot_be_done_is_late_and_its_target_is_out",
    ),
    ("quietus_breaker_open", "tests/it/metrics.rs", "what_cannot_be_done_is_late_and_its_target_is_out"),
    ("quietus_breaker_tries", "tests/it/metrics.rs", "what_cannot_be_done_is_late_and_its_target_is_out"),
    (
        "quietus_breaker_needs_person",
        "tests/it/faults/mluvii.rs",
        "wrong_credentials_are_not_tried_for_ever_and_need_a_person",
    ),
    (
        "quietus_receipts_archived",
        "tests/it/outside/archive.rs",
        "receipts_move_to_archives_while_erasing_goes_on_and_all_of_it_verifies",
    ),
    (
        "quietus_receipts_unacknowledged",
        "tests/it/truth/who.rs",
        "who_shares_a_phone_or_a_name_stays_and_what_is_possible_needs_a_person_once",
    ),
    ("quietus_sessions_consent_unknown", "tests/it/truth/when.rs", "unknown"),
    (
        "quietus_reconciliations_total",
        "tests/it/reconciling.rs",
        "a_session_of_which_nobody_told_us_is_found_and_decided_on_once",
    ),
    (
        "quietus_reconciliation_found_total",
        "tests/it/reconciling.rs",
        "a_session_of_which_nobody_told_us_is_found_and_decided_on_once",
    ),
    (
        "quietus_reconciliation_forms_found_total",
        "tests/it/reconciling.rs",
        "a_form_of_which_nobody_told_us_is_found_and_decided_on_once",
    ),
    (
        "quietus_reconciliation_reappeared_total",
        "tests/it/reconciling/again.rs",
        "a_server_erases_again_what_a_restored_backup_brought_back",
    ),
];

#[test]
fn what_moves_elsewhere_is_moved_there() {
    for (family, file, function) in MOVED_ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let begin = text.find(&format!("\nfn {function}(")).unwrap_or_else(|| panic!("{file} has no {function}"));
        let body = text[begin..].split_once("\n}\n").map_or(&text[begin..], |(body, _)| body);
        assert!(
            body.contains(&format!("moved(\"{family}\")")),
            "{function} in {file} does not say that {family} moved"
        );
    }
}

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
