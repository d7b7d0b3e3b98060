//! A database whose schema is not the one that this program knows.

use crate::harness::{Away, Database, Deployment};

fn deployment(database: &Database) -> Deployment {
    Deployment::bare(&Away::new().url(), &database.ledger())
}

/// Runs a command that must refuse, and expects what it says.
#[track_caller]
fn refuses(deployment: &Deployment, command: &str, said: &[&str]) {
    let output = deployment.run(&[command]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{command}: {text}");
    for word in said {
        assert!(text.contains(word), "{command}: `{word}` in: {text}");
    }
}

#[test]
fn a_database_that_was_never_migrated_refuses_the_start() {
    let database = Database::start();
    let deployment = deployment(&database);
    for command in ["serve", "status"] {
        refuses(&deployment, command, &["quietus migrate", "has schema 0"]);
    }
    assert_eq!(database.count("SELECT count(*) FROM pg_namespace WHERE nspname = 'quietus'"), 0, "nothing was begun");
    deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    assert_eq!(deployment.json(&["status"])["events_waiting"], 0);
}

#[test]
fn a_database_that_a_newer_version_has_migrated_refuses_the_start() {
    let database = Database::start();
    let deployment = deployment(&database);
    deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    database.sql("INSERT INTO migration (number, applied, program) VALUES (1000, now(), '99.0.0')");
    for command in ["serve", "status", "migrate"] {
        refuses(&deployment, command, &["has schema 1000", "a newer one"]);
    }
    assert_eq!(database.count("SELECT max(number) FROM migration"), 1000);
}
