//! From the letter to the certificate, over the API alone, by two people.

use serde_json::{Value, json};

use super::{ADMIN, Answer, Api, talked};
use crate::harness::{Deployment, Needles, RULES, Server, StandIn, wait_for};

const ANN: &str = "ann@example.com";
pub(super) const FOUR_EYES: &str = "\n[requests]\nfour_eyes = true\n";

#[test]
fn a_request_goes_from_the_letter_to_the_certificate() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{FOUR_EYES}{ADMIN}"));
    let server = Server::start(&deployment);
    talked(&standin, &server, &deployment, ANN);
    standin.add_contact(ANN);
    let officer = Api::by(&server, &deployment, "olga", &["officer", "approver"], &[]);
    let approver = Api::by(&server, &deployment, "adam", &["approver"], &[]);

    let person = json!([{ "kind": "email", "value": ANN }]);
    let asked = json!({ "number": "2026/041", "came": "letter", "verified": "document", "identifiers": person });
    let request = officer.post("/api/v1/requests", &asked).is(201);
    assert_eq!((&request["state"], &request["number"]), (&json!("verified"), &json!("2026/041")));
    assert!(request["entered_by"].as_str().is_some_and(|by| by.starts_with("token:olga/")), "{request}");
    let again = json!({ "came": "email", "identifiers": person });
    officer.post("/api/v1/requests", &again).refused(409, "duplicate");
    let found = officer.post("/api/v1/requests/find", &json!({ "identifiers": person })).is(200);
    assert_eq!(found["items"][0]["number"], "2026/041");

    let at = "/api/v1/requests/acme/2026%2F041";
    let planned = officer.post(&format!("{at}/plan"), &json!({})).is(200);
    assert_eq!(planned["sessions"][0]["session"], "acme/101", "{planned:#}");
    assert_eq!(
        (&planned["sessions"][0]["goes"], &planned["sessions"][0]["certainty"]),
        (&json!(true), &json!("certain"))
    );
    assert_eq!(planned["targets"]["crm"]["would_be"]["outcome"], "erased", "{planned:#}");
    assert!(planned["sessions"][0].get("hints").is_none(), "they were not asked for: {planned:#}");
    let taken = json!({ "include": [{ "session": "acme/101", "because": "namesake" }] });
    officer.post(&format!("{at}/plan"), &taken).refused(400, "input");
    let hinted = officer.post(&format!("{at}/plan"), &json!({ "hints": true })).is(200);
    let hints = hinted["sessions"][0]["hints"].to_string();
    assert!(hints.contains("a…") && !hints.contains("ann"), "{hints}");
    let hash = planned["plan"].as_str().expect("a hash");
    assert_eq!(hinted["plan"], planned["plan"], "what is shown is no part of it");

    let seen = approver.get(&format!("{at}/plan")).is(200);
    assert_eq!((&seen["plan"], &seen["sessions"][0]["session"]), (&planned["plan"], &json!("acme/101")));
    let looks = officer.get("/api/v1/audit?act=request.view").is(200);
    assert_eq!(looks["items"].as_array().map(Vec::len), Some(1), "{looks}");
    assert!(looks["items"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:adam/")), "{looks}");

    let by_plan = json!({ "plan": hash });
    officer.post(&format!("{at}/run"), &by_plan).refused(409, "conflict");
    let own = officer.post(&format!("{at}/approve"), &by_plan).refused(409, "conflict");
    assert!(own["detail"].as_str().is_some_and(|text| text.contains("somebody else")), "{own}");
    approver.post(&format!("{at}/approve"), &json!({ "plan": "0000000000000000" })).refused(409, "conflict");
    let approved = approver.post(&format!("{at}/approve"), &by_plan).is(200);
    assert_eq!(approved["state"], "approved");
    approver.post(&format!("{at}/run"), &by_plan).refused(403, "forbidden");
    let ran = officer.post(&format!("{at}/run"), &by_plan).is(200);
    let erasure = ran["erasure"].as_str().expect("an erasure").to_owned();

    let shown = wait_for("the erasure to be done", || {
        let shown = officer.get(&format!("/api/v1/erasures/{erasure}")).is(200);
        (shown["state"] == "done").then_some(shown)
    });
    let steps = shown["steps"].as_array().expect("steps");
    assert!(steps.iter().all(|step| step["over"] == true && step["outcome"] == "erased"), "{shown:#}");
    // Nobody has looked at the contact records of mluvii, so that an officer says that this is all.
    let left = officer.get(at).is(200);
    assert_eq!((&left["erasures"], &left["left"]), (&json!([erasure]), &json!(true)), "{left:#}");
    let closed = officer.post(&format!("{at}/close"), &json!({ "because": "incomplete" })).is(200);
    assert_eq!((&closed["state"], &closed["ended"]["because"]), (&json!("closed"), &json!("incomplete")));
    let receipts = officer.get("/api/v1/receipts").is(200);
    let receipt = &receipts["items"][0];
    let number = receipt_number(receipt);
    let paper: Answer =
        officer.get(&format!("/api/v1/receipts/{number}/certificate?lang=cs&for=person&request=2026%2F041"));
    assert_eq!(paper.status, 200, "{}", paper.text);
    assert!(paper.text.contains("2026/041") && paper.text.starts_with("<!DOCTYPE html>"), "{}", paper.text);
    officer.get(&format!("/api/v1/receipts/{number}/certificate?lang=de&for=person")).refused(400, "not_understood");
    let found = officer.post("/api/v1/receipts/find", &json!({ "identifiers": person })).is(200);
    assert_eq!(found["erasures"][0]["erasure"], json!(erasure));

    // Who has done what is in the audit, by account and token.
    let rows = officer.get("/api/v1/audit?act=request.approve").is(200);
    assert!(rows["items"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:adam/")), "{rows}");

    // So is each look at what is about a person, and never by what they were looked for.
    let look = |act: &str| {
        let rows = officer.get(&format!("/api/v1/audit?act={act}")).is(200);
        let rows = rows["items"].as_array().expect("rows").iter();
        rows.map(|row| (row["object"].clone(), row["details"].clone())).collect::<Vec<_>>()
    };
    let found = |records: &str| json!({ "records": records, "found": 1, "kinds": "email" });
    let of_all = json!("companies");
    assert_eq!(look("person.find"), [(of_all.clone(), found("receipts")), (of_all, found("requests"))]);
    let paper_of = (json!(format!("receipt:{number}")), json!({ "for": "person", "lang": "cs" }));
    assert_eq!(look("receipt.certificate"), [paper_of], "a language that is none writes nothing");
    let hinted: Vec<_> = look("request.plan").into_iter().map(|(_, details)| details["hints"].clone()).collect();
    assert_eq!(hinted, [json!(true), Value::Null]);

    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the certificate", paper.text.as_bytes());
}

fn receipt_number(receipt: &Value) -> u64 {
    let statement = receipt.get("statement").unwrap_or(receipt);
    statement["sequence"].as_u64().unwrap_or_else(|| panic!("no number: {receipt:#}"))
}

#[test]
fn pages_follow_one_another_and_a_hold_keeps_what_waits_until_it_is_lifted() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);

    for number in 1..=5 {
        let person = json!([{ "kind": "email", "value": format!("p{number}@example.com") }]);
        officer.post("/api/v1/requests", &json!({ "came": "email", "identifiers": person })).is(201);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = officer.get(&format!("/api/v1/requests?limit=2{cursor}")).is(200);
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["number"].as_str().expect("a number").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["R-5", "R-4", "R-3", "R-2", "R-1"]);

    let hold = json!({ "on": { "session": 7 }, "reason": "legal-claims", "case": "21 C 123/2024" });
    let added = officer.post("/api/v1/holds", &hold).is(201);
    let id = added["id"].as_str().expect("an id").to_owned();
    standin.begin(7, ANN, None);
    standin.end(7);
    wait_for("the erasure to be held", || {
        let all = officer.get("/api/v1/erasures").is(200);
        all["items"].as_array()?.iter().find(|one| one["held"] == true).cloned()
    });
    let shown = officer.get(&format!("/api/v1/holds/{id}")).is(200);
    assert_eq!(shown["waiting"].as_array().map(Vec::len), Some(1), "{shown}");
    operator.post(&format!("/api/v1/holds/{id}/lift"), &json!({})).refused(403, "forbidden");
    let lifted = officer.post(&format!("/api/v1/holds/{id}/lift"), &json!({})).is(200);
    assert!(lifted["ended"].is_string(), "{lifted}");
    officer.post(&format!("/api/v1/holds/{id}/lift"), &json!({})).refused(409, "conflict");
    wait_for("the erasure to be done", || {
        let all = officer.get("/api/v1/erasures?state=done").is(200);
        (all["items"].as_array()?.len() == 1).then_some(())
    });

    let paused = operator.post("/api/v1/targets/crm/pause", &json!({ "reason": "maintenance" })).is(200);
    assert_eq!(paused["target"], "crm");
    let targets = operator.get("/api/v1/targets").is(200);
    let crm = targets["items"].as_array().expect("targets").iter().find(|one| one["target"] == "crm").cloned();
    assert!(crm.is_some_and(|crm| crm["paused"]["by"].as_str().is_some_and(|by| by.starts_with("token:otto/"))));
    operator.post("/api/v1/targets/crm/resume", &json!({})).is(200);
    operator.post("/api/v1/targets/crm/resume", &json!({})).refused(409, "conflict");
    operator.post("/api/v1/targets/nobody/resume", &json!({})).refused(404, "not_found");
}
