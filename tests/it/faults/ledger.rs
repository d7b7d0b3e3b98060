//! A ledger that is locked, or refuses some work, and a disk that is full.

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{Away, Deployment, ERASE, Server, StandIn, receipts, wait_for};

#[test]
fn a_locked_ledger_is_a_reason_to_come_back() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start_with(&deployment, &[("SERVER__RECORD_MAX", "200ms")]);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(1), 204);
    assert_eq!(server.ready(), 200);

    let other = deployment.ledger();
    other.execute_batch("BEGIN EXCLUSIVE").expect("the ledger is free for a moment");
    let refused = server.answer_to_end(2);
    assert_eq!(refused.0, 503);
    assert!(refused.1.is_some(), "it says when to come back");
    wait_for("the server to say that it is not ready", || (server.ready() == 503).then_some(()));
    // Whether the process lives is another question.
    assert_eq!(server.healthy(), 200);
    other.execute_batch("ROLLBACK").expect("a rollback");

    wait_for("the delivery to be taken", || (server.deliver_end(2) == 204).then_some(()));
    wait_for("the server to be ready", || (server.ready() == 200).then_some(()));
    assert_eq!(deployment.events(), 2);
    assert!(server.metrics().contains("result=\"busy\"}"));
}

#[test]
fn a_command_waits_for_a_server_whose_batches_take_long() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(1), 204);
    let other = deployment.ledger();
    other.execute_batch("BEGIN IMMEDIATE").expect("the ledger is free for a moment");
    let to = deployment.path("backup.db");
    let backed_up = std::thread::scope(|scope| {
        let command = scope.spawn(|| deployment.run(&["ledger", "backup", "--to", to.to_str().expect("UTF-8")]));
        // As long as a batch on a machine that has too much to do.
        std::thread::sleep(std::time::Duration::from_secs(4));
        other.execute_batch("ROLLBACK").expect("a rollback");
        command.join().expect("no panic")
    });
    assert!(backed_up.status.success(), "{}", String::from_utf8_lossy(&backed_up.stderr));
}

/// No file of the server's may grow beyond `size` any more: what the system says then is what it says of a full disk, but
/// for its name.
fn limit_files(server: &Server, size: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(server.id()).expect("a pid")).expect("a pid");
    let limit = Rlimit { current: size, maximum: None };
    prlimit(Some(pid), Resource::Fsize, limit).expect("the process is ours");
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start_to_fill_its_disk(&deployment);
    let mut acknowledged = Vec::new();
    for session in 1..=5 {
        assert_eq!(server.deliver_end(session), 204);
        acknowledged.push(session);
    }
    // Room for a few more.
    let log = deployment.path("quietus.db-wal").metadata().expect("the ledger's log").len();
    limit_files(&server, Some(log + 20_000));
    let mut refused = 0;
    for session in 6..=60 {
        match server.deliver_end(session) {
            204 => acknowledged.push(session),
            503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0, "the disk was never full");
    wait_for("the server to say that it is not ready", || (server.ready() == 503).then_some(()));

    // A crash at this moment loses nothing either.
    let present = |session: &i64| deployment.count(&format!("SELECT count(*) FROM event WHERE session = {session}"));
    assert!(acknowledged.iter().all(|session| present(session) == 1));
    server.kill();
    let server = Server::start_to_fill_its_disk(&deployment);
    assert!(acknowledged.iter().all(|session| present(session) == 1));
    assert_eq!(server.deliver_end(61), 204);

    // And it goes on as soon as there is room, without a restart.
    limit_files(&server, Some(1000));
    assert_eq!(server.deliver_end(62), 503);
    limit_files(&server, None);
    wait_for("the delivery to be taken", || (server.deliver_end(62) == 204).then_some(()));
    wait_for("the server to be ready", || (server.ready() == 200).then_some(()));
    server.leaves_work("mluvii is away");
    let (status, _) = server.stop();
    assert!(status.success());
}

/// Three sessions without consent, of which the ledger refuses what becomes of the second one. `needed`: what the status says then;
/// `asked`: how often mluvii was asked to anonymize that one until then; `retry`: how a person has it go on.
#[track_caller]
fn check_refused(trigger: &str, needed: &str, asked: usize, retry: impl Fn(&Deployment) -> Vec<String>) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &[("ERASING__BREAKER_PAUSE", "50ms")]);
    deployment.ledger().execute_batch(trigger).expect("made");
    let email = |id: i64| format!("guest{id}@example.com");
    for id in 1..=3 {
        standin.begin(id, &email(id), None);
        assert_eq!(server.deliver_end(id), 204);
    }
    let needs = || {
        let status = deployment.json(&["status"]);
        let found = status["attention"].as_array().expect("a list").clone();
        found.iter().any(|found| found["code"] == needed)
    };
    wait_for("somebody to be needed", || needs().then_some(()));
    wait_for("the receipts of the others", || {
        (deployment.json(&["receipts", "list"]).as_array().map(Vec::len) == Some(2)).then_some(())
    });
    assert_eq!(standin.calls("/Sessions/2/anonymous").len(), asked, "it is not done for ever");
    deployment.ledger().execute_batch("DROP TRIGGER refuse").expect("dropped");
    let retry = retry(&deployment);
    let retried = deployment.run(&retry.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(retried.status.success(), "{retried:?}");
    receipts(&deployment, 3);
    assert!((1..=3).all(|id| !standin.holds(&email(id))));
    assert!(!needs());
}

#[test]
fn a_decision_that_the_ledger_refuses_needs_a_person_and_keeps_no_other_waiting() {
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON session WHEN NEW.session = 2
                   BEGIN SELECT RAISE(ABORT, 'no'); END";
    check_refused(trigger, "work_parked", 0, |_| ["erasures", "retry", "--undecided"].map(str::to_owned).into());
}

#[test]
fn an_erasure_whose_answer_the_ledger_refuses_is_not_asked_for_for_ever() {
    check_refused_step("UPDATE OF outcome", 4);
}

#[test]
fn an_erasure_of_whose_step_the_ledger_takes_nothing_is_not_asked_for_and_keeps_no_other_waiting() {
    check_refused_step("UPDATE", 0);
}

/// The same where it refuses what is written of the second one's step.
#[track_caller]
fn check_refused_step(written: &str, asked: usize) {
    let trigger = format!(
        "CREATE TRIGGER refuse BEFORE {written} ON step
         WHEN NEW.erasure IN (SELECT erasure FROM erasure_session WHERE session = 2)
         BEGIN SELECT RAISE(ABORT, 'no'); END"
    );
    check_refused(&trigger, "steps_parked", asked, |deployment| {
        let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
        assert_eq!(parked.as_array().map(Vec::len), Some(1), "{parked}");
        let id = parked[0]["id"].as_str().expect("an id");
        ["erasures", "retry", id].map(str::to_owned).into()
    });
}
