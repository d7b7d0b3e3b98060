//! A URL hears that the deployment works, and nothing where it does not.

use super::Company;
use super::receiver::Receiver;
use crate::harness::{Server, wait_for};

fn company(receiver: &Receiver, more: &str) -> Company {
    let company = Company::new("");
    company.deployment.write("ping.url", &receiver.url);
    company.add(&format!("[watch]\nping = {{ url = {{ file = \"ping.url\" }}, every = \"1s\"{more} }}\n"));
    company
}

#[test]
fn a_ping_comes_again_and_again_until_the_server_stops_and_its_url_is_nowhere() {
    let receiver = Receiver::start();
    let company = company(&receiver, ", method = \"HEAD\"");
    let server = Server::start(&company.deployment);
    wait_for("two pings", || (receiver.heard().len() >= 2).then_some(()));
    assert!(receiver.heard().iter().all(|heard| heard.line == "HEAD /hook?key=canary-in-the-url HTTP/1.1"));
    let metrics = server.metrics();
    assert!(metrics.contains("quietus_pings_total{outcome=\"accepted\"}"), "{metrics}");
    // What cannot write its ledger does not work, however well it runs.
    let other = company.deployment.ledger();
    other.execute_batch("BEGIN IMMEDIATE").expect("the ledger is free for a moment");
    let heard = receiver.heard().len();
    let silent = || server.log().iter().filter(|line| line.contains("it is not said that quietus works")).count();
    wait_for("a look", || (silent() >= 1).then_some(()));
    assert!(receiver.heard().len() <= heard + 1, "one may have been under way");
    other.execute_batch("ROLLBACK").expect("a rollback");
    wait_for("it to go on", || (receiver.heard().len() > heard + 1).then_some(()));

    receiver.answer(500);
    wait_for("attention", || company.codes().contains(&"ping_failed".to_owned()).then_some(()));
    receiver.answer(200);
    wait_for("it to be over", || (!company.codes().contains(&"ping_failed".to_owned())).then_some(()));
    let said = [server.log().concat(), server.metrics()].concat();
    assert!(!said.contains("canary"), "the URL is shown");
}
