//! Receipts in a browser: what was left is acknowledged by who has seen it, and all of them are taken away as a file.

use super::{ADMIN, Browser, rows, user};
use crate::harness::{Deployment, Server, StandIn, company, receipts};

/// A person is who has this e-mail address. That mluvii itself is not searched makes a receipt incomplete.
const BY_EMAIL: &str = "match = [[\"email\"]]";
const SETTLE: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

#[test]
fn who_has_seen_what_was_left_acknowledges_it_and_nobody_else_is_told_that_they_have() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "", BY_EMAIL, &format!("{SETTLE}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["officer"], &["acme"]);
    let [olga, otto, anna] = ["olga", "otto", "anna"].map(|name| Browser::signed_in(&server, name));
    assert!(!olga.get("/receipts").is(200).text.contains("/receipts/export"), "there is nothing to take away");
    for (number, email) in [(1, "ann@example.com"), (2, "bob@example.com")] {
        deployment.write("email.txt", email);
        let file = format!("@{}", deployment.path("email.txt").display());
        deployment.json(&["erase", "--targets", "mluvii", "--email", &file]);
        receipts(&deployment, number);
    }

    // The form is on the receipt and on the list of incomplete ones, for officers.
    let form = "action=\"/receipts/acknowledge\"";
    olga.get("/receipts/1").is(200).says(&[form, "Acknowledge 1 receipt"]);
    olga.get("/receipts?show=incomplete").is(200).says(&[form, "Acknowledge 2 receipts"]);
    for path in ["/receipts", "/receipts?show=complete"] {
        assert!(!olga.get(path).is(200).text.contains(form), "{path}");
    }
    assert!(!otto.get("/receipts/1").is(200).text.contains(form), "it is the officers'");

    // What names no receipt, or too many, is refused, and writes nothing.
    let before = rows(&deployment);
    otto.post("/receipts/acknowledge", &[("number", "1")]).is(403);
    olga.post("/receipts/acknowledge", &[]).is(400);
    olga.post("/receipts/acknowledge", &[("number", "1"), ("number", "7")]).is(404);
    olga.post("/receipts/acknowledge", &[("number", "<script>")]).is(404);
    olga.post("/receipts/acknowledge", &[("number", "1"); 51]).is(400);
    assert_eq!(rows(&deployment), before);
    assert_eq!(deployment.json(&["status"])["incomplete_unacknowledged"], 2);

    let one = olga.post("/receipts/acknowledge", &[("number", "1")]).is(200);
    one.says(&["You have acknowledged 1 incomplete receipt", "stay as they are"]);
    assert_eq!(deployment.json(&["status"])["incomplete_unacknowledged"], 1);
    olga.post("/receipts/acknowledge", &[("number", "1")]).is(200).says(&["Somebody has acknowledged it before"]);
    // An account of one company acknowledges what it may see.
    anna.post("/receipts/acknowledge", &[("number", "1"), ("number", "2")]).is(200).says(&["1 incomplete receipt"]);
    assert_eq!(deployment.json(&["status"])["incomplete_unacknowledged"], 0);
    let audited = deployment.json(&["audit", "list", "--act", "receipts.acknowledge"]);
    assert!(audited[0]["entry"]["actor"].as_str().is_some_and(|actor| actor.contains("anna")), "{audited}");
    // Each says on its row why it is no better.
    let list = olga.get("/receipts").is(200);
    let plain = list.text.replace('\u{a0}', " ");
    assert_eq!(plain.matches("<small>mluvii: ").count(), 2, "{plain}");
    list.says(&["mluvii itself was not searched</small>"]);
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/receipts/1").is(200).says(&["Vzít na vědomí 1 doklad"]);
    olga.get("/receipts?show=incomplete").is(200).says(&["v mluvii samé jsme nehledali</small>", "Ode dne"]);
}

#[test]
fn receipts_are_found_by_company_verdict_and_day() {
    let (standin, beta) = (StandIn::start(), StandIn::start());
    let other = company("beta", &beta.mluvii, 63, "");
    let deployment = Deployment::tuned(&standin.mluvii, "", BY_EMAIL, &format!("{SETTLE}{other}{ADMIN}"));
    deployment.names_companies();
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let olga = Browser::signed_in(&server, "olga");
    deployment.write("email.txt", "ann@example.com");
    let file = format!("@{}", deployment.path("email.txt").display());
    for (number, name) in [(1, "acme"), (2, "beta"), (3, "acme")] {
        deployment.json(&["erase", "--mluvii", name, "--targets", "mluvii", "--email", &file]);
        receipts(&deployment, number);
    }
    let numbers = |query: &str| {
        let page = olga.get(&format!("/receipts?{query}")).is(200).text;
        let rows = page.split("role=\"rowheader\"><a href=\"/receipts/").skip(1);
        rows.map(|rest| rest.split('"').next().expect("an end").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(""), ["3", "2", "1"]);
    assert_eq!(numbers("company=acme"), ["3", "1"]);
    assert_eq!(numbers("company=beta&show=incomplete&since=2020-01-01"), ["2"]);
    assert_eq!(numbers("company=beta&from=d1"), [""; 0]);
    assert_eq!(numbers("since=2999-01-01"), [""; 0]);
    // The other verdicts keep what was chosen.
    let page = olga.get("/receipts?company=beta&since=2020-01-01").is(200);
    page.says(&["href=\"/receipts?show=complete&amp;company=beta&amp;since=2020%2D01%2D01\""]);
    let none = olga.get("/receipts?show=complete&company=beta").is(200);
    none.says(&["There are none here", "href=\"/receipts\">Show all of them"]);
    for wrong in ["show=x", "since=x", "since=2026-02-30", "from=x"] {
        olga.get(&format!("/receipts?{wrong}")).is(400);
    }
    olga.get("/receipts?company=nobody").is(404);
}

#[test]
fn all_receipts_are_a_file_that_anybody_verifies() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "", BY_EMAIL, &format!("{SETTLE}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["officer"], &["acme"]);
    let [otto, anna] = ["otto", "anna"].map(|name| Browser::signed_in(&server, name));
    deployment.write("email.txt", "ann@example.com");
    let file = format!("@{}", deployment.path("email.txt").display());
    deployment.json(&["erase", "--targets", "mluvii", "--email", &file]);
    receipts(&deployment, 1);

    otto.get("/receipts").is(200).says(&["action=\"/receipts/export\""]);
    let page = otto.get("/receipts/export").is(200);
    assert_eq!(page.header("content-type"), "application/x-ndjson");
    assert_eq!(page.header("content-disposition"), "attachment; filename=\"receipts.jsonl\"");
    assert_eq!(page.header("cache-control"), "no-store");
    // It is what the command writes, and verified as that is.
    let written = deployment.run(&["receipts", "export"]);
    assert_eq!(page.text, String::from_utf8_lossy(&written.stdout));
    deployment.write("receipts.jsonl", &page.text);
    let file = deployment.path("receipts.jsonl");
    let verified = deployment.run(&["receipts", "verify", file.to_str().expect("UTF-8")]);
    let said = [verified.stdout, verified.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(said.contains('1') && !said.contains("not verified"), "{said}");
    // The chain is of all companies.
    anna.get("/receipts/export").is(403);
}
