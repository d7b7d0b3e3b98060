//! What failed half-way goes on, and nothing that was erased is forgotten or counted twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use quietus_plugin::http::test::{Reply, Server};

use super::*;

#[test]
fn a_cancelled_erasure_of_files_goes_on_and_counts_all() {
    let root = Root::new();
    (0..5).for_each(|n| drop(root.file(&format!("{n}/4711.wav"))));
    let mut plugin = root.plugin(json!({ "path": "*/{session_id}.wav" }));
    let mut cancelled = 0;
    let answer = loop {
        plugin = plugin.cancel_after(20);
        match plugin.erase(session("4711")) {
            Ok(answer) => break answer,
            Err(error) => {
                assert_eq!(error.class, ErrorClass::Cancelled);
                cancelled += 1;
            }
        }
    };
    assert_eq!(answer, Answer::erased().count("files", 5));
    assert!(cancelled > 0, "it was stopped on the way");
    assert_eq!(root.all(), ["0", "1", "2", "3", "4"]);
}

/// What is in a storage that deletes a batch and then fails in a way.
fn failing(failures: Vec<Reply>) -> (Server, Arc<Mutex<BTreeSet<u32>>>) {
    let there: Arc<Mutex<BTreeSet<u32>>> = Arc::new(Mutex::new((0..4).collect()));
    let shared = Arc::clone(&there);
    let mut failures = failures.into_iter();
    let server = Server::start(move |seen| {
        let mut there = shared.lock().expect("not poisoned");
        let has = |name: &str| seen.target.contains(name);
        if seen.method == "POST" {
            // The two first go, whatever is answered.
            let ids: Vec<u32> = there.iter().copied().take(2).collect();
            there.retain(|id| !ids.contains(id));
            if let Some(failure) = failures.next() {
                return failure;
            }
            let deleted = |id: &u32| format!("<Deleted><Key>rec/4711.wav</Key><VersionId>v{id}</VersionId></Deleted>");
            let left = there.iter().map(|id| {
                format!("<Error><Key>rec/4711.wav</Key><VersionId>v{id}</VersionId><Code>InternalError</Code></Error>")
            });
            let result: String = ids.iter().map(deleted).chain(left).collect();
            return Reply::text(200, &format!("<DeleteResult>{result}</DeleteResult>"));
        }
        if has("uploads") {
            return Reply::text(
                200,
                "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>",
            );
        }
        let version = |id: &u32| format!("<Version><Key>rec/4711.wav</Key><VersionId>v{id}</VersionId></Version>");
        let versions: String = there.iter().map(version).collect();
        Reply::text(
            200,
            &format!("<ListVersionsResult><IsTruncated>false</IsTruncated>{versions}</ListVersionsResult>"),
        )
    });
    (server, there)
}

#[test]
fn a_deletion_that_failed_half_way_goes_on_and_counts_all() {
    let (server, there) = failing(vec![]);
    let plugin = plugin(json!([{ "name": "cloud", "s3": s3(&server.url, "b") }])).expect("configured");
    fails(plugin.erase(session("4711")), ErrorClass::Retryable, "InternalError");
    assert_eq!(there.lock().expect("not poisoned").len(), 2);
    let erased = Answer::erased().count("objects", 1).count("versions", 4);
    assert_eq!(plugin.erase(session("4711")), Ok(erased));
}

#[test]
fn a_deletion_whose_answer_was_lost_is_counted_when_it_was_done() {
    // Three lost answers end the first call: the storage has done more each time.
    let (server, there) = failing(vec![Reply::HangUp, Reply::HangUp, Reply::HangUp]);
    let plugin = plugin(json!([{ "name": "cloud", "s3": s3(&server.url, "b") }])).expect("configured");
    let error = plugin.erase(session("4711")).expect_err("lost");
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert_eq!(there.lock().expect("not poisoned").len(), 0);
    let erased = Answer::erased().count("objects", 1).count("versions", 4);
    assert_eq!(plugin.erase(session("4711")), Ok(erased));
    assert_eq!(plugin.erase(again(session("4711"))), Ok(Answer::absent()));
}

#[test]
fn a_garbled_answer_to_a_deletion_is_not_a_success() {
    let (server, there) = failing(vec![Reply::text(200, "<html>")]);
    let plugin = plugin(json!([{ "name": "cloud", "s3": s3(&server.url, "b") }])).expect("configured");
    fails(plugin.erase(session("4711")), ErrorClass::Retryable, "cannot be read");
    assert_eq!(there.lock().expect("not poisoned").len(), 2);
    let erased = Answer::erased().count("objects", 1).count("versions", 4);
    assert_eq!(plugin.erase(session("4711")), Ok(erased));
}
