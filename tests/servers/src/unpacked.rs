//! Servers whose packages `tests/needs.sh` unpacks, as Debian lets only one IMAP server be installed.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::owner::Owner;
use crate::template;

/// A package's files, in a folder that a server's owner can reach.
pub(crate) struct Unpacked(PathBuf);

impl Unpacked {
    /// The files of a server, which has this program.
    pub(crate) fn find(owner: Owner, name: &str, program: &str) -> Self {
        let folder = template::tools().join(name);
        let found = folder.join(program).metadata();
        let found =
            found.unwrap_or_else(|_| panic!("{} has no {program}: run tests/run, which unpacks it", folder.display()));
        if !owner.is_another() || template::is_reachable(owner, &folder) {
            return Self(folder);
        }
        // Another version is another copy.
        let copied = template::template(owner, &format!("{name}-{}-{}", found.ino(), found.mtime()), |copy| {
            let mut command = Command::new("cp");
            command.arg("-a").arg(&folder).arg(copy);
            command
        });
        Self(copied)
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    /// Where its own libraries are, for `LD_LIBRARY_PATH`.
    pub(crate) fn libraries(&self) -> String {
        let lib = self.path("usr/lib");
        let is_of_machine = |path: &Path| path.to_string_lossy().ends_with("-linux-gnu");
        let below = lib.read_dir().expect("the package has libraries").filter_map(Result::ok).map(|entry| entry.path());
        let all = below.filter(|path| is_of_machine(path)).chain([lib.clone()]);
        all.map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
    }
}
