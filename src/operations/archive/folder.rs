//! The folder of archive files. Everything here blocks on the disk.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::chain::Head;
use crate::key_files::leave_to_owner_of;
use crate::receipt::ChainName;

/// Hex digits of the last record's hash in a file's name: files of two ledgers, or of one that was restored, are told apart.
const HASH_DIGITS: usize = 16;

/// The folder, in which nobody else archives meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    /// Released by its end.
    _lock: File,
}

/// The name of an archive: in the order of their names, archives of a chain are in its order.
pub(super) fn name(chain: ChainName, first: u64, end: &Head) -> String {
    let Head { sequence, hash } = end;
    let hash = hash.get(..HASH_DIGITS).unwrap_or(hash);
    format!("{}{sequence:012}-{hash}.jsonl", beginning(chain, first))
}

fn beginning(chain: ChainName, first: u64) -> String {
    format!("{}-{first:012}-", chain.as_str())
}

impl Folder {
    /// Locks the folder and takes away what an attempt that was interrupted has left half written; `None` where somebody else
    /// archives there now.
    pub(super) fn lock(dir: &Path) -> io::Result<Option<Self>> {
        let lock = File::open(dir)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Some(Self { dir: dir.to_owned(), _lock: lock }))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The last numbers of archives that begin with a number, by their names, the greatest first.
    pub(super) fn ends(&self, chain: ChainName, first: u64) -> io::Result<Vec<u64>> {
        let beginning = beginning(chain, first);
        let mut ends = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            let rest = name.to_str().and_then(|name| name.strip_prefix(&beginning)?.split_once('-'));
            ends.extend(rest.and_then(|(last, _)| last.parse::<u64>().ok()));
        }
        ends.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ends)
    }

    /// Writes a file that has its name only once it is on the disk, and overwrites none.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        // Without the path, which has another name each time: the same failure is told once.
        self.write_new(name, content).map_err(|error| io::Error::from(error.kind()))
    }

    fn write_new(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut part = tempfile::Builder::new()
            .prefix(PARTIAL)
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&self.dir)?;
        part.write_all(content)?;
        leave_to_owner_of(&self.dir, part.as_file())?;
        part.as_file().sync_all()?;
        part.persist_noclobber(self.path(name)).map_err(|error| error.error)?;
        File::open(&self.dir)?.sync_all()
    }

    pub(super) fn open(&self, name: &str) -> io::Result<BufReader<File>> {
        File::open(self.path(name)).map(BufReader::new)
    }

    /// Takes away an archive that this attempt has made and that no checkpoint names.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }
}

/// How the name of a file begins that is not whole yet.
const PARTIAL: &str = ".quietus-archive-";

#[cfg(test)]
mod tests {
    use super::*;

    fn head(sequence: u64) -> Head {
        Head { sequence, hash: format!("{sequence:064}") }
    }

    #[test]
    fn names_are_in_the_order_of_the_chain_and_say_where_a_file_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let locked = Folder::lock(folder.path()).expect("locked").expect("nobody else has it");
        let names =
            [(1, 9), (10, 200), (201, 1_000_000)].map(|(first, last)| name(ChainName::Receipts, first, &head(last)));
        assert!(names.is_sorted(), "{names:?}");
        for name in &names {
            locked.write(name, b"x").expect("written");
        }
        locked.write(&name(ChainName::Audit, 10, &head(12)), b"x").expect("written");
        locked.write(&name(ChainName::Receipts, 10, &head(30)), b"x").expect("written");
        assert_eq!(locked.ends(ChainName::Receipts, 10).expect("listed"), [200, 30]);
        assert_eq!(locked.ends(ChainName::Receipts, 11).expect("listed"), [0; 0]);
        assert!(locked.write(&names[0], b"y").is_err(), "it overwrites nothing");
        assert_eq!(fs::read(locked.path(&names[0])).expect("read"), b"x");
    }

    #[test]
    fn one_attempt_at_a_time_works_in_a_folder_and_takes_away_what_another_left_half_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let half = folder.path().join(format!("{PARTIAL}abc"));
        fs::write(&half, "half").expect("written");
        let locked = Folder::lock(folder.path()).expect("locked").expect("nobody else has it");
        assert!(!half.exists());
        assert!(Folder::lock(folder.path()).expect("answered").is_none());
        drop(locked);
        assert!(Folder::lock(folder.path()).expect("answered").is_some());
        assert!(Folder::lock(&folder.path().join("none")).is_err());
    }
}
