//! Several companies, and several tenants of one.

use serde_json::{Value, json};

use super::{ANN, BOB, Company, LEDGER_ONLY, SETTLE};
use crate::harness::{Deployment, ERASE, Server, StandIn, client, company, http, receipts, wait_for};

/// A second company beside the harness' `acme`.
fn and_globex(mluvii: &StandIn) -> String {
    company("globex", &mluvii.mluvii, 62, "") + ERASE
}

#[test]
fn a_session_of_one_company_is_not_the_same_number_of_another() {
    let (acme, globex) = (StandIn::start(), StandIn::start());
    let deployment = Deployment::tuned(&acme.mluvii, "", LEDGER_ONLY, &and_globex(&globex));
    // With several companies, each source names its own.
    let path = deployment.path("quietus.toml");
    let config = std::fs::read_to_string(&path).expect("a file");
    let check = deployment.run(&["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(!check.status.success() && said.contains("source.1.mluvii") && said.contains("globex"), "{said}");
    deployment.write(
        "quietus.toml",
        &config.replace("name = \"acme\"\ntenants", "name = \"acme\"\nmluvii = \"acme\"\ntenants"),
    );

    let server = Server::start(&deployment);
    acme.register(&server.callback());
    globex.register(&server.callback_of("globex"));
    ANN.talks(&acme, 77, Some("g-1"));
    BOB.talks_with(&globex, 77, json!({ "guest": "g-1", "gdpr_version": null }));
    let receipts = receipts(&deployment, 1);
    assert_eq!(receipts[0]["statement"]["subject"], "session:globex/77");
    assert!(acme.holds(ANN.email) && !globex.holds(BOB.email));
    assert!(acme.calls("/anonymous").is_empty());

    // A person is asked for at one company.
    let asked = deployment.run(&ANN.arguments(&deployment));
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(asked.status.code() == Some(2) && said.contains("--mluvii"), "{said}");
    let dry_run = deployment.json(&[&ANN.arguments(&deployment)[..], &["--mluvii", "globex", "--dry-run"]].concat());
    assert_eq!(super::shown(&dry_run, "certain"), [] as [i64; 0]);
}

#[test]
fn a_delivery_of_a_foreign_tenant_is_acknowledged_and_counted() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    let mut ended = crate::harness::session_ended(101);
    ended["data"]["tenantId"] = json!(99);
    assert_eq!(company.server.deliver(&ended), 204);
    let counted = |line: &str| line.contains("foreign_tenant") && line.ends_with(" 1");
    assert!(company.server.metrics().lines().any(counted));
    assert_eq!(company.deployment.json(&["status"])["sessions"], 0);
    assert_eq!(company.deployment.events(), 0);
}

const FORM: &str = r#"
[settling]
limit = "1h"
pause = "0s"
patience = "2s"

[[rule]]
name = "the form"
on = "form-submitted"
when = "form.id == 4711"
erase = "session"
targets = ["mluvii"]
"#;

fn card(session: i64) -> Value {
    json!({ "eventType": "SessionActivityHeroCardSubmission", "data": {
        "sessionId": session, "result": "Submitted", "originalFormID": 4711, "params": { "a": "b" },
        "time": "2026-01-02T10:00:00Z" } })
}

#[test]
fn a_form_of_a_foreign_tenant_is_forgotten_once_departments_are_proved_to_be_tenants() {
    let company = Company::with("", LEDGER_ONLY, FORM);
    let foreign = |id: i64| {
        let begin = json!({ "id": id, "tenant": 99, "gdpr_version": "v3", "call_params": BOB.call_params() });
        company.standin.begin_with(begin);
    };
    // Nothing is proved yet: the form is not ours, and not forgotten either.
    foreign(201);
    assert_eq!(company.server.deliver(&card(201)), 204);
    wait_for("a person to be needed", || (company.deployment.json(&["status"])["parked_work"] == 1).then_some(()));
    ANN.talks(&company.standin, 101, None);
    company.settled(1);

    foreign(202);
    assert_eq!(company.server.deliver(&card(202)), 204);
    wait_for("the foreign session to be forgotten", || {
        (company.deployment.json(&["status"])["foreign_sessions"] == 1).then_some(())
    });
    assert_eq!(company.deployment.json(&["erasures", "list"]), json!([]));
    assert!(company.standin.holds(BOB.email));
    // Our own form is decided on.
    company.standin.submit(101, 4711, &json!({ "a": "b" }));
    company.receipts(1);
}

#[test]
fn a_department_that_is_missing_is_not_understood() {
    let standin = StandIn::start();
    standin.behave(&json!({ "omit": ["departmentId"] }));
    let company = Company::on(standin, "", LEDGER_ONLY, FORM);
    company.standin.begin_with(json!({ "id": 101, "tenant": 62, "call_params": ANN.call_params() }));
    assert_eq!(company.server.deliver(&card(101)), 204);
    wait_for("a person to be needed", || (company.deployment.json(&["status"])["parked_work"] == 1).then_some(()));
    assert!(company.standin.holds(ANN.email));
}

#[test]
fn the_environment_reaches_a_named_company() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned("http://127.0.0.1:9", "", LEDGER_ONLY, ERASE);
    let server = Server::start_with(&deployment, &[("MLUVII__ACME__BASE_URL", &standin.mluvii)]);
    standin.register(&server.callback());
    ANN.talks_with(&standin, 101, json!({ "gdpr_version": null }));
    wait_for("the call", || (!standin.calls("/anonymous").is_empty()).then_some(()));
    let (status, _) = http(client().get(server.url("/healthz")));
    assert_eq!(status, 200);
}
