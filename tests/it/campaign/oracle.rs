//! What must be true, seen from outside: in what was exported, and at the systems that were called.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::letters::Letters;
use super::person::Retried;
use super::site::Site;
use super::truth::{Fate, Truth};
use crate::harness::StandIn;

/// How late a system may notice that its caller went away, at most; until then it shows the call as being under way.
const NOTICED_WITHIN_MS: i64 = 1_000;

/// What each target holds of conversations, by their ids.
pub(super) struct Held {
    mluvii: BTreeSet<i64>,
    crm: BTreeSet<i64>,
    letters: BTreeSet<i64>,
}

impl Held {
    pub(super) fn by(standin: &StandIn, letters: Option<&Letters>) -> Self {
        let by = |base: &str| {
            let found = standin.get(base, "/standin/search?text=%40example.com");
            found.as_array().expect("a list").iter().map(|place| place["id"].as_i64().expect("an id")).collect()
        };
        let letters = letters.map(Letters::held).unwrap_or_default();
        Self { mluvii: by(&standin.mluvii), crm: by(&standin.crm), letters }
    }

    /// Whether a target holds something of one.
    #[track_caller]
    fn at(&self, target: &str, id: i64) -> bool {
        match target {
            "mluvii" => self.mluvii.contains(&id),
            "crm" => self.crm.contains(&id),
            "letters" => self.letters.contains(&id),
            other => panic!("there is no target {other}"),
        }
    }
}

/// A receipt says of no target that it holds nothing while it does, and is complete only where each was said to hold nothing.
/// Of a guest or a person it says so of all sessions only where it is complete, or where it has left none of them out.
#[track_caller]
pub(super) fn receipt_is_true(said: &Value, sessions: &BTreeSet<i64>, held: &Held) {
    let steps = said["steps"].as_array().expect("steps");
    let is_gone = |step: &Value| step["outcome"] == "erased" || step["outcome"] == "absent";
    let complete = said["verdict"] == "complete";
    assert!(!complete || steps.iter().all(is_gone), "{said:#}");
    let all_are_meant = complete || said["scope"] == "session" || has_left_nobody_out(said, sessions);
    for step in steps.iter().filter(|step| all_are_meant && is_gone(step)) {
        let target = step["target"].as_str().expect("a name");
        let still: Vec<_> = sessions.iter().filter(|id| held.at(target, **id)).collect();
        assert!(still.is_empty(), "{target} still holds {still:?}, and the receipt says otherwise: {said:#}");
    }
}

/// What it says of a target is of all of these sessions: one that was stopped, or that failed somewhere, is incomplete, and no less a word.
fn has_left_nobody_out(said: &Value, sessions: &BTreeSet<i64>) -> bool {
    let left_out = ["possible_left", "possible_excluded", "excluded", "came_since", "unread"];
    said["sessions"] == sessions.len() && said["narrowed"].is_null() && left_out.iter().all(|count| said[*count] == 0)
}

/// Every conversation is where it has to be.
#[track_caller]
pub(super) fn everybody_is_where_they_belong(held: &Held, truth: &Truth, targets: &[&str]) {
    for target in targets {
        let at = |fate, held_there| {
            let all = truth.of(fate).into_iter().filter(|id| truth.was_at(target, *id));
            all.filter(|id| held.at(target, *id) == held_there).collect::<Vec<_>>()
        };
        let still = at(Fate::Goes, true);
        assert!(still.is_empty(), "{target} holds what was to be erased: {:#?}", truth.about(&still));
        let gone = at(Fate::Stays, false);
        assert!(gone.is_empty(), "{target} has lost what nobody asked to erase: {:#?}", truth.about(&gone));
    }
}

/// Each of these sessions has one receipt, and nothing else has one.
#[track_caller]
pub(super) fn each_session_has_one_receipt(statements: &[Value], sessions: &BTreeSet<i64>) {
    let mut subjects = BTreeMap::<&str, usize>::new();
    for said in statements {
        assert_eq!((&said["state"], &said["verdict"]), (&json!("done"), &json!("complete")), "{said:#}");
        *subjects.entry(said["subject"].as_str().expect("a subject")).or_default() += 1;
    }
    let expected: BTreeSet<_> = sessions.iter().map(|session| format!("session:acme/{session}")).collect();
    let wrong: Vec<_> =
        subjects.iter().filter(|(subject, count)| **count != 1 || !expected.contains(**subject)).collect();
    let missing: Vec<_> = expected.iter().filter(|subject| !subjects.contains_key(&***subject)).collect();
    assert!(wrong.is_empty() && missing.is_empty(), "wrong: {wrong:?}; missing: {missing:?}");
}

/// The chain is whole and signed, as anybody verifies it, and so is the ledger.
#[track_caller]
pub(super) fn the_chain_is_whole(site: &impl Site) {
    let file = export(site);
    let key = format!("@{}", site.deployment().path("keys/receipt.pub").display());
    for command in [vec!["receipts", "verify", "--from-start", "--public-key", &key, &file], vec!["ledger", "check"]] {
        let output = site.run(&command);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{command:?}: {said}");
    }
}

/// No step has two calls at a system at once, whatever they ask for; nor, where a call does not say whose it is, is the same asked by two.
#[track_caller]
pub(super) fn one_call_at_once(calls: &[Value]) {
    let mut of_step = BTreeMap::<&str, Vec<&Value>>::new();
    for call in calls {
        // Each request has a key of its own, which begins with that of its step, of one round.
        let key = call["idempotency_key"].as_str();
        let step = key.map(|key| key.split_once('-').map_or(key, |(step, _)| step));
        of_step.entry(step.unwrap_or_else(|| call["path"].as_str().expect("a path"))).or_default().push(call);
    }
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    for (step, mut calls) in of_step {
        calls.sort_by_key(|call| time(&call["started"]));
        for pair in calls.windows(2) {
            let began = time(&pair[1]["started"]).expect("each has begun");
            let ended = time(&pair[0]["ended"]);
            let over = ended.is_some_and(|ended| {
                let late = ended.as_millisecond() - began.as_millisecond();
                ended <= began || pair[0]["status"].is_null() && late <= NOTICED_WITHIN_MS
            });
            assert!(over, "{step}: {pair:#?}");
        }
    }
}

/// One that must not be asked twice was asked once for each order: once more only where a person had it retried.
#[track_caller]
pub(super) fn nothing_is_asked_twice(asked: &BTreeMap<(String, String), usize>, retried: &Retried) {
    for ((erasure, key), times) in asked {
        let orders = 1 + retried.get(erasure).copied().unwrap_or_default();
        assert!(*times <= orders, "{erasure}, {key}: asked {times} times by {orders} orders");
    }
}

/// The statements of all receipts, in their order.
#[track_caller]
pub(super) fn statements(site: &impl Site) -> Vec<Value> {
    let text = std::fs::read_to_string(export(site)).expect("an export");
    let receipts = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("a receipt"));
    receipts.map(|mut receipt| receipt["statement"].take()).collect()
}

/// Exports all receipts into a file.
#[track_caller]
fn export(site: &impl Site) -> String {
    let file = site.deployment().path("receipts.jsonl").to_str().expect("UTF-8").to_owned();
    let exported = site.run(&["receipts", "export", "--out", &file]);
    assert!(exported.status.success(), "{exported:?}");
    file
}
