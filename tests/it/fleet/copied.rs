//! A database that is copied while a server of it stands still.

use crate::harness::{Fleet, StandIn, wait_for};

#[test]
fn a_database_is_not_copied_under_a_server_that_stands_still_and_not_written_to_by_one_that_comes_back() {
    let standin = StandIn::start();
    let fleet = Fleet::start(&standin, "", 1, &[("SERVER__RECORD_MAX", "1s")]);
    let member = &fleet.members[0];
    let server = member.server();
    server.leaves_work("the ledger that it works on is copied");
    assert_eq!(server.deliver_end(1), 204);
    let from = fleet.database.url_of("postgres");
    let to = format!("sqlite:{}", fleet.deployment.path("copy.db").display());
    let copy = || fleet.deployment.run(&["ledger", "copy", "--from", &from, "--to", &to]);

    server.signal("STOP");
    // However long it stands still: to the others it is lost.
    fleet.database.sql("UPDATE process SET seen = seen - 60000");
    let refused = copy();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(4) && said.contains("sessions of the database"), "{said}");
    server.signal("CONT");
    wait_for("a delivery to be taken", || (server.deliver_end(2) == 204).then_some(()));

    // One that has lost its sessions is not in the way, and cannot go on when it has its database again.
    member.cut_off();
    let copied = copy();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    member.proxy.accept();
    wait_for("the server to say that it is not ready", || (server.ready() == 503).then_some(()));
    assert_eq!(server.deliver_end(3), 503);
    assert_eq!(fleet.database.count("SELECT count(*) FROM event"), 2);
    let log = server.log().join("\n");
    assert!(log.contains("the work goes on in its copy"), "{log}");
}
