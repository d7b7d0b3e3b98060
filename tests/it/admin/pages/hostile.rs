//! What strangers write, where a page shows it; and what is typed of a person, which comes back nowhere.

use super::{ADMIN, Browser};
use crate::harness::{Deployment, Needles, Server, StandIn, crm_plugin};

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x>";
const CANARY: &str = "canary-7f3a@example.com";

#[test]
fn what_somebody_has_written_is_text_wherever_it_stands() {
    let standin = StandIn::start();
    let title = "title = \"<script>alert(2)</script>\"\nlibrary = \"libhttp_purge.so\"";
    let crm = crm_plugin(&standin.crm).replace("library = \"libhttp_purge.so\"", title);
    let deployment = Deployment::bare(&standin.mluvii, &format!("{crm}{ADMIN}"));
    let server = Server::start(&deployment);
    let browser = Browser::by(&server, &deployment, "jana", SCRIPT, &["officer", "approver", "operator"], &[]);
    let form = [("email", CANARY), ("came", "letter"), ("verified", "document")];
    let request = browser.post("/requests/new", &form).goes_on();
    let planned = browser.post(&format!("{request}/plan"), &[]).is(200).says(&["&lt;script&gt;alert(2)"]);
    let encoded = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let mut pages = vec![planned.text];
    for path in [
        "/",
        "/requests",
        &request,
        "/requests/new",
        "/erasures",
        "/receipts",
        "/people",
        "/holds",
        "/holds/new",
        "/tasks",
        "/quarantine",
        "/targets",
        "/mluvii",
        "/sweeps",
        "/attention",
        "/audit",
        "/accounts",
        "/accounts/new",
        "/accounts/jana",
        "/consents",
        "/rules",
        "/sessions",
        "/password",
        "/explain",
        "/preferences",
        "/erasures/retry",
        "/erasures/new",
    ] {
        pages.push(browser.get(path).is(200).says(&["&lt;script&gt;alert(1)"]).text);
    }
    for path in [
        format!("/requests?show={encoded}"),
        format!("/requests?from={encoded}"),
        format!("/erasures?show={encoded}"),
        format!("/receipts?from={encoded}"),
        format!("/holds?show={encoded}"),
        format!("/audit?from={encoded}"),
        format!("/explain?session={encoded}"),
        format!("/attention?show={encoded}"),
        format!("/attention/mute?code={encoded}&object={encoded}"),
        format!("/requests?waits={encoded}"),
        format!("/erasures?time={encoded}"),
        format!("/rules/trial?days={encoded}"),
        format!("/consents/session?number={encoded}"),
        format!("/consents/export?format={encoded}"),
        format!("/accounts/orders/{encoded}"),
        format!("/quarantine?from={encoded}"),
    ] {
        pages.push(browser.get(&path).is(400).text);
    }
    for path in [
        format!("/erasures?rule={encoded}&target={encoded}"),
        format!("/erasures/retry?rule={encoded}&target={encoded}"),
        format!("/requests?target={encoded}"),
    ] {
        pages.push(browser.get(&path).is(200).text);
    }
    pages.push(browser.get(&format!("/explain?company={encoded}&session=1")).is(404).text);
    let lines = format!("email,came\n{SCRIPT},{SCRIPT}\n");
    pages.push(browser.post("/requests/import", &[("lines", &lines)]).is(200).text);
    pages.push(browser.post("/requests/import", &[("lines", SCRIPT), ("came", SCRIPT)]).is(400).text);
    pages.push(browser.post("/preferences", &[("zone", SCRIPT)]).is(400).text);
    pages.push(browser.post("/erasures/retry", &[("erasure", SCRIPT)]).is(400).text);
    pages.push(browser.get(&format!("/sweeps/{encoded}/{encoded}")).is(404).text);
    pages.push(browser.post("/erasures/new/foresee", &[("session", SCRIPT), ("company", SCRIPT)]).is(400).text);
    pages.push(browser.post("/erasures/new/do", &[("guest", SCRIPT), ("company", SCRIPT)]).is(400).text);
    pages.push(browser.post("/holds/new", &[("guest", SCRIPT), ("rule", SCRIPT)]).is(400).text);
    pages.push(browser.post("/sweeps", &[("target", SCRIPT), ("company", SCRIPT), ("since", SCRIPT)]).is(400).text);
    pages.push(browser.post("/attention/mute", &[("code", SCRIPT), ("object", SCRIPT)]).is(400).text);
    let outside = format!("/requests/acme/{encoded}");
    pages.push(browser.get(&outside).is(404).text);
    pages.push(browser.get(&format!("/{encoded}")).is(404).text);
    pages.push(Browser::of(&server).get(&format!("/sign-in?next={encoded}")).is(200).text);
    let order = [("act", "add"), ("name", SCRIPT), ("shown_as", SCRIPT), ("purpose", SCRIPT), ("company", SCRIPT)];
    pages.push(browser.post("/accounts/orders", &order).is(400).text);
    let withdrawal = [("company", "acme"), ("session", SCRIPT), ("came", SCRIPT), ("day", SCRIPT)];
    pages.push(browser.post("/consents/withdraw/foresee", &withdrawal).is(404).text);
    let judged = [("rule", SCRIPT), ("version", SCRIPT)];
    pages.push(browser.post("/rules/confirm", &judged).is(409).text);
    let own = [("user", SCRIPT), ("given", "a"), ("new", "b"), ("again", "c"), ("next", SCRIPT)];
    pages.push(Browser::of(&server).post("/sign-in/password", &own).is(400).text);
    // What cannot be read does not come back at all.
    let again = [("number", SCRIPT), ("company", SCRIPT), ("came", SCRIPT), ("received", SCRIPT), ("email", CANARY)];
    let again = browser.post("/requests/new", &again).is(400).says(&["Choose how the request came"]);
    assert!(!again.text.contains("value=\"&lt;script"), "{}", again.text);
    pages.push(again.text);
    for text in &pages {
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
    }
}

