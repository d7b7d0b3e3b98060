//! The canary: unmistakable personal data in every field that can carry it, everything run at log level `trace`, and
//! then a search of all that quietus has written.

mod happening;
mod officer;
mod told;

use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Database, Deployment, Needles, RULES, Server, StandIn, crm_plugin, receipts, wait_for};
use crate::main_job::approve;
use told::Told;

// One canary per field, so that a leak names its way. ASCII and not, since escapes differ.
pub(crate) const EMAIL: &str = "canary.email.1@example.com";
pub(crate) const OTHER_EMAIL: &str = "canary.email.2@example.com";
pub(crate) const PHONE: &str = "+420 777 010 203";
pub(crate) const NAME: &str = "Kanárek Žlutý Jménem";
const CUSTOMER: &str = "canary-customer-number-88";
const NOTE: &str = "canary-note-of-the-operator";
const ACTIVITY: &str = "canary-activity-text";
pub(crate) const FORM: &str = "canary-form-free-text";
const CHATBOT: &str = "canary-chatbot-value";
const EXTRA: &str = "canary-extra-field";
const BODY: &str = "canary-quarantined-body";
const CHANNEL: &str = "canary-channel with spaces";
const AGENT: &str = "canary-user-agent";
const HOP: &str = "canary-forwarded-for";
const HAND: &str = "canary-by-hand@example.com";
pub(crate) const FOUND: &str = "canary.found@example.com";
const LINKED: &str = "canary.linked@example.com";
/// What a plugin knows of who has [`OTHER_EMAIL`] (tests/plugins/finder.py).
const KNOWN_THERE: &str = "C-canary.email.2";
const CANARIES: [&str; 18] = [
    KNOWN_THERE,
    LINKED,
    FOUND,
    EMAIL,
    OTHER_EMAIL,
    PHONE,
    NAME,
    CUSTOMER,
    NOTE,
    ACTIVITY,
    FORM,
    CHATBOT,
    EXTRA,
    BODY,
    CHANNEL,
    AGENT,
    HOP,
    HAND,
];

#[test]
fn no_personal_data_is_in_any_file_log_metric_or_receipt() {
    everything_is_silent(None);
}

#[test]
fn no_personal_data_is_in_a_database_or_its_log() {
    everything_is_silent(Some(&Database::that_logs_all()));
}

#[test]
fn no_personal_data_is_left_by_what_an_officer_does() {
    officer::is_silent(None);
}

#[test]
fn no_personal_data_is_left_in_a_database_by_what_an_officer_does() {
    officer::is_silent(Some(&Database::that_logs_all()));
}

/// Everything happens on a ledger, and then all that was written, shown and told is searched.
fn everything_is_silent(database: Option<&Database>) {
    let standin = StandIn::start();
    let more = "[mluvii.params]\noo1_guest_ident = \"name\"\noo1_guest_email = \"email\"\noo1_guest_phone = \"phone\"\ncustomer = \"customer\"\n";
    let ledger = database.map(Database::ledger).unwrap_or_default();
    // What nobody takes would not be reloaded.
    let person = "match = [[\"email\"], [\"email\", \"customer\"]]\naccept_ledger_only = true";
    let crm = crm_plugin(&standin.crm);
    let deployment = Deployment::tuned(&standin.mluvii, "", person, &format!("{crm}\n{more}{RULES}{ledger}"));
    let socket = deployment.path("control.sock");
    deployment.replace("[server]\n", &format!("[server]\ncontrol = \"{}\"\n", socket.display()));
    let told = Told::by(&deployment);
    if database.is_some() {
        deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    }
    let server = Server::start_with(&deployment, happening::OFTEN);
    standin.register(&server.callback());

    happening::everything(&standin, &server, &deployment);
    let shown = happening::shown(&deployment, &server);
    assert_silent("what commands and metrics show", shown.as_bytes());
    told.wait(&|sql| match database {
        Some(database) => _ = database.sql(sql),
        None => deployment.ledger().execute_batch(sql).expect("an update"),
    });
    search(&deployment, database);

    approve(&deployment);
    let receipts = receipts(&deployment, 3);
    assert_silent("the receipts", json!(receipts).to_string().as_bytes());
    assert_silent("consents and papers", happening::papers(&deployment).as_bytes());
    wait_for("nothing to be under way", || {
        let status = deployment.json(&["status"]);
        (status["events_waiting"] == 0).then_some(())
    });
    search(&deployment, database);
    nothing_is_left(&standin, server, &deployment, database);
    told.search();
}

/// Both persons are gone, and neither what the server shows and logs nor what it leaves behind names them.
pub(crate) fn nothing_is_left(standin: &StandIn, server: Server, deployment: &Deployment, database: Option<&Database>) {
    for email in [EMAIL, OTHER_EMAIL] {
        assert!(!standin.holds(email), "{email} must be gone, or this test tests nothing");
    }
    assert_silent("the metrics", server.metrics().as_bytes());
    let (ended, log) = server.stop();
    assert!(ended.success() && log.len() > 100, "at `trace` there is much to search");
    assert_silent("the log", log.join("\n").as_bytes());
    search(deployment, database);
}

/// Searches the files of a deployment, and the database that its ledger is in.
pub(crate) fn search(deployment: &Deployment, database: Option<&Database>) {
    search_files(deployment.folder());
    let Some(database) = database else { return };
    assert_silent("the database", database.all().as_bytes());
    let log = database.log();
    assert!(log.contains("INSERT INTO inbox"), "statements and their values are logged, or this test tests nothing");
    assert_silent("the database's log", log.as_bytes());
}

fn search_files(folder: &Path) {
    NEEDLES.must_be_absent_in(folder);
}

#[track_caller]
pub(crate) fn assert_silent(place: &str, content: &[u8]) {
    NEEDLES.must_be_absent(place, content);
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles::of(CANARIES));

#[test]
fn the_search_would_find_a_canary() {
    let found = |content: &str| std::panic::catch_unwind(|| assert_silent("a place", content.as_bytes())).is_err();
    assert!(found(&format!("x{NAME}x")));
    assert!(found(&STANDARD.encode(format!("ab{EMAIL}cd"))));
    assert!(found(&hex::encode(EMAIL).to_uppercase()));
    assert!(found(&Value::from(NOTE).to_string()));
    assert!(found("canary.email.1%40example.com"));
    assert!(!found("nothing"));
}
