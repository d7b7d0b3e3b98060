//! The file that remembers the ledger: small, written whole or not at all, and never with an older receipt than it had.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::key_files::{Keys, leave_to_owner_of};
use crate::keys::KeyKind;
use crate::ledger::LedgerId;
use crate::receipt::ReceiptHead;

/// The format's version, in the file.
const FORMAT: u32 = 1;

/// The file's name in its folder.
const NAME: &str = "ledger.json";

/// So many numbers are covered at once, at least: more than are issued until it is looked again.
const RESERVED: u64 = 1_000;

/// What is known of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    format: u32,
    pub(crate) ledger: LedgerId,
    /// The newest receipt that was seen; null where there was none.
    pub(crate) receipt: Option<ReceiptHead>,
    /// Receipts up to this number may have been issued: a server issues none that is not covered by what is on the disk here. `None` where
    /// the last server has ended in order, so that `receipt` is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reserved: Option<u64>,
    pub(crate) keys: KnownKeys,
    /// How it was begun, where the ledger had receipts already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<Begun>,
}

/// Nothing was known of a ledger that has receipts: a new machine of a fleet, or a folder whose content is away, such as a mount that
/// is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The ledger's newest receipt then.
    pub(super) after: u64,
    /// The machine's name.
    pub(super) on: String,
}

/// Which keys the ledger was served with. Told to a person who restores a backup and needs the keys that belong to it; they
/// say nothing of the keys themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownKeys {
    /// The id of the index key.
    pub(crate) index: String,
    /// The id of the key that seals.
    pub(crate) seal: String,
    /// The id by which receipts name their key.
    pub(crate) receipt: String,
}

impl KnownKeys {
    pub(crate) fn of(keys: &Keys) -> Self {
        let ids = keys.ids();
        Self { index: ids.index.to_string(), seal: ids.seal.to_string(), receipt: ids.receipt.to_string() }
    }

    /// Of these keys, those that are others.
    pub(crate) fn other_than(&self, keys: &Keys) -> Vec<KeyKind> {
        let now = Self::of(keys);
        let all = [
            (KeyKind::Index, self.index == now.index),
            (KeyKind::Seal, self.seal == now.seal),
            (KeyKind::Receipt, self.receipt == now.receipt),
        ];
        all.into_iter().filter_map(|(kind, same)| (!same).then_some(kind)).collect()
    }
}

impl Known {
    pub(crate) fn new(ledger: LedgerId, receipt: Option<ReceiptHead>, keys: KnownKeys) -> Self {
        Self { format: FORMAT, ledger, receipt, reserved: None, keys, begun: None }
    }

    /// As a server remembers it that goes on issuing receipts. The numbers follow from the newest receipt alone, so that a file that was put back is
    /// no other one where no receipt was seen since.
    pub(super) fn reserving(mut self) -> Self {
        self.reserved = Some((self.sequence() / RESERVED + 2) * RESERVED);
        self
    }

    /// The same of a ledger in which this receipt is the last that was issued.
    pub(crate) fn ending_at(self, receipt: Option<ReceiptHead>) -> Self {
        Self { receipt, reserved: None, ..self }
    }

    /// Receipts up to this number may have been issued.
    pub(crate) fn issued_up_to(&self) -> u64 {
        self.sequence().max(self.reserved.unwrap_or_default())
    }

    /// The newest receipt's number, 0 where there was none.
    pub(crate) fn sequence(&self) -> u64 {
        self.receipt.as_ref().map_or(0, |receipt| receipt.sequence)
    }
}

/// Why it is not known what the ledger was, or cannot be remembered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error(
        "{path}: what the ledger was cannot be read: {what}. Restore the file, or, where you are sure that the ledger is \
             the newest, delete it"
    )]
    Unreadable { path: PathBuf, what: String },
    /// The folder is away, or is not ours: that passes, or an administrator mends it; nothing is damaged.
    #[error("{path}: {error}; what the ledger was is kept there (`server.state_dir`)")]
    Unreachable { path: PathBuf, error: io::Error },
    #[error("{path} is of another ledger ({other}); give each deployment a `server.state_dir` of its own")]
    Other { path: PathBuf, other: LedgerId },
}

impl StateError {
    /// Whether it stays until a person has looked: another try finds the same.
    pub(crate) fn is_for_a_person(&self) -> bool {
        !matches!(self, Self::Unreachable { .. })
    }
}

/// The file, in its folder.
#[derive(Clone, Debug)]
pub(crate) struct StateFile {
    dir: PathBuf,
}

