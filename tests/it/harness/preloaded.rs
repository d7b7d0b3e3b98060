//! Libraries that change what a program under test gets from the system.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles one into a folder, to be named in `LD_PRELOAD`.
pub(crate) fn preloaded(folder: &Path, source: &Path) -> PathBuf {
    let library = folder.join(source.with_extension("so").file_name().expect("a file"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library);
    cc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(source));
    assert!(cc.status().expect("a C compiler named `cc`").success());
    library
}
