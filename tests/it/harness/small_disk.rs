//! A small disk of a test's own, which can really be full.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Says that the test runs on a small disk.
const ON_IT: &str = "QUIETUS_TEST_SMALL_DISK";

/// A disk that holds all temporary files of the test, and nothing else.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Runs the test of this name, which asks for it, once more on a disk of so many MiB, and returns nothing; in that run it
    /// returns the disk. The disk is memory, mounted where nobody but the test and what it starts sees it, so it is gone with
    /// them. That takes no rights: who is not root is root of a user namespace of their own for as long as mounting takes.
    #[track_caller]
    pub(crate) fn under(test: &str, mebibytes: u32) -> Option<Self> {
        if let Some(folder) = std::env::var_os(ON_IT) {
            return Some(Self(folder.into()));
        }
        let folder = tempfile::TempDir::with_prefix("quietus-small-").expect("a temporary folder");
        let user = rustix::process::geteuid().as_raw();
        let group = rustix::process::getegid().as_raw();
        let (root, back) = if user == 0 {
            ("", String::new())
        } else {
            ("--map-root-user", format!("unshare --user --map-user={user} --map-group={group}"))
        };
        // What servers of a test would keep in memory belongs on the disk, too: there is too little for that.
        let script = format!(
            "mount -t tmpfs -o size={mebibytes}m,mode=1777 disk \"$TMPDIR\" && \
             mount -t tmpfs -o size=64m,mode=1777 memory /dev/shm && exec {back} \"$0\" \"$@\""
        );
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount").args((!root.is_empty()).then_some(root));
        unshare.args(["sh", "-c", &script]).arg(std::env::current_exe().expect("the test's program"));
        unshare.args([test, "--exact", "--nocapture"]);
        unshare.env("TMPDIR", folder.path()).env(ON_IT, folder.path());
        let status = unshare.status().expect("unshare runs");
        assert!(status.success(), "on the small disk: {status}");
        None
    }

    /// Fills it up; dropping what is returned makes room again.
    pub(crate) fn fill(&self) -> Ballast {
        let path = self.0.join("ballast");
        let mut file = File::create(&path).expect("a file");
        let ballast = Ballast(path);
        let block = vec![1; 1 << 16];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&block[..512]).is_ok() {}
        ballast
    }
}

/// What fills a disk.
pub(crate) struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).expect("removed");
    }
}
