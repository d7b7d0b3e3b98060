//! A person's request is verified by a link that is mailed to the address it names, as far as that address goes.

use serde_json::{Value, json};

use super::{ANN, BOB, Company, RULE, decoded, publish, settings};
use crate::harness::{Deployment, Server, StandIn, client, http, receipts, wait_for};

const NAME: &str = "Jana Nováková";
const PHONE: &str = "+420 777 010 203";

/// An address identifies a person, and so do a name and a number together.
const PERSON: &str = "match = [[\"email\"], [\"name\", \"phone\"]]\naccept_ledger_only = true";

impl Company {
    /// One that knows names, too, and accepts what mluvii does not cover.
    fn of_requests() -> Self {
        let (standin, exim) = (StandIn::start(), test_servers::exim::Exim::start());
        let accepted = "accept_left = [\"contact record\", \"e-mail threads\"]";
        let rule =
            RULE.replace("oo1_guest_phone = \"phone\"", "oo1_guest_phone = \"phone\"\noo1_guest_name = \"name\"");
        let deployment = Deployment::tuned(&standin.mluvii, accepted, PERSON, &format!("{rule}{}", settings(&exim)));
        publish(&deployment);
        let server = Server::start(&deployment);
        standin.register(&server.callback());
        Self { server, deployment, standin, exim }
    }

    /// A session that shows these, of a guest of its own.
    fn talked(&self, id: i64, params: &[(&str, &str)]) {
        let one = |(name, value): &(&str, &str)| json!({ "name": name, "value": value, "source": "ENTRY_FORM" });
        let params: Vec<_> = params.iter().map(one).collect();
        let guest = format!("g-{id}");
        self.standin
            .begin_with(json!({ "id": id, "tenant": 62, "guest": guest, "gdpr_version": "v3", "call_params": params }));
        self.standin.end(id);
    }

    /// Enters a request of whom these lines name, as which they are found nowhere afterwards.
    fn entered(&self, lines: &str) -> String {
        self.deployment.write("person", lines);
        let file = self.deployment.path("person");
        let entered = self.of(&["new", "--came", "letter", "--anyway", "--file", &file.display().to_string()]);
        std::fs::remove_file(file).expect("it was there");
        entered["number"].as_str().expect("a number").to_owned()
    }

    /// What `quietus requests` answers as JSON.
    fn of(&self, arguments: &[&str]) -> Value {
        self.deployment.json(&[&["requests"], arguments].concat())
    }

    /// All that it says, and by which code it ends.
    fn said(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.deployment.run(&[&["requests"], arguments].concat());
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        (output.status.code(), said.concat())
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], why: &str) {
        let (code, said) = self.said(arguments);
        assert!(code != Some(0) && said.contains(why), "{code:?}: {said}");
    }

    /// Runs the plan of a request, which takes these sessions.
    #[track_caller]
    fn runs(&self, number: &str, going: &[&str]) {
        let plan = self.of(&["plan", number]);
        assert_eq!(going_of(&plan), going, "{plan}");
        self.of(&["run", number, "--plan", plan["plan"].as_str().expect("a hash")]);
    }
}

fn going_of(plan: &Value) -> Vec<&str> {
    let sessions = plan["sessions"].as_array().expect("sessions").iter();
    sessions.filter(|one| one["goes"] == true).filter_map(|one| one["session"].as_str()).collect()
}

