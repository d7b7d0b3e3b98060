//! The hostile plugins' files.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder with libraries, compiled from `tests/plugins/hostile.c`.
pub(crate) struct Compiled(TempDir);

impl Compiled {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("quietus-hostile-").expect("a temporary folder");
        super::trial::open_to_all(folder.path());
        Self(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The library that does what its configuration says.
    pub(crate) fn library(&self) -> PathBuf {
        let library = self.path("hostile.so");
        if !library.exists() {
            self.compile("hostile.so", &[]);
        }
        library
    }

    /// The library with these macros, such as `-DMAGIC=7`.
    pub(super) fn compile(&self, name: &str, macros: &[&str]) -> PathBuf {
        self.compile_of("hostile.c", name, macros)
    }

    /// Another source of `tests/plugins`.
    pub(super) fn compile_of(&self, source: &str, name: &str, macros: &[&str]) -> PathBuf {
        let (root, library) = (Path::new(env!("CARGO_MANIFEST_DIR")), self.path(name));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-pthread", "-I"]);
        cc.arg(root.join("plugins/sdk/include")).args(macros);
        cc.arg("-o").arg(&library).arg(root.join("tests/plugins").join(source));
        assert!(cc.status().expect("a C compiler named `cc`").success());
        library
    }

    /// The program that does what its first argument says. Its path stands in the command lines of all that it starts.
    pub(super) fn script(&self) -> PathBuf {
        let script = self.path("hostile.py");
        if !script.exists() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            std::fs::copy(root.join("tests/plugins/hostile.py"), &script).expect("the folder is writable");
        }
        script
    }

    /// The processes that run the program, or were started by one that does.
    pub(super) fn programs(&self) -> Vec<u32> {
        let folder = self.0.path().as_os_str().as_encoded_bytes();
        let runs_it = |id: &u32| {
            let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.windows(folder.len()).any(|part| part == folder)
        };
        super::processes::all().into_iter().filter(runs_it).collect()
    }

    /// A file with these bytes.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let file = self.path(name);
        std::fs::write(&file, bytes).expect("the folder is writable");
        file
    }
}
