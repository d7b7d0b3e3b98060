//! The key files of a deployment: made once, never overwritten, loaded at every start. What is done with the keys, `keys`
//! knows.

mod generations;
mod rotation;

pub(crate) use generations::{SealStore, SealStoreError, leave_to_owner_of};
pub(crate) use rotation::{Rotated, read_public_keys, read_rotations};

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;
use zeroize::Zeroizing;

use crate::keys::{IndexKey, KeyId, KeyIds, KeyKind, NoSealKey, SealKey, SealRoot, fill_random};
use crate::receipt::ReceiptKey;

const PUBLIC: &str = "receipt.pub";
/// 32 bytes as hex and a line break.
const KEY_FILE_BYTES_MAX: u64 = 66;
/// Index keys in one file: the present one first, and those that it goes through.
const INDEX_KEYS_MAX: usize = 64;

/// The keys of a deployment.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) index: IndexKey,
    /// Of which the generations are made that seal.
    pub(crate) seal: SealRoot,
    pub(crate) receipt: ReceiptKey,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    #[error(
        "there is no key file {0}. A new deployment makes its keys with `quietus keys new`. If this deployment had \
         keys, restore them from your backup instead: with another index key nobody who is already in the ledger can \
         be found again, and with another seal key nothing that was sealed can be opened"
    )]
    Missing(PathBuf),
    #[error("{0} is there already; keys are never overwritten")]
    Exists(PathBuf),
    #[error("{path}: {what}")]
    Wrong { path: PathBuf, what: String },
    #[error(
        "the {kind} key in {} is {found}, and the ledger belongs to {expected}: {}; restore the keys from your backup, or copy \
         them from where they were rotated",
        dir.display(), consequence(*kind)
    )]
    OfAnotherLedger { dir: PathBuf, kind: KeyKind, expected: KeyId, found: KeyId },
    #[error(
        "something in the ledger that is not over is sealed under the seal key {id}, and {place} is missing: nobody could be told whom \
         it is about. Put it back; several machines share `keys.seals`. Where an older copy of the ledger was put in place, the key was \
         destroyed since: `quietus ledger accept` goes on without it, and what it sealed needs a person"
    )]
    SealMissing { place: String, id: KeyId },
    #[error(
        "there is none of this ledger's seal keys in {0}, and something in it that is not over is sealed under some: is what is mounted \
         there away? Mount it, or put the keys back. Where all of them are gone for good, as on a new machine or of an old backup, `--seals-gone`, of `quietus \
         ledger accept` and `ledger restore`, goes on without them, and what they sealed needs a person"
    )]
    NoSeals(String),
    #[error("the seal key {id} cannot be read: {why}")]
    SealUnreadable { id: KeyId, why: String },
    /// These files have the new key, and the ledger does not know it.
    #[error(
        "the {kind} key in {} is {found}, which replaced {expected}, and the ledger was not told: run `quietus keys rotate \
         {kind}` again, which finishes it",
        dir.display()
    )]
    RotationBegun { dir: PathBuf, kind: KeyKind, expected: KeyId, found: KeyId },
}

fn consequence(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Index => "nobody in it could be found",
        KeyKind::Seal => "nothing that is sealed in it could be opened",
        KeyKind::Receipt => "receipts would be signed with a key that nobody expects",
    }
}

impl Keys {
    /// Loads the keys from their folder.
    pub(crate) fn load(dir: &Path) -> Result<Self, KeysError> {
        let keys = Self::read(dir)?;
        if read_public(dir)? != keys.receipt.public() {
            let what = "does not belong to receipt.key, and receipts could not be verified with it; where a rotation was \
                        interrupted, run `quietus keys rotate receipt` again";
            let what = what.to_owned();
            return Err(KeysError::Wrong { path: dir.join(PUBLIC), what });
        }
        Ok(keys)
    }

    /// Reads the keys, whether the public one is that of the receipts or not: a rotation may have been interrupted.
    pub(crate) fn read(dir: &Path) -> Result<Self, KeysError> {
        let index = read_index(dir)?;
        let seal = SealRoot::new(read_key(&file(dir, KeyKind::Seal))?);
        let receipt = ReceiptKey::new(&read_key(&file(dir, KeyKind::Receipt))?);
        Ok(Self { index, seal, receipt })
    }

    pub(crate) fn ids(&self) -> KeyIds {
        let receipt = KeyId::written(self.receipt.id());
        KeyIds { index: self.index.id().clone(), seal: self.seal.id(), receipt }
    }

