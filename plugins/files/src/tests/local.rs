//! Which files go, which stay, and what is said about it.

use std::time::Duration;

use super::*;

#[test]
fn the_persons_file_goes_and_look_alikes_stay() {
    let root = Root::new();
    root.file("4711.wav");
    let others = ["04711.wav", "4711.WAV", "4711.wav.bak", "47110.wav", "471１.wav", "x/4711.wav"];
    others.iter().for_each(|name| drop(root.file(name)));
    let plugin = root.plugin(json!({}));
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::residual().count("files", 1)));
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::residual().count("files", 1)));
    assert!(root.path().join("4711.wav").exists(), "a dry run changes nothing");
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)));
    assert_eq!(root.all(), ["04711.wav", "4711.WAV", "4711.wav.bak", "47110.wav", "471１.wav", "x", "x/4711.wav"]);
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::absent()));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)), "the same erasure, asked again");
    assert_eq!(plugin.erase(again(session("4711"))), Ok(Answer::absent()), "another erasure");
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::absent()));
    assert_eq!(plugin.health(), Ok(()));
}

#[test]
fn a_file_named_after_an_address_goes_however_that_is_written() {
    let root = Root::new();
    let theirs = ["Ann@x.cz/1.wav", "ann@x.cz/1.wav", "ANN@X.CZ/1.wav"];
    let others = ["joann@x.cz/1.wav", "bob@x.cz/1.wav", "ann@x.cz/2.wav", "ANN@X.CZ/1.WAV"];
    theirs.iter().chain(&others).for_each(|name| drop(root.file(name)));
    let plugin = root.plugin(json!({ "path": "{email}/1.wav" }));
    let typed = || Request::from([("email", "Ann@X.cz"), ("email", "ann@x.cz")]);
    assert_eq!(plugin.dry_run(typed()), Ok(Answer::residual().count("files", 3)));
    assert_eq!(plugin.erase(typed()), Ok(Answer::erased().count("files", 3)));
    let left: Vec<_> = root.all().into_iter().filter(|name| name.contains('/')).collect();
    assert_eq!(left, ["ANN@X.CZ/1.WAV", "ann@x.cz/2.wav", "bob@x.cz/1.wav", "joann@x.cz/1.wav"]);
    assert_eq!(plugin.verify(typed()), Ok(Answer::absent()));
    // A folder in place of a file is as much of an obstacle as one with the very name.
    std::fs::create_dir_all(root.path().join("Eve@x.cz/1.wav")).expect("made");
    assert_eq!(plugin.erase([("email", "eve@x.cz")]).expect_err("a folder").class, ErrorClass::Permanent);
}

#[test]
fn a_name_with_marks_is_meant_however_its_letters_are_composed() {
    // As macOS writes it, and as others do.
    for (typed, name) in [("Lu\u{10d}e", "Luc\u{30c}e.pdf"), ("Luc\u{30c}e", "Lu\u{10d}e.pdf")] {
        let root = Root::new();
        root.file(name);
        root.file("Luce.pdf");
        let plugin = root.plugin(json!({ "path": "{name}.pdf" }));
        assert_eq!(plugin.erase([("name", typed)]), Ok(Answer::erased().count("files", 1)), "{typed}");
        assert_eq!(root.all(), ["Luce.pdf"]);
    }
}

#[test]
fn wildcards_reach_through_folders_and_names() {
    let root = Root::new();
    for name in
        ["2024/4711-1.wav", "2024/4711-2.wav", "2025/4711-1.wav", "2025/4712-1.wav", "4711-1.wav", "2025/a/4711-1.wav"]
    {
        root.file(name);
    }
    let plugin = root.plugin(json!({ "path": "*/{session_id}-*.wav" }));
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::residual().count("files", 3)));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 3)));
    assert_eq!(root.all(), ["2024", "2025", "2025/4712-1.wav", "2025/a", "2025/a/4711-1.wav", "4711-1.wav"]);
}

#[test]
fn a_whole_folder_goes_only_where_that_is_asked_for() {
    let root = Root::new();
    for name in ["ann/a.wav", "ann/deep/b.wav", "ann/deep/.c", "anna/a.wav"] {
        root.file(name);
    }
    let refused = root.plugin(json!({ "path": "{guest_id}" }));
    fails(refused.erase([("guest_id", "ann")]), ErrorClass::Permanent, "a folder stands in place of a file");
    fails(refused.dry_run([("guest_id", "ann")]), ErrorClass::Permanent, "a folder stands in place of a file");
    assert_eq!(refused.verify([("guest_id", "ann")]).expect("an answer").outcome, Outcome::Residual);
    assert_eq!(root.all().len(), 7);
    let plugin = root.plugin(json!({ "path": "{guest_id}", "recursive": true }));
    let would = Answer::residual().count("files", 3).count("folders", 2);
    assert_eq!(plugin.dry_run([("guest_id", "ann")]), Ok(would));
    let erased = Answer::erased().count("files", 3).count("folders", 2);
    assert_eq!(plugin.erase([("guest_id", "ann")]), Ok(erased));
    assert_eq!(root.all(), ["anna", "anna/a.wav"]);
    assert_eq!(plugin.verify([("guest_id", "ann")]), Ok(Answer::absent()));
}

