//! Few looks: how many calls one session costs.

use serde_json::json;

use super::{ANN, Company, LEDGER_ONLY};

/// Rules at settling only, as in the issue.
const SETTLED_ONLY: &str = r#"
[settling]
limit = "1h"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// The calls about one session: not the token, and not the control requests, which many verifications share.
fn calls(company: &Company, id: i64) -> Vec<String> {
    let of_session = |call: &serde_json::Value| {
        let path = call["path"].as_str().expect("a path");
        let asked = call["query"]["SessionId"][0].as_str().map(|asked| asked == id.to_string());
        path.contains(&format!("/Sessions/{id}")) || asked == Some(true)
    };
    let all = company.standin.calls("").into_iter().filter(of_session);
    all.map(|call| format!("{} {} {}", call["method"], call["path"], call["query"])).collect()
}

#[test]
fn a_session_that_is_kept_costs_one_look_and_one_that_is_erased_five_calls() {
    let company = Company::with("", LEDGER_ONLY, SETTLED_ONLY);
    ANN.talks(&company.standin, 101, None);
    ANN.talks_with(&company.standin, 102, json!({ "gdpr_version": null }));
    company.settled(2);
    company.receipts(1);
    let kept = calls(&company, 101);
    let erased = calls(&company, 102);
    assert_eq!(kept.len(), 1, "{kept:#?}");
    assert!((1..=5).contains(&erased.len()), "{erased:#?}");
}

#[test]
fn with_rules_about_forms_and_a_form_an_erasure_costs_eight_calls() {
    let forms = format!(
        "{SETTLED_ONLY}\n[[rule]]\nname = \"the form\"\non = \"form-submitted\"\nwhen = \"form.id == 4711\"\n\
         erase = \"guest\"\ntargets = [\"mluvii\"]\n"
    );
    let company = Company::with("", LEDGER_ONLY, &forms);
    ANN.talks(&company.standin, 101, Some("g-ann"));
    company.settled(1);
    company.standin.submit(101, 4711, &json!({ "reason": "enough" }));
    company.receipts(1);
    let erased = calls(&company, 101);
    assert!((1..=8).contains(&erased.len()), "{erased:#?}");
}

#[test]
fn control_requests_are_shared_by_the_verifications_of_a_minute() {
    let company = Company::with("", LEDGER_ONLY, SETTLED_ONLY);
    for id in 101..111 {
        ANN.talks_with(&company.standin, id, json!({ "gdpr_version": null }));
    }
    company.receipts(10);
    let all = company
        .standin
        .calls("")
        .into_iter()
        .filter(|call| call["path"].as_str().is_some_and(|path| path.starts_with("/api/")));
    let per_session: usize = (101..111).map(|id| calls(&company, id).len()).sum();
    let control = all.count() - per_session;
    assert!((1..=4).contains(&control), "{control} control requests");
}