impl StateFile {
    pub(crate) fn of(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    /// What is known; `None` before anything was written. A file that cannot be understood is not taken for none.
    pub(crate) fn read(&self) -> Result<Option<Known>, StateError> {
        let path = self.path();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::Unreachable { path, error }),
        };
        match serde_json::from_slice::<Known>(&text) {
            Ok(known) if known.format == FORMAT => Ok(Some(known)),
            Ok(known) => Err(StateError::Unreadable { path, what: format!("its format is {}", known.format) }),
            Err(error) => Err(StateError::Unreadable { path, what: error.to_string() }),
        }
    }

    /// Remembers what is known, unless a newer receipt of the same ledger is known already. Returns how the file was begun, where
    /// that needs a person. Blocks on the disk.
    pub(crate) fn keep(&self, known: &Known) -> Result<Option<Begun>, StateError> {
        let _lock = self.lock()?;
        let Some(before) = self.read()? else {
            let begun = known.receipt.as_ref().map(|newest| Begun { after: newest.sequence, on: machine_name() });
            self.write(&Known { begun: begun.clone(), ..known.clone() })?;
            return Ok(begun);
        };
        if before.ledger != known.ledger {
            return Err(StateError::Other { path: self.path(), other: before.ledger });
        }
        let newest = if before.sequence() <= known.sequence() { known } else { &before };
        // Where somebody else has seen a newer one and has ended since, the numbers that we may issue are covered all the same.
        let reserved = if newest == known { known.reserved } else { before.reserved.max(known.reserved) };
        let now = Known { begun: before.begun.clone(), reserved, ..newest.clone() };
        if before != now {
            self.write(&now)?;
        }
        Ok(now.begun)
    }

    /// Remembers it whatever was known before: a person has said so.
    pub(crate) fn replace(&self, known: &Known) -> Result<(), StateError> {
        let _lock = self.lock()?;
        self.write(known)
    }

    /// Several processes may share the folder: between a look and a write, nobody else writes. Released by its end.
    fn lock(&self) -> Result<File, StateError> {
        let unreachable = |error| StateError::Unreachable { path: self.dir.clone(), error };
        if !self.dir.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(unreachable)?;
            let made = File::open(&self.dir).map_err(unreachable)?;
            leave_to_owner_of(&self.dir.join(".."), &made).map_err(unreachable)?;
        }
        let dir = File::open(&self.dir).map_err(unreachable)?;
        flock(&dir, FlockOperation::LockExclusive).map_err(|error| unreachable(error.into()))?;
        Ok(dir)
    }

    fn write(&self, known: &Known) -> Result<(), StateError> {
        let path = self.path();
        let text = serde_json::to_string(known).expect("what is known is JSON");
        replace_file(&path, |file| writeln!(file, "{text}")).map_err(|error| StateError::Unreachable { path, error })
    }
}

/// As the kernel knows it.
pub(crate) fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Replaces a file in one step, for its owner only; it is on the disk, name and content, when this returns.
fn replace_file(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut part = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(dir)?;
    write(part.as_file_mut())?;
    leave_to_owner_of(dir, part.as_file())?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn known(sequence: u64) -> Known {
        let keys = KnownKeys { index: "1".into(), seal: "3".into(), receipt: "2".into() };
        Known::new(LedgerId("a".into()), Some(ReceiptHead { sequence, hash: sequence.to_string() }), keys)
    }

    #[test]
    fn what_is_known_is_never_older_than_it_was_unless_a_person_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = StateFile::of(folder.path().join("state"));
        assert_eq!(file.read().expect("nothing is there"), None);
        for (sequence, expected) in [(3, 3), (2, 3), (7, 7)] {
            file.keep(&known(sequence)).expect("kept");
            let read = file.read().expect("read").expect("it is known");
            assert_eq!(read.receipt, known(expected).receipt);
        }
        file.replace(&known(4)).expect("replaced");
        assert_eq!(file.read().expect("read"), Some(known(4)));
        let other = Known { ledger: LedgerId("b".into()), ..known(9) };
        assert!(matches!(file.keep(&other), Err(StateError::Other { .. })));
        assert_eq!(std::fs::read_dir(folder.path().join("state")).expect("listed").count(), 1, "nothing half is left");
    }

    #[test]
    fn what_is_begun_though_there_are_receipts_says_so_until_it_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let new = StateFile::of(folder.path().join("new"));
        let empty = Known { receipt: None, ..known(1) };
        assert_eq!(new.keep(&empty).expect("kept"), None, "a ledger without receipts is new itself");
        assert_eq!(new.keep(&known(1)).expect("kept"), None);
        let file = StateFile::of(folder.path().join("state"));
        for sequence in [7, 8] {
            let begun = file.keep(&known(sequence)).expect("kept").expect("it was begun");
            assert_eq!((begun.after, begun.on), (7, machine_name()));
        }
        // As what was there before comes back.
        std::fs::copy(new.path(), file.path()).expect("copied");
        assert_eq!(file.keep(&known(9)).expect("kept"), None);
    }

    #[test]
    fn what_root_makes_belongs_to_the_folders_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let owner = if rustix::process::geteuid().is_root() { 4711 } else { rustix::process::geteuid().as_raw() };
        std::os::unix::fs::chown(folder.path(), Some(owner), None).expect("given away");
        let file = StateFile::of(folder.path().join("state"));
        file.keep(&known(1)).expect("kept");
        for path in [folder.path().join("state"), file.path()] {
            assert_eq!(path.metadata().expect("is there").uid(), owner, "{}", path.display());
        }
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_not_taken_for_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = StateFile::of(folder.path().to_owned());
        for text in [
            "",
            "{",
            "{\"format\":2,\"ledger\":\"a\",\"receipt\":null,\"keys\":{\"index\":\"\",\"seal\":\"\",\"receipt\":\"\"}}",
        ] {
            std::fs::write(file.path(), text).expect("written");
            assert!(matches!(file.read(), Err(StateError::Unreadable { .. })), "{text}");
            assert!(file.keep(&known(1)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_folder_that_is_away_is_no_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("state");
        std::fs::write(&dir, "").expect("written");
        let away = StateFile::of(dir).read().expect_err("it is no folder");
        assert!(!away.is_for_a_person(), "{away}");
    }
}
