//! Several places in one call.

use quietus_plugin::http::test::{Reply, Server};

use super::*;

#[test]
fn all_places_are_gone_through_and_counted_together() {
    let one = Root::new();
    let two = Root::new();
    let bucket = Bucket::new("together", Keeps::Versions);
    one.file("4711.wav");
    two.file("4711.wav");
    two.file("ann@x.cz.json");
    bucket.object("rec/4711.wav");
    let places = json!([
        { "name": "one", "local": one.place(json!({})) },
        { "name": "two", "local": two.place(json!({})) },
        { "name": "mail", "local": two.place(json!({ "path": "{email}.json" })) },
        { "name": "cloud", "s3": bucket.place(json!({})) },
    ]);
    let plugin = plugin(places).expect("configured");
    let counts = |answer: Answer| answer.count("files", 2).count("objects", 1).count("versions", 1);
    assert_eq!(plugin.dry_run(session("4711")), Ok(counts(Answer::residual())));
    assert_eq!(plugin.erase(session("4711")), Ok(counts(Answer::erased())));
    assert_eq!(two.all(), ["ann@x.cz.json"]);
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::absent()));
}

#[test]
fn one_that_fails_keeps_no_other_from_being_done() {
    let one = Root::new();
    let two = Root::new();
    let down = Server::start(|_| Reply::empty(503));
    one.file("4711.wav");
    two.file("4711.wav");
    let places = json!([
        { "name": "one", "local": one.place(json!({})) },
        { "name": "cloud", "s3": s3(&down.url, "b") },
        { "name": "two", "local": two.place(json!({})) },
    ]);
    let plugin = plugin(places).expect("configured");
    fails(plugin.erase(session("4711")), ErrorClass::Retryable, "place `cloud`: the storage answered with status 503");
    assert_eq!((one.all(), two.all()), (vec![], vec![]));
    fails(plugin.verify(session("4711")), ErrorClass::Retryable, "place `cloud`");
    std::fs::remove_dir(one.path()).expect("removed");
    let error = plugin.erase(session("4711")).expect_err("both");
    assert_eq!(error.class, ErrorClass::NeedsOperator, "what a person must fix comes first");
    assert!(error.message.starts_with("place `one`: the root is not there"), "{error}");
    assert!(error.message.contains("; place `cloud`: "), "{error}");
    std::fs::create_dir(one.path()).expect("made");
    std::fs::create_dir(one.path().join("4711.wav")).expect("made");
    fails(plugin.erase(session("4711")), ErrorClass::Retryable, "; place `one`: a folder stands in place of a file");
}

#[test]
fn an_identifier_that_nobody_can_look_for_is_told() {
    let root = Root::new();
    root.file("4711.wav");
    let plugin = root.plugin(json!({}));
    let request = Request::from([("session_id", "4711"), ("session_id", "a/b")]);
    let answer = plugin.erase(&request).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["files"]), (Outcome::Unverifiable, 1));
    assert!(answer.reason.expect("a reason").starts_with("1 of the person's identifiers cannot be part of a name"));
    assert_eq!(root.all(), Vec::<String>::new());
}
