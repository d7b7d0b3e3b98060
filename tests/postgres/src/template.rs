//! The data folder of a server that never ran. Making one takes more than a second, so it is made once and then copied.

use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::installed::{Installed, as_owner, is_root};

/// How a data folder is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    /// With a log in small parts, which is copied fast.
    Small,
    /// As `initdb` makes one by itself.
    Default,
}

impl Make {
    fn name(self) -> &'static str {
        match self {
            Self::Small => "postgres",
            Self::Default => "postgres-default",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Small => &["--wal-segsize=1"],
            Self::Default => &[],
        }
    }
}

/// The template, made if it is not there yet.
pub(crate) fn template(installed: &Installed, how: Make) -> PathBuf {
    let home = home(installed, how);
    let data = home.join("data");
    if !data.exists() {
        make(installed, how, &home, &data);
    }
    data
}

/// Whoever comes meanwhile waits. The lock is initdb's too, so that it holds as long as one is at work, whose test was killed.
fn make(installed: &Installed, how: Make, home: &Path, data: &Path) {
    let lock = File::create(home.join("lock")).expect("the template's folder is writable");
    lock.lock().expect("the template can be locked");
    if data.exists() {
        return;
    }
    let half_made = home.join("half-made");
    if half_made.exists() {
        std::fs::remove_dir_all(&half_made).expect("what is half made can be removed");
    }
    let output = as_owner(installed.program("initdb"))
        .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"])
        .args(how.arguments())
        .args(["--no-sync", "--no-instructions", "--pgdata"])
        .arg(&half_made)
        .stdin(Stdio::from(lock.try_clone().expect("a descriptor")))
        .output()
        .expect("initdb runs");
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(&half_made, data).expect("a folder can be renamed beside itself");
}

/// The folder of the template, which is the owner's and closed to all others.
fn home(installed: &Installed, how: Make) -> PathBuf {
    let name = format!("{}-{}-{}", how.name(), installed.major, installed.owner.uid);
    let tools = target().join("test-tools");
    std::fs::create_dir_all(&tools).expect("the target folder is writable");
    // Below the home folder of root, say, other users see nothing.
    let (parent, home) = if is_root() && !is_reachable(&tools) {
        let temporary = std::env::temp_dir();
        let home = temporary.join(format!("quietus-{name}"));
        (temporary, home)
    } else {
        let home = tools.join(name);
        (tools, home)
    };
    if home.symlink_metadata().is_err() {
        let closed = Permissions::from_mode(0o700);
        let new = tempfile::Builder::new().permissions(closed).tempdir_in(&parent).expect("a temporary folder");
        lchown(new.path(), Some(installed.owner.uid), Some(installed.owner.gid)).expect("the folder is ours to give");
        // Fails when another was faster; then its folder is taken.
        if std::fs::rename(new.path(), &home).is_ok() {
            let _renamed = new.keep();
        }
    }
    let closed = home.symlink_metadata().is_ok_and(|found| found.mode() & 0o077 == 0);
    assert!(closed && installed.owner.owns(&home), "{} belongs to somebody else: remove it", home.display());
    home
}

fn is_reachable(folder: &Path) -> bool {
    as_owner("test").arg("-x").arg(folder).status().expect("test runs").success()
}

fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
