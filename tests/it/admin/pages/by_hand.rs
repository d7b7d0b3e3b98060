//! A session or a guest is erased by hand: shown first what would go, then asked for where that is meant. In a browser, and over the API.

use serde_json::json;

use super::{ADMIN, Api, Browser, user};
use crate::admin::{sent, token};
use crate::harness::{Deployment, ERASE, Needles, Server, StandIn, receipts};

const ANN: &str = "ann@example.com";
const GUEST: &str = "guest-ann@example.com";

/// A deployment that knows two sessions of Ann and one of Bob, with their consents.
fn begun(standin: &StandIn, deployment: &Deployment) -> Server {
    let server = Server::start(deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, ANN), (102, ANN), (103, "bob@example.com")] {
        standin.begin(id, email, Some("v1"));
        standin.end(id);
    }
    deployment.settled(3);
    server
}

#[test]
fn a_guest_and_a_session_are_erased_by_hand_once_it_was_shown_what_goes() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = begun(&standin, &deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "otto", "Otto", &["operator", "approver"], &[]);
    let [olga, otto] = ["olga", "otto"].map(|name| Browser::signed_in(&server, name));
    let (foresee, do_it) = ("/erasures/new/foresee", "/erasures/new/do");
    olga.get("/erasures").is(200).says(&["href=\"/erasures/new\""]);
    olga.get("/erasures/new").is(200).says(&["href=\"/requests/new\"", "name=\"guest\"", "name=\"session\""]);
    assert!(!otto.get("/erasures").is(200).text.contains("href=\"/erasures/new\""));
    let mut seen = Vec::new();
    for path in [foresee, do_it] {
        for (form, says) in [
            (vec![], "Name a session or a guest"),
            (vec![("session", "101"), ("guest", GUEST)], "not both"),
            (vec![("session", "<script>")], "the session"),
            (vec![("guest", "a\u{1}b")], "as mluvii gives it out"),
            (vec![("person", "00")], "good for 15 minutes"),
        ] {
            let wrong = olga.post(path, &form).is(400).says(&[says, "<title>Error:", "aria-invalid=\"true\""]);
            assert!(!wrong.text.contains("<script"), "{}", wrong.text);
            seen.push(wrong.text);
        }
        otto.post(path, &[("session", "101"), ("sure", "1")]).is(403);
    }

    let shown = olga.post(foresee, &[("guest", GUEST)]).is(200);
    let shown = shown.says(&["2 sessions go", "acme/101", "acme/102", "Nothing is erased yet", "Would be erased"]);
    assert!(!shown.text.contains("acme/103"), "it is somebody else's: {}", shown.text);
    let person = shown.hidden("person");
    seen.push(shown.text);
    // Not without that it is meant; the form names the same again.
    let again = olga.post(do_it, &[("person", &person)]).is(400).says(&["Tick that it is meant", "2 sessions go"]);
    let person = again.hidden("person");
    seen.push(again.text);
    // What comes back is good for who has typed it, in their session.
    let elsewhere = Browser::signed_in(&server, "olga");
    elsewhere.post(do_it, &[("person", &person), ("sure", "1")]).is(400).says(&["good for 15 minutes"]);
    // Nor is it a person in another form: an id of mluvii's is nothing that one is known by.
    olga.post("/holds/new", &[("person", &person), ("reason", "review")]).is(400).says(&["good for 15 minutes"]);
    // Each look is in the audit, and nothing else.
    let of = |act: &str| deployment.json(&["audit", "list", "--act", act]).as_array().expect("rows").len();
    assert_eq!((of("erasure.request"), of("erasure.foresee")), (0, 2), "nothing was asked for");
    assert_eq!(deployment.json(&["erasures", "list"]), json!([]));
    let at = olga.post(do_it, &[("person", &person), ("sure", "1")]).goes_on();
    assert!(at.starts_with("/erasures/e-"), "{at}");
    receipts(&deployment, 1);
    assert!(!standin.holds(ANN) && standin.holds("bob@example.com"));
    seen.push(olga.get(&at).is(200).text);

    let shown = olga.post(foresee, &[("session", "103")]).is(200).says(&["1 session goes", "acme/103"]);
    assert_eq!(shown.hidden("session"), "103");
    let done = olga.post(do_it, &[("session", "103"), ("sure", "1")]);
    assert!(done.goes_on().starts_with("/erasures/e-"));
    receipts(&deployment, 2);
    assert!(!standin.holds("bob@example.com"));
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/erasures/new").is(200).says(&["Vymazat konverzaci nebo hosta", "lang=\"cs\""]);
    let (_, log) = server.stop();
    let needles = Needles::of([GUEST]);
    for text in &seen {
        needles.must_be_absent("a page", text.as_bytes());
    }
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the audit", deployment.json(&["audit", "list"]).to_string().as_bytes());
}

