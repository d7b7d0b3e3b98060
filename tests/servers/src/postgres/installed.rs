//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};

use crate::owner::said_by;

/// PostgreSQL on this machine.
pub(crate) struct Installed {
    bin: PathBuf,
    pub(crate) major: u32,
}

impl Installed {
    /// The newest of Debian's, else the one in the PATH.
    pub(crate) fn find() -> Self {
        let (major, bin) = debian()
            .or_else(in_path)
            .expect("no PostgreSQL server is installed, with initdb and psql: run tests/run, which installs it");
        Self { bin, major }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
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
