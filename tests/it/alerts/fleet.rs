//! Three servers on one ledger tell once.

use std::time::Duration;

use super::receiver::Receiver;
use super::{GARBAGE, deliver_garbage, drop_garbage, named, teller, told, wait_for_told};
use crate::harness::{Fleet, Member, StandIn, wait_for, wait_within};

/// Long enough for several looks of each server.
const SEVERAL_LOOKS: Duration = Duration::from_millis(1_500);

#[test]
fn whoever_is_killed_while_it_tells_another_one_goes_on_and_meanwhile_none() {
    let standin = StandIn::start();
    let mut fleet = Fleet::start(&standin, "", 3, &[]);
    fleet.stop();
    // While it is held up, it tells nothing.
    let held_up = fleet.deployment.path("held-up");
    let slow = format!("if [ -e {} ]; then sleep 8; exit 1; fi; cat >> \"$0\"", held_up.display());
    let alert = teller(&fleet.deployment, "ops", "wait = \"300ms\"\ndigest = \"00:00\"");
    fleet.deployment.add(&alert.replace("cat >> \"$0\"", &slow));
    std::fs::write(&held_up, "").expect("written");
    (0..3).for_each(|member| fleet.start_member(member));

    fleet.database.sql("INSERT INTO keeper (name, since, reason) VALUES ('vault 1', 1, 'away')");
    let tells = |member: &Member| member.server.as_ref().is_some_and(|server| !server.children().is_empty());
    let first = wait_for("one to tell", || fleet.members.iter().position(tells));
    let two =
        wait_within(SEVERAL_LOOKS, || (fleet.members.iter().filter(|member| tells(member)).count() > 1).then_some(()));
    assert!(two.is_none(), "two tell at once");
    fleet.members[first].server.take().expect("it is there").kill();
    std::fs::remove_file(held_up).expect("removed");
    // What it held is free once its lease is over.
    fleet.database.sql("UPDATE periodic SET due = 0 WHERE name LIKE 'alert/%'");
    let told_once = wait_for_told(&fleet.deployment, "ops", 1);
    assert_eq!(named(&told_once[0], "new"), ["head_not_kept keeper:vault 1"]);
    fleet.start_member(first);
    fleet.database.sql("DELETE FROM keeper");
    let over = wait_for_told(&fleet.deployment, "ops", 2);
    assert_eq!(named(&over[1], "recovered"), ["head_not_kept keeper:vault 1"]);
    // A day later.
    wait_for("it to be written down", || {
        let idle = "SELECT count(*) FROM alert WHERE state LIKE '%\"outbox\":null%'";
        (fleet.database.count(idle) == 1).then_some(())
    });
    fleet
        .database
        .sql("UPDATE alert SET version = version + 1, state = replace(state, '\"digest\":\"20', '\"digest\":\"10')");
    let digest = wait_for_told(&fleet.deployment, "ops", 3);
    assert_eq!(digest[2]["type"], "quietus.digest");
    let more = wait_within(SEVERAL_LOOKS, || (told(&fleet.deployment, "ops").len() > 3).then_some(()));
    assert!(more.is_none(), "told twice: {:#?}", told(&fleet.deployment, "ops"));
}

#[test]
fn a_fleet_tells_once_and_goes_on_where_one_was_killed() {
    let standin = StandIn::start();
    let receiver = Receiver::start();
    let ping = format!("[watch]\nping = {{ url = \"{}\", every = \"1s\" }}\n", receiver.url);
    let mut fleet = Fleet::start(&standin, &ping, 3, &[("LOG__LEVEL", "info,quietus::app=debug")]);
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
    let looks = |member: &Member| {
        let in_vain = |line: &&String| line.contains("it is not said that quietus works");
        member.server().log().iter().filter(in_vain).count()
    };
    let before: Vec<_> = fleet.members.iter().map(looks).collect();
    for (member, before) in fleet.members.iter().zip(before) {
        wait_for("two looks at whether one is due", || (looks(member) >= before + 2).then_some(()));
    }
    assert_eq!(receiver.heard().len(), heard);
    fleet.members.iter().for_each(|member| member.proxy.accept());
    wait_for("a ping again", || (receiver.heard().len() > heard).then_some(()));
    assert_eq!(told(&fleet.deployment, "ops").len(), 4, "nothing was told twice");
}
