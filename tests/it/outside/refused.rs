//! A ledger that is not the one that is known, or not as new as it was, is refused.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use super::{Company, sequences};
use crate::harness::{Database, Server, receipts, wait_for};

/// A server does not start, and `quietus check` says why, too.
#[track_caller]
fn refused(company: &Company, why: &str) {
    let said = company.says(&["serve"], 6);
    assert!(said.contains(why) && said.contains("quietus ledger "), "{said}");
    let checked = company.says(&["check", "--connect"], 1);
    assert!(checked.contains(why), "{checked}");
}

#[test]
fn an_older_ledger_that_is_put_back_by_hand_is_refused_until_it_is_accepted() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    fs::copy(company.path("quietus.db"), company.path("older.db")).expect("copied");
    let before = company.serve_and_erase(&[102, 103], 1);
    assert_eq!(company.known()["receipt"]["sequence"], 3);
    let newest = company.known()["receipt"]["hash"].as_str().expect("a hash").to_owned();

    fs::copy(company.path("older.db"), company.path("quietus.db")).expect("copied");
    refused(&company, "receipt 3 was seen, and its newest is 1");
    let checked = company.says(&["ledger", "check"], 1);
    assert!(checked.contains("known: the ledger is older than it was"), "{checked}");
    let accepted = company.deployment.json(&["ledger", "accept"]);
    assert_eq!((&accepted["gap"]["after"], &accepted["gap"]["last"]), (&1.into(), &3.into()), "{accepted}");
    assert_eq!(accepted["gap"]["last_hash"], newest.as_str());
    company.says(&["ledger", "accept"], 1);

    let now = company.serve_and_erase(&[104, 105], 1);
    assert_eq!((sequences(&before), sequences(&now)), (vec![1, 2, 3], vec![1, 4, 5]));
    assert_eq!(now[1]["statement"]["previous"], newest.as_str());
    assert_eq!(
        (&now[1]["statement"]["gap"], &now[2]["statement"]["gap"]),
        (&accepted["gap"], &serde_json::Value::Null)
    );
    let said = company.says(&["receipts", "show", "4"], 0);
    assert!(said.contains("receipts 2 to 3 are lost: an older ledger was accepted"), "{said}");
    company.says(&["audit", "export", "--out", &company.path("audit.jsonl")], 0);
    company.says(&["audit", "verify", &company.path("audit.jsonl")], 0);
}

