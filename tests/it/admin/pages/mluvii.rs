//! mluvii in a browser: its webhooks, asked for only when somebody wants that, and comparisons of the past.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::operating::deployment;
use super::{ADMIN, Browser, Page, rows, user};
use crate::admin::who::two_companies;
use crate::harness::{Deployment, ERASE, Server, StandIn, company, receipts, wait_for};

/// How the page says that mluvii has no webhook of a source.
const MISSING: &str = "is-bad\">mluvii does not have it</span>";

/// So many days ago, as a form has it.
fn day(ago: i64) -> String {
    (Timestamp::now() - SignedDuration::from_hours(24 * ago)).strftime("%Y-%m-%d").to_string()
}

#[test]
fn a_webhook_is_looked_at_registered_and_deleted_only_where_that_is_meant() {
    let standin = StandIn::start();
    let deployment = deployment(&standin);
    let server = Server::start(&deployment);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    let (otto, olga) = (Browser::signed_in(&server, "otto"), Browser::signed_in(&server, "olga"));
    let page =
        otto.get("/mluvii").is(200).says(&["acme", "Ask mluvii now", "/webhooks/acme", "A person keeps it right"]);
    assert!(!page.text.contains(MISSING), "nobody has asked: {}", page.text);
    assert!(!page.text.contains("mluvii:"), "with credentials: {}", page.text);
    otto.get("/mluvii?ask=now").is(200).says(&[MISSING]);
    let before = rows(&deployment);
    for path in ["/mluvii", "/mluvii?ask=now", "/mluvii/unregister?source=acme"] {
        olga.get(path).is(403);
    }
    for path in ["/mluvii/register", "/mluvii/unregister"] {
        olga.post(path, &[("source", "acme"), ("sure", "1")]).is(403);
        otto.post(path, &[("source", "<script>"), ("sure", "1")]).is(404);
        otto.post(path, &[]).is(404);
    }
    assert_eq!(rows(&deployment), before, "nothing was ordered");

    let path = otto.post("/mluvii/register", &[("source", "acme")]).goes_on();
    otto.get(&path).is(200).says(&["mluvii has the webhook now"]);
    otto.get("/mluvii?ask=now").is(200).says(&["As it should be"]);
    let path = otto.post("/mluvii/register", &[("source", "acme")]).goes_on();
    otto.get(&path).is(200).says(&["The webhook was right already"]);
    otto.get("/mluvii/unregister?source=acme").is(200).says(&["mluvii calls the source no more"]);
    otto.get("/mluvii/unregister?source=another").is(404);
    otto.post("/mluvii/unregister", &[("source", "acme")]).is(400).says(&["Tick that this is meant", "<title>Error:"]);
    otto.get("/mluvii?ask=now").is(200).says(&["As it should be"]);
    let path = otto.post("/mluvii/unregister", &[("source", "acme"), ("sure", "1")]).goes_on();
    otto.get(&path).is(200).says(&["1 webhook is deleted"]);
    otto.get("/mluvii?ask=now").is(200).says(&[MISSING]);
    // What nobody has done is not said.
    let page = otto.get("/mluvii?changed=registered&deleted=3").is(200);
    assert!(!page.text.contains("<script") && !page.text.contains("role=\"status\""), "{}", page.text);
    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/mluvii?ask=now").is(200).says(&["V mluvii není", "Porovnání s mluvii", "lang=\"cs\""]);
}

#[test]
fn without_an_address_nothing_is_registered_and_the_page_says_what_to_set() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let otto = Browser::by(&server, &deployment, "otto", "Otto", &["operator"], &[]);
    // The first page says to each role what it can do of it.
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    let first = otto.get("/").is(200).says(&["Register the webhook", "Back them up", "href=\"/mluvii\">Webhooks<"]);
    assert!(!first.text.contains("letter on your desk"), "{}", first.text);
    let first = Browser::signed_in(&server, "olga").get("/").is(200);
    let first = first.says(&["letter on your desk", "href=\"/requests/new\"", "An operator adds the webhook"]);
    assert!(!first.text.contains("Back them up"), "{}", first.text);
    let first = Browser::signed_in(&server, "adam").get("/").is(200).says(&["An operator adds the webhook"]);
    assert!(!first.text.contains("letter on your desk") && !first.text.contains("Back them up"), "{}", first.text);
    let page = otto.get("/mluvii").is(200).says(&["Set server.public_url in the configuration"]);
    assert!(!page.text.contains("action=\"/mluvii/register\""), "a button that only fails: {}", page.text);
    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/mluvii").is(200).says(&["Nastavte v konfiguraci server.public_url"]);
}

#[test]
fn of_another_company_neither_webhook_nor_comparison_is_seen() {
    let standin = StandIn::start();
    let beta = StandIn::start();
    let deployment = two_companies(&standin, &beta);
    let server = Server::start(&deployment);
    user(&deployment, "anna", "Anna", &["operator"], &["acme"]);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    let (anna, otto) = (Browser::signed_in(&server, "anna"), Browser::signed_in(&server, "otto"));
    let since = day(40);
    otto.get("/mluvii").is(200).says(&["beta"]);
    otto.post("/mluvii/past", &[("since", since.as_str())]).is(400).says(&["Choose the company"]);
    let of_beta = otto.post("/mluvii/past", &[("since", since.as_str()), ("company", "beta")]).goes_on();
    otto.get(&of_beta).is(200).says(&["beta"]);
    let page = anna.get("/mluvii").is(200);
    assert!(!page.text.contains("beta"), "{}", page.text);
    anna.get(&of_beta).is(404);
    for act in ["confirm", "cancel"] {
        anna.post(&format!("{of_beta}/{act}"), &[("sure", "1")]).is(404);
    }
    anna.post("/mluvii/past", &[("since", since.as_str()), ("company", "beta")]).is(400).says(&["Choose the company"]);
    anna.post("/mluvii/register", &[("source", "beta")]).is(404);
    anna.get("/mluvii/unregister?source=beta").is(404);
    // It waits for a person, or is being looked at.
    otto.post(&format!("{of_beta}/cancel"), &[]).leads_to(&of_beta);
    otto.get(&of_beta).is(200).says(&["Cancelled"]);
}