#[test]
fn what_is_typed_of_a_person_comes_back_nowhere() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let browser = Browser::by(&server, &deployment, "jana", "Jana", &["officer"], &[]);
    let mut pages = Vec::new();
    let mut post = |form: &[(&str, &str)], status, says: &[&str]| {
        pages.push(browser.post("/requests/new", form).is(status).says(says).text);
    };
    let gone = "is kept nowhere";
    post(&[("email", CANARY)], 400, &["Choose how the request came", gone, "<title>Error:"]);
    post(&[("email", CANARY), ("came", "letter"), ("received", "2999-01-01")], 400, &["in the future", gone]);
    post(&[("email", CANARY), ("came", "letter"), ("received", CANARY)], 400, &["Enter a day"]);
    post(&[("email", CANARY), ("came", "letter"), ("number", "R-7")], 400, &["is given by quietus"]);
    post(&[("other", CANARY), ("kind", "guest_id"), ("came", "letter")], 400, &["Write which kind"]);
    post(&[("came", "letter")], 400, &["at least one thing"]);
    post(&[("email", " "), ("came", "letter")], 400, &["at least one thing"]);
    let valid = [("email", CANARY), ("came", "letter"), ("number", "GDPR/118/2026")];
    let path = browser.post("/requests/new", &valid).goes_on();
    assert_eq!(path, "/requests/acme/GDPR%2F118%2F2026");
    let again = [("email", CANARY), ("came", "email")];
    let duplicate = browser.post("/requests/new", &again).is(409).says(&["of the same person", "GDPR/118/2026", gone]);
    pages.push(duplicate.text);
    let second = browser.post("/requests/new", &[again[0], again[1], ("anyway", "1")]).goes_on();
    for path in ["/", "/requests", &path, &second, "/requests/new"] {
        pages.push(browser.get(path).is(200).text);
    }
    pages.push(browser.get(&path).is(200).says(&["Waits for identity", "Whose is it?"]).text);
    // In neither place where it could be kept in clear.
    let needles = Needles::of([CANARY]);
    for text in &pages {
        // What was sent as a day is in the form again; nobody's address is one.
        let text = text.replace(&format!("value=\"{CANARY}\""), "");
        needles.must_be_absent("a page", text.as_bytes());
    }
    let (_, log) = server.stop();
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}
