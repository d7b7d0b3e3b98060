//! What must be true in the end, seen from outside: in what was exported, and at the systems that were called.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Deployment, StandIn};

/// Exports the receipts: each of these sessions of the source `acme` was erased once, and nothing else was.
#[track_caller]
pub(crate) fn each_is_erased_once(deployment: &Deployment, sessions: &BTreeSet<i64>) {
    let mut subjects = BTreeMap::<String, usize>::new();
    for receipt in exported(deployment) {
        let said = &receipt["statement"];
        assert_eq!((&said["state"], &said["steps"][0]["outcome"]), (&json!("done"), &json!("erased")), "{receipt}");
        *subjects.entry(said["subject"].as_str().expect("a subject").to_owned()).or_default() += 1;
    }
    let expected = sessions.iter().map(|session| (format!("session:acme/{session}"), 1));
    let expected: BTreeMap<_, _> = expected.collect();
    let wrong: Vec<_> = subjects.iter().filter(|(subject, count)| expected.get(*subject) != Some(count)).collect();
    let missing: Vec<_> = expected.keys().filter(|subject| !subjects.contains_key(*subject)).collect();
    assert!(wrong.is_empty() && missing.is_empty(), "too many: {wrong:?}; missing: {missing:?}");
}

/// Exports the receipts and verifies them offline with the deployment's public key: one chain without a gap.
#[track_caller]
pub(crate) fn the_receipts_verify(deployment: &Deployment) {
    let numbers = exported(deployment).into_iter().map(|receipt| receipt["statement"]["sequence"].as_u64());
    assert!(numbers.zip(1..).all(|(number, expected)| number == Some(expected)), "numbered from 1 without a gap");
    let key = format!("@{}", deployment.path("keys/receipt.pub").display());
    let verified = deployment.run(&["receipts", "verify", "--public-key", &key, &export_file(deployment)]);
    assert!(verified.status.success(), "{verified:?}");
}

#[track_caller]
fn exported(deployment: &Deployment) -> Vec<Value> {
    let file = export_file(deployment);
    let exported = deployment.run(&["receipts", "export", "--out", &file]);
    assert!(exported.status.success(), "{exported:?}");
    let text = std::fs::read_to_string(&file).expect("an export");
    text.lines().skip(1).map(|line| serde_json::from_str(line).expect("a receipt")).collect()
}

fn export_file(deployment: &Deployment) -> String {
    deployment.path("receipts.jsonl").to_str().expect("UTF-8").to_owned()
}

/// Every one of these sessions was asked to be erased, and one write of one step was never under way twice.
#[track_caller]
pub(crate) fn no_calls_overlap(calls: &[Value], sessions: &BTreeSet<i64>) {
    let mut by_key = BTreeMap::<&str, Vec<(&str, Option<&str>)>>::new();
    for call in calls {
        let key = call["idempotency_key"].as_str().expect("every write has its key");
        by_key.entry(key).or_default().push((call["started"].as_str().expect("a time"), call["ended"].as_str()));
    }
    assert_eq!(by_key.len(), sessions.len(), "the same key over all retries of a step");
    for (key, mut calls) in by_key {
        calls.sort_unstable();
        for pair in calls.windows(2) {
            let ended: Option<jiff::Timestamp> = pair[0].1.map(|time| time.parse().expect("a time"));
            let began: jiff::Timestamp = pair[1].0.parse().expect("a time");
            assert!(ended.is_some_and(|ended| ended <= began), "{key}: {pair:?}");
        }
    }
}

/// mluvii holds nothing of these sessions' guests any more.
#[track_caller]
pub(crate) fn nothing_is_left(standin: &StandIn, sessions: &BTreeSet<i64>) {
    let found = standin.get(&standin.mluvii, "/standin/search?text=%40example.com");
    let still = found.as_array().expect("a list").iter().map(|place| place["id"].as_i64().expect("an id"));
    let still: BTreeSet<i64> = still.filter(|id| sessions.contains(id)).collect();
    assert!(still.is_empty(), "{still:?}");
}
