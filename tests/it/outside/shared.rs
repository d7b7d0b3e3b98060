//! Servers of a fleet that remember the ledger in one folder.

use std::path::Path;

use super::Company;
use crate::harness::{Database, Server, wait_for};

/// What is remembered there: whole at any moment, whoever writes it.
#[track_caller]
fn remembered(folder: &Path) -> i64 {
    let Ok(text) = std::fs::read(folder.join("ledger.json")) else { return 0 };
    let known: serde_json::Value = serde_json::from_slice(&text).expect("it is whole");
    known["receipt"]["sequence"].as_i64().unwrap_or(0)
}

fn newest(database: &Database) -> i64 {
    database.count("SELECT COALESCE(max(sequence), 0) FROM receipt")
}

/// Has a session erased, and waits until its receipt is remembered; nothing that was remembered is ever forgotten.
#[track_caller]
fn erase(company: &Company, database: &Database, folder: &Path, session: i64) {
    let before = newest(database);
    company.standin.begin(session, &format!("guest{session}@example.com"), None);
    company.standin.end(session);
    // Where the other server has just issued one, what is remembered may be behind the ledger.
    let mut last = remembered(folder);
    wait_for("its receipt to be remembered", || {
        // In this order: the ledger is never behind what is remembered of it.
        let now = remembered(folder);
        assert!(now >= last, "{last} was remembered, and {now} is");
        last = now;
        (now > before && now == newest(database)).then_some(())
    });
}

#[test]
fn two_servers_keep_one_folder_and_a_third_one_compares_with_it() {
    let database = Database::start();
    let company = Company::with(&database.ledger());
    company.deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    let folder = company.deployment.path("shared");
    std::fs::create_dir(&folder).expect("made");
    let settings = [("SERVER__STATE_DIR", folder.to_str().expect("UTF-8"))];
    // Each is told of everything, so that any of them may come to write a receipt.
    let start = || {
        let server = Server::start_with(&company.deployment, &settings);
        company.standin.register(&server.callback());
        server
    };

    let [first, second] = [start(), start()];
    for session in 101..=110 {
        erase(&company, &database, &folder, session);
    }
    // Each of them keeps it by itself.
    assert!(first.stop().0.success());
    erase(&company, &database, &folder, 111);
    let first = start();
    assert!(second.stop().0.success());
    erase(&company, &database, &folder, 112);
    assert!(first.stop().0.success());

    let lost = newest(&database);
    database.sql(&format!(
        "DELETE FROM receipt WHERE sequence = {lost};
         UPDATE chain SET (sequence, hash) = (SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1)
           WHERE name = 'receipts'"
    ));
    let config = std::fs::read_to_string(company.path("quietus.toml")).expect("a configuration");
    let state = format!("[server]\nstate_dir = \"{}\"\n", folder.display());
    company.deployment.write("quietus.toml", &config.replacen("[server]\n", &state, 1));
    let refused = company.says(&["serve"], 6);
    assert!(refused.contains(&format!("receipt {lost} was seen, and its newest is {}", lost - 1)), "{refused}");
    company.says(&["ledger", "accept"], 0);
    let third = start();
    erase(&company, &database, &folder, 113);
    assert!(newest(&database) > lost, "no number comes twice");
    assert!(third.stop().0.success());
}
