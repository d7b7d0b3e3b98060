//! Consents over the API: found, ended by a letter as it was shown, exported; and letters.

use serde_json::{Value, json};

use super::{ADMIN, Api, sent};
use crate::harness::{Deployment, Needles, RULES, Server, StandIn, receipts};

const ANN: &str = "ann@example.com";

#[test]
fn a_withdrawal_is_shown_done_once_as_it_was_shown_and_exported() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, ANN), (102, "bob@example.com"), (103, ANN)] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    deployment.settled(3);
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let approver = Api::by(&server, &deployment, "adam", &["approver"], &[]);
    let person = json!({ "person": [{ "kind": "email", "value": ANN }] });

    let found = officer.post("/api/v1/consents/find", &json!({ "on": person })).is(200);
    let all = found["consents"].as_array().expect("a list");
    let sessions: Vec<_> = all.iter().map(|one| (&one["session"], &one["consent"]["version"])).collect();
    assert_eq!(sessions, [(&json!("acme/101"), &json!("v3")), (&json!("acme/103"), &json!("v3"))], "{found:#}");
    let one = officer.post("/api/v1/consents/find", &json!({ "on": { "session": 102 } })).is(200);
    assert_eq!(one["consents"][0]["consent"]["state"], "given", "{one:#}");
    officer.post("/api/v1/consents/find", &json!({ "on": { "session": 999 } })).refused(404, "not_found");
    officer.post("/api/v1/consents/find", &json!({ "on": { "person": [] } })).refused(400, "input");

    let withdrawal = |came: &str, exclude: i64| json!({ "on": person, "exclude": [exclude], "came": came });
    let foreseen = officer.post("/api/v1/consents/foresee", &withdrawal("letter", 103)).is(200);
    assert_eq!(foreseen["sessions"][0]["session"], "acme/101", "{foreseen:#}");
    assert_eq!(foreseen["sessions"][0]["demands"][0]["rule"], "consent withdrawn", "{foreseen:#}");
    assert_eq!(foreseen["left"], json!([{ "session": "acme/103", "why": "excluded" }]));
    let ordered = |withdrawal: Value| json!({ "withdrawal": withdrawal, "hash": foreseen["hash"] });
    let at = "/api/v1/consents/withdraw";
    officer.post(at, &ordered(withdrawal("phone", 103))).refused(409, "conflict");
    officer.post(at, &ordered(withdrawal("letter", 101))).refused(409, "conflict");
    approver.post(at, &ordered(withdrawal("letter", 103))).refused(403, "forbidden");
    let one = officer.post("/api/v1/consents/find", &json!({ "on": { "session": 101 } })).is(200);
    assert_eq!(one["consents"][0]["consent"]["state"], "given", "it was only shown");

    // Whoever has heard no answer sends it again, and it is done once.
    let order = ordered(withdrawal("letter", 103));
    let with_key = || sent(officer.asked("post", at).header("Idempotency-Key", "a-key").json(&order));
    let done = with_key().is(200);
    assert_eq!((&done["sessions"], &done["erasures"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(with_key().is(200), done);
    officer.post(at, &order).refused(409, "conflict");
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["rules"], json!(["consent withdrawn"]));
    let rows = officer.get("/api/v1/audit?act=consent.withdraw").is(200);
    assert_eq!(rows["items"].as_array().map(Vec::len), Some(1), "{rows}");
    assert!(rows["items"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:olga/")), "{rows}");
    let looks = officer.get("/api/v1/audit?act=person.find").is(200);
    let details = json!({ "records": "consents", "found": 2, "kinds": "email" });
    let looks: Vec<_> = looks["items"].as_array().expect("rows").iter().map(|row| &row["details"]).collect();
    assert_eq!(looks, [&details, &details], "who looks for a person, to find or to withdraw, is written down");

    // All of them, and a last line that says so.
    let exported = officer.get("/api/v1/consents/export");
    assert_eq!(exported.status, 200, "{}", exported.text);
    let lines: Vec<Value> = exported.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    let mut sessions: Vec<_> = lines[..3].iter().map(|line| line["session"].as_i64()).collect();
    sessions.sort_unstable();
    assert_eq!(sessions, [Some(101), Some(102), Some(103)]);
    assert_eq!(lines[3], json!({ "end": { "sessions": 3, "damaged": 0 } }));
    officer.get("/api/v1/consents/export?company=beta").refused(404, "not_found");
    approver.get("/api/v1/consents/export").refused(403, "forbidden");

    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the export", exported.text.as_bytes());
}

#[test]
fn a_letter_says_what_is_true_of_its_request_and_names_nobody() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let person = json!([{ "kind": "email", "value": ANN }]);
    let asked = json!({ "number": "2026/041", "came": "letter", "verified": "document", "identifiers": person });
    officer.post("/api/v1/requests", &asked).is(201);

    let letter = |letter: &str, more: &str| officer.get(&format!("/api/v1/letters?letter={letter}&lang=cs{more}"));
    let form = letter("acknowledgement", "");
    assert_eq!(form.status, 200, "{}", form.text);
    assert!(form.text.contains("<html") && !form.text.contains("2026/041"), "{}", form.text);
    let filled = letter("acknowledgement", "&request=2026%2F041");
    assert_eq!(filled.status, 200, "{}", filled.text);
    assert!(filled.text.contains("2026/041") && !filled.text.contains(ANN), "{}", filled.text);
    letter("refusal", "&request=2026%2F041").refused(409, "conflict");
    letter("acknowledgement", "&request=R-9").refused(404, "not_found");
    letter("confirmation", "&receipt=9").refused(404, "not_found");
    letter("verdict", "").refused(400, "not_understood");
    officer.get("/api/v1/letters?letter=acknowledgement&lang=de").refused(400, "not_understood");
    let rows = officer.get("/api/v1/audit?act=letter.write").is(200);
    let objects: Vec<_> = rows["items"].as_array().expect("rows").iter().map(|row| &row["object"]).collect();
    assert_eq!(objects.len(), 1, "a form that is filled from nothing leaves none: {rows}");
    assert!(objects[0].as_str().is_some_and(|object| object.contains("2026/041")), "{rows}");
}
