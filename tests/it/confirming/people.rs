//! Whose data goes, and whose stays.

use serde_json::{Value, json};

use super::{ANN, BOB, Company, decoded, token};
use crate::harness::{client, http, receipts, wait_for};

#[test]
fn what_the_address_identifies_goes_once_its_owner_has_clicked_and_not_before() {
    let company = Company::start();
    company.talks(&[(101, ANN), (102, "Ann.Link@Example.com"), (103, BOB)]);
    // A number that is somebody else's proves nothing, and is not acted on.
    company.submits(101, &json!({ "oo1_guest_email": ANN, "oo1_guest_phone": "+420 777 888 999" }));
    let waits = company.waiting();
    let token = company.links(1).remove(0);
    let shown = wait_for("the mail to be noted", || {
        Some(company.shown(&waits)).filter(|shown| shown.contains("waits for its link, mailed"))
    });
    assert!(shown.contains("valid until"), "{shown}");
    let listed = company.deployment.run(&["erasures", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("  confirm  ") && listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    assert!(
        !company.codes().iter().any(|code| code.contains("approval") || code.contains("confirm")),
        "nobody has to act"
    );

    // Whatever follows links in mails.
    for _ in 0..3 {
        assert_eq!(http(client().get(company.page(&token))).0, 200);
        assert_eq!(http(client().head(company.page(&token))).0, 200);
    }
    assert_eq!(company.requested().len(), 1);
    assert!(company.standin.holds(ANN));

    let (status, page) = company.clicks(&token);
    assert_eq!(status, 200, "{page}");
    let receipt = receipts(&company.deployment, 1).remove(0);
    assert_eq!(receipt["statement"]["sessions"], 2);
    assert_eq!(receipt["statement"]["confirmed"]["by"], "email");
    assert_eq!(receipt["statement"]["approved"], Value::Null);
    assert!(!company.standin.holds(ANN) && company.standin.holds(BOB));
    let shown = company.shown(&waits);
    assert!(shown.contains("(by the link in an e-mail)"), "{shown}");
    // A button is clicked twice.
    assert_eq!(company.clicks(&token), (200, page));
    let acts = company.deployment.json(&["audit", "list", "--act", "erasure.confirm"]);
    assert_eq!(acts.as_array().map(Vec::len), Some(1), "{acts}");
    assert!(acts[0]["entry"]["actor"].as_str().is_some_and(|actor| actor.starts_with("link:")), "{acts}");
}

#[test]
fn whoever_shares_a_browser_with_the_owner_of_an_address_stays() {
    let company = Company::start();
    for (id, email) in [(101, Some(ANN)), (102, None)] {
        let params = email.map(|email| json!([{ "name": "oo1_guest_email", "value": email, "source": "ENTRY_FORM" }]));
        let params = params.unwrap_or_else(
            || json!([{ "name": "oo1_guest_phone", "value": "+420 777 010 203", "source": "ENTRY_FORM" }]),
        );
        company.standin.begin_with(
            json!({ "id": id, "tenant": 62, "guest": "family", "gdpr_version": "v3", "call_params": params }),
        );
        company.standin.end(id);
    }
    company.deployment.settled(2);
    company.asks(101, ANN);
    company.clicks(&company.links(1)[0]);
    let receipt = receipts(&company.deployment, 1).remove(0);
    assert_eq!((&receipt["statement"]["sessions"], &receipt["statement"]["possible_left"]), (&json!(1), &json!(1)));
    assert!(!company.standin.holds(ANN) && company.standin.holds("+420 777 010 203"));
}

#[test]
fn a_form_that_names_no_single_address_waits_for_a_person_and_nobody_gets_mail() {
    let company = Company::start();
    company.talks(&[(101, ANN), (102, BOB)]);
    company.asks(101, &format!("{ANN}, {BOB}"));
    company.waiting();
    company.submits(102, &json!({ "oo1_guest_phone": "+420 777 888 999" }));
    wait_for("both to wait", || (company.requested().len() == 2).then_some(()));
    wait_for("a person to be needed", || company.codes().contains(&"approval_waiting".to_owned()).then_some(()));
    for waits in company.requested() {
        assert!(company.shown(&waits).contains("names no single e-mail address"), "{}", company.shown(&waits));
    }
    assert_eq!(company.deployment.count("SELECT count(*) FROM confirmation_link"), 0);
    assert_eq!(company.exim.mails().len(), 0);
    let id = company.requested()[0]["id"].as_str().expect("an id").to_owned();
    assert!(company.deployment.run(&["erasures", "approve", &id, "--yes"]).status.success());
    let receipt = receipts(&company.deployment, 1).remove(0);
    assert!(receipt["statement"]["approved"].is_string() && receipt["statement"]["confirmed"].is_null(), "{receipt}");
}

#[test]
fn what_is_typed_again_and_again_is_one_erasure_and_few_mails() {
    let company = Company::start();
    company.talks(&[(101, ANN), (102, BOB)]);
    for number in 1..=5 {
        company.asks(102, &format!("{}{ANN}", " ".repeat(number)));
        let links = "SELECT count(*) FROM confirmation_link WHERE state IN ('sent', 'over')";
        wait_for("its link to be dealt with", || {
            (company.deployment.count(links) == i64::try_from(number).expect("small")).then_some(())
        });
    }
    let waits = company.waiting();
    assert_eq!((company.requested().len(), company.exim.mails().len()), (1, 3));
    // Each of the links that came is good, and one is enough.
    let links = company.links(3);
    assert_eq!(company.clicks(&links[1]).0, 200);
    receipts(&company.deployment, 1);
    assert_eq!(company.clicks(&links[0]).0, 200, "it is confirmed");
    assert!(company.shown(&waits).contains("(by the link in an e-mail)"));
    assert_eq!(company.deployment.json(&["receipts", "list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn nobody_is_named_in_what_is_written_and_no_token_is() {
    let company = Company::start();
    // The guest's id, which is kept with the session, is no address here.
    let params = json!([{ "name": "oo1_guest_email", "value": ANN, "source": "ENTRY_FORM" }]);
    company
        .standin
        .begin_with(json!({ "id": 101, "tenant": 62, "guest": "g-101", "gdpr_version": "v3", "call_params": params }));
    company.standin.end(101);
    company.deployment.settled(1);
    company.asks(101, ANN);
    let token = company.links(1).remove(0);
    http(client().get(company.page(&token)));
    let wrong = token.chars().rev().collect::<String>();
    company.clicks(&wrong);
    let before = company.deployment.folder().to_owned();
    let search = |when: &str| {
        for entry in std::fs::read_dir(&before).expect("a folder").flatten().filter(|entry| entry.path().is_file()) {
            let bytes = std::fs::read(entry.path()).expect("a file");
            for secret in [ANN, &token, &wrong] {
                let found = bytes.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
                assert!(!found, "{when}: {} holds {secret}", entry.path().display());
            }
        }
    };
    search("before the click");
    assert_eq!(company.clicks(&token).0, 200);
    receipts(&company.deployment, 1);
    search("after it");
    let said = [
        company.server.log().concat(),
        company.server.metrics(),
        company.deployment.json(&["audit", "list"]).to_string(),
    ];
    for secret in [ANN, &token, &wrong] {
        assert!(!said.concat().contains(secret), "{secret}");
    }
}

/// What a mail says to an address, whoever's it is: without the address, its token and the time until which it is good.
fn said_to(mail: &str, address: &str) -> (String, String) {
    let subject = mail.lines().find(|line| line.to_ascii_lowercase().starts_with("subject:")).expect("a subject");
    let body = decoded(mail).replace(&token(mail), "TOKEN").replace(address, "ADDRESS");
    (subject.to_owned(), body.replace(|character: char| character.is_ascii_digit(), "#"))
}

#[test]
fn whether_anything_is_held_of_an_address_is_told_by_no_mail_page_or_answer() {
    const NOBODY: &str = "nobody.link@example.com";
    let company = Company::start();
    company.talks(&[(101, ANN), (102, BOB)]);
    // Both are typed by the same visitor, who knows one of them.
    let mut told = Vec::new();
    for address in [ANN, NOBODY] {
        company.asks(102, address);
        let mail = wait_for("its mail", || company.exim.mails().into_iter().find(|mail| mail.contains(address)));
        let link = token(&mail);
        let page = http(client().get(company.page(&link)));
        assert!(!page.1.contains(address) && !page.1.contains(&link), "{}", page.1);
        told.push((said_to(&mail, address), page, company.clicks(&link), company.clicks(&link)));
    }
    let nobody = told.pop().expect("two");
    assert_eq!(told.pop().expect("two"), nobody);
    assert_eq!(nobody.2.0, 200);
    // It is true of one of them only that anything was erased.
    let done = receipts(&company.deployment, 2);
    let erased: Vec<_> = done.iter().map(|receipt| receipt["statement"]["sessions"].clone()).collect();
    assert_eq!(erased, [1, 0], "{done:#?}");
    assert!(company.standin.holds(BOB), "whoever typed it stays: {done:#?}");
    let sent = company.exim.mails().len();
    assert_eq!(sent, 2, "neither is told what was found");
}
