//! A database whose schema is not the one that this program knows.

use crate::harness::{Away, Database, Installation};

fn installation(database: &Database) -> Installation {
    Installation::bare(&Away::new().url(), &database.ledger())
}

/// Runs a command that must refuse, and expects what it says.
#[track_caller]
fn refuses(installation: &Installation, command: &str, said: &[&str]) {
    let output = installation.run(&[command]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{command}: {text}");
    for word in said {
        assert!(text.contains(word), "{command}: `{word}` in: {text}");
    }
}

#[test]
fn a_database_that_was_never_migrated_refuses_the_start() {
    let database = Database::start();
    let installation = installation(&database);
    for command in ["serve", "status"] {
        refuses(&installation, command, &["quietus migrate", "has schema 0"]);
    }
    assert_eq!(database.count("SELECT count(*) FROM pg_namespace WHERE nspname = 'quietus'"), 0, "nothing was begun");
    installation.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    assert_eq!(installation.json(&["status"])["events_waiting"], 0);
}

#[test]
fn a_database_that_a_newer_version_has_migrated_refuses_the_start() {
    let database = Database::start();
    let installation = installation(&database);
    installation.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    database.sql("INSERT INTO migration (number, applied, program) VALUES (1000, now(), '99.0.0')");
    for command in ["serve", "status", "migrate"] {
        refuses(&installation, command, &["has schema 1000", "a newer one"]);
    }
    assert_eq!(database.count("SELECT max(number) FROM migration"), 1000);
}
