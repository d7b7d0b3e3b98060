//! Whether nobody but the operator and the server's own user can write to a plugin's file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::getegid;

const OTHERS: u32 = 0o002;
const GROUP: u32 = 0o020;
/// In a folder with this mark, nobody removes or replaces the files of others.
const STICKY: u32 = 0o1000;

/// The error says who else may write to it, or put another one in its place.
pub(super) fn only_ours(path: &Path, file: &Metadata) -> Result<(), String> {
    judge(path, file)?;
    // Where the file itself is, whatever leads there.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let Some(folder) = real.parent() else { return Ok(()) };
    match folder.metadata() {
        Ok(metadata) if metadata.mode() & STICKY == 0 => not_by_all(folder, &metadata),
        _ => Ok(()),
    }
}

fn not_by_all(path: &Path, metadata: &Metadata) -> Result<(), String> {
    if metadata.mode() & OTHERS == 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(format!("{shown} is writable by every user of this machine, who could run anything here: chmod o-w {shown}"))
}

fn judge(path: &Path, metadata: &Metadata) -> Result<(), String> {
    not_by_all(path, metadata)?;
    let shown = path.display();
    let group = metadata.gid();
    if metadata.mode() & GROUP != 0 && group != getegid().as_raw() {
        return Err(format!(
            "{shown} is writable by the group {group}, which is not the server's own, and whose members could run anything \
             here: chmod g-w {shown}"
        ));
    }
    Ok(())
}
