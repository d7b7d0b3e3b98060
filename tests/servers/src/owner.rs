//! As whom a server runs: many refuse to be root's.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whose a server's process and files are.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The name, where root turns into an ordinary user.
    user: Option<&'static str>,
}

impl Owner {
    /// The user who runs the test; for root, the ordinary user that Debian's package makes.
    pub(crate) fn ordinary(user: &'static str) -> Self {
        if is_root() { Self { uid: id("-u", user), gid: id("-g", user), user: Some(user) } } else { Self::tester() }
    }

    /// The user who runs the test.
    pub(crate) fn tester() -> Self {
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        Self { uid: uid.as_raw(), gid: gid.as_raw(), user: None }
    }

    /// Another than who runs the test.
    pub(crate) fn is_another(self) -> bool {
        self.user.is_some()
    }

    /// Its name, or its number where it has none.
    pub(crate) fn name(self) -> String {
        said_by("id", &["-un", &self.uid.to_string()]).unwrap_or_else(|| self.uid.to_string())
    }

    /// The name of its group, or its number.
    pub(crate) fn group_name(self) -> String {
        said_by("id", &["-gn", &self.uid.to_string()]).unwrap_or_else(|| self.gid.to_string())
    }

    pub(crate) fn owns(self, path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|found| found.is_dir() && found.uid() == self.uid)
    }

    /// A command that runs as the owner.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self.user {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--init-groups"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        // The present folder may be closed to that user.
        command.current_dir("/");
        command
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a program prints, if it succeeds.
pub(crate) fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn id(which: &str, user: &str) -> u32 {
    let number = said_by("id", &[which, user]).and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("root needs the user \"{user}\" to run a server: run tests/run, which installs it"))
}
