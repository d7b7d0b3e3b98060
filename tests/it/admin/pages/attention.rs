//! What needs an operator, in a browser: acknowledged as it was shown, muted until a day, and told of again.

use serde_json::json;

use super::{ADMIN, Api, Browser, Page, rows, user};
use crate::admin::token;
use crate::harness::{
    Deployment, ERASE, PASSWORD as WEBHOOK_PASSWORD, Server, StandIn, client, http, receipts, wait_for,
};

const CODE: &str = "deliveries_unreadable";
const AT: &str = "/attention/mute?code=deliveries_unreadable&object=quarantine";

/// A delivery that cannot be read needs a person.
fn deliver_unreadable(server: &Server, number: u32) {
    let body = json!({ "eventType": "SessionEnded", "data": { "sessionNumber": number } });
    let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(WEBHOOK_PASSWORD));
    assert_eq!(http(request.json(&body)).0, 202);
}

#[test]
fn what_needs_an_operator_is_acknowledged_as_it_was_shown_muted_for_a_time_and_told_of_again() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["operator"], &["acme"]);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    let [otto, anna, olga] = ["otto", "anna", "olga"].map(|name| Browser::signed_in(&server, name));
    otto.get(AT).is(404);
    deliver_unreadable(&server, 77);
    let form = [("code", CODE), ("object", "quarantine")];
    for other in [&anna, &olga] {
        other.get("/attention").is(403);
        other.get(AT).is(403);
        other.post("/attention/mute", &[form[0], form[1], ("end", "never")]).is(403);
        other.post("/attention/unmute", &form).is(403);
        other.post("/attention/retry", &[("what", "undecided")]).is(403);
        assert!(!other.get("/").is(200).text.contains("href=\"/attention\""), "it is of all companies");
    }
    otto.get("/").is(200).says(&["href=\"/attention\""]);
    let listed = otto.get("/attention").is(200).says(&[CODE, "action=\"/attention/mute\"", "object=quarantine\""]);
    assert!(!listed.text.contains("action=\"/attention/retry\""), "nothing is undecided: {}", listed.text);
    otto.get("/attention?show=<script>").is(400);
    let asked = otto.get(AT).is(200).says(&["Mute until then", "Mute for good", "name=\"until\" type=\"date\""]);
    let seen = asked.hidden("seen");

    // What is not said, not there, over, or not what was shown is refused.
    let before = rows(&deployment);
    let of = |end, seen, until| [form[0], form[1], ("end", end), ("seen", seen), ("until", until)];
    otto.post("/attention/mute", &[]).is(400);
    otto.post("/attention/mute", &[("code", "<script>"), form[1]]).is(400);
    otto.post("/attention/mute", &[form[0], ("object", "<script>")]).is(404);
    otto.post("/attention/mute", &of("", &seen, "")).is(400);
    otto.post("/attention/mute", &of("changed", "", "")).is(409);
    for until in ["", "2000-01-01", "<script>"] {
        let page = otto.post("/attention/mute", &of("at", &seen, until)).is(400);
        let page = page.says(&["still to come", "<title>Error:", "aria-invalid=\"true\""]);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    otto.post("/attention/unmute", &[]).is(400);
    otto.post("/attention/unmute", &form).is(409);
    otto.post("/attention/retry", &[]).is(400);
    assert_eq!(deployment.json(&["attention", "list"]).to_string().matches("\"muted\"").count(), 0);
    // That nothing was muted is in the audit, and nothing else.
    assert!(rows(&deployment) <= before + 1);

    otto.post("/attention/mute", &of("changed", &seen, "")).leads_to("/attention?show=muted");
    otto.get("/attention?show=muted").is(200).says(&[CODE, "Acknowledged by otto", "action=\"/attention/unmute\""]);
    assert!(!otto.get("/attention").is(200).text.contains(CODE), "it is acknowledged");
    otto.get("/attention?show=all").is(200).says(&[CODE]);
    // A further one is something else: what was shown before says nothing of it.
    deliver_unreadable(&server, 78);
    otto.get("/attention").is(200).says(&[CODE]);
    otto.post("/attention/mute", &of("changed", &seen, "")).is(409).says(&["something else by now"]);

    let seen = otto.get(AT).is(200).hidden("seen");
    otto.post("/attention/mute", &of("at", &seen, "2999-01-01")).leads_to("/attention?show=muted");
    otto.get("/attention?show=muted").is(200).says(&["Muted by otto until", "2999"]);
    otto.post("/attention/unmute", &form).leads_to("/attention?show=all");
    otto.get("/attention").is(200).says(&[CODE]);
    otto.post("/attention/mute", &of("never", &seen, "")).leads_to("/attention?show=muted");
    otto.get("/attention?show=muted").is(200).says(&["Muted by otto"]);
    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/attention?show=muted").is(200).says(&["Ztlumeno, kdo: otto", "Zase hlásit", "lang=\"cs\""]);
}

#[test]
fn what_could_not_be_decided_on_is_tried_again_in_a_browser_and_over_the_api() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    let otto = Browser::signed_in(&server, "otto");
    let program =
        |name, role, companies: &[&str]| Api::of(&server, Some(&token(&deployment, name, &[role], companies)));
    let (api, of_one) = (program("prog", "operator", &[]), program("one", "operator", &["acme"]));
    let officer = program("olga", "officer", &[]);
    let (at, none) = ("/api/v1/undecided/retry", json!({}));
    otto.post("/attention/retry", &[("what", "undecided")]).is(409).says(&["nothing is parked"]);
    api.post(at, &none).refused(409, "conflict");
    api.post(at, &json!({ "id": 1 })).refused(400, "not_understood");
    of_one.post(at, &none).refused(403, "forbidden");
    officer.post(at, &none).refused(403, "forbidden");

    for (session, receipt) in [(2, 1), (3, 2)] {
        standin.fault(&json!({ "kind": "large", "path": format!("/api/v1/Sessions/{session}"), "exact": true }));
        standin.begin(session, "ann@example.com", None);
        standin.just_end(session);
        assert_eq!(server.deliver_end(session), 204);
        let offered = |page: &Page| page.text.contains("action=\"/attention/retry\"");
        wait_for("somebody to be needed", || Some(otto.get("/attention").is(200)).filter(offered));
        standin.clear_faults();
        if receipt == 1 {
            let retried = otto.post("/attention/retry", &[("what", "undecided")]).is(200);
            retried.says(&["1 piece of work is tried again"]);
        } else {
            assert_eq!(api.post(at, &none).is(200)["retried"], 1);
        }
        receipts(&deployment, receipt);
    }
    assert!(!otto.get("/attention").is(200).text.contains("work_parked"));
}
