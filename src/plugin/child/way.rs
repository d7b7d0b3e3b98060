//! The way to a file: each folder, each link, and the file, one by one as the kernel goes. Whoever can replace one of them has another
//! file run.

use std::ffi::OsString;
use std::fs::{Metadata, read_link, symlink_metadata};
use std::io;
use std::path::{Component, Path, PathBuf, absolute};

use rustix::io::Errno;

/// As many as the kernel follows.
const LINKS_MAX: usize = 40;

/// One of them.
pub(super) struct Step {
    /// Without a link in it, but for itself.
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Link,
    /// A folder in which the file or a link lies.
    Holds,
    /// Another folder.
    Passed,
}

/// From the root on.
pub(super) fn to(file: &Path) -> io::Result<Vec<Step>> {
    let mut left = names(&absolute(file)?);
    let mut here = PathBuf::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut links = 0;
    while let Some(name) = left.pop() {
        let path = if name == ".." { here.parent().unwrap_or(&here).to_owned() } else { here.join(&name) };
        let metadata = symlink_metadata(&path)?;
        let kind = match (metadata.is_symlink(), metadata.is_dir()) {
            (true, _) => Kind::Link,
            (_, true) => Kind::Passed,
            _ => Kind::File,
        };
        if let (Kind::Link | Kind::File, Some(Step { kind: last @ Kind::Passed, .. })) = (kind, steps.last_mut()) {
            *last = Kind::Holds;
        }
        if kind == Kind::Link {
            links += 1;
            if links > LINKS_MAX {
                return Err(Errno::LOOP.into());
            }
            left.extend(names(&read_link(&path)?));
        } else {
            here.clone_from(&path);
        }
        steps.push(Step { path, metadata, kind });
    }
    Ok(steps)
}

/// The next one last. `/` is the name that leads to the root, from wherever.
fn names(path: &Path) -> Vec<OsString> {
    let named = path.components().rev().filter(|component| *component != Component::CurDir);
    named.map(|component| component.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, write};
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn each_link_is_followed_from_the_folder_in_which_it_lies() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("there");
        let at = |name: &str| root.join(name);
        for name in ["a", "b", "b/c", "d"] {
            create_dir(at(name)).expect("made");
        }
        write(at("d/file"), "x").expect("written");
        symlink("../b/c", at("a/folder")).expect("made");
        symlink("./../../d/link", at("b/c/first")).expect("made");
        symlink(at("d/file"), at("d/link")).expect("made");
        let steps = to(&at("a/folder/first")).expect("it leads somewhere");
        let within = steps.iter().filter_map(|step| Some((step.path.strip_prefix(&root).ok()?.to_str()?, step.kind)));
        let expected = [
            ("", Kind::Passed),
            ("a", Kind::Holds),
            ("a/folder", Kind::Link),
            ("", Kind::Passed),
            ("b", Kind::Passed),
            ("b/c", Kind::Holds),
            ("b/c/first", Kind::Link),
            ("b", Kind::Passed),
            ("", Kind::Passed),
            ("d", Kind::Holds),
            ("d/link", Kind::Link),
            ("", Kind::Passed),
            ("d", Kind::Holds),
            ("d/file", Kind::File),
        ];
        assert_eq!(within.collect::<Vec<_>>(), expected);
        symlink("round", at("round")).expect("made");
        assert!(to(&at("round")).is_err_and(|error| error.raw_os_error() == Some(libc::ELOOP)));
    }
}
