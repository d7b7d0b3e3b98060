use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A folder with these files, and the plugin that works in it.
fn with(files: &[&str]) -> (TempDir, TestHost<Folder>) {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        std::fs::write(folder.path().join(file), "{}").expect("writable");
    }
    let host = TestHost::new(json!({ "folder": folder.path() })).expect("configured");
    (folder, host)
}

#[test]
fn what_is_there_is_counted_erased_and_looked_for_again() {
    let (folder, host) = with(&["g-7.json", "g_8.json", "other.json"]);
    let guests = Request::from([("guest_id", "g-7"), ("guest_id", "g_8"), ("guest_id", "none")]);
    assert_eq!(host.dry_run(&guests), Ok(Answer::residual().count("files", 2)));
    assert_eq!(host.erase(&guests), Ok(Answer::erased().count("files", 2)));
    assert_eq!(host.verify(&guests), Ok(Answer::absent()));
    assert!(folder.path().join("other.json").exists());
    assert_eq!(host.log(), [(Level::Info, "deleted 2 files".to_owned())]);
}

#[test]
fn whatever_a_stranger_types_stays_in_the_folder() {
    let (folder, host) = with(&["other.json"]);
    for hostile in ["../other", "", "other\0", "other.json", "žluť"] {
        assert_eq!(host.erase([("guest_id", hostile)]), Ok(Answer::absent()));
    }
    assert!(folder.path().join("other.json").exists());
}

#[test]
fn a_cancelled_call_deletes_nothing() {
    let (folder, host) = with(&["g-7.json"]);
    assert_eq!(host.cancel_after(0).erase([("guest_id", "g-7")]), Err(PluginError::cancelled()));
    assert!(folder.path().join("g-7.json").exists());
}

#[test]
fn a_folder_that_is_not_there_needs_an_operator() {
    let (folder, host) = with(&[]);
    assert_eq!(host.health(), Ok(()));
    drop(folder);
    let refused = Err(ErrorClass::NeedsOperator);
    let guest = Request::from([("guest_id", "g-7")]);
    assert_eq!(host.health().map_err(|error| error.class), refused);
    for answer in [host.erase(&guest), host.dry_run(&guest), host.verify(&guest)] {
        assert_eq!(answer.map_err(|error| error.class).map(drop), refused, "nobody has looked, so nothing is absent");
    }
}