#[test]
fn a_click_verifies_a_request_as_far_as_its_address_goes_and_a_document_the_rest_of_it() {
    let company = Company::of_requests();
    company.talked(101, &[("oo1_guest_email", ANN), ("oo1_guest_name", NAME)]);
    company.talked(102, &[("oo1_guest_email", BOB)]);
    company.talked(103, &[("oo1_guest_name", NAME), ("oo1_guest_phone", PHONE)]);
    company.deployment.settled(3);
    let number = company.entered(&format!("name: {NAME}\nemail: {ANN}\nphone: {PHONE}\n"));
    let wanted = company.of(&["verify", &number, "--by-email"]);
    assert_eq!(wanted["state"], "unverified");
    assert!(wanted["link"]["state"].is_string(), "{wanted}");
    company.refused(&["plan", &number], "is not verified");

    let token = company.links(1).remove(0);
    let mail = decoded(&company.exim.mails()[0]).replace(&token, "");
    assert!(mail.contains("Acme & synové") && mail.contains("that the request is yours"), "{mail}");
    for secret in [NAME, "777", &number] {
        assert!(!mail.contains(secret), "{secret}: {mail}");
    }
    let shown = wait_for("the mail to be noted", || {
        Some(company.said(&["show", &number]).1).filter(|said| said.contains("waits for the click until"))
    });
    assert!(shown.contains("unverified"), "{shown}");
    let (_, listed) = company.said(&["list"]);
    assert!(listed.contains("the click, until ") && listed.lines().all(|line| line.chars().count() <= 80), "{listed}");

    // Whatever follows links in mails.
    for _ in 0..3 {
        assert_eq!(http(client().get(company.page(&token))).0, 200);
        assert_eq!(http(client().head(company.page(&token))).0, 200);
    }
    assert_eq!(company.of(&["show", &number])["state"], "unverified");
    let (status, page) = company.clicks(&token);
    assert_eq!(status, 200, "{page}");
    let verified = company.of(&["show", &number]);
    assert_eq!((&verified["state"], &verified["verified"]["how"]), (&json!("verified"), &json!("email-link")));
    assert!(verified["verified"]["by"].as_str().is_some_and(|by| by.starts_with("link:")), "{verified}");
    assert!(verified["verified"]["on"].is_string() && verified.get("link").is_none(), "{verified}");
    assert_eq!(company.clicks(&token), (200, page), "a button is clicked twice");
    let acts = company.deployment.json(&["audit", "list", "--act", "request.verify"]);
    let actors = acts.as_array().expect("rows").iter().filter_map(|row| row["entry"]["actor"].as_str());
    assert_eq!(actors.filter(|actor| actor.starts_with("link:")).count(), 1, "{acts}");

    // What stands in the request beside the address is proved by nothing.
    company.runs(&number, &["acme/101"]);
    let receipt = receipts(&company.deployment, 1).remove(0);
    let statement = &receipt["statement"];
    assert_eq!((&statement["sessions"], &statement["possible_left"]), (&json!(1), &json!(1)), "{statement}");
    assert!(!company.standin.holds(ANN) && company.standin.holds(BOB) && company.standin.holds(PHONE));
    company.refused(&["verify", &number, "--by-email"], "verified already");

    // Once it is, it is acted on.
    let open = company.of(&["verify", &number, "--how", "document"]);
    assert_eq!((&open["state"], &open["verified"]["how"]), (&json!("verified"), &json!("document")));
    company.runs(&number, &["acme/103"]);
    receipts(&company.deployment, 2);
    assert!(!company.standin.holds(PHONE) && company.standin.holds(BOB));
    assert_eq!(company.clicks(&token).0, 404, "its link is nothing any more");
}

#[test]
fn a_session_that_a_link_does_not_prove_goes_where_an_officer_says_so() {
    let company = Company::of_requests();
    company.talked(101, &[("oo1_guest_name", NAME), ("oo1_guest_phone", PHONE)]);
    company.deployment.settled(1);
    let number = company.entered(&format!("name: {NAME}\nemail: {ANN}\nphone: {PHONE}\n"));
    company.of(&["verify", &number, "--by-email"]);
    assert_eq!(company.clicks(&company.links(1)[0]).0, 200);
    let plan = company.of(&["plan", &number]);
    let only = &plan["sessions"][0];
    assert_eq!((&only["certainty"], &only["goes"]), (&json!("possible"), &json!(false)), "{plan}");
    assert!(only["reason"].as_str().is_some_and(|why| why.contains("only an address is proved")), "{plan}");
    let chosen = company.of(&["plan", &number, "--include", "acme/101=content"]);
    assert_eq!(going_of(&chosen), ["acme/101"]);
    company.runs(&number, &["acme/101"]);
    receipts(&company.deployment, 1);
    assert!(!company.standin.holds(PHONE));
}

#[test]
fn what_a_link_does_not_prove_is_not_erased_around_a_hold_on_it() {
    let company = Company::of_requests();
    company.talked(101, &[("oo1_guest_email", ANN)]);
    company.deployment.settled(1);
    company.deployment.write("held", PHONE);
    let held = format!("@{}", company.deployment.path("held").display());
    let hold = company.deployment.json(&["holds", "add", "--phone", &held, "--reason", "legal-claims"]);
    let hold = hold["id"].as_str().expect("an id");
    let number = company.entered(&format!("email: {ANN}\nphone: {PHONE}\n"));
    company.of(&["verify", &number, "--by-email"]);
    assert_eq!(company.clicks(&company.links(1)[0]).0, 200);
    let plan = company.of(&["plan", &number]);
    let shown = &plan["holds"][0];
    assert_eq!((&shown["unproved"], &shown["waits"]), (&json!(true), &json!(false)), "{plan}");
    company.refused(&["run", &number, "--plan", plan["plan"].as_str().expect("a hash")], "given and not proved");
    assert!(company.standin.holds(ANN));
    assert!(company.deployment.run(&["holds", "lift", hold]).status.success());
    company.runs(&number, &["acme/101"]);
    receipts(&company.deployment, 1);
    assert!(!company.standin.holds(ANN));
}

