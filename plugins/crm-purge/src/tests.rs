//! All vendors against stand-ins that speak their HTTP over real sockets, each test over the whole table.

mod anonymized;
mod cascades;
mod configuration;
mod ends;
mod erasing;
mod evidence;
mod faults;
mod finding;
mod gateway;
mod health;
mod histories;
mod hostile;
mod judged;
mod killed;
mod limits;
mod passing;
mod person_accounts;
mod related;
mod standin;
mod sweeping;
mod swept_anew;
mod swept_pages;
mod visibility;
mod windows;

use quietus_plugin::http::test::{Reply, Seen};
use quietus_plugin::{Answer, ErrorClass, Outcome, PluginError, Request, TestHost};
use serde_json::{Value, json};

use super::CrmPurge;
use standin::{ALL, Kind, Row, StandIn, State, TOKEN};

/// A person's record.
fn person(n: u32, emails: &[&'static str], phones: &[&'static str]) -> Row {
    Row { object: "person", n, emails: emails.to_vec(), phones: phones.to_vec(), owner: 0, state: State::Live }
}

/// What belongs to a person.
fn of(owner: u32, object: &'static str, n: u32) -> Row {
    Row { object, n, emails: Vec::new(), phones: Vec::new(), owner, state: State::Live }
}

/// Two records of Ann's, and more look-alikes than fit on a page.
fn people() -> Vec<Row> {
    vec![
        person(11, &["joann@x.cz"], &[]),
        person(12, &["ann@x.czech.com"], &[]),
        person(13, &["ann@x.cz.evil.cz"], &[]),
        person(14, &["Ann@X.CZ"], &["+420 777 123 456"]),
        person(15, &["other@x.cz", "ann@x.cz"], &[]),
        person(16, &["ann+shop@x.cz"], &["00421777123456"]),
    ]
}

fn config(standin: &StandIn, more: Value) -> Value {
    let mut config = json!({
        "vendor": standin.kind.name, "base_url": standin.server.url, "rate": 1000, "search_rate": 1000,
        "auth": { "bearer": { "secret": "token" } },
    });
    for part in [(standin.kind.config)(), more] {
        config.as_object_mut().expect("an object").extend(part.as_object().cloned().expect("an object"));
    }
    config
}

fn host_with(standin: &StandIn, more: Value) -> TestHost<CrmPurge> {
    TestHost::with_secrets(config(standin, more), [("token", TOKEN), ("refresh", "r-1")]).expect("configured")
}

fn host(standin: &StandIn) -> TestHost<CrmPurge> {
    host_with(standin, json!({}))
}

fn ann() -> Request {
    czech(Request::from([("email", "ann@x.cz")]))
}

fn czech(request: Request) -> Request {
    Request { region: "CZ".parse().ok(), ..request }
}

/// The answer without the places.
fn bare(answer: Result<Answer, PluginError>) -> Result<Answer, PluginError> {
    let mut answer = answer?;
    assert!(!answer.looked_at.is_empty(), "{answer:?}");
    (answer.looked_at, answer.not_looked_at, answer.keeps) = Default::default();
    if answer.outcome == Outcome::Residual {
        // A dry run's; what is still there is looked for at once.
        answer.verify_after_s = None;
    }
    Ok(answer)
}

fn again() -> Request {
    Request { idempotency_key: "k-2".into(), ..ann() }
}

/// Whether a request is about what the installation is like, and not about people.
fn is_question(seen: &Seen) -> bool {
    let questions =
        ["/describe", "UserPermissionAccess", "/WhoAmI", "/systemusers", "/EntityDefinitions", "/recyclebinconfigs"];
    questions.iter().any(|part| seen.target.contains(part))
}

/// Runs a test for each vendor.
#[track_caller]
fn for_all(test: impl Fn(&'static Kind)) {
    ALL.iter().for_each(|kind| test(kind));
}

#[track_caller]
fn counted(answer: Result<Answer, PluginError>, outcome: Outcome, what: &str, count: u64) {
    let answer = answer.expect("an answer");
    assert_eq!((answer.outcome, answer.counts.get(what)), (outcome, Some(&count)), "{answer:?}");
    assert_eq!(answer.counts.len(), 1, "{answer:?}");
}