#[test]
fn too_much_for_one_person_needs_a_person_before_anything_is_touched() {
    let root = Root::new();
    (0..4).for_each(|n| drop(root.file(&format!("4711/{n}.wav"))));
    let plugin = root.plugin(json!({ "path": "{session_id}", "recursive": true, "files_max": 4 }));
    for result in [plugin.erase(session("4711")), plugin.dry_run(session("4711")), plugin.verify(session("4711"))] {
        fails(result, ErrorClass::Permanent, "place `disk`: one person has more than 4 files here");
    }
    assert_eq!(root.all().len(), 5);
    let plugin = root.plugin(json!({ "path": "{session_id}", "recursive": true, "files_max": 5 }));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 4).count("folders", 1)));

    root.file(&format!("4711/{}a.wav", "d/".repeat(40)));
    let deep = root.plugin(json!({ "path": "{session_id}", "recursive": true }));
    fails(deep.erase(session("4711")), ErrorClass::Permanent, "nested more than 32 deep");
    assert_eq!(root.all().len(), 42);
}

#[test]
fn where_nobody_can_look_nothing_is_absent() {
    let root = Root::new();
    std::fs::remove_dir(root.path()).expect("removed");
    let plugin = root.plugin(json!({}));
    for result in [plugin.erase(session("4711")), plugin.dry_run(session("4711")), plugin.verify(session("4711"))] {
        fails(result, ErrorClass::NeedsOperator, "place `disk`: the root is not there");
    }
    assert_eq!(plugin.health().expect_err("sick").class, ErrorClass::NeedsOperator);
    std::fs::write(root.path(), "a file").expect("written");
    fails(plugin.erase(session("4711")), ErrorClass::NeedsOperator, "is no folder");
    std::fs::remove_file(root.path()).expect("removed");
    std::fs::create_dir(root.path()).expect("made");
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::absent()));
    // A person's folder that is not there holds nothing; a file in its place neither.
    std::fs::create_dir(root.path().join("a")).expect("made");
    let plugin = root.plugin(json!({ "path": "a/{session_id}/b.wav" }));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::absent()));
    root.file("a/4711");
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::absent()));
}

#[test]
fn what_is_not_permitted_needs_a_person() {
    let root = Root::new();
    root.file("closed/4711.wav");
    let plugin = root.plugin(json!({ "path": "closed/{session_id}.wav" }));
    root.mode("closed", 0o555);
    let told = "cannot delete a file: not permitted";
    fails(unprivileged(|| plugin.erase(session("4711"))), ErrorClass::Permanent, told);
    // Whom it would be said of one by one.
    root.mode("closed", 0o000);
    fails(unprivileged(|| plugin.verify(session("4711"))), ErrorClass::NeedsOperator, "not permitted");
    assert_eq!(unprivileged(|| plugin.health()).expect_err("sick").class, ErrorClass::NeedsOperator);
    root.mode("closed", 0o755);
    assert_eq!(unprivileged(|| plugin.erase(session("4711"))), Ok(Answer::erased().count("files", 1)));
}

#[test]
fn no_time_is_no_success() {
    let root = Root::new();
    root.file("4711.wav");
    let plugin = root.plugin(json!({})).call_max(Duration::from_millis(200));
    // Where the machine is slow, the call is over before it has begun.
    let mut results = (0..100).map(|_| plugin.erase(session("4711")));
    let cancelled = |result: &Result<Answer, PluginError>| matches!(result, Err(e) if e.class == ErrorClass::Cancelled);
    let result = results.find(|result| !cancelled(result)).expect("a call that began");
    fails(result, ErrorClass::Retryable, "the call's time is over; erased so far nothing");
    drop(results);
    assert!(root.path().join("4711.wav").exists());
    let plugin = plugin.call_max(Duration::from_secs(60));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)));
}

#[test]
fn a_person_without_the_identifiers_is_not_looked_for() {
    let plugin = Root::new().plugin(json!({ "path": "{email}/{session_id}.wav" }));
    let unasked = Answer::unverifiable("no place applies to these identifiers");
    for request in [session("4711"), [("email", "ann@x.cz"), ("session_id", " ")].into()] {
        assert_eq!(plugin.erase(&request), Ok(unasked.clone()));
        assert_eq!(plugin.dry_run(&request), Ok(unasked.clone()));
        assert_eq!(plugin.verify(&request), Ok(unasked.clone()));
    }
}
