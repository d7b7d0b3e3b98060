//! What may not be told, or could not be looked for, is refused when it is configured.

use super::*;

#[track_caller]
fn check(settings: Value, part: &str) {
    let error = configure("https://crm.example", settings).err().expect("refused");
    assert_eq!(error.class, NeedsOperator);
    assert!(error.message.contains(part), "{error}");
}

#[track_caller]
fn is_taken(settings: Value) {
    if let Err(error) = configure("https://crm.example", settings) {
        panic!("{error}");
    }
}

/// A step after the one that finds contacts and tells nothing.
fn followed_by(first: Value, second: Value) -> Value {
    let mut settings = telling(first);
    settings["find"].as_array_mut().expect("steps").push(second);
    settings
}

#[test]
fn what_is_told_needs_a_kind_a_list_and_a_limit() {
    for kind in ["name", "guest_id", "session_id", "Customer number", ""] {
        check(telling(json!({ "returns": kind })), "find step `contacts`: `returns` is a kind");
    }
    for values_max in [0, 65] {
        check(telling(json!({ "values_max": values_max })), "`values_max` is 1 to 64");
    }
    check(telling(json!({ "extract": {} })), "needs one list in `extract`");
    check(telling(json!({ "extract": { "ids": "$.id", "cards": "$.card" } })), "needs one list in `extract`");
    check(telling(json!({ "extract": { "ids": "results[" } })), "JSON path");
    check(telling(json!({ "returns": null })), "no step has `returns`");
    check(telling(json!({ "returns": null, "values_max": 1 })), "go with `returns`");
    check(telling(json!({ "returns": null, "may_lack": true })), "go with `returns`");
    for kind in ["crm_id", "email", "phone"] {
        is_taken(telling(json!({ "returns": kind, "values_max": 64, "may_lack": true })));
    }
}

#[test]
fn nothing_is_told_but_by_find_which_changes_nothing() {
    for which in ["erase", "verify"] {
        let mut settings = crm();
        settings[which][0]["returns"] = json!("crm_id");
        check(settings, &format!("{which} step `find`: `returns` is for the steps of `find`"));
    }
    let mut settings = crm();
    settings["health"] = health_step();
    settings["health"]["extract"] = json!({ "ids": "$" });
    settings["health"]["returns"] = json!("crm_id");
    check(settings, "health: `returns` is for the steps of `find`");
    let delete =
        json!({ "name": "delete", "method": "DELETE", "url": "/contacts/{{item}}", "for_each": "contacts.ids" });
    check(followed_by(json!({}), delete), "find only looks");
}

#[test]
fn only_what_surely_is_the_persons_may_be_told() {
    let account = json!({ "name": "account", "method": "GET", "url": "/account", "items": "$", "extract": { "ids": "$.id" },
        "returns": "crm_id" });
    check(followed_by(json!({}), account), "find step `account`: nothing in it depends on an identifier");
    check(telling(json!({ "items": "$..contact" })), "`..` leads to whatever there is");
    check(telling(json!({ "match": "trust_search" })), "believes a search");
    check(telling(json!({ "match": null })), "nothing says whose its results are");
    for kind in ["phone", "name"] {
        let alone = json!({ "path": "$.value", "equals": format!("{{{{{kind}}}}}") });
        check(telling(json!({ "query": { "q": format!("{{{{{kind}}}}}") }, "match": alone })), "alone");
        // The search may go by it where the results are judged by something else.
        is_taken(telling(json!({ "query": { "q": format!("{{{{{kind}}}}}") } })));
    }
    // A search in each of the account's lists is no list of what belongs to a person.
    let mut settings =
        telling(json!({ "url": "/lists/{{item}}/members", "for_each": "lists.ids", "match": "trust_search" }));
    let lists = json!({ "name": "lists", "method": "GET", "url": "/lists", "items": "$.lists[*]", "extract": { "ids": "$.id" } });
    settings["find"].as_array_mut().expect("steps").insert(0, lists);
    check(settings.clone(), "believes a search");
    settings["find"][1]["match"] = json!({ "path": "$.list", "equals": "{{item}}" });
    check(settings.clone(), "alone");
    settings["find"][1]["match"] = json!({ "path": "$.email", "equals": "{{email}}" });
    is_taken(settings);
}

#[test]
fn candidates_are_told_by_the_step_that_judges_them() {
    let judges = |equals: &str, path: &str| {
        json!({ "name": "details", "method": "GET", "url": "/contacts/{{item}}", "for_each": "contacts.ids", "items": "$",
            "match": { "path": path, "equals": equals }, "extract": { "ids": "$.id" }, "returns": "crm_id" })
    };
    let later = || json!({ "match": "later", "returns": null });
    is_taken(followed_by(later(), judges("{{email}}", "$.email")));
    check(followed_by(json!({ "match": "later" }), judges("{{email}}", "$.email")), "nobody has judged these results");
    check(followed_by(later(), judges("{{phone}}", "$.phone")), "alone");
    check(followed_by(later(), judges("{{item}}", "$.id")), "without judging them");
}
