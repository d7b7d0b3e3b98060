//! The ways in which systems fail.

use std::time::Duration;

use serde_json::{Value, json};

use super::{chosen, is_long};
use crate::harness::{Failure, Line, Random};

/// Some calls of mluvii's API go wrong in one way.
pub(super) fn of_mluvii(random: &mut Random) -> Value {
    let mut ways = of_any();
    ways.extend([json!({ "kind": "status", "status": 409 }), json!({ "kind": "large" })]);
    some(random, &ways, &["/api/v1/Sessions", "/anonymous", "/login/connect/token"])
}

/// Some calls of the CRM's API go wrong in one way: of those by which a plugin searches or deletes.
pub(super) fn of_crm(random: &mut Random) -> Value {
    let mut fault = some(random, &of_any(), &["/contacts"]);
    fault["method"] = json!(chosen(random, &["GET", "DELETE"]));
    fault
}

/// Some exchanges on a line fail in one way.
pub(super) fn on(line: &Line, random: &mut Random) {
    let failures = [
        Failure::Reset,
        Failure::Refused,
        Failure::BlackHole,
        Failure::AnswerLost,
        Failure::AnswerHalf,
        Failure::AnswerLost,
        Failure::Drip,
    ];
    line.fail(chosen(random, &failures), 1 + random.below(3));
}

fn some(random: &mut Random, ways: &[Value], paths: &[&str]) -> Value {
    let mut fault = chosen(random, ways);
    fault["path"] = json!(chosen(random, paths));
    fault["times"] = json!(1 + random.below(4));
    fault
}

fn of_any() -> Vec<Value> {
    vec![
        json!({ "kind": "status", "status": 403 }),
        json!({ "kind": "status", "status": 404 }),
        json!({ "kind": "status", "status": 429, "retry_after_s": 1 }),
        json!({ "kind": "status", "status": 500 }),
        json!({ "kind": "status", "status": 503, "retry_after_s": 0 }),
        json!({ "kind": "401" }),
        json!({ "kind": "redirect" }),
        json!({ "kind": "login_page" }),
        json!({ "kind": "html" }),
        json!({ "kind": "garbage" }),
        json!({ "kind": "error_document" }),
        json!({ "kind": "accepted_but_not_done" }),
        json!({ "kind": "delay", "delay_ms": 200 }),
        json!({ "kind": "timeout", "delay_ms": 1_500 }),
    ]
}

/// How long a process stands still: rarely longer than a lease, where there is time for it.
pub(super) fn stillness(random: &mut Random) -> Duration {
    let short = Duration::from_millis(random.below(400));
    let is_rare = random.below(20) == 0;
    if is_long() && is_rare { Duration::from_secs(14) } else { short }
}
