//! Receipts over the API: acknowledged by who has seen them, and exported whole.

use serde_json::{Value, json};

use super::{ADMIN, Api, token};
use crate::harness::{Deployment, Server, StandIn, receipts};

/// A person is who has this e-mail address. That mluvii itself is not searched makes a receipt incomplete.
const BY_EMAIL: &str = "match = [[\"email\"]]";
const SETTLE: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

#[test]
fn receipts_are_acknowledged_by_officers_and_exported_for_who_sees_all() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "", BY_EMAIL, &format!("{SETTLE}{ADMIN}"));
    let server = Server::start(&deployment);
    let api = |name: &str, role: &str, companies: &[&str]| {
        Api::of(&server, Some(&token(&deployment, name, &[role], companies)))
    };
    let (officer, operator) = (api("olga", "officer", &[]), api("otto", "operator", &[]));
    let of_one = api("anna", "officer", &["acme"]);
    for (number, email) in [(1, "ann@example.com"), (2, "bob@example.com"), (3, "eva@example.com")] {
        deployment.write("email.txt", email);
        let file = format!("@{}", deployment.path("email.txt").display());
        deployment.json(&["erase", "--targets", "mluvii", "--email", &file]);
        receipts(&deployment, number);
    }
    let at = "/api/v1/receipts/acknowledge";
    let these = |numbers: &[u64]| json!({ "which": { "these": numbers } });
    let left = || deployment.json(&["status"])["incomplete_unacknowledged"].clone();

    operator.post(at, &these(&[1])).refused(403, "forbidden");
    officer.post(at, &json!({})).refused(400, "not_understood");
    officer.post(at, &these(&[])).refused(400, "input");
    officer.post(at, &these(&[1; 501])).refused(400, "input");
    officer.post(at, &these(&[1, 7])).refused(404, "not_found");
    // All of them are of all companies.
    of_one.post(at, &json!({ "which": "all" })).refused(403, "forbidden");
    assert_eq!(left(), 3, "nothing was acknowledged");
    assert_eq!(of_one.post(at, &these(&[1])).is(200), json!({ "acknowledged": 1 }));
    assert_eq!(officer.post(at, &these(&[1])).is(200), json!({ "acknowledged": 0 }));
    assert_eq!(officer.post(at, &json!({ "which": "all" })).is(200), json!({ "acknowledged": 2 }));
    assert_eq!(left(), 0);

    let lines =
        |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect() };
    let exported = operator.get("/api/v1/receipts/export");
    assert_eq!(exported.status, 200, "{}", exported.text);
    let all = lines(&exported.text);
    assert_eq!((&all[0]["receipts"], all.len()), (&json!(3), 4), "{}", exported.text);
    let later = lines(&operator.get("/api/v1/receipts/export?from=3").text);
    assert_eq!((&later[0]["receipts"], &later[1]), (&json!(1), &all[3]));
    // None is no error, and beyond all numbers neither.
    for from in ["4", "18446744073709551615"] {
        let none = lines(&operator.get(&format!("/api/v1/receipts/export?from={from}")).text);
        assert_eq!((&none[0]["receipts"], none.len()), (&json!(0), 1));
    }
    operator.get("/api/v1/receipts/export?from=x").refused(400, "not_understood");
    of_one.get("/api/v1/receipts/export").refused(403, "forbidden");
}
