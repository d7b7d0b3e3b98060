//! What the machine knows of a process: its descriptors, its memory, its group, and the files that it may write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files that are compared.
const FILES_MAX: usize = 10_000;

/// What a group of processes holds: a library's one, or a program's and the one that watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    /// Open descriptors.
    pub(super) descriptors: u64,
    /// Memory that a process has written to, in bytes.
    pub(super) private: u64,
}

impl Usage {
    /// Of a group that lives.
    pub(super) fn of_group(group: u32) -> Option<Self> {
        let each = members(group).into_iter().filter_map(Self::of).collect::<Vec<_>>();
        each.into_iter()
            .reduce(|a, b| Self { descriptors: a.descriptors + b.descriptors, private: a.private + b.private })
    }

    fn of(process: u32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let status = fs::read_to_string(folder.join("status")).ok()?;
        // A child that is not dumpable shows these two to root only.
        let descriptors = fs::read_dir(folder.join("fd")).ok()?.count() as u64;
        let exact = fs::read_to_string(folder.join("smaps_rollup")).ok().filter(|text| !text.is_empty());
        let private = match exact {
            // Not what is clean: of a file, that becomes private when another process that has mapped it ends.
            Some(maps) => number(&maps, "Private_Dirty:")?,
            None => number(&status, "RssAnon:")?,
        };
        Some(Self { descriptors, private: private * 1024 })
    }
}

/// The number in the line that begins so.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

/// The processes of a group that have not ended, other than the one that leads it.
pub(super) fn left_in_group(group: u32) -> usize {
    members(group).into_iter().filter(|process| *process != group).count()
}

/// The processes of a group that have not ended.
fn members(group: u32) -> Vec<u32> {
    let Ok(list) = fs::read_dir("/proc") else { return Vec::new() };
    let processes = list.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    processes.filter(|process| is_member(*process, group)).collect()
}

fn is_member(process: u32, group: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    // proc(5): after the name in parentheses come the state, the parent and the group.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().take(3).collect();
    matches!(fields.as_slice(), [state, _, its] if *state != "Z" && *state != "X" && its.parse() == Ok(group))
}

/// The files in the folders that a plugin may write in, as they were.
pub(super) struct Files {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Files {
    pub(super) fn in_folders(folders: Vec<PathBuf>) -> Self {
        let files = snapshot(&folders);
        Self { folders, files }
    }

    /// How many of the folders are not there.
    pub(super) fn missing(&self) -> usize {
        self.folders.iter().filter(|folder| !folder.exists()).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// How many files have changed; without their names, which can be personal.
    pub(super) fn changed(&self) -> Option<String> {
        let now = snapshot(&self.folders);
        let gone = self.files.keys().filter(|path| !now.contains_key(*path)).count();
        let new = now.keys().filter(|path| !self.files.contains_key(*path)).count();
        let other = now.iter().filter(|(path, file)| self.files.get(*path).is_some_and(|was| was != *file)).count();
        (gone + new + other > 0).then(|| format!("files in its folders: {gone} gone, {new} new, {other} changed"))
    }
}

fn snapshot(folders: &[PathBuf]) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut files = BTreeMap::new();
    let mut next: Vec<PathBuf> = folders.to_vec();
    while let Some(path) = next.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            next.extend(entries(&path));
        } else if files.len() < FILES_MAX {
            files.insert(path, (metadata.len(), metadata.modified().ok()));
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(list) = fs::read_dir(folder) else { return Vec::new() };
    list.filter_map(|entry| Some(entry.ok()?.path())).take(FILES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_its_own_usage() {
        let usage = Usage::of(std::process::id()).expect("it lives");
        assert!(usage.descriptors >= 3 && usage.private > 100_000, "{usage:?}");
        let open = std::fs::File::open("/dev/null").expect("opened");
        assert!(Usage::of(std::process::id()).expect("it lives").descriptors > usage.descriptors);
        drop(open);
        assert_eq!(Usage::of_group(u32::MAX), None);
    }

    #[test]
    fn changed_files_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("a", "1");
        write("b", "1");
        let files = Files::in_folders(vec![folder.path().to_owned()]);
        assert_eq!((files.len(), files.missing(), files.changed()), (2, 0, None));
        write("a", "22");
        write("c", "1");
        std::fs::remove_file(folder.path().join("b")).expect("removed");
        assert_eq!(files.changed().as_deref(), Some("files in its folders: 1 gone, 1 new, 1 changed"));
        assert_eq!(Files::in_folders(vec![folder.path().join("none")]).missing(), 1);
    }
}