#[test]
fn the_newest_link_is_good_and_none_is_needed_once_it_is_known_otherwise() {
    let company = Company::of_requests();
    let number = company.entered(&format!("email: {ANN}\n"));
    company.of(&["verify", &number, "--ask"]);
    let asked = company.of(&["verify", &number, "--by-email"]);
    assert_eq!((&asked["state"], &asked["due"]), (&json!("asked"), &Value::Null), "a mail is no answer");
    let older = company.links(1).remove(0);
    company.of(&["verify", &number, "--by-email"]);
    let newer = company.links(2).into_iter().find(|token| *token != older).expect("another one");
    let (status, not_valid) = company.clicks(&older);
    assert_eq!(status, 404);
    assert_eq!(company.clicks(&"A".repeat(43)), (404, not_valid.clone()), "as any that is none");
    assert_eq!(company.of(&["show", &number])["state"], "asked");
    assert_eq!(company.clicks(&newer).0, 200);
    let verified = company.of(&["show", &number]);
    assert_eq!(verified["state"], "verified");
    assert!(verified["due"].is_string(), "the deadline runs again: {verified}");

    // Another one is verified by its document before anybody clicks, and a third one ends.
    let by_document = company.entered(&format!("email: {BOB}\n"));
    let ends = company.entered(&format!("email: {BOB}\nname: {NAME}\n"));
    for number in [&by_document, &ends] {
        company.of(&["verify", number, "--by-email"]);
    }
    let links = company.links(4);
    company.of(&["verify", &by_document, "--how", "document"]);
    company.of(&["withdraw", &ends]);
    for token in links.iter().filter(|token| ![&older, &newer].contains(token)) {
        assert_eq!(company.clicks(token), (404, not_valid.clone()));
    }
    assert_eq!(company.of(&["show", &by_document])["verified"]["how"], "document");
    assert_eq!(company.of(&["show", &ends])["state"], "withdrawn");
}

#[test]
fn nobody_is_mailed_where_a_request_names_no_single_address_or_no_mail_is_sent() {
    let company = Company::of_requests();
    for (lines, why) in [
        (format!("name: {NAME}\nphone: {PHONE}\n"), "names no e-mail address"),
        (format!("email: {ANN}\nemail: {BOB}\n"), "several e-mail addresses"),
        ("email: ann@localhost\n".to_owned(), "no mail can be sent"),
    ] {
        let number = company.entered(&lines);
        company.refused(&["verify", &number, "--by-email"], why);
        company.refused(&["verify", &number, "--how", "email-link"], "by its link, and not by an order");
        assert_eq!(company.of(&["show", &number])["state"], "unverified");
    }
    company.refused(&["verify", "R-1", "--by-email", "--on", "2026-11-20"], "--on");
    assert_eq!(company.deployment.count("SELECT count(*) FROM confirmation_link"), 0);
    assert_eq!(company.exim.mails().len(), 0);
    let config = company.deployment.configuration();
    let (before, links) = config.split_once("[confirmation]").expect("links");
    let after = links.find("\n[[").map_or("", |at| &links[at..]);
    let without = format!("{before}{after}").replace("confirm = \"email\"", "approve = true");
    company.deployment.write("quietus.toml", &without);
    company.refused(&["verify", "R-1", "--by-email"], "[confirmation]");
}

#[test]
fn a_request_that_is_verified_by_a_link_names_nobody_in_what_is_written_and_no_token_is() {
    let company = Company::of_requests();
    company.talked(101, &[("oo1_guest_email", ANN)]);
    company.deployment.settled(1);
    let number = company.entered(&format!("name: {NAME}\nemail: {ANN}\n"));
    company.of(&["verify", &number, "--by-email"]);
    let token = company.links(1).remove(0);
    http(client().get(company.page(&token)));
    let wrong = token.chars().rev().collect::<String>();
    company.clicks(&wrong);
    let search = |when: &str| {
        let entries = std::fs::read_dir(company.deployment.folder()).expect("a folder").flatten();
        for entry in entries.filter(|entry| entry.path().is_file()) {
            let bytes = std::fs::read(entry.path()).expect("a file");
            for secret in [ANN, NAME, &token, &wrong] {
                let found = bytes.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
                assert!(!found, "{when}: {} holds {secret}", entry.path().display());
            }
        }
    };
    search("before the click");
    assert_eq!(company.clicks(&token).0, 200);
    search("after it");
    company.runs(&number, &["acme/101"]);
    receipts(&company.deployment, 1);
    search("once it is erased");
    let said = [
        company.server.log().concat(),
        company.server.metrics(),
        company.deployment.json(&["audit", "list"]).to_string(),
        company.of(&["show", &number]).to_string(),
        company.deployment.json(&["receipts", "list"]).to_string(),
    ];
    for secret in [ANN, NAME, &token, &wrong] {
        assert!(!said.concat().contains(secret), "{secret}");
    }
}
