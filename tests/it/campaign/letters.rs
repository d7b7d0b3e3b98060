//! A system that keeps a letter for each conversation, behind a plugin that must not be asked twice (tests/plugins/fickle.py).

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::chosen;
use crate::harness::{Random, program};

/// How its next request to erase can go wrong.
const MOODS: [&str; 11] = [
    "retryable",
    "rate_limited",
    "permanent",
    "dies_before",
    "dies_after",
    "hangs_before",
    "hangs_after",
    "half",
    "garbage",
    "drip",
    "lies",
];

/// The letters of everybody.
pub(super) struct Letters {
    folder: TempDir,
}

impl Letters {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let held = folder.path().join("held");
        std::fs::create_dir(&held).expect("made");
        // The plugin may write there, whoever it runs as.
        for folder in [folder.path(), &held] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("changed");
        }
        Self { folder }
    }

    /// The part of a configuration that has the plugin `letters`.
    pub(super) fn plugin(&self) -> String {
        format!(
            "{}grants = [\"session_id\"]\nconfig = {{ folder = \"{}\" }}\n",
            program("letters", "fickle.py"),
            self.folder.path().display()
        )
    }

    pub(super) fn add(&self, id: i64) {
        std::fs::write(self.folder.path().join(format!("held/{id}")), "a letter").expect("written");
    }

    /// The next request goes wrong.
    pub(super) fn go_wrong(&self, random: &mut Random) {
        // At once or not at all: it is read at any instant.
        let new = self.folder.path().join("mood.new");
        std::fs::write(&new, chosen(random, &MOODS)).expect("written");
        std::fs::rename(new, self.folder.path().join("mood")).expect("renamed");
    }

    /// The next request goes right.
    pub(super) fn go_right(&self) {
        drop(std::fs::remove_file(self.folder.path().join("mood")));
    }

    /// Whose letters are there.
    pub(super) fn held(&self) -> BTreeSet<i64> {
        let held = std::fs::read_dir(self.folder.path().join("held")).expect("listed");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        held.map(|entry| name(entry).to_str().and_then(|name| name.parse().ok()).expect("a number")).collect()
    }

    /// How often it was asked to erase and did not decline, by erasure and idempotency key.
    pub(super) fn asked(&self) -> BTreeMap<(String, String), usize> {
        let calls = std::fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        let mut asked = BTreeMap::new();
        for call in calls.lines() {
            let [what, erasure, key] = call.split(' ').collect::<Vec<_>>()[..] else { panic!("{call}") };
            if what == "erase" {
                *asked.entry((erasure.to_owned(), key.to_owned())).or_default() += 1;
            }
        }
        asked
    }
}