#[test]
fn a_comparison_of_the_past_is_shown_and_done_only_where_that_is_meant() {
    let standin = StandIn::start();
    let ended = Timestamp::now() - SignedDuration::from_hours(24 * 50);
    for (id, consent) in [(90, None), (91, Some("v3")), (92, None)] {
        standin.begin_with(json!({ "id": id, "tenant": 62, "ended": ended, "gdpr_version": consent }));
    }
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", Some("v3"));
    standin.just_end(101);
    deployment.settled(1);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let (otto, olga) = (Browser::signed_in(&server, "otto"), Browser::signed_in(&server, "olga"));
    let (since, later, tomorrow) = (day(60), day(30), day(-2));
    for form in [
        vec![],
        vec![("since", "<script>")],
        vec![("since", tomorrow.as_str())],
        vec![("since", later.as_str()), ("until", since.as_str())],
        vec![("since", since.as_str()), ("until", "<script>")],
    ] {
        let page = otto.post("/mluvii/past", &form).is(400).says(&["Enter a day that has begun", "<title>Error:"]);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    olga.post("/mluvii/past", &[("since", since.as_str())]).is(403);
    let one = otto.post("/mluvii/past", &[("since", since.as_str())]).goes_on();
    assert!(one.starts_with("/mluvii/past/"), "{one}");
    otto.post("/mluvii/past", &[("since", since.as_str())]).is(409).says(&["is not over"]);
    let shows = |what: &str| wait_for(what, || Some(otto.get(&one).is(200)).filter(|page| page.text.contains(what)));
    let shown = shows("Waits to be confirmed");
    let month = ended.strftime("%Y-%m").to_string();
    shown.says(&[&month, "no consent, nothing kept", "Have it done", "Cancel the comparison"]);
    otto.get("/mluvii").is(200).says(&["Waits to be confirmed", &one]);
    olga.get(&one).is(403);
    let confirm = format!("{one}/confirm");
    olga.post(&confirm, &[("sure", "1")]).is(403);
    otto.post(&confirm, &[]).is(400).says(&["Tick that this is meant"]);
    otto.get("/erasures").is(200).says(&["There are none here"]);
    for wrong in ["/mluvii/past/4711", "/mluvii/past/x"] {
        otto.get(wrong).is(404);
        otto.post(&format!("{wrong}/confirm"), &[("sure", "1")]).is(404);
        otto.post(&format!("{wrong}/cancel"), &[]).is(404);
    }
    let seen = shows("Waits to be confirmed").hidden("shown");
    // Of what was shown at another time, nobody has seen what would be done.
    otto.post(&confirm, &[("sure", "1"), ("shown", "2026-01-01T00:00:00Z")]).is(409);
    otto.post(&confirm, &[("sure", "1")]).is(400);
    otto.get("/erasures").is(200).says(&["There are none here"]);
    otto.post(&confirm, &[("sure", "1"), ("shown", &seen)]).leads_to(&one);
    receipts(&deployment, 2);
    let done = shows("is-done quiet\">Done");
    assert!(!done.text.contains("/confirm\"") && !done.text.contains("/cancel\""), "{}", done.text);
    otto.post(&confirm, &[("sure", "1"), ("shown", &seen)]).is(409);
    otto.post(&format!("{one}/cancel"), &[]).is(409);
}

/// The address by which a page has the browser ask for it again.
fn refreshing(page: &Page, path: &str) -> String {
    let begin = format!("href=\"{path}?every=");
    let (_, rest) = page.text.split_once(&begin).unwrap_or_else(|| panic!("no such link: {}", page.text));
    format!("{path}?every={}", rest.split('"').next().expect("an end").replace("&amp;", "&"))
}

#[test]
fn the_browser_asks_again_for_a_comparison_that_goes_on_once_somebody_has_chosen_it() {
    let standin = StandIn::start();
    // Nobody answers there, so that the comparison goes on.
    let away = company("beta", "http://127.0.0.1:9", 63, "");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{away}{ADMIN}"));
    deployment.names_companies();
    let server = Server::start(&deployment);
    let otto = Browser::by(&server, &deployment, "otto", "Otto", &["operator"], &[]);
    let one = otto.post("/mluvii/past", &[("since", day(40).as_str()), ("company", "beta")]).goes_on();
    let page = otto.get(&one).is(200);
    assert_eq!(page.header("refresh"), "", "nobody has chosen it");
    let link = refreshing(&page, &one);
    let chosen = otto.get(&link).is(200).says(&["Stop refreshing"]);
    assert_eq!(chosen.header("refresh"), "10");
    assert!(!chosen.text.contains("?every="), "{}", chosen.text);
    assert_eq!(otto.get(&format!("{one}?every=10")).header("refresh"), "", "it would have no end");
    // What is over changes no more.
    otto.post(&format!("{one}/cancel"), &[]).leads_to(&one);
    let over = otto.get(&link).is(200).says(&["Cancelled"]);
    assert_eq!(over.header("refresh"), "");
    assert!(!over.text.contains("?every="), "{}", over.text);
}
