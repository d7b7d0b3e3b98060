//! Receipts in a browser: what was left is acknowledged by who has seen it, and all of them are taken away as a file.

use super::{ADMIN, Browser, rows, user};
use crate::harness::{Deployment, Server, StandIn, receipts};

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
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/receipts/1").is(200).says(&["Vzít na vědomí 1 doklad"]);
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
