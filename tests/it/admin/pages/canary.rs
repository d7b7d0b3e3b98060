//! An officer's work over the API and in a browser, with canaries for whatever is personal: no answer names anybody but to whom that is
//! what they have asked for, and nothing that quietus has written does.

use serde_json::{Value, json};

use super::{ADMIN, Browser, user};
use crate::admin::{Api, done, token};
use crate::canary::{EMAIL, FORM, FOUND, NAME, OTHER_EMAIL, PHONE, assert_silent, nothing_is_left, search};
use crate::harness::{Database, Deployment, RULES, Server, StandIn, crm_plugin, receipts, wait_for};

const ARCHIVE: &str = "\n[[manual]]\nname = \"archive\"\ntext = \"Shred the paper file.\"\n";
const PARAMS: &str =
    "\n[mluvii.params]\noo1_guest_ident = \"name\"\noo1_guest_email = \"email\"\noo1_guest_phone = \"phone\"\n";

#[test]
fn no_personal_data_is_left_by_an_officer_of_the_api_and_the_pages() {
    is_silent(None);
}

#[test]
fn no_personal_data_is_left_in_a_database_by_an_officer_of_the_api_and_the_pages() {
    is_silent(Some(&Database::that_logs_all()));
}

fn is_silent(database: Option<&Database>) {
    let standin = StandIn::start();
    let ledger = database.map(Database::ledger).unwrap_or_default();
    let more = format!("{}{PARAMS}{RULES}{ARCHIVE}{ADMIN}{ledger}", crm_plugin(&standin.crm));
    let deployment = Deployment::bare(&standin.mluvii, &more);
    if database.is_some() {
        deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    }
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, EMAIL), (102, OTHER_EMAIL)] {
        let param = |name: &str, value: &str| json!({ "name": name, "value": value, "source": "ENTRY_FORM" });
        let params = [
            param("oo1_guest_email", email),
            param("oo1_guest_ident", NAME),
            param("oo1_guest_phone", PHONE),
            param("free", FORM),
        ];
        let conversation =
            json!({ "id": id, "tenant": 62, "guest": format!("g-{id}"), "gdpr_version": "v3", "call_params": params });
        standin.begin_with(conversation);
        standin.end(id);
        standin.add_contact(email);
    }
    deployment.settled(2);

    over_the_api(&server, &deployment);
    search(&deployment, database);
    in_a_browser(&server, &deployment);
    for export in [&["receipts", "export"][..], &["audit", "export"], &["consent", "export"]] {
        // In the folder that is searched.
        let file = deployment.path(&export.join("-")).display().to_string();
        done(&deployment.run(&[export, &["--out", &file]].concat()));
    }
    nothing_is_left(&standin, server, &deployment, database);
}

/// An API whose answers name nobody.
struct Silent(Api);

impl Silent {
    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let answer = self.0.get(path);
        assert_silent(path, answer.text.as_bytes());
        answer.is(200)
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.0.post(path, body);
        assert_silent(path, answer.text.as_bytes());
        answer.is(status)
    }
}

fn over_the_api(server: &Server, deployment: &Deployment) {
    let token = token(deployment, "olga", &["officer", "approver", "operator"], &[]);
    let olga = Silent(Api::of(server, Some(&token)));
    let kinds = [("email", EMAIL), ("name", NAME), ("phone", PHONE)];
    let person = json!(kinds.map(|(kind, value)| json!({ "kind": kind, "value": value })));
    // What is wrong comes back with as little of it.
    for wrong in [
        json!({ "came": NAME, "identifiers": person }),
        json!({ "came": "letter", "received": EMAIL, "identifiers": person }),
        json!({ "came": "letter", "number": NAME, "identifiers": person }),
        json!({ "came": "letter", "targets": [EMAIL], "identifiers": person }),
        json!({ "came": "letter", "identifiers": [{ "kind": NAME, "value": PHONE }] }),
        json!({ "came": "letter", "identifiers": EMAIL }),
    ] {
        let answer = olga.0.post("/api/v1/requests", &wrong);
        assert_silent("a refused request", answer.text.as_bytes());
        assert!([400, 422].contains(&answer.status), "{}", answer.text);
    }
    let asked = json!({ "came": "letter", "verified": "document", "identifiers": person });
    let request = olga.post("/api/v1/requests", &asked, 201);
    let at = format!("/api/v1/requests/acme/{}", request["number"].as_str().expect("a number"));
    olga.post("/api/v1/requests", &asked, 409);
    let whose = json!({ "identifiers": person });
    assert_eq!(olga.post("/api/v1/requests/find", &whose, 200)["items"][0]["number"], request["number"]);

    let on = json!({ "person": person });
    let hold = json!({ "on": on, "reason": "legal-claims", "case": "21 C 123/2024" });
    let hold = olga.post("/api/v1/holds", &hold, 201)["id"].as_str().expect("an id").to_owned();
    let consents = olga.post("/api/v1/consents/find", &json!({ "on": on }), 200);
    assert!(consents.to_string().contains("acme/101"), "{consents:#}");
    let foreseen = olga.post("/api/v1/consents/foresee", &json!({ "on": on, "came": "letter" }), 200);
    assert_eq!(foreseen["sessions"][0]["session"], "acme/101", "{foreseen:#}");

    // Hints are shown, and are no names.
    let planned = olga.post(&format!("{at}/plan"), &json!({ "hints": true }), 200);
    assert!(planned["sessions"].to_string().contains("c…@e….com"), "{planned:#}");
    olga.get(&format!("{at}/plan"));
    olga.post(&format!("{at}/run"), &json!({ "plan": planned["plan"] }), 200);
    wait_for("it to be held", || {
        let all = olga.get("/api/v1/erasures");
        all["items"].as_array()?.iter().any(|one| one["held"] == true).then_some(())
    });
    for path in ["/api/v1/holds", &format!("/api/v1/holds/{hold}"), "/api/v1/attention", &at] {
        olga.get(path);
    }
    olga.post(&format!("/api/v1/holds/{hold}/lift"), &json!({}), 200);
    let task = wait_for("its task", || Some(olga.get("/api/v1/tasks")["items"][0]["id"].as_str()?.to_owned()));
    let task = format!("/api/v1/tasks/{task}");
    olga.get(&task);
    let revealed = olga.0.post(&format!("{task}/reveal"), &json!({})).is(200);
    assert!(revealed.to_string().contains(EMAIL), "whoever has to know it sees it: {revealed}");
    let law = json!({ "outcome": "retained", "reason": format!("563/1991 Sb., § 31, of {EMAIL}") });
    olga.post(&format!("{task}/done"), &law, 200);
    receipts(deployment, 1);

    let found = olga.post("/api/v1/receipts/find", &whose, 200);
    assert!(found["erasures"][0]["erasure"].is_string(), "{found:#}");
    for path in ["/api/v1/receipts", "/api/v1/receipts/1", "/api/v1/audit", "/api/v1/status", "/api/v1/targets", &at] {
        olga.get(path);
    }
    for path in [
        "/api/v1/receipts/1/certificate?lang=cs&for=person",
        "/api/v1/receipts/1/certificate?lang=en&for=authority",
        "/api/v1/consents/export",
    ] {
        let answer = olga.0.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_silent(path, answer.text.as_bytes());
    }
}

