//! Real children: this test program is started again as `plugin-host`, with libraries compiled from C.

mod child;
mod exec;
mod fuzz;
mod inspect;
mod killed;
mod pinned;
mod promises;
mod resume;
mod sandbox;
mod schema;
mod supervisor;
mod swap;
mod versions;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

/// Becomes a plugin's child when it is started as [`program`] starts it; otherwise there is nothing to do.
#[test]
fn as_child() {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let [_, name, exact, _plugin] = arguments.as_slice()
        && name == CHILD
        && exact == "--exact"
    {
        let code = plugin_host_main();
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
}

/// The full name of the test above.
const CHILD: &str = "plugin::tests::as_child";

pub(crate) fn program() -> Program {
    Program::new(std::env::current_exe().expect("known"), [CHILD, "--exact"])
}

/// A library compiled from one of `tests/plugins`, in a folder that is removed with it.
pub(crate) struct Compiled {
    _folder: TempDir,
    pub(crate) library: PathBuf,
}

impl Compiled {
    pub(crate) fn new(source: &str, macros: &[&str]) -> Self {
        Self::with_header("plugins/sdk/include", source, macros)
    }

    /// With the header in this folder.
    fn with_header(include: &str, source: &str, macros: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = TempDir::new().expect("a folder");
        // An ordinary user may have to read it.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("changed");
        let library = folder.path().join(source).with_extension("so");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I"]).arg(root.join(include));
        cc.args(macros).arg("-o").arg(&library).arg(root.join("tests/plugins").join(source)).arg("-pthread");
        assert!(cc.status().expect("a C compiler named `cc`").success());
        Self { _folder: folder, library }
    }

    /// `wayward.c`, which misbehaves as it is told.
    fn wayward() -> Self {
        Self::new("wayward.c", &[])
    }

    fn settings(&self) -> PluginSettings {
        settings(&self.library)
    }
}

fn settings(library: &Path) -> PluginSettings {
    let settings = serde_json::json!({ "name": "wayward", "library": library, "grants": ["name", "email"] });
    serde_json::from_value(settings).expect("settings")
}

/// Waits for something that another process does.
#[track_caller]
fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}
