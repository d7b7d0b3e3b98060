//! The data folder of a server that never ran. Making one takes seconds, so it is made once and then copied.

use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::owner::Owner;

/// The template of this name, made if it is not there yet: `make` is the command that makes a given folder.
pub(crate) fn template(owner: Owner, name: &str, make: impl FnOnce(&Path) -> Command) -> PathBuf {
    let home = home(owner, name);
    let data = home.join("data");
    if !data.exists() {
        make_once(&home, &data, make);
    }
    data
}

/// Others wait meanwhile. The lock is the command's too, so that it holds as long as one is at work, whose test was
/// killed.
fn make_once(home: &Path, data: &Path, make: impl FnOnce(&Path) -> Command) {
    let lock = File::create(home.join("lock")).expect("the template's folder is writable");
    lock.lock().expect("the template can be locked");
    if data.exists() {
        return;
    }
    let half_made = home.join("half-made");
    if half_made.exists() {
        std::fs::remove_dir_all(&half_made).expect("what is half made can be removed");
    }
    let mut command = make(&half_made);
    let output = command.stdin(Stdio::from(lock.try_clone().expect("a descriptor"))).output().expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(&half_made, data).expect("a folder can be renamed beside itself");
}

/// The folder of the template, which is the owner's and closed to all others.
fn home(owner: Owner, name: &str) -> PathBuf {
    let name = format!("{name}-{}", owner.uid);
    let tools = tools();
    std::fs::create_dir_all(&tools).expect("the target folder is writable");
    // Below the home folder of root, say, other users see nothing.
    let (parent, home) = if owner.is_another() && !is_reachable(owner, &tools) {
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
        lchown(new.path(), Some(owner.uid), Some(owner.gid)).expect("the folder is ours to give");
        // Fails when another was faster; then its folder is taken.
        if std::fs::rename(new.path(), &home).is_ok() {
            let _renamed = new.keep();
        }
    }
    let closed = home.symlink_metadata().is_ok_and(|found| found.mode() & 0o077 == 0);
    assert!(closed && owner.owns(&home), "{} belongs to somebody else: remove it", home.display());
    home
}

pub(crate) fn is_reachable(owner: Owner, folder: &Path) -> bool {
    owner.command("test").arg("-x").arg(folder).status().expect("test runs").success()
}

/// What `tests/needs.sh` makes.
pub(crate) fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())).join("test-tools")
}