fn in_a_browser(server: &Server, deployment: &Deployment) {
    user(deployment, "jana", "Jana", &["officer", "approver", "operator"], &[]);
    let jana = Browser::signed_in(server, "jana");
    let get = |path: &str| {
        let page = jana.get(path).is(200);
        assert_silent(path, page.text.as_bytes());
        page
    };
    let post = |path: &str, form: &[(&str, &str)]| {
        let page = jana.post(path, form);
        assert_silent(path, page.text.as_bytes());
        page
    };
    post("/people", &[("email", OTHER_EMAIL), ("name", NAME), ("phone", PHONE)]).is(200);
    let found = post("/people", &[("email", OTHER_EMAIL)]).is(200).says(&["acme/102"]);
    let form = post("/holds/new/of", &[("person", &found.hidden("person"))]).is(200);
    let hold = [("person", &*form.hidden("person")), ("reason", "legal-claims"), ("case", "21 C 124/2024")];
    post("/holds/new", &[hold[0], hold[1], ("case", NAME)]).is(400);
    let hold = post("/holds/new", &hold).goes_on();
    get(&hold);

    let form = post("/consents/withdraw", &[("person", &found.hidden("person")), ("company", "")]).is(200);
    let withdrawal = [("person", &*form.hidden("person")), ("came", "officer-letter")];
    post("/consents/withdraw/foresee", &withdrawal).is(200).says(&["acme/102"]);
    get("/consents/acme/102");

    let form = post("/requests/new/of", &[("person", &found.hidden("person"))]).is(200);
    let entered = [("person", &*form.hidden("person")), ("came", "letter"), ("verified", "document")];
    let request = post("/requests/new", &entered).goes_on();
    post(&format!("{request}/plan"), &[]).is(200).says(&["acme/102", "c…@e….com"]);
    let planned = get(&format!("{request}/plan"));
    let erasure = post(&format!("{request}/run"), &[("plan", &planned.hidden("plan"))]).goes_on();
    get(&erasure);
    post(&format!("{hold}/lift"), &[]).leads_to(&hold);
    let task = wait_for("its task", || {
        let page = get("/tasks");
        let (_, rest) = page.text.split_once("href=\"/tasks/t-")?;
        Some(format!("/tasks/t-{}", rest.split('"').next()?))
    });
    get(&task);
    let law = format!("563/1991 Sb., § 31, of {OTHER_EMAIL}");
    assert_eq!(post(&format!("{task}/done"), &[("said", "retained"), ("law", &law)]).status, 303);
    receipts(deployment, 2);

    // Lines of which one is right, one is of somebody who is known, and others are refused, by each column.
    let lines = format!(
        "name;email;came;received;number\n{NAME};{FOUND};letter;;\n{NAME};{FOUND};phone;;\n\
         ;{FOUND};{NAME};;\n;{FOUND};letter;{NAME};\n;{FOUND};letter;;{NAME}\n"
    );
    post("/requests/import", &[("lines", &lines)]).is(200).says(&["1 request is entered"]);
    post("/requests/import", &[("lines", &format!("{NAME};{EMAIL}\n{NAME};{EMAIL}\n"))]).is(400);
    for path in ["/", "/requests", &request, "/erasures", &erasure, "/holds", "/receipts", "/receipts/2", "/audit"] {
        get(path);
    }
    get("/receipts/2/certificate");
    let explained = jana.get("/explain?company=acme&session=102");
    assert_silent("an explanation", explained.text.as_bytes());
}
