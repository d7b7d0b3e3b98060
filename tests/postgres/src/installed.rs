//! Where PostgreSQL's programs are, and as whom they may run: the server refuses to be root's.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The ordinary user that Debian's package makes.
const USER: &str = "postgres";

/// PostgreSQL on this machine.
pub(crate) struct Installed {
    bin: PathBuf,
    pub(crate) major: u32,
    /// Who owns a server's files.
    pub(crate) owner: Owner,
}

/// A user by number.
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Installed {
    /// The newest of Debian's, else the one in the PATH.
    pub(crate) fn find() -> Self {
        let (major, bin) = debian()
            .or_else(in_path)
            .expect("no PostgreSQL server is installed, with initdb and psql: run tests/run, which installs it");
        Self { bin, major, owner: Owner::find() }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

impl Owner {
    fn find() -> Self {
        if is_root() {
            Self { uid: id("-u"), gid: id("-g") }
        } else {
            Self { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() }
        }
    }

    pub(crate) fn owns(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|found| found.is_dir() && found.uid() == self.uid)
    }
}

/// A command that runs as the one who owns servers.
pub(crate) fn as_owner(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--init-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // The present folder may be closed to that user.
    command.current_dir("/");
    command
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn debian() -> Option<(u32, PathBuf)> {
    let versions = Path::new("/usr/lib/postgresql").read_dir().ok()?.filter_map(Result::ok);
    versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, bin)| is_complete(bin))
        .max()
}

fn in_path() -> Option<(u32, PathBuf)> {
    let bin = PathBuf::from(said_by("pg_config", &["--bindir"])?);
    // Such as "PostgreSQL 15.10" or "PostgreSQL 18beta1".
    let version = said_by("pg_config", &["--version"])?;
    let number = version.split(' ').nth(1)?;
    let major = number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    is_complete(&bin).then_some((major, bin))
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|name| bin.join(name).is_file())
}

fn id(which: &str) -> u32 {
    let number = said_by("id", &[which, USER]).and_then(|number| number.parse().ok());
    number.expect("root needs the user \"postgres\" to run a server: run tests/run, which installs it")
}

fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(std::process::Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