#[test]
fn a_receipt_and_a_row_of_the_audit_that_were_changed_by_hand_are_found() {
    let company = Company::new();
    company.serve_and_erase(&[101, 102], 0);
    company.says(&["ledger", "backup", "--to", &company.path("backup.db")], 0);
    let findings = || {
        let checked = company.deployment.json(&["ledger", "check"]);
        let all = checked["findings"].as_array().expect("a list").iter();
        all.map(|found| found["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert!(findings().is_empty());
    let changed = |sql: &str| assert_eq!(company.deployment.ledger().execute(sql, []), Ok(1), "{sql}");
    changed("UPDATE receipt SET receipt = replace(receipt, '\"complete\"', '\"retained\"') WHERE sequence = 1");
    assert_eq!(findings(), ["receipts"]);
    changed("UPDATE audit SET entry = replace(entry, 'ledger.backup', 'ledger.restore') WHERE sequence = 1");
    assert_eq!(findings(), ["receipts", "audit"]);
}

#[test]
fn a_ledger_that_is_gone_or_empty_is_refused() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    fs::rename(company.path("quietus.db"), company.path("right.db")).expect("moved");
    refused(&company, "the ledger is gone");
    assert!(!company.deployment.path("quietus.db").exists(), "an empty one was made in its place");

    // An empty one, as a server makes it where nothing is remembered.
    let config = fs::read_to_string(company.path("quietus.toml")).expect("a configuration");
    company.deployment.write("quietus.toml", &config.replacen("[server]\n", "[server]\nstate_dir = \"\"\n", 1));
    assert!(Server::start(&company.deployment).stop().0.success());
    company.deployment.write("quietus.toml", &config);
    refused(&company, "this is another ledger");
    company.says(&["ledger", "accept"], 0);
    let now = company.serve_and_erase(&[102], 0);
    assert_eq!(sequences(&now), [2], "no number is issued twice");
    assert_eq!((&now[0]["statement"]["gap"]["after"], &now[0]["statement"]["gap"]["last"]), (&0.into(), &1.into()));
}

#[test]
fn a_chain_whose_end_was_cut_by_hand_is_refused() {
    let company = Company::new();
    company.serve_and_erase(&[101, 102], 0);
    let cut = "PRAGMA foreign_keys = OFF; DELETE FROM receipt WHERE sequence = 2;";
    company.deployment.ledger().execute_batch(cut).expect("cut");
    refused(&company, "receipt 2 was seen, and its newest is 1");
    // Nor is it enough to say that it was lost.
    let gap = r#"{"gap":{"after":1,"after_hash":"x","last":2,"last_hash":"y","at":"2026-05-02T16:05:24Z","by":"cli:root","cause":"accepted"},"signature":"00"}"#;
    company.deployment.ledger().execute("INSERT INTO receipt_gap VALUES (2, ?1)", [gap]).expect("written");
    refused(&company, "is not signed by the key of this deployment");
    company.says(&["ledger", "accept"], 0);
    let now = company.serve_and_erase(&[103], 1);
    assert_eq!((sequences(&now), &now[1]["statement"]["gap"]["cause"]), (vec![1, 3], &"accepted".into()), "{now:#?}");
}

#[test]
fn a_database_that_was_set_back_is_refused_until_it_is_accepted() {
    let database = Database::start();
    let company = Company::with(&database.ledger());
    company.deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    company.serve_and_erase(&[101, 102], 0);
    database.sql(
        "DELETE FROM receipt WHERE sequence = 2;
         UPDATE chain SET (sequence, hash) = (SELECT sequence, hash FROM receipt) WHERE name = 'receipts'",
    );
    refused(&company, "receipt 2 was seen, and its newest is 1");
    let said = company.says(&["ledger", "backup", "--to", &company.path("backup.db")], 1);
    assert!(said.contains("config/postgres/README.md"), "{said}");
    company.says(&["ledger", "accept"], 0);
    let now = company.serve_and_erase(&[103, 104], 1);
    assert_eq!(sequences(&now), [1, 3, 4]);
    assert_eq!((&now[1]["statement"]["gap"]["after"], &now[1]["statement"]["gap"]["last"]), (&1.into(), &2.into()));
}

#[test]
fn a_ledger_that_goes_back_under_a_running_server_gets_no_number_a_second_time() {
    let company = Company::new();
    let server = company.serve();
    company.erase(101, 1);
    company.erase(102, 2);
    let cut = "PRAGMA foreign_keys = OFF; DELETE FROM receipt WHERE sequence = 2;";
    company.deployment.ledger().execute_batch(cut).expect("cut");
    company.standin.begin(103, "guest103@example.com", None);
    company.standin.end(103);
    let urgent = wait_for("the server to say so", || {
        let all = company.deployment.json(&["attention", "list"]);
        all.as_array().expect("a list").iter().find(|found| found["code"] == "ledger_set_back").cloned()
    });
    assert_eq!(urgent["severity"], "urgent");
    assert_eq!(sequences(&receipts(&company.deployment, 1)), [1], "what is done has no receipt yet");
    server.leaves_work("a receipt waits");
    assert!(server.stop().0.success());

    refused(&company, "receipt 2 was seen, and its newest is 1");
    company.says(&["ledger", "accept"], 0);
    let _server = Server::start(&company.deployment);
    let now = receipts(&company.deployment, 2);
    assert_eq!((sequences(&now), &now[1]["statement"]["subject"]), (vec![1, 3], &"session:acme/103".into()));
}

#[test]
fn a_chain_that_went_back_and_grew_past_what_was_seen_is_not_believed() {
    let company = Company::new();
    let server = company.serve();
    company.erase(101, 1);
    company.erase(102, 2);
    let known = wait_for("receipt 2 to be known", || {
        Some(company.known()["receipt"].clone()).filter(|receipt| receipt["sequence"] == 2)
    });
    let set_back = || {
        let all = company.deployment.json(&["attention", "list"]);
        all.as_array().expect("a list").iter().find(|found| found["code"] == "ledger_set_back").cloned()
    };
    // As if others had appended to a chain that ended with receipt 1: it is longer than what was seen, and has no receipt 2.
    let renumber = |from: u64, to: u64| {
        let sql = format!(
            r#"UPDATE receipt SET sequence = {to}, receipt = replace(receipt, '"sequence":{from}', '"sequence":{to}') WHERE sequence = {from}"#
        );
        company.deployment.ledger().execute_batch(&sql).expect("changed");
    };
    renumber(2, 3);
    let urgent = wait_for("the server to say so", set_back);
    assert!(urgent.to_string().contains("it goes on to receipt 3 without 2, which was seen"), "{urgent}");
    company.standin.begin(103, "guest103@example.com", None);
    company.standin.end(103);
    wait_for("the third erasure to be done but for its receipt", || {
        let left: i64 = company.deployment.ledger().query_row(CLOSING, [], |row| row.get(0)).expect("counted");
        (left == 1).then_some(())
    });
    assert_eq!(company.known()["receipt"], known, "what is remembered does not go with it");

    // Its being over cannot be noted at first, as where the ledger is busy.
    let ledger = company.deployment.ledger();
    let refuses = "CREATE TRIGGER no BEFORE DELETE ON keeper BEGIN SELECT RAISE(ABORT, 'no'); END";
    ledger.execute_batch(refuses).expect("refused from now on");
    renumber(3, 2);
    sleep(Duration::from_millis(2500));
    assert!(set_back().is_some(), "nothing was refused");
    ledger.execute_batch("DROP TRIGGER no").expect("taken again");
    wait_for("the server to go on", || set_back().is_none().then_some(()));
    assert_eq!(sequences(&receipts(&company.deployment, 3)), [1, 2, 3]);
    assert!(server.stop().0.success());
}

/// Erasures that wait for their receipts.
const CLOSING: &str = "SELECT count(*) FROM task WHERE queue = 'close'";

#[test]
fn a_ledger_of_which_nothing_is_remembered_is_not_said_to_be_as_new_as_it_was() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    fs::remove_file(company.path("quietus.state/ledger.json")).expect("removed");
    let said = company.says(&["ledger", "accept"], 1);
    assert!(said.contains("nothing is remembered of this ledger"), "{said}");
}

#[test]
fn what_cannot_be_understood_is_not_taken_for_nothing() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    company.deployment.write("quietus.state/ledger.json", "{");
    let said = company.says(&["serve"], 6);
    assert!(said.contains("what the ledger was cannot be read"), "{said}");
}

