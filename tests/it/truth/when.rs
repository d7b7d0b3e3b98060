//! When to decide.

use serde_json::{Value, json};

use super::{ANN, Company, LEDGER_ONLY};
use crate::harness::{Server, StandIn, receipts, wait_for};

/// Sessions settle at once and are erased without consent; what cannot be read is looked at for two seconds.
const NO_CONSENT: &str = r#"
[settling]
limit = "0s"
pause = "0s"
patience = "2s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// Sessions are erased without consent once they end, and looked at again `pause` before that.
fn at_once(limit: &str, pause: &str) -> String {
    format!(
        r#"
[settling]
limit = "{limit}"
pause = "{pause}"

[[rule]]
name = "at once"
on = "session-ended"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#
    )
}

fn company(behaviour: Value) -> Company {
    let standin = StandIn::start();
    standin.behave(&behaviour);
    Company::on(standin, "", LEDGER_ONLY, NO_CONSENT)
}

/// Nothing is erased, and the consent is unknown by the cause.
#[track_caller]
fn unknown(behaviour: Value, cause: &str) {
    let company = company(behaviour);
    ANN.talks(&company.standin, 101, None);
    company.settled(1);
    let status = company.deployment.json(&["status"]);
    assert_eq!(status["unknown_consents"][cause], 1, "{status:#}");
    assert_eq!(company.deployment.json(&["erasures", "list"]), json!([]));
    assert!(company.standin.holds(ANN.email));
    company.needs_a_person("stayed unknown");
    company.server.moved("quietus_sessions_consent_unknown");
}

#[test]
fn a_reply_without_the_guest_or_the_consent_version_is_not_understood() {
    unknown(json!({ "omit": ["guest"] }), "not_understood");
    unknown(json!({ "omit": ["guest.gdprVersion"] }), "not_understood");
}

#[test]
fn an_error_document_or_a_page_with_200_is_not_understood() {
    for kind in ["error_document", "html"] {
        let company = company(json!({}));
        company.standin.fault(&json!({ "path": "/api/v1/Sessions", "kind": kind }));
        ANN.talks(&company.standin, 101, None);
        wait_for("the consent to stay unknown", || {
            let status = company.deployment.json(&["status"]);
            (status["unknown_consents"]["not_understood"] == 1).then_some(())
        });
        assert_eq!(company.deployment.json(&["erasures", "list"]), json!([]), "{kind}");
    }
}

#[test]
fn where_nulls_are_omitted_a_missing_version_is_no_consent() {
    let standin = StandIn::start();
    standin.behave(&json!({ "nulls": "omitted" }));
    let company = Company::on(standin, "nulls = \"omitted\"", LEDGER_ONLY, NO_CONSENT);
    ANN.talks_with(&company.standin, 101, json!({ "gdpr_version": null }));
    company.receipts(1);
    assert!(!company.standin.holds(ANN.email));
}

#[test]
fn a_session_that_shows_up_late_loses_no_duty() {
    let company = company(json!({}));
    company.standin.fault(&json!({ "path": "/api/v1/Sessions", "kind": "status", "status": 404, "for_ms": 1_200 }));
    for id in 101..106 {
        ANN.talks_with(&company.standin, id, json!({ "gdpr_version": null }));
    }
    company.receipts(5);
    assert!(!company.standin.holds(ANN.email));
}

#[test]
fn a_session_that_never_shows_up_has_an_unknown_consent_and_is_counted() {
    unknown(json!({ "lag_ms": 600_000 }), "not_found");
}

#[test]
fn a_consent_that_shows_late_saves_the_session_from_a_rule_at_its_end() {
    let rules = at_once("1h", "2s");
    let standin = StandIn::start();
    standin.behave(&json!({ "consent_lag_ms": 1_000 }));
    let company = Company::on(standin, "", LEDGER_ONLY, &rules);
    ANN.talks(&company.standin, 101, None);
    wait_for("the event to be decided", || {
        let status = company.deployment.json(&["status"]);
        (status["sessions"] == 1 && status["events_waiting"] == 0).then_some(())
    });
    assert_eq!(company.deployment.json(&["erasures", "list"]), json!([]));
    // Without consent it goes, after the same second look.
    ANN.talks_with(&company.standin, 102, json!({ "gdpr_version": null }));
    wait_for("the erasure", || company.deployment.json(&["erasures", "list"]).get(0).cloned());
}

#[test]
fn a_consent_that_shows_before_the_session_has_settled_takes_the_erasure_back() {
    let rules = at_once("4s", "500ms");
    let standin = StandIn::start();
    standin.behave(&json!({ "consent_lag_ms": 2_500 }));
    let company = Company::on(standin, "", LEDGER_ONLY, &rules);
    let begin = json!({ "id": 101, "tenant": 62, "gdpr_version": "v3", "call_params": ANN.call_params() });
    company.standin.begin_with(begin);
    company.standin.happen(101, "end", &json!({}));
    let scheduled = wait_for("the erasure", || company.deployment.json(&["erasures", "list"]).get(0).cloned());
    company.settled(1);
    let id = scheduled["id"].as_str().expect("an id");
    wait_for("the erasure to be cancelled", || {
        (company.deployment.json(&["erasures", "show", id])["state"] == "cancelled").then_some(())
    });
    assert!(company.standin.holds(ANN.email) && company.standin.calls("/anonymous").is_empty());
}

