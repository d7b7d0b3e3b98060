//! Searches that show nothing but ids: believed where the operator says so, and then the answer says it.

use quietus_plugin::ErrorClass;

use super::*;

/// The CRM of [`crm`], whose searches are believed.
fn trusting() -> Value {
    let mut settings = crm();
    for which in ["erase", "verify"] {
        settings[which][0]["match"] = json!("trust_search");
    }
    settings
}

/// Finds ids for Ann alone, as long as they are there; with `everybody`, for whomever.
fn ids(everybody: bool) -> Server {
    let mut there = vec![7, 8];
    Server::start(move |seen| match seen.method.as_str() {
        "GET" if everybody || seen.target.contains("ann%40x.cz") => {
            results(there.iter().map(|id| json!({ "id": id })).collect())
        }
        "GET" => results(json!([])),
        _ => {
            there.retain(|id| seen.target != format!("/contacts/{id}"));
            Reply::empty(204)
        }
    })
}

#[test]
fn what_nothing_judges_is_refused() {
    let mut unjudged = crm();
    let mut list = crm();
    list["erase"][0] = json!({ "name": "find", "method": "GET", "url": "/contacts", "query": { "email": "{{email}}" },
        "extract": { "ids": "$.results[*].id" } });
    let mut verifies = crm();
    for (settings, which) in [(&mut unjudged, "erase"), (&mut verifies, "verify")] {
        settings[which][0].as_object_mut().expect("a step").remove("match");
    }
    // What is listed of something that was found is found by nothing but its id.
    let mut linked = crm();
    let notes = json!({ "name": "notes", "method": "GET", "url": "/contacts/{{item}}/notes", "for_each": "find.ids",
        "items": "$.results[*]", "extract": { "ids": "$.id" } });
    linked["erase"].as_array_mut().expect("steps").insert(1, notes);
    for settings in [unjudged, list, verifies, linked] {
        let error = configure("https://crm.example", settings.clone()).err().expect("refused");
        assert!(error.message.contains("`match = \"trust_search\"`"), "{settings}: {error}");
    }
    let mut constant = crm();
    constant["erase"][0]["match"] = json!({ "path": "$.type", "equals": "contact" });
    let error = configure("https://crm.example", constant).err().expect("refused");
    assert!(error.message.contains("nothing of the person"), "{error}");
    for wrong in [json!("trust"), json!({ "path": "$.email" }), json!(true)] {
        let mut settings = crm();
        settings["erase"][0]["match"] = wrong;
        assert!(configure("https://crm.example", settings).is_err());
    }
    let mut writes = crm();
    writes["erase"][1]["match"] = json!("trust_search");
    assert!(configure("https://crm.example", writes).is_err());
    assert!(configure("https://crm.example", trusting()).is_ok());
}

#[test]
fn a_search_that_is_believed_is_told_with_every_answer() {
    let server = ids(false);
    let plugin = plugin(&server, trusting());
    let said = |answer: Result<Answer, PluginError>, outcome: Outcome| {
        let answer = answer.expect("an answer");
        assert_eq!(answer.outcome, outcome, "{answer:?}");
        let told = answer.looked_at.concat();
        assert!(told.contains("`find`") && told.contains("`trust_search`") && !told.contains("ann"), "{answer:?}");
    };
    said(plugin.dry_run(ann()), Outcome::Residual);
    said(plugin.erase(ann()), Outcome::Erased);
    said(plugin.verify(ann()), Outcome::Absent);
    said(plugin.erase(Request { idempotency_key: "k-2".into(), ..ann() }), Outcome::Absent);
    let judged = super::plugin(&with_contacts(), crm()).erase(ann()).expect("an answer");
    assert!(!judged.looked_at.concat().contains("trust_search"), "{judged:?}");
}

#[test]
fn a_search_that_finds_everybody_is_not_believed() {
    let server = ids(true);
    let plugin = plugin(&server, trusting());
    for answer in [erase(&plugin, &ann()), plugin.dry_run(ann()), verify(&plugin, ann())] {
        let error = answer.expect_err("it looks at nothing");
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
        assert!(error.message.contains("somebody who does not exist"), "{error}");
    }
    assert!(plugin.health().is_err());
    assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
}

#[test]
fn a_system_that_refuses_a_made_up_value_has_not_shown_that_it_looks_at_it() {
    let mut there = vec![7];
    let server = Server::start(move |seen| match seen.method.as_str() {
        "GET" if !seen.target.contains("ann") => Reply::json(422, &json!({ "message": "no address" })),
        "GET" => results(there.iter().map(|id| json!({ "id": id })).collect()),
        _ => {
            there.clear();
            Reply::empty(204)
        }
    });
    let error = erase(&plugin(&server, trusting()), &ann()).expect_err("nobody knows");
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("add `match`"), "{}", error.message);
}

/// A CRM whose notes are asked for by the contact's id; `made_up` answers for an id that is not there.
fn notes(url: &str, query: Value, all: Value, made_up: fn() -> Reply) -> (Result<Answer, PluginError>, Vec<String>) {
    let find = json!({ "name": "notes", "method": "GET", "url": url, "query": query, "for_each": "find.ids",
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "match": "trust_search" });
    let delete = json!({ "name": "delete-notes", "method": "DELETE", "url": "/notes/{{item}}", "for_each": "notes.ids",
        "count": "notes" });
    let mut settings = crm();
    let steps = settings["erase"].as_array_mut().expect("steps");
    steps.insert(1, find);
    steps.insert(2, delete);
    let mut contacts = json!([{ "id": "7", "email": "ann@x.cz" }]);
    let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", "/notes?contact=7" | "/contacts/7/notes") => results(all.clone()),
        ("GET", target) if target.contains("/notes") => made_up(),
        ("GET", _) => results(contacts.clone()),
        _ => {
            contacts = json!([]);
            Reply::empty(204)
        }
    });
    let answer = erase(&plugin(&server, settings), &ann());
    (answer, server.lines().into_iter().filter(|line| line.starts_with("DELETE")).collect())
}

#[test]
fn what_belongs_to_an_item_is_believed_once_another_item_has_shown_nothing() {
    let routes = [("/notes", json!({ "contact": "{{item}}" })), ("/contacts/{{item}}/notes", json!({}))];
    for (url, query) in routes {
        let with = |all: Value, made_up: fn() -> Reply| notes(url, query.clone(), all, made_up);
        let is_path = url.contains("item");
        for nothing in [|| results(json!([])), || Reply::json(400, &json!({ "message": "no such contact" }))] {
            let both = Answer::erased().count("contacts", 1).count("notes", 1);
            assert_eq!(with(json!([{ "id": 1 }]), nothing).0, Ok(both));
            assert_eq!(with(json!([]), nothing).0, Ok(Answer::erased().count("contacts", 1)));
        }
        // Below an id that is not there, nothing is; elsewhere, a gateway says so.
        assert_eq!(with(json!([]), || Reply::empty(404)).0.is_ok(), is_path, "{url}");
        // It gives notes of whomever: neither these nor their absence says anything.
        for all in [json!([{ "id": 1 }]), json!([])] {
            let (answer, deleted) = with(all, || results(json!([{ "id": 99 }])));
            assert_eq!(answer.expect_err("it looks at nothing").class, ErrorClass::Permanent);
            assert!(deleted.is_empty(), "{deleted:?}");
        }
        let (answer, deleted) = with(json!([]), || Reply::text(200, "<html>please log in</html>"));
        assert_eq!(answer.expect_err("no control").class, ErrorClass::Retryable);
        assert!(deleted.is_empty(), "{deleted:?}");
    }
}
