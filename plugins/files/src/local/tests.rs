//! What happens between finding and removing: others act on the same folders.

use std::os::unix::fs::symlink;

use quietus_plugin::{Call, ErrorClass, Progress, Request};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::config::{Mode, Others};

const RULES: Rules = Rules { mode: Mode::Delete, recursive: true, others: Others::Remove, files_max: 100 };

/// Finds `dir/{session_id}`, lets somebody act, and removes what was found.
fn erased(root: &TempDir, rules: Rules, meanwhile: impl FnOnce()) -> (Result<(), PluginError>, Progress) {
    let request = Request::from([("session_id", "4711")]);
    let template = Template::parse("dir/{session_id}", Naming::Files, &[]).expect("a template");
    let names = template.fill(&request).expect("filled").names;
    let call = Call::unattended();
    let local = json!({ "root": root.path(), "path": "dir/{session_id}" });
    let local = serde_json::from_value(local).expect("a configuration");
    let ground = Root::make(&local, &template).expect("a root");
    let folder = ground.open().expect("there");
    let found = find::find(&ground, &folder, &names, rules, &call).expect("found");
    assert_eq!(found.entries.len(), 1);
    meanwhile();
    let mut progress = Progress::default();
    let writes = request.writes().expect("no dry run");
    let mut job = Job { call: &call, writes, place: "disk", progress: &mut progress };
    let done = remove::remove(&folder, &found, rules, &mut job);
    (done, progress)
}

fn root() -> TempDir {
    let root = TempDir::new().expect("a folder");
    std::fs::create_dir(root.path().join("dir")).expect("made");
    std::fs::write(root.path().join("dir/4711"), "what was said").expect("written");
    root
}

#[test]
fn what_somebody_else_has_deleted_meanwhile_is_not_counted() {
    let root = root();
    let (done, progress) =
        erased(&root, RULES, || std::fs::remove_file(root.path().join("dir/4711")).expect("removed"));
    assert_eq!((done, progress.counts().len()), (Ok(()), 0));
    let root = self::root();
    let (done, progress) = erased(&root, RULES, || std::fs::remove_dir_all(root.path().join("dir")).expect("removed"));
    assert_eq!((done, progress.counts().len()), (Ok(()), 0));
}

#[test]
fn a_folder_that_became_a_link_is_not_entered() {
    let root = root();
    let other = TempDir::new().expect("a folder");
    let file = other.path().join("4711");
    std::fs::write(&file, "somebody else's").expect("written");
    let (done, _) = erased(&root, RULES, || {
        std::fs::rename(root.path().join("dir"), root.path().join("moved")).expect("moved");
        symlink(other.path(), root.path().join("dir")).expect("linked");
    });
    assert_eq!(done.expect_err("a link").class, ErrorClass::Permanent);
    assert!(file.exists() && root.path().join("moved/4711").exists());
}

#[test]
fn a_file_that_became_a_link_is_not_written_through() {
    for mode in [Mode::Delete, Mode::Overwrite, Mode::Empty] {
        let root = root();
        let other = TempDir::new().expect("a folder");
        let file = other.path().join("4711");
        std::fs::write(&file, "somebody else's").expect("written");
        let (done, progress) = erased(&root, Rules { mode, ..RULES }, || {
            std::fs::remove_file(root.path().join("dir/4711")).expect("removed");
            symlink(&file, root.path().join("dir/4711")).expect("linked");
        });
        assert_eq!((done, progress.counts()["links"]), (Ok(()), 1));
        assert_eq!(std::fs::read_to_string(&file).expect("there"), "somebody else's");
    }
}

#[test]
fn a_file_that_became_a_folder_is_taken_only_where_folders_are() {
    let root = root();
    let rules = Rules { recursive: false, ..RULES };
    let (done, _) = erased(&root, rules, || {
        std::fs::remove_file(root.path().join("dir/4711")).expect("removed");
        std::fs::create_dir(root.path().join("dir/4711")).expect("made");
    });
    assert_eq!(done.expect_err("a folder").class, ErrorClass::Retryable);
    assert!(root.path().join("dir/4711").exists());
}

#[test]
fn a_folder_that_grows_meanwhile_has_an_end() {
    let root = root();
    let rules = Rules { files_max: 3, ..RULES };
    let (done, progress) = erased(&root, rules, || {
        std::fs::remove_file(root.path().join("dir/4711")).expect("removed");
        std::fs::create_dir(root.path().join("dir/4711")).expect("made");
        (0..10).for_each(|n| std::fs::write(root.path().join(format!("dir/4711/{n}")), "x").expect("written"));
    });
    assert_eq!(done.expect_err("too many").class, ErrorClass::Permanent);
    assert_eq!(progress.counts()["files"], 4);
}

#[test]
fn errors_of_the_file_system_have_their_reactions() {
    use rustix::io::Errno;

    #[track_caller]
    fn check(errno: Errno, class: ErrorClass, text: &str) {
        let error = trouble::failed("cannot delete a file", errno);
        assert_eq!(error.class, class);
        assert!(error.message.starts_with("cannot delete a file: ") && error.message.contains(text), "{error}");
    }
    check(Errno::ACCESS, ErrorClass::Permanent, "not permitted");
    check(Errno::PERM, ErrorClass::Permanent, "immutable");
    check(Errno::ROFS, ErrorClass::NeedsOperator, "read-only");
    check(Errno::XDEV, ErrorClass::Permanent, "another file system");
    check(Errno::NOSYS, ErrorClass::NeedsOperator, "Linux 5.6");
    check(Errno::LOOP, ErrorClass::Permanent, "a symbolic link");
    check(Errno::IO, ErrorClass::Retryable, "");
    check(Errno::BUSY, ErrorClass::Retryable, "busy");
    check(Errno::NOSPC, ErrorClass::Retryable, "");
}

#[test]
fn zeros_are_written_over_all_that_was_there() {
    let root = root();
    let path = root.path().join("dir/4711");
    std::fs::write(&path, vec![7; 200_000]).expect("written");
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("opened").into();
    wipe::overwrite(&file, 3, 199_999).expect("written");
    let bytes = std::fs::read(&path).expect("there");
    assert_eq!((&bytes[..3], bytes[199_999]), (&[7, 7, 7][..], 7));
    assert!(bytes[3..199_999].iter().all(|byte| *byte == 0));
}

/// A file that cannot be cut shows what stood in it when it was to be.
#[test]
fn zeros_are_written_before_a_file_is_cut() {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use rustix::io::{pread, pwrite};

    let file = memfd_create("wiped", MemfdFlags::ALLOW_SEALING).expect("a file");
    assert_eq!(pwrite(&file, &[7; 1000], 0), Ok(1000));
    fcntl_add_seals(&file, SealFlags::SHRINK).expect("sealed");
    let request = Request::from([("session_id", "4711")]);
    let call = Call::unattended();
    let mut progress = Progress::default();
    let writes = request.writes().expect("no dry run");
    let job = Job { call: &call, writes, place: "disk", progress: &mut progress };
    let failed = wipe::wipe(&file, 1000, &job).expect_err("it cannot be cut");
    assert_eq!(failed.class, ErrorClass::Permanent);
    let mut bytes = [1; 1000];
    assert_eq!(pread(&file, &mut bytes, 0), Ok(1000));
    assert_eq!(bytes, [0; 1000]);
}