/// A form may withdraw the consent, and what was held with consent when the session ended goes after so long.
fn retention(after: &str) -> String {
    format!(
        r#"
[settling]
limit = "0s"
pause = "0s"

[[consent]]
on = "form-submitted"
when = "form.params['agree'] == 'no'"
state = "withdrawn"

[[rule]]
name = "retention"
on = "session-ended"
when = "consent.state == 'given'"
erase = "session"
after = "{after}"
targets = ["mluvii"]
"#
    )
}

#[test]
fn a_consent_that_is_withdrawn_later_takes_no_retention_back() {
    for (after, goes) in [("365d", false), ("5s", true)] {
        let company = Company::with("", LEDGER_ONLY, &retention(after));
        ANN.talks(&company.standin, 101, None);
        let scheduled = wait_for("the erasure", || company.deployment.json(&["erasures", "list"]).get(0).cloned());
        company.settled(1);
        let form = json!({ "kind": "hero_card", "form_id": 7, "params": { "agree": "no" } });
        company.standin.happen(101, "form", &form);
        company.standin.wait_for_deliveries();
        company.settled(1);
        if goes {
            company.receipts(1);
            assert!(!company.standin.holds(ANN.email));
        } else {
            let id = scheduled["id"].as_str().expect("an id");
            assert_eq!(company.deployment.json(&["erasures", "show", id])["state"], "scheduled");
        }
    }
}

#[test]
fn a_rule_that_is_edited_takes_nothing_back_when_an_erasure_begins() {
    let Company { server, deployment, standin } = Company::with("", LEDGER_ONLY, &retention("5s"));
    ANN.talks(&standin, 101, None);
    deployment.settled(1);
    assert!(server.stop().0.success());
    deployment.configure(&standin.mluvii, &retention("5s").replace("'given'", "'refused'"));
    let _server = Server::start(&deployment);
    receipts(&deployment, 1);
    assert!(!standin.holds(ANN.email));
}

#[test]
fn a_session_that_is_continued_is_erased_again() {
    let company = company(json!({}));
    ANN.talks_with(&company.standin, 101, json!({ "gdpr_version": null }));
    company.receipts(1);
    company.standin.happen(101, "reopen", &json!({}));
    company.standin.happen(101, "params", &ANN.call_params());
    company.standin.just_end(101);
    wait_for("it to be erased again", || (!company.standin.holds(ANN.email)).then_some(()));
}

/// A form of every kind withdraws the consent of its guest.
const WITHDRAWN: &str = r#"
[settling]
limit = "0s"
pause = "0s"
patience = "2s"

[[consent]]
on = "form-submitted"
when = "form.params['Agree'] == 'no'"
state = "withdrawn"

[[rule]]
name = "withdrawn"
on = "consent-changed"
when = "consent.state == 'withdrawn'"
erase = "session"
targets = ["mluvii"]
"#;

#[test]
fn a_form_in_the_generic_shape_is_read_from_its_activity() {
    let company = Company::with("", LEDGER_ONLY, WITHDRAWN);
    for (id, kind) in [(101, "call_script"), (102, "chatbot")] {
        ANN.talks(&company.standin, id, None);
        let form = json!({ "kind": kind, "form_id": 7, "generic": true, "params": { "AGREE": "no" } });
        company.standin.happen(id, "form", &form);
    }
    company.receipts(2);
}

#[test]
fn a_form_that_stands_nowhere_waits_and_then_needs_a_person() {
    let standin = StandIn::start();
    standin.behave(&json!({ "generic_forms": true, "activity_params": false }));
    let company = Company::on(standin, "", LEDGER_ONLY, WITHDRAWN);
    ANN.talks(&company.standin, 101, None);
    let form = json!({ "kind": "call_script", "form_id": 7, "params": { "agree": "no" } });
    company.standin.happen(101, "form", &form);
    wait_for("a person to be needed", || (company.deployment.json(&["status"])["parked_work"] == 1).then_some(()));
    assert_eq!(company.deployment.json(&["erasures", "list"]), json!([]));
}

#[test]
fn an_older_form_that_is_told_late_does_not_overwrite_a_newer_consent() {
    let both = WITHDRAWN.replace(
        "[[rule]]",
        "[[consent]]\non = \"form-submitted\"\nwhen = \"form.params['agree'] == 'yes'\"\nstate = \"given\"\n\n[[rule]]",
    );
    let company = Company::with("", LEDGER_ONLY, &both);
    ANN.talks(&company.standin, 101, None);
    company.settled(1);
    let say = |word: &str, time: &str| {
        let form = json!({ "form_id": 7, "params": { "agree": word }, "time": time });
        company.standin.happen(101, "form", &form);
        company.standin.wait_for_deliveries();
        company.settled(1);
    };
    say("yes", "2026-01-02T10:00:00Z");
    say("no", "2026-01-02T09:00:00Z");
    assert_eq!(company.deployment.json(&["erasures", "list"]), json!([]));
    say("no", "2026-01-02T11:00:00Z");
    company.receipts(1);
}

#[test]
fn a_guest_who_is_identified_later_is_looked_at_again() {
    let company = Company::with("", LEDGER_ONLY, super::SETTLE);
    ANN.talks(&company.standin, 101, None);
    ANN.talks(&company.standin, 102, Some("g-ann"));
    company.settled(2);
    company.standin.happen(101, "identify", &json!({ "guest": "g-ann" }));
    company.standin.wait_for_deliveries();
    company.settled(2);
    let dry_run = company.deployment.json(&["erase", "--guest", "acme/g-ann", "--dry-run"]);
    assert_eq!(super::shown(&dry_run, "certain"), [101, 102]);
}
