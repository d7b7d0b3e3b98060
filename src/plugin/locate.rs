//! Where a plugin's file is looked for.

use std::path::{Path, PathBuf};

use super::regular;

/// Finds a library or program. A relative path is looked for beside the configuration (`base`), in `plugins` there, and beside the
/// program (also in `deps`, as a build leaves it, and in `../lib/quietus`, as an installation does).
pub(super) fn locate(file: &Path, base: &Path, program: Option<&Path>) -> Result<PathBuf, String> {
    let candidates = candidates(file, base, program);
    if let Some(found) = candidates.iter().find(|candidate| candidate.is_file()) {
        // Absolute, as the child may one day work in another directory.
        return std::path::absolute(found).map_err(|e| format!("{}: {e}", found.display()));
    }
    if let Some((there, what)) = candidates.iter().find_map(|one| Some((one, regular::is_not(&one.metadata().ok()?)?)))
    {
        return Err(format!("{} is {what}; a plugin is a regular file", there.display()));
    }
    let list: Vec<_> = candidates.iter().map(|candidate| format!("\n  {}", candidate.display())).collect();
    Err(format!("the file `{}` was not found; looked for:{}", file.display(), list.concat()))
}

fn candidates(file: &Path, base: &Path, program: Option<&Path>) -> Vec<PathBuf> {
    if file.is_absolute() {
        return vec![file.to_owned()];
    }
    let mut folders = vec![base.to_owned(), base.join("plugins")];
    if let Some(beside) = program.and_then(Path::parent) {
        folders.extend([beside.to_owned(), beside.join("deps"), beside.join("../lib/quietus")]);
    }
    folders.into_iter().map(|folder| folder.join(file)).collect()
}
