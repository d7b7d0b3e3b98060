//! Looks at what is about somebody: whichever way they are made, by a page, over the API or by command, the audit names them, and an order
//! that shows nothing leaves none.

use serde_json::{Value, json};

use super::super::token;
use super::{ADMIN, Api, Browser, rows_of, user};
use crate::harness::{Deployment, Needles, RULES, Server, StandIn};

const ANN: &str = "ann@example.com";

/// Who has looked, the newest first, at what, with which particulars.
fn looks(deployment: &Deployment, act: &str) -> Vec<(String, Value, Value)> {
    let of = |row: &Value| {
        let actor = row["actor"].as_str().expect("an actor");
        let way = actor.split_once(':').expect("a way in").0;
        (way.to_owned(), row["object"].clone(), row["details"].clone())
    };
    rows_of(deployment, act).iter().map(of).collect()
}

/// A look of each way in at the same, in the order in which they are made here.
fn by_all(object: &str, details: &Value) -> Vec<(String, Value, Value)> {
    ["user", "token", "cli"].map(|way| (way.to_owned(), json!(object), details.clone())).into()
}

#[test]
fn whichever_way_somebody_looks_at_consents_the_audit_names_it() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, ANN, Some("v3"));
    standin.end(101);
    deployment.settled(1);
    user(&deployment, "jana", "Jana", &["officer"], &[]);
    let jana = Browser::signed_in(&server, "jana");
    let officer = Api::of(&server, Some(&token(&deployment, "olga", &["officer"], &[])));
    let on = json!({ "session": 101 });

    // Of what is not there, nothing is shown.
    officer.post("/api/v1/consents/find", &json!({ "on": { "session": 999 } })).refused(404, "not_found");
    jana.get("/consents/acme/999").is(404);
    jana.get("/consents").is(200);
    assert_eq!(looks(&deployment, "consent.view").len(), 0);
    deployment.json(&["consent", "show", "--session", "acme/101"]);
    officer.post("/api/v1/consents/find", &json!({ "on": on })).is(200);
    jana.get("/consents/acme/101").is(200);
    let found = json!({ "found": 1 });
    assert_eq!(looks(&deployment, "consent.view"), by_all("session:acme/101", &found));
    // A guest's id is whatever a shop has put there.
    deployment.write("guest", &format!("acme/guest-{ANN}"));
    let guest = format!("@{}", deployment.path("guest").display());
    deployment.json(&["consent", "show", "--guest", &guest]);
    let newest = looks(&deployment, "consent.view").remove(0);
    assert_eq!(newest, ("cli".to_owned(), json!("company:acme"), found.clone()));

    deployment.json(&["consent", "withdraw", "--session", "acme/101", "--came", "letter"]);
    officer.post("/api/v1/consents/foresee", &json!({ "on": on, "came": "letter" })).is(200);
    let form = [("company", "acme"), ("session", "101"), ("came", "officer-letter")];
    jana.post("/consents/withdraw/foresee", &form).is(200);
    assert_eq!(looks(&deployment, "consent.foresee"), by_all("session:acme/101", &found));
    assert_eq!(looks(&deployment, "person.find").len(), 0, "nobody was looked for");

    deployment.json(&["erase", "--session", "acme/101", "--dry-run"]);
    let look = ("cli".to_owned(), json!("session:acme/101"), found);
    assert_eq!(looks(&deployment, "erasure.foresee"), vec![look]);
    deployment.write("ann", ANN);
    let ann = format!("@{}", deployment.path("ann").display());
    deployment.json(&["erase", "--email", &ann, "--dry-run"]);
    let searched = json!({ "records": "sessions", "found": 1, "kinds": "email" });
    assert_eq!(looks(&deployment, "person.find"), vec![("cli".to_owned(), json!("companies"), searched)]);

    assert!(deployment.run(&["consent", "export"]).status.success());
    officer.get("/api/v1/consents/export?company=beta").refused(404, "not_found");
    assert_eq!(officer.get("/api/v1/consents/export?company=acme").status, 200);
    jana.get("/consents/export?format=csv").is(200);
    jana.get("/consents/export?format=xlsx").is(400);
    let exports = rows_of(&deployment, "consent.export");
    let of = |row: &Value| (row["object"].clone(), row["result"].clone(), row["details"]["sessions"].clone());
    let export =
        |object: &str| [(json!(object), json!("done"), json!(1)), (json!(object), json!("begun"), Value::Null)];
    let expected = [export("companies"), export("company:acme"), export("companies")].concat();
    assert_eq!(exports.iter().map(of).collect::<Vec<_>>(), expected, "{exports:#?}");

    // By the rows: each act can also be chosen there.
    let row = |name: &str, act: &str| format!("{name}<small class=\"mono\">{act}</small>");
    let (look, export) = (row("Look at consents", "consent.view"), row("Export consents", "consent.export"));
    jana.get("/audit").is(200).says(&[&look, &export]);
    jana.get("/language/cs?next=/").leads_to("/");
    let (look, export) = (row("Zobrazení souhlasu", "consent.view"), row("Export souhlasů", "consent.export"));
    jana.get("/audit").is(200).says(&[&look, &export]);
    let audited = deployment.json(&["audit", "list", "--limit", "200"]).to_string();
    Needles::of([ANN]).must_be_absent("the audit", audited.as_bytes());
    server.stop();
}

#[test]
fn a_plan_that_a_command_shows_is_a_look_and_no_list_shows_one() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, ANN, Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let officer = Api::of(&server, Some(&token(&deployment, "olga", &["officer"], &[])));
    let person = json!([{ "kind": "email", "value": ANN }]);
    let asked = json!({ "number": "2026/1", "came": "letter", "verified": "document", "identifiers": person });
    officer.post("/api/v1/requests", &asked).is(201);
    deployment.json(&["requests", "show", "2026/1"]);
    assert_eq!(looks(&deployment, "request.view").len(), 0, "there is no plan to look at");

    let planned = officer.post("/api/v1/requests/acme/2026%2F1/plan", &json!({})).is(200);
    let listed = deployment.json(&["requests", "list"]);
    assert_eq!((&listed[0]["plan"]["hash"], &listed[0]["plan"]["sessions"]), (&planned["plan"], &Value::Null));
    officer.get("/api/v1/requests/acme/2026%2F1").is(200);
    assert_eq!(looks(&deployment, "request.view").len(), 0, "it was only listed");
    let shown = deployment.json(&["requests", "show", "2026/1"]);
    let session = json!({ "installation": "acme", "session": 101 });
    assert_eq!(shown["plan"]["sessions"][0]["session"], session, "{shown:#}");
    let look = ("cli".to_owned(), json!("request:acme/2026/1"), json!({ "plan": planned["plan"] }));
    assert_eq!(looks(&deployment, "request.view"), vec![look]);
    server.stop();
}
