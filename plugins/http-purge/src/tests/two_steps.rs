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
    let uncontrolled = |settings: &mut Value| settings["health"] = Value::Null;
    let of_another_list = |settings: &mut Value| settings["erase"][2]["completes"] = json!("find");
    let of_itself = |settings: &mut Value| settings["erase"][2]["completes"] = json!("purge");
    let changes: [(fn(&mut Value), &str); 3] = [
        (uncontrolled, "deletes what no search shows, and a 404 proves nothing by itself: add `health`"),
        (of_another_list, "`completes` names an earlier step that deletes"),
        (of_itself, "`completes` names an earlier step that deletes"),
    ];
    for (change, expected) in changes {
        let mut settings = two_steps();
        change(&mut settings);
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
