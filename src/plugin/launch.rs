//! What the server tells its child before the plugin is loaded: what to run, within which bounds. And the child's answer.
//! The two are one program of one version, so this is no protocol that others speak. Types only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to run, and within which bounds. The [`Permissions`] follow once the file is known by its hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) code: Code,
    /// What the code must hash to, in hexadecimal.
    pub(crate) sha256: Option<String>,
    pub(crate) limits: Limits,
    /// The level that the sandbox must reach; if unset, the highest that the kernel offers.
    pub(crate) sandbox: Option<Level>,
    /// Where the process and all that it starts are limited together.
    pub(crate) cgroup: Option<PathBuf>,
    pub(crate) debugger: Debugger,
    /// Which host a library sees.
    pub(crate) host: HostVersion,
}

/// Which minor version of the C ABI the host's table has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HostVersion {
    /// This program's.
    #[default]
    This,
    /// The next one, with more fields: for tests of plugins.
    Later,
    /// The first one, with fewer fields: for tests of plugins.
    Earlier,
}

/// What runs in the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// A library that speaks the C ABI; this program loads it.
    Library { file: PathBuf },
    /// A program that speaks the protocol on its standard input and output.
    Exec { file: PathBuf, args: Vec<String> },
}

impl Code {
    pub(crate) fn file(&self) -> &Path {
        match self {
            Self::Library { file } | Self::Exec { file, .. } => file,
        }
    }
}

/// What a plugin's process may use; see the limits of the same name in setrlimit(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Memory, in MiB: what each process may write to (`RLIMIT_DATA`), and what all of a plugin's processes have together, which
    /// is looked at.
    pub(crate) memory_mib: u32,
    /// Open files and connections (`RLIMIT_NOFILE`).
    pub(crate) files: u32,
    /// The largest file that it may write, in MiB (`RLIMIT_FSIZE`).
    pub(crate) file_mib: u32,
    /// Processes and threads, where the server has a delegated cgroup (`pids.max`); there, the kernel limits the memory of all
    /// of them together, too.
    pub(crate) processes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mib: 512, files: 256, file_mib: 1024, processes: 256 }
    }
}

/// What the sandbox lets a plugin use outside of its process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permissions {
    /// TCP ports, of any host.
    pub(crate) ports: BTreeSet<u16>,
    /// Files and folders.
    pub(crate) reads: BTreeSet<PathBuf>,
    /// Folders, to read, write and delete in.
    pub(crate) writes: BTreeSet<PathBuf>,
}

/// How much of the sandbox holds. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// A process of its own: empty environment, no descriptors of the server's, limits, no privileges. Always reached.
    Basic,
    /// Only the system calls that plugins live by can be made (seccomp).
    Syscalls,
    /// Files beyond system libraries and those that the configuration names are out of reach (Landlock, Linux 5.13).
    Files,
    /// Only declared TCP ports can be connected to, and none listened on (Landlock, Linux 6.7).
    Network,
}

impl Level {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Syscalls => "syscalls",
            Self::Files => "files",
            Self::Network => "network",
        }
    }

    /// What the levels above it would add.
    pub(crate) fn lacks(self) -> &'static str {
        match self {
            Self::Basic => "it can make any system call, read what the server's user can read, and connect anywhere",
            Self::Syscalls => {
                "it can read and write what the server's user can, and connect to any port once it has one"
            }
            Self::Files => "it can connect to any TCP port once it has one",
            Self::Network => "nothing",
        }
    }
}

/// Whether the process waits until a debugger has attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Debugger {
    None,
    /// It does not wait, and its parent may inspect what it holds: for tests of plugins.
    Inspected,
    /// Before the plugin is loaded. The process can be debugged, so it is a little less confined.
    Awaited,
}

/// What the process is for that stays outside of a program's sandbox: it starts the one that reads the [`Launch`], and ends
/// all of the program's with the server. It comes before the launch, which is not to be taken for one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    /// Where the program's processes are, if there is a place of their own.
    pub(crate) guards: Option<PathBuf>,
    pub(crate) leftovers: Leftovers,
}

/// What becomes of what a program leaves behind when it ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Leftovers {
    /// It is ended at once, by the process that guards the program: nobody else may be there to do it.
    Ended,
    /// It is left for the authors' kit, which counts it before it ends it.
    Counted,
}

/// The child's answer to the launch. Nothing of the file has run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Prepared {
    /// The file is read, and compared with what the operator pinned; the [`Permissions`] come next.
    /// `doubt` says why what runs could be another file.
    Hashed { sha256: String, doubt: Option<String> },
    /// The file will not be loaded.
    Refused { why: String },
    /// The machine was too busy. The next attempt may succeed.
    Busy { why: String },
}

/// The child's answer to its permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confined {
    /// The sandbox is entered; what comes next is the plugin's. `process` is the one in which it runs.
    Entered { level: Level, process: u32 },
    /// Nothing of the plugin's will run.
    Refused { why: String },
}
