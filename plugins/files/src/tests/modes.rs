//! Deleting, overwriting, emptying; and files with more than one name.

use super::*;

#[test]
fn a_file_with_another_name_would_survive_a_deletion() {
    let root = Root::new();
    let file = root.file("4711.wav");
    let other = root.outside.path().join("backup.wav");
    std::fs::hard_link(&file, &other).expect("linked");
    let plugin = root.plugin(json!({}));
    fails(plugin.erase(session("4711")), ErrorClass::Permanent, "more than one name");
    fails(plugin.dry_run(session("4711")), ErrorClass::Permanent, "more than one name");
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::residual().count("files", 1)));
    let plugin = root.plugin(json!({ "mode": "overwrite" }));
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::residual().count("files", 1)));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)));
    assert!(!file.exists());
    assert_eq!(std::fs::read(&other).expect("there"), b"", "its content is gone under all names");
}

#[test]
fn an_emptied_file_stays_and_is_not_emptied_twice() {
    let root = Root::new();
    let file = root.file("4711/a.wav");
    root.file("4711/deep/b.wav");
    std::fs::write(root.path().join("4711/c.wav"), "").expect("written");
    let plugin = root.plugin(json!({ "path": "{session_id}", "recursive": true, "mode": "empty" }));
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::residual().count("files", 2)));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 2)));
    assert_eq!(root.all(), ["4711", "4711/a.wav", "4711/c.wav", "4711/deep", "4711/deep/b.wav"]);
    assert_eq!(std::fs::read(&file).expect("there"), b"");
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::absent()));
    assert_eq!(plugin.erase(again(session("4711"))), Ok(Answer::absent()));
}

#[test]
fn a_large_file_is_overwritten_to_its_beginning() {
    let root = Root::new();
    let file = root.file("4711.wav");
    std::fs::write(&file, vec![7; (40 << 20) + 3]).expect("written");
    let other = root.outside.path().join("other.wav");
    std::fs::hard_link(&file, &other).expect("linked");
    // Stopped on the way, after one or more pieces.
    let plugin = root.plugin(json!({ "mode": "overwrite" })).cancel_after(5);
    fails(plugin.erase(session("4711")), ErrorClass::Cancelled, "cancelled");
    let left = std::fs::metadata(&other).expect("there").len();
    assert!(file.exists() && left > 0 && left < 40 << 20, "{left} bytes are left");
    let plugin = plugin.cancel_after(1000);
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("files", 1)));
    assert_eq!(std::fs::metadata(&other).expect("there").len(), 0);
}
