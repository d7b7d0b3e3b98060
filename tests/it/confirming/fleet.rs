//! Servers on one ledger send once, and each of them takes the click.

use serde_json::json;
use test_servers::exim::Exim;

use super::{ANN, BOB, RULE, links, publish, settings};
use crate::harness::{Fleet, StandIn, client, http, wait_for};

#[test]
fn a_fleet_sends_once_and_a_link_is_used_at_any_of_its_servers_once() {
    let (standin, exim) = (StandIn::start(), Exim::start());
    let mut fleet = Fleet::start(&standin, "", 2, &[]);
    fleet.stop();
    fleet.deployment.add(&format!("{RULE}{}", settings(&exim)));
    publish(&fleet.deployment);
    (0..2).for_each(|member| fleet.start_member(member));
    let at = |member: usize| fleet.members[member].server.as_ref().expect("it is there");
    standin.register(&at(0).callback());
    for (id, email) in [(101, ANN), (102, BOB)] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    fleet.deployment.settled(2);
    for (id, email) in [(101, ANN), (102, BOB)] {
        standin.submit(id, 4711, &json!({ "oo1_guest_email": email }));
    }
    let tokens = links(&exim, 2);
    wait_for("both to be noted", || {
        (fleet.database.count("SELECT count(*) FROM confirmation_link WHERE state = 'sent'") == 2).then_some(())
    });
    let clicks = |member: usize, token: &str| http(client().post(at(member).url(&format!("/confirm/{token}")))).0;
    assert_eq!([clicks(0, &tokens[0]), clicks(1, &tokens[0]), clicks(1, &tokens[1])], [200; 3]);
    crate::harness::receipts(&fleet.deployment, 2);
    assert!(!standin.holds(ANN) && !standin.holds(BOB));
    let confirmed = "SELECT count(*) FROM audit WHERE act = 'erasure.confirm'";
    assert_eq!((fleet.database.count(confirmed), exim.mails().len()), (2, 2));
}
