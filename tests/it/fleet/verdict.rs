//! What must be true of a fleet that has stopped, seen by psql, at the stand-in and in the exported receipts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Fleet, StandIn, oracle};

/// Each of these sessions' ends is there once, each was erased once, and nothing is left lying about.
#[track_caller]
pub(super) fn all_is_done_once(fleet: &Fleet, standin: &StandIn, writes: &[Value], sessions: &BTreeSet<i64>) {
    each_event_is_there_once(fleet, sessions);
    each_erasure_is_done_once(fleet, sessions);
    nothing_lies_about(fleet);
    oracle::each_is_erased_once(&fleet.deployment, sessions);
    oracle::the_receipts_verify(&fleet.deployment);
    oracle::nothing_is_left(standin, sessions);
    oracle::no_calls_overlap(writes, sessions);
    no_call_comes_late(fleet, writes);
}

#[track_caller]
fn each_event_is_there_once(fleet: &Fleet, sessions: &BTreeSet<i64>) {
    assert_eq!(fleet.database.numbers("SELECT session FROM event"), *sessions);
    assert_eq!(fleet.database.count("SELECT count(*) FROM event"), sessions.len() as i64);
}

#[track_caller]
fn each_erasure_is_done_once(fleet: &Fleet, sessions: &BTreeSet<i64>) {
    let (database, count) = (&fleet.database, sessions.len() as i64);
    assert_eq!(database.count("SELECT count(*) FROM erasure"), count);
    assert_eq!(database.count("SELECT count(DISTINCT subject_key) FROM erasure WHERE state = 'done'"), count);
    assert_eq!(database.count("SELECT count(DISTINCT erasure) FROM receipt JOIN erasure ON id = erasure"), count);
    assert_eq!(database.count("SELECT count(*) FROM receipt"), count);
    // What is counted beside the tables agrees with them.
    let status = fleet.deployment.json(&["status"]);
    assert_eq!((&status["erasures"]["done"], &status["sessions"]), (&json!(count), &json!(count)), "{status}");
}

#[track_caller]
fn nothing_lies_about(fleet: &Fleet) {
    for table in
        ["inbox", "task", "capsule", "waiting", "fingerprint", "erasure_session", "erasure_shown", "quarantine"]
    {
        assert_eq!(fleet.database.count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

/// A process that stood still, or lost its connection to the ledger, makes no calls for what others have done meanwhile.
#[track_caller]
fn no_call_comes_late(fleet: &Fleet, writes: &[Value]) {
    let rows = fleet.database.sql("SELECT subject_key, erased_at FROM step JOIN erasure ON id = erasure");
    let erased = rows.lines().map(|row| row.split_once('|').expect("two columns"));
    let erased: BTreeMap<_, i64> = erased.map(|(subject, at)| (subject, at.parse().expect("a time"))).collect();
    for call in writes {
        let path = call["path"].as_str().expect("a path");
        let session = path.trim_end_matches("/anonymous").rsplit('/').next().expect("a part of a path");
        let started: jiff::Timestamp = call["started"].as_str().and_then(|at| at.parse().ok()).expect("a time");
        let erased = erased[&*format!("session:acme/{session}")];
        assert!(started.as_millisecond() <= erased, "erased at {erased} and then called again: {call}");
    }
}
