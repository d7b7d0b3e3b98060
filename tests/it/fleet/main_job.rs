//! The whole path, on PostgreSQL.

use crate::harness::{Database, Deployment, RULES, Server, StandIn, oracle};
use crate::main_job::{Company, the_deletion_form, without_consent};

/// A company whose ledger is a database.
fn company(database: &Database) -> Company {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}\n{}", database.ledger()));
    deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    Company { server, deployment, standin }
}

#[test]
fn a_session_without_consent_goes_from_mluvii_and_the_crm() {
    let database = Database::start();
    let company = company(&database);
    without_consent(&company);
    oracle::the_receipts_verify(&company.deployment);
    assert_eq!(database.count("SELECT count(*) FROM receipt"), 1);
    assert_eq!(database.count("SELECT count(*) FROM capsule"), 0);
}

#[test]
fn the_deletion_form_takes_all_sessions_of_the_person_and_nobody_elses() {
    let database = Database::start();
    let company = company(&database);
    the_deletion_form(&company);
    oracle::the_receipts_verify(&company.deployment);
    assert_eq!(database.count("SELECT count(*) FROM receipt"), 1);
    assert_eq!(database.count("SELECT count(*) FROM capsule"), 0);
}
