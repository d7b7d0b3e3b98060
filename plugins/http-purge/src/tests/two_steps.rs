//! A deletion that a second one completes, after which no search shows anything.

use quietus_plugin::ErrorClass;

use super::*;

/// Finds, deletes, and deletes for good.
fn two_steps() -> Value {
    let mut settings = crm();
    let purge = json!({ "name": "purge", "method": "DELETE", "url": "/deleted/{{item}}", "for_each": "find.ids",
        "completes": "delete", "count": "purged" });
    settings["erase"].as_array_mut().expect("steps").push(purge);
    settings["health"] = health_step();
    settings
}

#[test]
fn what_completes_what_is_checked() {
    assert!(configure("https://crm.example", two_steps()).is_ok());
    for (member, value, expected) in [
        ("health", Value::Null, "deletes what no search shows, and a 404 proves nothing by itself: add `health`"),
        ("completes", json!("find"), "`completes` names an earlier step that deletes"),
        ("completes", json!("purge"), "`completes` names an earlier step that deletes"),
    ] {
        let mut settings = two_steps();
        let changed = if member == "health" { &mut settings["health"] } else { &mut settings["erase"][2][member] };
        *changed = value;
        let error = configure("https://crm.example", settings).err().expect("refused");
        assert!(error.message.contains(expected), "{error}");
    }
}

#[test]
fn what_is_found_again_is_deleted_again_in_both_steps() {
    // The first deletion is accepted, and the search still finds it; the second attempt's is done.
    let mut attempts = 0;
    let mut is_there = true;
    let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
        (_, "/health") => healthy(),
        ("GET", _) if is_there => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        ("GET", _) => results(json!([])),
        ("DELETE", "/contacts/1") => {
            attempts += 1;
            is_there = attempts < 2;
            Reply::empty(204)
        }
        _ if is_there => Reply::empty(404),
        _ => Reply::empty(204),
    });
    let plugin = plugin(&server, two_steps());
    assert_eq!(erase(&plugin, &ann()).expect_err("it was not deleted").class, ErrorClass::Retryable);
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 1).count("purged", 1)));
    assert_eq!(server.lines().iter().filter(|line| *line == "DELETE /contacts/1").count(), 2);
}

#[test]
fn a_second_deletion_that_is_refused_for_good_is_no_erasure() {
    let mut is_there = true;
    let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", _) if is_there => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        ("GET", _) => results(json!([])),
        ("DELETE", "/contacts/1") => {
            is_there = false;
            Reply::empty(204)
        }
        _ => Reply::json(403, &json!({ "message": "no right to delete for good" })),
    });
    let plugin = plugin(&server, two_steps());
    for _ in 0..2 {
        assert_eq!(erase(&plugin, &ann()).expect_err("half").class, ErrorClass::Permanent);
    }
}
