//! `quietus explain` and `quietus rules try`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text;
use crate::harness::{Deployment, RULES, Server, StandIn, receipts, wait_for};

/// Of a list of objects, this member of each.
fn each<'v>(list: &'v Value, member: &str) -> Vec<&'v Value> {
    list.as_array().into_iter().flatten().map(|one| &one[member]).collect()
}

/// The evaluation at which the session settled.
fn settled(explained: &Value) -> &Value {
    let then = explained["then"].as_array().expect("a list");
    then.iter().find(|one| one["on"] == "session-settled").unwrap_or_else(|| panic!("{explained}"))
}

/// Of each rule: what it would erase, what was decided, more and less, over all months; and whether it is one of those that were tried.
fn by_rule(tried: &Value) -> Vec<(&str, [u64; 4], bool)> {
    let mut rules = BTreeMap::new();
    for row in tried["differences"].as_array().expect("a list") {
        let of_rule = rules.entry(row["rule"].as_str().expect("a name")).or_insert(([0; 4], row["is_tried"] == true));
        for (sum, name) in of_rule.0.iter_mut().zip(["would", "decided", "more", "less"]) {
            *sum += row[name].as_u64().expect("a number");
        }
    }
    rules.into_iter().map(|(rule, (sums, is_tried))| (rule, sums, is_tried)).collect()
}

#[test]
fn it_is_explained_what_was_decided_then_and_what_would_be_now() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", None);
    standin.end(101);
    standin.begin(102, "bob@x.cz", Some("v3"));
    standin.end(102);
    deployment.settled(2);
    receipts(&deployment, 1);
    standin.submit(102, 4712, &json!({ "agree": "no, hunter2" }));
    let kept = wait_for("the form to be evaluated", || {
        let all = deployment.json(&["explain", "acme/102"]);
        let is_form = |one: &Value| one["on"] == "form-submitted";
        all["then"].as_array().is_some_and(|then| then.iter().any(is_form)).then_some(all)
    });

    let erased = deployment.json(&["explain", "acme/101"]);
    let then = settled(&erased);
    assert_eq!(
        (&then["applied"], &then["consent"]),
        (&json!(["no consent, nothing kept"]), &json!("absent")),
        "{erased}"
    );
    assert_eq!(then["did_not_apply"], json!(["retention"]));
    assert!(erased["erased"].is_string() && erased["erasures"][0]["state"] == "done", "{erased}");
    assert_eq!(each(&erased["not_asked_again"], "rule"), ["consent withdrawn", "the delete-my-data form"]);

    assert_eq!(settled(&kept)["applied"], json!(["retention"]), "{kept}");
    assert_eq!(kept["erasures"][0]["state"], "scheduled", "{kept}");
    assert!(!kept.to_string().contains("hunter2"), "what a form said is gone: {kept}");

    // With other rules, which ones did not apply is not claimed; what they would decide stands apart.
    let config = deployment.configuration();
    let changed = config.replace("when = \"consent.state == 'absent'\"", "when = \"consent.state == 'given'\"");
    deployment.write("quietus.toml", &changed);
    let erased = deployment.json(&["explain", "acme/101"]);
    assert_eq!(settled(&erased)["applied"], json!(["no consent, nothing kept"]));
    assert!(settled(&erased).get("did_not_apply").is_none(), "{erased}");
    assert_eq!(each(&erased["now"], "answer"), ["does-not-apply", "does-not-apply"]);
    assert_eq!(erased["now"][0]["facts"], json!(["consent.state is 'absent'"]));

    let said = text(&deployment.run(&["explain", "acme/101"]));
    for part in
        ["Decided then", "applied: no consent, nothing kept", "the rules have changed since", "cannot be asked again"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
    let nobody = deployment.run(&["explain", "acme/4711"]);
    assert!(nobody.status.code() == Some(1) && text(&nobody).contains("is not in the ledger"), "{}", text(&nobody));
}

#[test]
fn other_rules_are_tried_on_what_the_ledger_knows() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, consent) in [(101, None), (102, Some("v3")), (103, Some("v3")), (104, None)] {
        standin.begin(id, "ann@x.cz", consent);
        standin.end(id);
    }
    deployment.settled(4);
    receipts(&deployment, 2);

    // What was decided is what these rules decide.
    let same = deployment.run(&["rules", "try"]);
    assert!(same.status.success(), "{}", text(&same));
    let same = deployment.json(&["rules", "try", "--since", "30d"]);
    assert_eq!(
        (&same["sessions"], &same["would_erase"], &same["would_erase_more"]),
        (&json!(4), &json!(4), &json!(0)),
        "{same}"
    );
    let same_rules = [("no consent, nothing kept", [2, 2, 0, 0], true), ("retention", [2, 2, 0, 0], true)];
    assert_eq!(by_rule(&same), same_rules);
    assert_eq!(same["not_tried"], json!(["consent withdrawn", "the delete-my-data form"]));

    let config = deployment.configuration();
    let other = config
        .replace("when = \"consent.state == 'absent'\"", "when = \"consent.state == 'given'\"")
        .replace("name = \"retention\"", "name = \"a year\"");
    deployment.write("other.toml", &other);
    let path = deployment.path("other.toml");
    let tried = deployment.json(&["rules", "try", "--rules", path.to_str().expect("UTF-8")]);
    assert_eq!(
        by_rule(&tried),
        [
            ("a year", [2, 0, 2, 0], true),
            ("no consent, nothing kept", [2, 2, 2, 2], true),
            ("retention", [0, 2, 0, 2], false),
        ]
    );
    assert_eq!((&tried["would_erase"], &tried["would_erase_less"]), (&json!(2), &json!(2)));
    let run = deployment.run(&["rules", "try", "--rules", path.to_str().expect("UTF-8")]);
    assert_eq!(run.status.code(), Some(1), "they differ");
    assert!(text(&run).contains("retention (not among these rules)"), "{}", text(&run));
    // Nothing is tried of what ended before.
    assert_eq!(deployment.json(&["rules", "try", "--since", "0s"])["sessions"], 0);
}