#[test]
fn the_api_foresees_what_an_erasure_by_hand_reaches_and_has_it_done_once() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = begun(&standin, &deployment);
    let officer = Api::of(&server, Some(&token(&deployment, "olga", &["officer"], &["acme"])));
    let operator = Api::of(&server, Some(&token(&deployment, "otto", &["operator", "approver"], &[])));
    let (at, foresee) = ("/api/v1/erasures", "/api/v1/erasures/foresee");
    let guest = json!({ "of": { "guest": GUEST }, "exclude": [102] });
    for path in [at, foresee] {
        operator.post(path, &guest).refused(403, "forbidden");
        officer.post(path, &json!({})).refused(400, "not_understood");
        officer.post(path, &json!({ "of": { "guest": "" } })).refused(400, "input");
        officer.post(path, &json!({ "of": { "session": 101 }, "exclude": [102] })).refused(400, "input");
        officer.post(path, &json!({ "of": { "session": 101 }, "targets": ["nobody"] })).refused(400, "input");
        officer.post(path, &json!({ "of": { "session": 101 }, "company": "beta" })).refused(404, "not_found");
    }
    let foreseen = officer.post(foresee, &guest).is(200);
    let goes = |session: &str| {
        let all = foreseen["sessions"].as_array().expect("sessions");
        all.iter().find(|one| one["session"] == session).map(|one| one["goes"].clone())
    };
    assert_eq!((goes("acme/101"), goes("acme/102"), goes("acme/103")), (Some(json!(true)), Some(json!(false)), None));
    assert_eq!(foreseen["targets"]["mluvii"]["would_be"]["outcome"], "erased", "{foreseen:#}");
    assert_eq!(officer.get(at).is(200)["items"], json!([]), "nothing was asked for");

    let order = json!({ "of": { "session": 101 }, "targets": ["mluvii"] });
    let with_key = || sent(officer.asked("post", at).header("Idempotency-Key", "a-key").json(&order)).is(201);
    let asked = with_key();
    assert_eq!((&asked["merged"], &asked["targets"]), (&json!(false), &json!(["mluvii"])), "{asked:#}");
    assert_eq!(with_key(), asked, "it was asked for once");
    let id = asked["id"].as_str().expect("an id");
    receipts(&deployment, 1);
    assert_eq!(officer.get(&format!("{at}/{id}")).is(200)["state"], "done");
    // Later: it waits for its time, and a second order of the same joins it.
    let later = json!({ "of": { "session": 103 }, "after_s": 86_400 });
    let first = officer.post(at, &later).is(201);
    assert_eq!(first["state"], "scheduled", "{first:#}");
    let second = officer.post(at, &later).is(201);
    assert_eq!((&second["id"], &second["merged"]), (&first["id"], &json!(true)));
    let first = first["id"].as_str().expect("an id");
    officer.post(&format!("{at}/{first}/cancel"), &json!({})).is(200);
    let audited = deployment.json(&["audit", "list"]).to_string();
    Needles::of([GUEST]).must_be_absent("the audit", audited.as_bytes());
}
