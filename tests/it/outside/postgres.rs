//! A ledger in PostgreSQL, as config/postgres says that it is backed up and restored.

use std::process::Command;

use serde_json::Value;

use super::{Company, ERASE, sequences};
use crate::harness::Database;

/// Runs a script of config/postgres as the owner of the tables; returns how it ended, and all that it said.
fn script(name: &str, database: &Database, file: &str) -> (Option<i32>, String) {
    let mut command = Command::new(format!("{}/config/postgres/{name}", env!("CARGO_MANIFEST_DIR")));
    // The developer's own settings would lead elsewhere.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
        command.env_remove(name);
    }
    let path = std::env::var("PATH").expect("a PATH");
    command.env("PATH", format!("{}:{path}", database.programs().display()));
    let output = command.args([&database.url_of("quietus_owner"), file]).output().expect("the script runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), said)
}

#[test]
fn a_lost_cluster_is_restored_by_the_scripts_and_gives_no_number_twice() {
    let lost = Database::with_roles();
    let company = Company::with(&lost.ledger_of("quietus"));
    company.says(&["migrate", "--user", "quietus_owner"], 0);
    lost.grant();
    let backup = company.path("ledger.dump");
    let server = company.serve();
    company.erase(101, 1);
    company.erase(102, 2);
    let (code, said) = script("backup.sh", &lost, &backup);
    assert_eq!(code, Some(0), "{said}");
    company.erase(103, 3);
    let before = company.erase(104, 4);
    assert!(server.stop().0.success());
    let whole = std::fs::read(&backup).expect("it is there");
    let (code, said) = script("backup.sh", &lost, &backup);
    assert_eq!((code, said.contains("a backup overwrites nothing")), (Some(1), true), "{said}");
    let (code, said) = script("restore.sh", &lost, &backup);
    assert_eq!((code, said.contains("the database holds a ledger")), (Some(1), true), "{said}");
    assert_eq!(sequences(&before), [1, 2, 3, 4]);
    drop(lost);

    // A half one is not restored, not even in part.
    let database = Database::with_roles();
    company.deployment.configure(&company.standin.mluvii, &format!("{ERASE}{}", database.ledger_of("quietus")));
    company.deployment.write("half.dump", "");
    std::fs::write(company.path("half.dump"), &whole[..whole.len() * 2 / 3]).expect("written");
    let (code, said) = script("restore.sh", &database, &company.path("half.dump"));
    assert_ne!(code, Some(0), "{said}");
    let (code, said) = script("restore.sh", &database, &backup);
    assert_eq!((code, said.contains("quietus ledger accept")), (Some(0), true), "{said}");

    let refused = company.says(&["serve"], 6);
    assert!(refused.contains("receipt 4 was seen, and its newest is 2"), "{refused}");
    assert!(refused.contains("quietus ledger accept"), "{refused}");
    company.says(&["check", "--connect"], 1);
    company.says(&["ledger", "accept"], 0);
    let now = company.serve_and_erase(&[105, 106], 2);
    assert_eq!(sequences(&now), [1, 2, 5, 6], "no number is issued twice");
    let gap = &now[2]["statement"]["gap"];
    assert_eq!((&gap["after"], &gap["last"], &gap["cause"]), (&2.into(), &4.into(), &"accepted".into()));
    company.says(&["ledger", "check"], 0);

    let export = company.export("receipts.jsonl");
    let known = std::fs::read(company.path("state/ledger.json")).expect("it is remembered");
    let known: Value = serde_json::from_slice(&known).expect("JSON");
    let last = format!("6:{}", known["receipt"]["hash"].as_str().expect("a hash"));
    let verified = company.says(&["receipts", "verify", &export, "--from-start", "--expect-last", &last], 0);
    assert!(verified.contains("receipts 3 to 4 are lost: an older ledger was accepted"), "{verified}");
}
