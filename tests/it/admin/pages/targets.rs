//! Targets in a browser: paused with a reason and until when, resumed, their plugin loaded anew, and pictures of the last days.

use super::{ADMIN, Browser, Page, user};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

#[test]
fn a_target_is_paused_with_a_reason_and_resumed() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["operator"], &["acme"]);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    let (otto, anna) = (Browser::signed_in(&server, "otto"), Browser::signed_in(&server, "anna"));
    let olga = Browser::signed_in(&server, "olga");
    otto.get("/targets").is(200).says(&["href=\"/targets/crm\"", "href=\"/targets/mluvii%2Facme\""]);
    otto.get("/targets/mluvii%2Facme").is(200).says(&["mluvii/acme", "Nothing waits for it", "It is called"]);
    otto.get("/targets/nothing").is(404);
    let until = [("until", "2999-01-01")];
    for (form, says) in [
        (vec![], "Choose why it is paused"),
        (vec![("reason", "<script>")], "Choose why it is paused"),
        (vec![("reason", "incident"), ("until", "2000-01-01")], "still to come"),
        (vec![("reason", "incident"), ("until", "<script>")], "still to come"),
        (vec![("reason", "incident"), ("case", "Ann <script>")], "at most 40"),
    ] {
        let page = otto.post("/targets/crm/pause", &form).is(400).says(&[says, "<title>Error:"]);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    for (browser, status) in [(&anna, 403), (&olga, 403)] {
        browser.get("/targets/crm").is(status);
        browser.post("/targets/crm/pause", &[("reason", "incident"), until[0]]).is(status);
        browser.post("/targets/crm/resume", &[]).is(status);
        browser.post("/targets/crm/reload", &[]).is(status);
    }
    otto.get("/targets/crm").is(200).says(&["It is called"]);

    let form = [("reason", "incident"), ("case", "INC-17"), until[0]];
    otto.post("/targets/crm/pause", &form).leads_to("/targets/crm");
    let paused = otto.get("/targets/crm").is(200).says(&["Paused by otto", "An incident there", "INC-17", "2999"]);
    assert!(!paused.text.contains("action=\"/targets/crm/pause\""), "it is paused already: {}", paused.text);
    otto.get("/targets").is(200).says(&["Paused by otto"]);
    otto.post("/targets/crm/resume", &[]).leads_to("/targets/crm");
    otto.post("/targets/crm/resume", &[]).is(409).says(&["neither paused nor out"]);
    otto.post("/targets/nothing/pause", &form).is(404);
    otto.post("/targets/nothing/resume", &[]).is(404);

    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/targets/crm").is(200).says(&["Pozastavit", "Co na něj čeká", "lang=\"cs\""]);
    otto.get("/targets").is(200).says(&["<h1>Systémy</h1>", "V provozu."]);
}

#[test]
fn a_plugin_is_seen_and_loaded_anew() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ADMIN);
    let server = Server::start(&deployment);
    let otto = Browser::by(&server, &deployment, "otto", "Otto", &["operator"], &[]);
    wait_for("the plugin to be up", || {
        Some(otto.get("/targets/crm").is(200)).filter(|page| page.text.contains("Works"))
    });
    otto.get("/targets/crm").says(&["libhttp_purge.so", "version", "Calls under way"]);
    otto.post("/targets/crm/reload", &[]).leads_to("/targets/crm");
    // mluvii is no plugin.
    otto.post("/targets/mluvii%2Facme/reload", &[]).is(404);
    let audited = deployment.json(&["audit", "list"]);
    let reloads = audited.as_array().expect("rows").iter().filter(|row| row.to_string().contains("plugin.reload"));
    assert_eq!(reloads.count(), 2, "begun and done: {audited}");
}

/// The number beside the title of a picture.
fn today(page: &Page, title: &str) -> Option<String> {
    let (_, rest) = page.text.split_once(&format!("<b>{title}</b><span>"))?;
    Some(rest.split('<').next()?.replace('\u{a0}', " "))
}

#[test]
fn pictures_of_the_last_days_show_what_was_done_to_who_sees_to_all_of_it() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["operator"], &["acme"]);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let otto = Browser::signed_in(&server, "otto");
    assert!(!otto.get("/").is(200).text.contains("<svg"), "nothing has come yet");
    standin.register(&server.callback());
    for (session, consent) in [(101, None), (102, None), (103, Some("v3"))] {
        standin.begin(session, "ann@example.com", consent);
        standin.just_end(session);
    }
    receipts(&deployment, 2);
    let page = wait_for("the deliveries to be counted", || {
        Some(otto.get("/").is(200)).filter(|page| today(page, "Deliveries a day").is_some_and(|said| said != "0 today"))
    });
    assert_eq!(today(&page, "Erasures ended a day").as_deref(), Some("2 today"), "{}", page.text);
    assert_eq!(today(&page, "Erasures not over, at the end of the day").as_deref(), Some("0 today"), "{}", page.text);
    // What is drawn is said as well, and stands in a table.
    page.says(&["<svg", "role=\"img\"", "<desc", "The same as a table", "<rect class=\"a\""]);
    let targets = otto.get("/targets").is(200);
    assert_eq!(today(&targets, "Erasures ended a day").as_deref(), Some("2 today"));
    for wrong in [" style=", "http://", "https://"] {
        assert!(!targets.text.contains(wrong), "{wrong}");
    }
    // They are of all companies, and the operators'.
    for name in ["anna", "olga"] {
        assert!(!Browser::signed_in(&server, name).get("/").is(200).text.contains("<svg"), "{name}");
    }
    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/").is(200).says(&["Posledních 30 dní", "Totéž jako tabulka", "dnes 2"]);
}
