//! Rules over the API: what they did and would do, and what a person says of one that waits.

use serde_json::{Value, json};

use super::{ADMIN, Api};
use crate::harness::{StandIn, receipts, wait_for};
use crate::rules::alarm::{held, one_of_four_erased, would_erase_all};

const RULE: &str = "no consent, nothing kept";

#[test]
fn a_rule_that_would_erase_much_is_looked_at_and_judged_by_the_version_that_was_seen() {
    let standin = StandIn::start();
    let (deployment, server) = one_of_four_erased(&standin, ADMIN);
    let server = would_erase_all(&standin, &deployment, server);
    let approver = Api::by(&server, &deployment, "adam", &["approver"], &[]);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let of_one = Api::by(&server, &deployment, "anna", &["approver"], &["acme"]);
    let newest = |api: &Api| api.get("/api/v1/rules").is(200)["items"].as_array().and_then(|all| all.last().cloned());
    let waiting = wait_for("the rule to wait", || newest(&operator).filter(|one| one["state"] == "waiting"));
    assert_eq!((&waiting["rule"], &waiting["would"], &waiting["sessions"]), (&json!(RULE), &json!(4), &json!(4)));

    let tried = approver.get("/api/v1/rules/trial?days=30").is(200);
    assert_eq!((&tried["sessions"], &tried["would_erase_more"]), (&json!(4), &json!(3)), "{tried:#}");
    let month = &tried["differences"][0];
    assert_eq!((&month["rule"], &month["decided"], &month["more"]), (&json!(RULE), &json!(1), &json!(3)), "{tried:#}");
    approver.get("/api/v1/rules/trial?days=0").refused(400, "not_understood");

    standin.begin(105, "bob@example.com", Some("v3"));
    standin.just_end(105);
    held(&deployment, 1);
    let judged = |version: &Value| json!({ "rule": RULE, "version": version });
    let seen = judged(&waiting["version"]);
    for at in ["/api/v1/rules/confirm", "/api/v1/rules/reject"] {
        operator.post(at, &seen).refused(403, "forbidden");
        of_one.post(at, &seen).refused(403, "forbidden");
        let other = approver.post(at, &judged(&json!("another")));
        assert!((400..500).contains(&other.status), "{}", other.text);
    }
    assert_eq!(newest(&operator).map(|one| one["state"].clone()), Some(json!("waiting")), "nothing has changed");
    let confirmed = approver.post("/api/v1/rules/confirm", &seen).is(200);
    assert_eq!((&confirmed["version"], &confirmed["would"]), (&waiting["version"], &json!(4)), "{confirmed}");
    receipts(&deployment, 2);
    approver.post("/api/v1/rules/confirm", &seen).refused(409, "conflict");
    let rows = operator.get("/api/v1/audit?act=rules.confirm").is(200);
    assert!(rows["items"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:adam/")), "{rows}");
}
