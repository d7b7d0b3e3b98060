//! Servers of a fleet that remember the ledger in one folder.

use std::path::Path;

use super::{Company, sequences};
use crate::harness::{Database, Server, receipts, wait_for};

/// What is remembered there: whole at any moment, whoever writes it.
#[track_caller]
fn newest(folder: &Path) -> u64 {
    let Ok(text) = std::fs::read(folder.join("ledger.json")) else { return 0 };
    let known: serde_json::Value = serde_json::from_slice(&text).expect("it is whole");
    known["receipt"]["sequence"].as_u64().unwrap_or(0)
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

    let servers = [start(), start()];
    let mut before = 0;
    for session in 101..=110_u64 {
        company.erase(session as i64, session as usize - 100);
        wait_for("it to be remembered", || {
            let now = newest(&folder);
            assert!(now >= before, "{before} was remembered, and {now} is");
            before = now;
            (now == session - 100).then_some(())
        });
    }
    // Each of them keeps it by itself.
    let [first, second] = servers;
    assert!(first.stop().0.success());
    company.erase(111, 11);
    wait_for("the second to remember it", || (newest(&folder) == 11).then_some(()));
    let first = start();
    assert!(second.stop().0.success());
    company.erase(112, 12);
    wait_for("the first to remember it", || (newest(&folder) == 12).then_some(()));
    assert!(first.stop().0.success());

    database.sql(
        "DELETE FROM receipt WHERE sequence = 12;
         UPDATE chain SET (sequence, hash) = (SELECT sequence, hash FROM receipt WHERE sequence = 11) WHERE name = 'receipts'",
    );
    let config = std::fs::read_to_string(company.path("quietus.toml")).expect("a configuration");
    let state = format!("[server]\nstate_dir = \"{}\"\n", folder.display());
    company.deployment.write("quietus.toml", &config.replacen("[server]\n", &state, 1));
    let refused = company.says(&["serve"], 6);
    assert!(refused.contains("receipt 12 was seen, and its newest is 11"), "{refused}");
    company.says(&["ledger", "accept"], 0);
    let now = company.serve_and_erase(&[113], 11);
    assert_eq!(sequences(&now).last(), Some(&13));
    assert_eq!((receipts(&company.deployment, 12).len(), newest(&folder)), (12, 13));
}
