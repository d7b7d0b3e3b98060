//! A disk that is really full.

use std::collections::BTreeSet;

use super::deliver;
use crate::harness::{Deployment, ERASE, Fleet, Server, SmallDisk, StandIn, wait_for, wait_within};

/// Delivers until deliveries are refused; what was acknowledged.
#[track_caller]
fn until_refused(server: &Server, from: i64) -> BTreeSet<i64> {
    let mut acknowledged = BTreeSet::new();
    let mut next = from;
    wait_for("deliveries to be refused", || {
        let sent: BTreeSet<i64> = (next..next + 50).collect();
        next += 50;
        let taken = deliver(server, sent.iter().copied());
        acknowledged.extend(&taken);
        (taken.len() < sent.len()).then_some(())
    });
    acknowledged
}

/// What is true of a server whose ledger has no room. A little may find room again in between. Returns what was acknowledged meanwhile.
#[track_caller]
fn says_so(deployment: &Deployment, server: &Server) -> BTreeSet<i64> {
    let mut next = 100;
    let after = wait_for("a delivery to be refused", || {
        next += 1;
        let (status, after) = server.answer_to_end(next);
        (status == 503).then_some(after)
    });
    assert!(after.is_some(), "it says when to come back");
    wait_for("the server to say that it is not ready", || (server.ready() == 503).then_some(()));
    assert_eq!(server.healthy(), 200);
    // Also who asks beside it is told, and not only whoever watches `/readyz`: by the attention, or because nothing can be read either.
    wait_for("a command to say so", || {
        let said = deployment.run(&["status", "--json"]);
        let told = String::from_utf8_lossy(&said.stdout).contains("ledger_unwritable");
        (told || said.status.code() == Some(4)).then_some(())
    });
    (101..next).collect()
}

#[test]
fn a_ledger_on_a_full_disk_takes_nothing_loses_nothing_and_goes_on_when_there_is_room() {
    let test = "storage::full::a_ledger_on_a_full_disk_takes_nothing_loses_nothing_and_goes_on_when_there_is_room";
    let Some(disk) = SmallDisk::under(test, 24) else { return };
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "info"), ("SERVER__RECORD_MAX", "2s")]);
    server.leaves_work("mluvii shows none of most of these sessions");
    standin.begin(1, "ann@example.com", None);
    assert_eq!(server.deliver_end(1), 204);
    let ballast = disk.fill();
    let mut acknowledged = until_refused(&server, 1_000);
    acknowledged.insert(1);
    acknowledged.extend(says_so(&deployment, &server));
    drop(ballast);
    wait_for("the delivery to be taken", || (server.deliver_end(900) == 204).then_some(()));
    wait_for("the server to be ready", || (server.ready() == 200).then_some(()));
    acknowledged.insert(900);
    super::all_in(&deployment, &acknowledged);
    standin.begin(2, "bea@example.com", None);
    assert_eq!(server.deliver_end(2), 204);
    wait_for("both to be erased", || (deployment.count("SELECT count(*) FROM receipt") == 2).then_some(()));
}

#[test]
fn a_database_on_a_full_disk_takes_nothing_loses_nothing_and_goes_on_when_there_is_room() {
    let test = "storage::full::a_database_on_a_full_disk_takes_nothing_loses_nothing_and_goes_on_when_there_is_room";
    let Some(disk) = SmallDisk::under(test, 160) else { return };
    let standin = StandIn::start();
    let fleet = Fleet::start(&standin, ERASE, 1, &[("LOG__LEVEL", "info"), ("SERVER__RECORD_MAX", "2s")]);
    let server = fleet.members[0].server();
    server.leaves_work("mluvii shows none of most of these sessions");
    standin.begin(1, "ann@example.com", None);
    wait_for("the first delivery", || (server.deliver_end(1) == 204).then_some(()));
    let ballast = disk.fill();
    let mut acknowledged = until_refused(server, 1_000);
    acknowledged.insert(1);
    acknowledged.extend(says_so(&fleet.deployment, server));
    drop(ballast);
    // It panics when there is no room for its log; whoever keeps it starts it again.
    if wait_within(std::time::Duration::from_secs(10), || (server.deliver_end(900) == 204).then_some(())).is_none() {
        fleet.database.crash();
    }
    wait_for("the delivery to be taken", || (server.deliver_end(900) == 204).then_some(()));
    wait_for("the server to be ready", || (server.ready() == 200).then_some(()));
    acknowledged.insert(900);
    let there = fleet.database.numbers("SELECT DISTINCT session FROM event");
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    standin.begin(2, "bea@example.com", None);
    assert_eq!(server.deliver_end(2), 204);
    fleet.wait_for_receipts(2);
}
