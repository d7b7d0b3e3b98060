//! A mail server that is away, refuses, or says nothing; and servers that are killed while they send.

use test_servers::exim::Mood;

use super::{ANN, BOB, Company};
use crate::harness::{Server, receipts, wait_for};

#[test]
fn a_mail_server_that_is_away_is_told_of_and_the_mail_comes_once_it_is_back() {
    let company = Company::start();
    company.talks(&[(101, ANN)]);
    company.exim.stop();
    company.asks(101, ANN);
    let waits = company.waiting();
    wait_for("it to be told", || company.codes().contains(&"confirmation_unsent".to_owned()).then_some(()));
    assert!(company.shown(&waits).contains("whose mail is not sent yet"), "{}", company.shown(&waits));
    company.exim.start_again();
    let token = company.links(1).remove(0);
    wait_for("it to be over", || (!company.codes().contains(&"confirmation_unsent".to_owned())).then_some(()));
    assert_eq!(company.clicks(&token).0, 200);
    receipts(&company.deployment, 1);
    assert_eq!(company.exim.mails().len(), 1);
}

#[test]
fn a_refused_mail_is_tried_again_and_keeps_no_other_one() {
    let company = Company::start();
    company.talks(&[(101, ANN), (102, BOB)]);
    company.asks(101, "refused@example.com");
    let refused = company.waiting();
    wait_for("it to be refused", || company.shown(&refused).contains("550").then_some(()));
    let shown = company.shown(&refused);
    assert!(!shown.contains("refused@") && !company.server.log().concat().contains("refused@"), "{shown}");
    company.asks(102, BOB);
    assert_eq!(company.clicks(&company.links(1)[0]).0, 200);
    receipts(&company.deployment, 1);
    assert!(company.standin.holds(ANN) && !company.standin.holds(BOB));
    // A person may decide all the same.
    let id = refused["id"].as_str().expect("an id");
    assert!(company.deployment.run(&["erasures", "approve", id, "--yes"]).status.success());
    receipts(&company.deployment, 2);
}

#[test]
fn a_server_that_is_killed_while_it_sends_leaves_links_that_are_good_once() {
    let company = Company::start();
    company.talks(&[(101, ANN)]);
    company.exim.set(Mood::Hanging);
    company.asks(101, ANN);
    let waits = company.waiting();
    let sending = "SELECT count(*) FROM confirmation_link WHERE state = 'sending'";
    wait_for("it to be sent", || (company.deployment.count(sending) == 1).then_some(()));
    let Company { server, deployment, standin, exim } = company;
    server.kill();
    exim.reset(Mood::Hanging);
    // Nobody waits for its lease.
    deployment.ledger().execute("UPDATE confirmation_link SET due = 0", []).expect("an update");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let company = Company { server, deployment, standin, exim };
    let token = company.links(1).remove(0);
    wait_for("it to be noted", || company.shown(&waits).contains("waits for its link, mailed").then_some(()));
    assert_eq!(
        company.deployment.count("SELECT count(*) FROM confirmation_link WHERE state = 'sent'"),
        2,
        "the first may be there"
    );
    assert_eq!(company.clicks(&token).0, 200);
    receipts(&company.deployment, 1);
    assert_eq!(company.exim.mails().len(), 1);
}

#[test]
fn a_mail_server_that_says_nothing_keeps_no_server_from_stopping() {
    let company = Company::start();
    company.talks(&[(101, ANN)]);
    company.exim.set(Mood::Hanging);
    company.asks(101, ANN);
    let sending = "SELECT count(*) FROM confirmation_link WHERE state = 'sending'";
    wait_for("it to be sent", || (company.deployment.count(sending) == 1).then_some(()));
    let Company { server, .. } = company;
    assert!(server.stop().0.success());
}
