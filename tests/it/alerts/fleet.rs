//! Three servers on one ledger tell once.

use super::receiver::Receiver;
use super::{GARBAGE, deliver_garbage, drop_garbage, named, teller, told, wait_for_told};
use crate::harness::{Fleet, StandIn, wait_for};

#[test]
fn a_fleet_tells_once_and_goes_on_where_one_was_killed() {
    let standin = StandIn::start();
    let receiver = Receiver::start();
    let ping = format!("[watch]\nping = {{ url = \"{}\", every = \"1s\" }}\n", receiver.url);
    let mut fleet = Fleet::start(&standin, &ping, 3, &[]);
    // They are started anew, with an alert.
    fleet.stop();
    fleet.deployment.add(&teller(&fleet.deployment, "ops", "wait = \"300ms\""));
    (0..3).for_each(|member| fleet.start_member(member));

    deliver_garbage(fleet.members[0].server(), "{");
    let first = wait_for_told(&fleet.deployment, "ops", 1);
    assert_eq!(named(&first[0], "new"), [GARBAGE]);
    // Whoever is killed, another one goes on; what it held is free once its lease is over.
    fleet.members[0].server.take().expect("it is there").kill();
    fleet.database.sql("UPDATE periodic SET due = 0 WHERE name LIKE 'alert/%'");
    drop_garbage(&fleet.deployment);
    let second = wait_for_told(&fleet.deployment, "ops", 2);
    assert_eq!((named(&second[1], "new"), named(&second[1], "recovered")), (Vec::new(), vec![GARBAGE.to_owned()]));
    fleet.database.sql("INSERT INTO keeper (name, since, reason) VALUES ('vault 1', 1, 'away')");
    let third = wait_for_told(&fleet.deployment, "ops", 3);
    assert_eq!(named(&third[2], "new"), ["head_not_kept keeper:vault 1"]);
    fleet.start_member(0);
    fleet.database.sql("DELETE FROM keeper");
    wait_for_told(&fleet.deployment, "ops", 4);

    // Nobody says that it works while the ledger cannot be reached.
    wait_for("a ping", || receiver.heard().last().map(|heard| assert!(heard.line.starts_with("GET /hook"))));
    fleet.members.iter().for_each(|member| member.cut_off());
    for member in &fleet.members {
        wait_for("it to say that it is not ready", || (member.server().ready() == 503).then_some(()));
    }
    let heard = receiver.heard().len();
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(receiver.heard().len(), heard);
    fleet.members.iter().for_each(|member| member.proxy.accept());
    wait_for("a ping again", || (receiver.heard().len() > heard).then_some(()));
    assert_eq!(told(&fleet.deployment, "ops").len(), 4, "nothing was told twice");
}
