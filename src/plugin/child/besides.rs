//! The files that run besides the one that the operator names: its interpreters, and what its first line and arguments name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::named;
use super::owned::only_ours;
use super::script::Interpreter;
use crate::plugin::launch::{Code, Launch};
use crate::plugin::regular;

/// As much as the kernel reads of a first line.
const HEAD_BYTES: usize = 255;
/// As many interpreters of interpreters as the kernel goes through.
const INTERPRETERS_MAX: u32 = 5;

/// Whether the other files that run are nobody else's, either: a script's interpreters, and what its first line and arguments name.
/// Returns those that a pin does not hold.
pub(super) fn besides(launch: &Launch, interpreter: Option<&Interpreter>) -> Result<Vec<String>, String> {
    let Code::Exec { file, args } = &launch.code else { return Ok(Vec::new()) };
    let mut others = interpreter.map(|by| before(by, INTERPRETERS_MAX)).transpose()?.unwrap_or_default();
    others.extend(named::files(args.iter().map(String::as_str)));
    others.iter().try_for_each(|other| only_ours(other))?;
    let is_pinned = launch.sha256.is_some();
    Ok(others.iter().filter(|_| is_pinned).map(|other| not_pinned(file, other)).collect())
}

/// The files that a first line names besides the interpreters, which are looked at here, as are theirs: an interpreter may be a
/// script.
fn before(by: &Interpreter, deepest: u32) -> Result<Vec<PathBuf>, String> {
    let mut named = named::files(by.words());
    for file in by.files() {
        if !file.exists() {
            // The kernel tells of that.
            continue;
        }
        only_ours(file)?;
        // What may only be executed is no script: that has to be read.
        let Ok(opened) = regular::open(file) else { continue };
        let shown = file.display();
        let head = head(&opened).map_err(|e| format!("cannot read {shown}: {e}"))?;
        let next = Interpreter::of(&head).map_err(|why| format!("{shown}: {why}"))?;
        if let (Some(next), Some(deepest)) = (next, deepest.checked_sub(1)) {
            named.extend(before(&next, deepest)?);
        }
    }
    Ok(named)
}

fn not_pinned(path: &Path, file: &Path) -> String {
    let (path, file) = (path.display(), file.display());
    format!(
        "the pin (`sha256`) is that of {path} alone, and not of {file}, which its first line or `args` name and which can be another one \
         by then; pin a file that runs by itself"
    )
}

/// As much of a file as tells what runs it.
pub(super) fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD_BYTES];
    let read = file.read_at(&mut head, 0)?;
    head.truncate(read);
    Ok(head)
}
