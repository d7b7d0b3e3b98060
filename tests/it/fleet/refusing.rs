//! A database that refuses a delivery, or all of them for a while.

use serde_json::json;

use crate::harness::{ERASE, Fleet, StandIn, wait_for};

#[test]
fn what_the_database_refuses_is_kept_and_a_lock_makes_a_server_unready_until_it_is_gone() {
    let standin = StandIn::start();
    let fleet = Fleet::start(&standin, "", 1, &[("SERVER__RECORD_MAX", "1s")]);
    let server = fleet.members[0].server();
    server.leaves_work("mluvii shows none of these sessions");
    fleet.database.sql(
        "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN
           IF NEW.session = 13 THEN RAISE EXCEPTION 'no' USING ERRCODE = '22003'; END IF;
           RETURN NEW;
         END$$;
         CREATE TRIGGER refuse BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    for (session, answer) in [(12, 204), (13, 202), (13, 202), (14, 204)] {
        assert_eq!(server.deliver_end(session), answer, "{session}");
    }
    let kept = fleet.deployment.json(&["quarantine", "list"]);
    assert_eq!((kept.as_array().map(Vec::len), &kept[0]["reason"]), (Some(1), &json!("refused by the ledger")));
    let id = kept[0]["id"].to_string();
    assert_eq!(fleet.deployment.run(&["quarantine", "replay", &id]).status.code(), Some(1), "it stays");
    fleet.database.sql("DROP TRIGGER refuse ON event");
    assert_eq!(fleet.deployment.run(&["quarantine", "replay", &id]).status.code(), Some(0));
    assert_eq!(fleet.database.numbers("SELECT session FROM event"), [12, 13, 14].into());

    assert_eq!(server.ready(), 200);
    fleet.database.while_locked("inbox", || {
        assert_eq!(server.deliver_end(15), 503);
        wait_for("the server to say so", || (server.ready() == 503).then_some(()));
    });
    wait_for("the delivery to be taken", || (server.deliver_end(15) == 204).then_some(()));
    wait_for("the server to be ready", || (server.ready() == 200).then_some(()));
}

#[test]
fn work_whose_end_the_database_refuses_needs_a_person_and_is_not_done_for_ever() {
    check_refused_step("UPDATE OF outcome", 4);
}

#[test]
fn work_of_which_the_database_takes_nothing_needs_a_person_is_not_done_and_keeps_no_other_waiting() {
    check_refused_step("UPDATE", 0);
}

/// Two sessions without consent; of the second one's step, the database refuses what is written. `asked`: how often mluvii was asked to
/// anonymize that one until somebody is needed.
#[track_caller]
fn check_refused_step(written: &str, asked: usize) {
    let standin = StandIn::start();
    let fleet = Fleet::start(&standin, ERASE, 1, &[("ERASING__BREAKER_PAUSE", "50ms")]);
    let server = fleet.members[0].server();
    fleet.database.sql(&format!(
        "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN
           IF NEW.erasure IN (SELECT erasure FROM erasure_session WHERE session = 2) THEN
             RAISE EXCEPTION 'no' USING ERRCODE = '22003';
           END IF;
           RETURN NEW;
         END$$;
         CREATE TRIGGER refuse BEFORE {written} ON step FOR EACH ROW EXECUTE FUNCTION refuse()"
    ));
    for id in 1..=2 {
        standin.begin(id, &format!("guest{id}@example.com"), None);
        assert_eq!(server.deliver_end(id), 204);
    }
    let parked = || fleet.deployment.json(&["erasures", "list", "--state", "parked"]);
    let id = wait_for("somebody to be needed", || parked()[0]["id"].as_str().map(str::to_owned));
    fleet.wait_for_receipts(1);
    assert_eq!(standin.calls("/Sessions/2/anonymous").len(), asked, "it is not asked for for ever");
    fleet.database.sql("DROP TRIGGER refuse ON step");
    assert!(fleet.deployment.run(&["erasures", "retry", &id]).status.success());
    fleet.wait_for_receipts(2);
    assert!(!standin.holds("guest2@example.com"));
}