    /// Refuses keys that are not those of the ledger, whose ids these are.
    pub(crate) fn must_be(&self, of_ledger: &KeyIds, dir: &Path) -> Result<(), KeysError> {
        let ours = self.ids();
        let other = KeyKind::ALL.into_iter().find(|kind| ours.of(*kind) != of_ledger.of(*kind));
        let Some(kind) = other else { return Ok(()) };
        let (dir, expected, found) = (dir.to_owned(), of_ledger.of(kind).clone(), ours.of(kind).clone());
        Err(if self.replaced(kind, &expected, &dir) {
            KeysError::RotationBegun { dir, kind, expected, found }
        } else {
            KeysError::OfAnotherLedger { dir, kind, expected, found }
        })
    }

    /// What seals under this generation, and opens what is sealed under the others that are in a folder.
    pub(crate) fn sealing(&self, present: &KeyId, store: &SealStore) -> Result<SealKey, NoSealKey> {
        let (root, store, place) = (self.seal.clone(), store.clone(), store.clone());
        let find = move |id: &KeyId| {
            let Some(secret) = store.get(id).map_err(|error| error.to_string())? else { return Ok(None) };
            let (found, key) = root.generation(&secret);
            if found == *id {
                return Ok(Some(key));
            }
            let place = store.shown(id);
            Err(format!("{place} was changed, or made with another seal.key: restore that from your backup"))
        };
        SealKey::of(present, Arc::new(find), Arc::new(move |id: &KeyId| place.keeps(id)))
    }

    /// Refuses keys that neither are those of a ledger, whose ids these are, nor have replaced them.
    pub(crate) fn must_follow(&self, of_ledger: &KeyIds, dir: &Path) -> Result<(), KeysError> {
        match self.must_be(of_ledger, dir) {
            Err(KeysError::RotationBegun { kind, .. }) => {
                self.must_follow(&of_ledger.clone().with(kind, self.ids().of(kind).clone()), dir)
            }
            other => other,
        }
    }

    /// Whether a key of ours has replaced the one with this id.
    fn replaced(&self, kind: KeyKind, id: &KeyId, dir: &Path) -> bool {
        match kind {
            KeyKind::Index => self.index.carry_from(id).is_some(),
            KeyKind::Seal => false,
            // By what the old ones have signed: the keys themselves need not be there.
            KeyKind::Receipt => rotation::leads_to(dir, id, &self.receipt.public()).unwrap_or(false),
        }
    }

    /// Makes the keys in a folder that has none. Returns the public key of the receipts, hex.
    pub(crate) fn create(dir: &Path) -> Result<String, KeysError> {
        // All of them before the first is made: where one is left, new ones beside it would be keys of two deployments.
        let mut files = KeyKind::ALL.map(|kind| file(dir, kind)).into_iter().chain([dir.join(PUBLIC)]);
        if let Some(path) = files.find(|path| path.exists()) {
            return Err(KeysError::Exists(path));
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| KeysError::Wrong { path: dir.to_owned(), what: error.to_string() })?;
        let mut receipt = None;
        for kind in KeyKind::ALL {
            let mut bytes = Zeroizing::new([0; 32]);
            fill_random(&mut bytes[..]);
            write_new(&file(dir, kind), &Zeroizing::new(hex::encode(&bytes[..])))?;
            receipt = Some(ReceiptKey::new(&bytes));
        }
        let public = receipt.expect("the receipt key is the last of them").public();
        write_new(&dir.join(PUBLIC), &public)?;
        // The names, too, must outlive a power failure: what was sealed with a key that is lost is never opened again.
        rotation::sync(dir)?;
        Ok(public)
    }
}

/// The file of the present key.
fn file(dir: &Path, kind: KeyKind) -> PathBuf {
    dir.join(format!("{kind}.key"))
}

/// The public key of the receipts, hex; needs none of the secret ones.
pub(crate) fn read_public(dir: &Path) -> Result<String, KeysError> {
    Ok(hex::encode(&read_key(&dir.join(PUBLIC))?[..]))
}

/// The index key, which goes through those that it has replaced: they stand in one file, as one that is missing between
/// them would make another key of it.
fn read_index(dir: &Path) -> Result<IndexKey, KeysError> {
    let path = file(dir, KeyKind::Index);
    let mut keys = read_keys(&path, INDEX_KEYS_MAX)?;
    let Some(first) = keys.pop() else {
        return Err(KeysError::Wrong { path, what: NOT_HEX.to_owned() });
    };
    Ok(keys.iter().rev().fold(IndexKey::new(&first), IndexKey::replaced_by))
}

fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let keys = read_keys(path, 1)?;
    keys.into_iter().next().ok_or_else(|| KeysError::Wrong { path: path.to_owned(), what: NOT_HEX.to_owned() })
}

const NOT_HEX: &str = "is not 64 hex digits";

/// The keys of a file, one a line, at most so many.
fn read_keys(path: &Path, most: usize) -> Result<Vec<Zeroizing<[u8; 32]>>, KeysError> {
    let text = read_text(path, KEY_FILE_BYTES_MAX * most as u64)?;
    let key = |line: &str| {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(line.trim_end(), &mut bytes[..])
            .map(|()| bytes)
            .map_err(|_| KeysError::Wrong { path: path.to_owned(), what: NOT_HEX.to_owned() })
    };
    text.trim_end().lines().map(key).collect()
}

/// The text of a file with keys.
fn read_text(path: &Path, bytes_max: u64) -> Result<Zeroizing<String>, KeysError> {
    let wrong = |what: String| KeysError::Wrong { path: path.to_owned(), what };
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeysError::Missing(path.to_owned()),
        _ => wrong(error.to_string()),
    })?;
    let mode = file.metadata().map_err(|error| wrong(error.to_string()))?.mode();
    if mode & 0o004 != 0 && !path.ends_with(PUBLIC) {
        warn!(path = %path.display(), "every user of this machine can read this key");
    }
    let mut text = Zeroizing::new(String::new());
    file.take(bytes_max + 1).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    // A cut after one of its keys would be another key.
    if text.len() as u64 > bytes_max { Err(wrong("is too long".to_owned())) } else { Ok(text) }
}

/// Writes a file that nobody else may read and that is on disk when this returns.
fn write_new(path: &Path, text: &str) -> Result<(), KeysError> {
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()
    })();
    written.map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeysError::Exists(path.to_owned()),
        _ => KeysError::Wrong { path: path.to_owned(), what: error.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn keys_are_made_once_for_their_owner_only() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let keys = dir.path().join("keys");
        let missing = Keys::load(&keys).err().expect("there are none");
        assert_snapshot!(missing.to_string().replace(&keys.display().to_string(), "keys"), @"there is no key file keys/index.key. A new deployment makes its keys with `quietus keys new`. If this deployment had keys, restore them from your backup instead: with another index key nobody who is already in the ledger can be found again, and with another seal key nothing that was sealed can be opened");

        let public = Keys::create(&keys).expect("made");
        assert_eq!(read_public(&keys).expect("is read"), public);
        let index = |keys: &Path| Keys::load(keys).expect("load").ids();
        let before = index(&keys);
        for entry in std::fs::read_dir(&keys).expect("is listed") {
            let mode = entry.expect("an entry").metadata().expect("its metadata").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(&keys).expect("is there").permissions().mode() & 0o777, 0o700);

        assert!(matches!(Keys::create(&keys), Err(KeysError::Exists(_))));
        assert_eq!(index(&keys), before);
    }

    #[test]
    fn damaged_or_foreign_key_files_are_refused() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let a = dir.path().join("a");
        let b = dir.path().join("b");
        Keys::create(&a).expect("made");
        Keys::create(&b).expect("made");
        std::fs::copy(a.join("receipt.pub"), b.join("receipt.pub")).expect("copied");
        assert!(matches!(Keys::load(&b), Err(KeysError::Wrong { .. })));
        std::fs::write(a.join("seal.key"), "abc").expect("written");
        assert!(matches!(Keys::load(&a), Err(KeysError::Wrong { .. })));
        for text in
            [String::new(), "\n".into(), format!("{}\n\n{}", "1".repeat(64), "2".repeat(64)), "1\n".repeat(9_999)]
        {
            std::fs::write(a.join("index.key"), &text).expect("written");
            assert!(
                matches!(Keys::read(&a), Err(KeysError::Wrong { path, .. }) if path.ends_with("index.key")),
                "{text}"
            );
        }
        std::fs::remove_file(a.join("index.key")).expect("removed");
        assert!(matches!(Keys::load(&a), Err(KeysError::Missing(_))));
        assert!(matches!(Keys::create(&a), Err(KeysError::Exists(_))));
    }
}