/// Whether a person is asked to look where the state is.
fn is_told(company: &Company) -> bool {
    let all = company.deployment.json(&["attention", "list"]);
    let mut all = all.as_array().expect("a list").iter().filter(|found| found["code"] == "state_begun_anew");
    let found = all.next();
    assert!(all.next().is_none(), "it is told once");
    found.is_some_and(|found| {
        assert_eq!(found["parameters"]["reason"], "receipt 1 was there", "{found}");
        found["muted"].is_null()
    })
}

#[test]
fn a_state_whose_content_is_away_is_told_until_it_is_back_or_a_person_says_so() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    let (state, away) = (company.path("quietus.state"), company.path("away"));
    let serves = |expected| {
        let server = company.serve();
        wait_for("it to be told, or not", || (is_told(&company) == expected).then_some(()));
        assert!(server.stop().0.success());
        assert_eq!(is_told(&company), expected);
    };
    serves(false);
    // As where a mount is missing. What is begun in its place is no reason not to tell it any more.
    fs::rename(&state, &away).expect("moved");
    serves(true);
    serves(true);
    fs::remove_dir_all(&state).expect("removed");
    fs::rename(&away, &state).expect("back");
    serves(false);

    fs::rename(&state, &away).expect("moved");
    serves(true);
    company.says(&["attention", "acknowledge", "state_begun_anew"], 0);
    assert!(!is_told(&company));
    serves(false);
    assert_eq!(company.known()["receipt"]["sequence"], 1);
}
