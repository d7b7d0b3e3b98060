//! What nobody can look at: it is not told as absent, and it keeps nobody else's files from going.

use super::*;
use crate::told;

/// Neither an erasure nor a look takes place, and `health` says so before.
#[track_caller]
fn nobody_looks(plugin: &Host, request: &Request, text: &str) {
    for result in [plugin.erase(request), plugin.dry_run(request), plugin.verify(request)] {
        fails(result, ErrorClass::NeedsOperator, text);
    }
    fails(plugin.health().map(|()| Answer::absent()), ErrorClass::NeedsOperator, text);
}

#[test]
fn a_folder_that_the_operator_names_is_there_or_nobody_is_absent() {
    let root = Root::new();
    let plugin = root.plugin(json!({ "path": "calls/new/{session_id}.wav" }));
    nobody_looks(&plugin, &session("4711"), "place `disk`: the folder `calls`, which `path` names, is not there");
    root.file("calls/old/4711.wav");
    nobody_looks(&plugin, &session("4711"), "place `disk`: the folder `new`, which `path` names, is not there");
    root.file("calls/new");
    nobody_looks(&plugin, &session("4711"), "is no folder");
    std::fs::remove_file(root.path().join("calls/new")).expect("removed");
    std::fs::create_dir(root.path().join("calls/new")).expect("made");
    assert_eq!(plugin.health(), Ok(()));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::absent()));
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::absent()));
}

/// Where nothing is mounted there is an empty folder, as there is where everybody is erased.
#[test]
fn without_its_marker_a_root_is_not_the_one_that_is_meant() {
    let root = Root::new();
    for path in ["{guest_id}", "*/{guest_id}", "{guest_id}-*"] {
        let plugin = root.plugin(json!({ "path": path, "marker": ".mounted", "recursive": true, "others": "remove" }));
        nobody_looks(&plugin, &[("guest_id", "ann")].into(), "place `disk`: the marker `.mounted` is not in the root");
    }
    root.file(".mounted");
    let plugin = root.plugin(json!({ "path": "{guest_id}", "marker": ".mounted" }));
    assert_eq!(plugin.health(), Ok(()));
    assert_eq!(plugin.erase([("guest_id", "ann")]), Ok(Answer::absent()));
    let named = Request { idempotency_key: "k-named".into(), ..[("guest_id", ".mounted")].into() };
    assert_eq!(plugin.dry_run(&named), Ok(Answer::absent()));
    assert_eq!(plugin.erase(&named), Ok(Answer::absent()), "whoever calls himself so does not take it away");
    assert_eq!(root.all(), [".mounted"]);
}

#[test]
fn a_folder_that_may_not_be_entered_keeps_nobodys_files() {
    for mode in [0o000, 0o444] {
        let root = Root::new();
        root.file("2026/4711.wav");
        root.file("lost+found/4711.wav");
        root.mode("lost+found", mode);
        let plugin = root.plugin(json!({ "path": "*/{session_id}.wav" }));
        let closed = told::closed("disk", 1);
        let unseen = Answer::unverifiable(closed.clone());
        unprivileged(|| {
            assert_eq!(plugin.health(), Ok(()));
            assert_eq!(plugin.dry_run(session("4711")), Ok(unseen.clone().count("files", 1)), "{mode:o}");
            assert_eq!(plugin.verify(session("4711")), Ok(Answer::residual().count("files", 1)), "{mode:o}");
            assert_eq!(plugin.erase(session("4711")), Ok(unseen.clone().count("files", 1)), "{mode:o}");
            assert!(!root.path().join("2026/4711.wav").exists(), "{mode:o}");
            assert_eq!(plugin.verify(session("4711")), Ok(unseen), "{mode:o}");
            let answer = plugin.0.verify(session("4711")).expect("an answer");
            assert!(answer.not_looked_at.contains(&closed), "{answer:?}");
        });
        root.mode("lost+found", 0o755);
        assert_eq!(plugin.verify(session("4711")), Ok(Answer::residual().count("files", 1)));
    }
}

/// The name is the same for everybody.
#[test]
fn a_closed_folder_that_the_operator_names_in_each_of_many_is_alike() {
    let root = Root::new();
    for name in ["1/calls/4711.wav", "2/calls/4711.wav", "3/other/4711.wav"] {
        root.file(name);
    }
    root.mode("1/calls", 0o000);
    std::os::unix::fs::symlink("other", root.path().join("3/calls")).expect("linked");
    let plugin = root.plugin(json!({ "path": "*/calls/{session_id}.wav" }));
    let unseen = Answer::unverifiable(told::closed("disk", 2));
    assert_eq!(unprivileged(|| plugin.erase(session("4711"))), Ok(unseen.count("files", 1)));
    root.mode("1/calls", 0o755);
    assert_eq!(
        root.all(),
        ["1", "1/calls", "1/calls/4711.wav", "2", "2/calls", "3", "3/calls", "3/other", "3/other/4711.wav"]
    );
}

#[test]
fn what_cannot_be_removed_keeps_none_of_the_others() {
    let root = Root::new();
    for name in ["a/4711.wav", "b/4711.wav"] {
        root.file(name);
    }
    root.mode("a", 0o555);
    let plugin = root.plugin(json!({ "path": "*/{session_id}.wav" }));
    let told = "cannot delete a file: not permitted";
    unprivileged(|| fails(plugin.erase(session("4711")), ErrorClass::Permanent, told));
    assert_eq!(root.all(), ["a", "a/4711.wav", "b"]);
    root.mode("a", 0o755);
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 2)), "of both attempts");

    let root = Root::new();
    for name in ["4711/a/1.wav", "4711/b.wav", "4711/c/2.wav"] {
        root.file(name);
    }
    root.mode("4711/a", 0o555);
    let plugin = root.plugin(json!({ "path": "{session_id}", "recursive": true }));
    unprivileged(|| fails(plugin.erase(session("4711")), ErrorClass::Permanent, told));
    assert_eq!(root.all(), ["4711", "4711/a", "4711/a/1.wav"]);
    root.mode("4711/a", 0o755);
    let erased = Answer::erased().count("files", 3).count("folders", 3);
    assert_eq!(plugin.erase(session("4711")), Ok(erased));
}
