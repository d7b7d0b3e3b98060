//! Whether nobody but the operator and the server's own user can write to a plugin's files: the one that is started, its
//! interpreter, and those that its arguments name.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::getegid;

const OTHERS: u32 = 0o002;
const GROUP: u32 = 0o020;
/// In a folder with this mark, nobody removes or replaces the files of others.
const STICKY: u32 = 0o1000;

/// The error says who else may write to it, or put another one in its place.
pub(super) fn only_ours(path: &Path, file: &Metadata) -> Result<(), String> {
    judge(path, file)?;
    // Where it is named, and where it is, which may be elsewhere.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for place in [path, &*real] {
        for (above, folder) in place.ancestors().skip(1).enumerate() {
            match metadata(folder) {
                Some(metadata) if above == 0 => judge(folder, &metadata)?,
                // Those above it may well be a group's, such as `/usr/local`.
                Some(metadata) => not_by_all(folder, &metadata)?,
                None => {}
            }
        }
    }
    Ok(())
}

/// Of a folder whose entries others may replace.
fn metadata(folder: &Path) -> Option<Metadata> {
    folder.metadata().ok().filter(|metadata| metadata.mode() & STICKY == 0)
}

/// Whether nobody else can write to the files that arguments name, which a program may run. They are returned.
pub(super) fn only_ours_in(args: &[String]) -> Result<Vec<PathBuf>, String> {
    let files: Vec<_> = args.iter().flat_map(|arg| named(arg)).collect();
    files.iter().try_for_each(|(path, metadata)| only_ours(path, metadata))?;
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// The file of an argument such as `FILE` and `--script=FILE`; of a folder, what Python runs of it.
fn named(arg: &str) -> Option<(PathBuf, Metadata)> {
    let paths = [Some(arg), arg.split_once('=').map(|(_, value)| value)].into_iter().flatten();
    let places = paths.flat_map(|path| [PathBuf::from(path), Path::new(path).join("__main__.py")]);
    places.filter_map(|path| path.metadata().ok().map(|metadata| (path, metadata))).find(|(_, file)| file.is_file())
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
