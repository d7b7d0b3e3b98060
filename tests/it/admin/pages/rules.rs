//! Rules in a browser: what they are, what they did, and what a person says of one that waits.

use super::{ADMIN, Browser, Page, user};
use crate::harness::{StandIn, wait_for};
use crate::rules::alarm::{one_of_four_erased, would_erase_all};

const RULE: &str = "no consent, nothing kept";

/// The version that a page's form is of.
fn version(page: &Page) -> String {
    page.hidden("version")
}

#[test]
fn a_rule_that_would_erase_much_is_read_tried_and_judged_by_the_version_that_was_seen() {
    let standin = StandIn::start();
    let (deployment, server) = one_of_four_erased(&standin, ADMIN);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    user(&deployment, "petr", "Petr", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["approver"], &["acme"]);
    let adam = Browser::signed_in(&server, "adam");
    let quiet = adam.get("/rules").is(200).says(&[RULE, "consent.state ==", "In force"]);
    assert!(!quiet.text.contains("/rules/confirm"), "nothing waits: {}", quiet.text);

    let server = would_erase_all(&standin, &deployment, server);
    let [adam, petr, anna] = ["adam", "petr", "anna"].map(|name| Browser::signed_in(&server, name));
    let waits = wait_for("the rule to wait", || {
        let page = adam.get("/rules").is(200);
        page.text.contains("/rules/confirm").then_some(page)
    });
    let waits = waits.says(&["Rules that wait for a person", RULE, "always", "Let it begin", "Reject it"]);
    let seen = version(&waits);

    // What they did and would do.
    let tried = adam.get("/rules/trial?days=30").is(200);
    tried.says(&["the last 30 days", "Would be erased, and was not decided", RULE]);
    for wrong in ["", "?days=0", "?days=31", "?days=x", "?months=1"] {
        adam.get(&format!("/rules/trial{wrong}")).is(400);
    }
    adam.get("/language/cs").leads_to("/");
    adam.get("/rules").is(200).says(&["Pravidla, která čekají na člověka", "Nechat začít", "vždy"]);
    adam.get("/rules/trial?days=90").is(200).says(&["posledních 90 dní"]);
    adam.get("/language/en").leads_to("/");

    // An operator sees it, and decides nothing about people's data; nor does who sees one company only.
    let only = petr.get("/rules").is(200).says(&["Officers and approvers decide about it."]);
    assert!(!only.text.contains("/rules/confirm") && !only.text.contains("/rules/trial"), "{}", only.text);
    petr.get("/rules/trial?days=30").is(403);
    anna.get("/rules").is(403);
    anna.get("/rules/trial?days=30").is(403);
    let judged = |version: &str| [("rule", RULE.to_owned()), ("version", version.to_owned())];
    let post = |browser: &Browser, act: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("/rules/{act}"), &fields)
    };
    for act in ["confirm", "reject"] {
        post(&petr, act, &judged(&seen)).is(403);
        post(&anna, act, &judged(&seen)).is(403);
        post(&adam, act, &judged("another")).is(404);
        // A form that names no version says nothing of the newest one.
        post(&adam, act, &judged("")).is(400);
        post(&adam, act, &judged(&seen)[1..]).is(400);
    }
    assert_eq!(version(&adam.get("/rules").is(200)), seen, "nothing has changed");
    post(&adam, "confirm", &judged(&seen)).leads_to("/rules");
    let done = adam.get("/rules").is(200).says(&["In force"]);
    assert!(!done.text.contains("/rules/confirm"), "{}", done.text);
    // Neither going back nor loading again orders it once more.
    post(&adam, "confirm", &judged(&seen)).is(409);
    post(&adam, "reject", &judged(&seen)).is(409);
    let audited = deployment.json(&["audit", "list"]).to_string();
    assert!(audited.contains("rules.confirm") && audited.contains("user:adam"), "{audited}");
}
