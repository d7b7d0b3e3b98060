//! The plugin or the server is killed between two acts: the next call goes on from what was stored.

use std::collections::BTreeSet;

use quietus_plugin::ResumeValue;
use quietus_plugin::http::test::{Reply, Server};

use super::*;

/// More files of one session than are announced at once, in folders of their own and beside each other.
const FILES: usize = 250;

fn filled(mode: &str) -> (Root, Host) {
    let root = Root::new();
    (0..FILES).for_each(|n| drop(root.file(&format!("{}/4711/{n}.wav", n % 10))));
    let plugin = root.plugin(json!({ "path": "*/{session_id}", "recursive": true, "mode": mode }));
    (root, plugin)
}

#[test]
fn all_files_are_counted_wherever_it_was_cut_off() {
    for mode in ["delete", "overwrite"] {
        for stored in 0..=5 {
            let (root, plugin) = filled(mode);
            let plugin = plugin.stores_at_most(stored);
            let killed = plugin.erase(session("4711")).is_err();
            assert_eq!(killed, stored < 4, "{mode} {stored}");
            assert_eq!(stored == 0, root.all().iter().filter(|path| path.ends_with(".wav")).count() == FILES);
            let plugin = plugin.restarted().expect("configured").stores_at_most(9);
            let erased = Answer::erased().count("files", FILES as u64).count("folders", 10);
            assert_eq!(plugin.erase(session("4711")), Ok(erased), "{mode} {stored}");
            assert_eq!(plugin.erase(again(session("4711"))), Ok(Answer::absent()));
        }
    }
}

#[test]
fn what_was_announced_and_is_still_there_counts_once() {
    for mode in ["delete", "overwrite", "empty"] {
        let (_root, plugin) = filled(mode);
        let mut plugin = plugin;
        let mut killed = 0;
        let answer = loop {
            // One store, and then some acts of a hundred that are announced.
            plugin = plugin.restarted().expect("configured").stores_at_most(1).cancel_after(400 + killed * 60);
            match plugin.erase(session("4711")) {
                Ok(answer) => break answer,
                Err(_) => killed += 1,
            }
        };
        assert!(killed > 1, "{mode} {killed}");
        let folders = if mode == "empty" { 0 } else { 10 };
        assert_eq!(answer.counts["files"], FILES as u64, "{mode}");
        assert_eq!(answer.counts.get("folders").copied().unwrap_or_default(), folders, "{mode}");
    }
}

/// A storage with two versions of an object, and an upload.
fn storage() -> Server {
    let mut there: BTreeSet<&str> = ["v0", "v1", "u0"].into();
    Server::start(move |seen| {
        let uploads = seen.target.contains("uploads");
        if seen.method == "POST" {
            there.retain(|id| *id == "u0");
            let deleted = |id| format!("<Deleted><Key>rec/4711.wav</Key><VersionId>{id}</VersionId></Deleted>");
            return Reply::text(200, &format!("<DeleteResult>{}{}</DeleteResult>", deleted("v0"), deleted("v1")));
        }
        if seen.method == "DELETE" {
            return Reply::empty(if there.remove("u0") { 204 } else { 404 });
        }
        let (kind, element, id) = match uploads {
            true => ("ListMultipartUploadsResult", "Upload", "UploadId"),
            false => ("ListVersionsResult", "Version", "VersionId"),
        };
        let shown = there.iter().filter(|id| id.starts_with('u') == uploads);
        let shown: String =
            shown.map(|it| format!("<{element}><Key>rec/4711.wav</Key><{id}>{it}</{id}></{element}>")).collect();
        Reply::text(200, &format!("<{kind}><IsTruncated>false</IsTruncated>{shown}</{kind}>"))
    })
}

#[test]
fn all_objects_are_counted_wherever_it_was_cut_off() {
    // Before the upload goes, before the versions do, after them, and not at all.
    for stored in 0..=3 {
        let server = storage();
        let plugin = plugin(json!([{ "name": "cloud", "s3": s3(&server.url, "b") }])).expect("configured");
        let plugin = plugin.stores_at_most(stored);
        assert_eq!(plugin.erase(session("4711")).is_err(), stored < 3, "{stored}");
        let plugin = plugin.restarted().expect("configured").stores_at_most(9);
        let erased = Answer::erased().count("objects", 1).count("versions", 2).count("uploads", 1);
        assert_eq!(plugin.erase(session("4711")), Ok(erased), "{stored}");
        assert_eq!(plugin.erase(again(session("4711"))), Ok(Answer::absent()));
    }
}

#[test]
fn a_value_of_another_version_is_as_none() {
    let (_root, plugin) = filled("delete");
    let resume = Some(ResumeValue::new(*b"\x01\x01[7]"));
    let answer = plugin.erase(Request { resume, ..session("4711") }).expect("an answer");
    assert_eq!(answer.counts["files"], FILES as u64);
}
