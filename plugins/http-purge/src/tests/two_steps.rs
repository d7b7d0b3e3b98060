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
fn what_was_deleted_once_is_not_forgotten_for_what_is_found_later() {
    // The first attempt ends between the two deletions of 1, the second one before those of 2, in a step on another list.
    let mut attempt = 0;
    let mut gone = Vec::new();
    let server =
        Server::start(move |seen| match (seen.method.as_str(), seen.target.split('?').next().unwrap_or_default()) {
            (_, "/health") => healthy(),
            ("GET", "/notes") if attempt > 1 && !gone.contains(&"/notes/9".to_owned()) => {
                results(json!([{ "id": 9, "email": "ann@x.cz" }]))
            }
            ("GET", "/notes") => results(json!([])),
            ("GET", _) => {
                attempt += 1;
                let id = if attempt == 1 { 1 } else { 2 };
                let is_gone = gone.contains(&format!("/contacts/{id}"));
                results(if is_gone { json!([]) } else { json!([{ "id": id, "email": "ann@x.cz" }]) })
            }
            (_, "/deleted/1") if attempt == 1 => Reply::empty(503),
            (_, "/notes/9") if attempt == 2 => Reply::empty(503),
            (_, target) => {
                gone.push(target.to_owned());
                Reply::empty(204)
            }
        });
    let mut settings = two_steps();
    let mut find = settings["erase"][0].clone();
    find["name"] = json!("find_notes");
    find["url"] = json!("/notes");
    let delete = json!({ "name": "notes", "method": "DELETE", "url": "/notes/{{item}}", "for_each": "find_notes.ids" });
    settings["erase"].as_array_mut().expect("steps").splice(1..1, [find, delete]);
    let plugin = plugin(&server, settings);
    for _ in 0..2 {
        assert_eq!(erase(&plugin, &ann()).expect_err("not answered").class, ErrorClass::Retryable);
    }
    let answer = erase(&plugin, &ann()).expect("an answer");
    let purged = server.lines().iter().filter(|line| *line == "DELETE /deleted/1").count();
    assert_eq!((answer.outcome, purged), (Outcome::Erased, 2), "{answer:?}");
    assert_eq!(answer, Answer::erased().count("contacts", 2).count("notes", 1).count("purged", 2));
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

#[test]
fn what_was_refused_first_is_not_deleted_for_good_in_the_same_run() {
    // What the second deletion deletes needs no first one: `DELETE /deleted/…` of some systems takes any id.
    for (refusal, expected) in [
        (400, Err(ErrorClass::Permanent)),
        (403, Err(ErrorClass::Permanent)),
        (409, Err(ErrorClass::Permanent)),
        (422, Err(ErrorClass::Permanent)),
        (423, Ok(Outcome::Retained)),
        (451, Ok(Outcome::Retained)),
    ] {
        let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
            (_, "/health") => healthy(),
            ("GET", _) => results(json!([{ "id": 1, "email": "ann@x.cz" }, { "id": 2, "email": "ann@x.cz" }])),
            ("DELETE", "/contacts/1") => Reply::empty(refusal),
            _ => Reply::empty(204),
        });
        let plugin = plugin(&server, two_steps());
        let answer = erase(&plugin, &ann());
        assert_eq!(answer.map(|answer| answer.outcome).map_err(|error| error.class), expected, "{refusal}");
        let deletions: Vec<_> = server.lines().into_iter().filter(|line| line.starts_with("DELETE")).collect();
        assert_eq!(deletions, ["DELETE /contacts/1", "DELETE /contacts/2", "DELETE /deleted/2"], "{refusal}");
    }
}

/// A contact whose first deletion is answered by `refusal` and not made; then the contact is Ann's no more. The deletions that
/// are made after it, and the answer.
fn after(refusal: u16) -> (Result<Answer, PluginError>, Vec<String>) {
    let mut is_anns = true;
    let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
        (_, "/health") => healthy(),
        ("GET", _) => results(json!([{ "id": 1, "email": if is_anns { "ann@x.cz" } else { "joann@x.cz" } }])),
        ("DELETE", "/contacts/1") if std::mem::take(&mut is_anns) => Reply::empty(refusal),
        ("DELETE", "/contacts/1") => Reply::empty(204),
        _ => Reply::empty(404),
    });
    let plugin = plugin(&server, two_steps());
    erase(&plugin, &ann()).expect_err("refused");
    let before = server.lines().len();
    let answer = erase(&plugin, &ann());
    (answer, server.lines().split_off(before).into_iter().filter(|line| line.starts_with("DELETE")).collect())
}

#[test]
fn a_first_deletion_that_was_refused_is_judged_anew() {
    for refusal in [422, 403, 429] {
        let (answer, deletions) = after(refusal);
        assert!(deletions.is_empty(), "{refusal}: {deletions:?}");
        assert_eq!(answer, Ok(Answer::absent()), "{refusal}");
    }
}

#[test]
fn a_first_deletion_of_which_nobody_knows_is_not_made_again_unjudged() {
    let (answer, deletions) = after(500);
    assert!(!deletions.contains(&"DELETE /contacts/1".to_owned()), "{deletions:?}");
    assert_eq!(answer.expect_err("nobody knows").class, ErrorClass::Retryable);
}
