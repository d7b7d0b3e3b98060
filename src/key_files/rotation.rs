//! Replacing a key. The old one stays: under its id, or, of index keys, in the file of the new one, which goes through it; that
//! of the receipts signs that the new one follows it. Whatever is interrupted here is finished by the next call: each step
//! leaves files that say how far it is.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{
    INDEX_KEYS_MAX, KEY_FILE_BYTES_MAX, Keys, KeysError, PUBLIC, file, read_index, read_key, read_public, read_text,
    write_new,
};
use crate::keys::{KeyId, KeyKind, fill_random};
use crate::receipt::{KeyRotation, ReceiptKey};

/// Stands in place of an id in the name of the new key's file, until it takes the old one's place.
const NEXT: &str = "next";

/// Ends the name of a file with a rotation; before it stands the id of the old key.
const ROTATION: &str = "rotation";

/// A file that does not stand under its name yet.
const HALF_MADE: &str = "half-made";

/// A key that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rotated {
    pub(crate) from: KeyId,
    pub(crate) to: KeyId,
}

impl Keys {
    /// Puts a new key in the place of the one that signs receipts, which is `old` by what the ledger knows. Also where that was done
    /// before, and nothing was left to do but to tell the ledger.
    pub(crate) fn rotate_receipt(dir: &Path, old: &KeyId) -> Result<Rotated, KeysError> {
        let present = || Ok::<_, KeysError>(ReceiptKey::new(&read_key(&file(dir, KeyKind::Receipt))?));
        let found = present()?;
        if found.id() == old.as_str() {
            replace_receipt(dir, &found, rotation_of(dir, old)?)?;
        } else if !leads_to(dir, old, &found.public())? {
            let (dir, expected, found) = (dir.to_owned(), old.clone(), KeyId::written(found.id()));
            return Err(KeysError::OfAnotherLedger { dir, kind: KeyKind::Receipt, expected, found });
        }
        let new = present()?;
        if read_public(dir)? != new.public() {
            write_over(dir, PUBLIC, &new.public(), &dir.join(PUBLIC))?;
        }
        Ok(Rotated { from: old.clone(), to: KeyId::written(new.id()) })
    }

    /// The same for the index key. It is one file, so it is replaced or it is not.
    pub(crate) fn rotate_index(dir: &Path, old: &KeyId) -> Result<Rotated, KeysError> {
        let present = read_index(dir)?;
        if present.id() == old {
            let path = file(dir, KeyKind::Index);
            let before = read_text(&path, KEY_FILE_BYTES_MAX * INDEX_KEYS_MAX as u64)?;
            if before.lines().count() >= INDEX_KEYS_MAX {
                let what = format!("holds {INDEX_KEYS_MAX} keys, and one more is not read");
                return Err(KeysError::Wrong { path, what });
            }
            let mut bytes = Zeroizing::new([0; 32]);
            fill_random(&mut bytes[..]);
            let text = Zeroizing::new(format!("{}\n{}", *Zeroizing::new(hex::encode(&bytes[..])), before.trim_end()));
            write_over(dir, &format!("{}.key", KeyKind::Index), &text, &path)?;
        } else if present.carry_from(old).is_none() {
            let (dir, expected, found) = (dir.to_owned(), old.clone(), present.id().clone());
            return Err(KeysError::OfAnotherLedger { dir, kind: KeyKind::Index, expected, found });
        }
        Ok(Rotated { from: old.clone(), to: read_index(dir)?.id().clone() })
    }
}

fn replaced_file(dir: &Path, kind: KeyKind, id: &str) -> PathBuf {
    dir.join(format!("{kind}-{id}.key"))
}

/// All rotations of a folder's keys, the latest first.
pub(crate) fn read_rotations(dir: &Path) -> Result<Vec<KeyRotation>, KeysError> {
    rotations_to(dir, read_public(dir)?)
}

/// The rotations that led to a public key, the latest first.
fn rotations_to(dir: &Path, mut to: String) -> Result<Vec<KeyRotation>, KeysError> {
    let paths = files(dir)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == ROTATION));
    let mut left = paths.map(|path| read_rotation(&path)).collect::<Result<Vec<_>, _>>()?;
    let mut rotations = Vec::new();
    while let Some(place) = left.iter().position(|rotation| rotation.to == to) {
        let rotation = left.swap_remove(place);
        to.clone_from(&rotation.from);
        rotations.push(rotation);
    }
    Ok(rotations)
}

/// Whether a public key has replaced the one with this id, however many came between them: a backup of the ledger may be as
/// old.
pub(super) fn leads_to(dir: &Path, old: &KeyId, public: &str) -> Result<bool, KeysError> {
    let ids = rotations_to(dir, public.to_owned())?.into_iter().filter_map(|rotation| rotation.verified());
    Ok(ids.into_iter().any(|(from, _)| from == *old))
}

/// The public keys of all receipts of a deployment, hex: the present one, and those before it.
pub(crate) fn read_public_keys(dir: &Path) -> Result<Vec<String>, KeysError> {
    let before = read_rotations(dir)?.into_iter().map(|rotation| rotation.from);
    Ok(std::iter::once(read_public(dir)?).chain(before).collect())
}

/// Keeps the old key, has it sign the new one, and puts that in its place.
fn replace_receipt(dir: &Path, old: &ReceiptKey, begun: Option<KeyRotation>) -> Result<(), KeysError> {
    let next = ReceiptKey::new(&next_key(dir, KeyKind::Receipt)?);
    let rotation = KeyRotation::sign(old, &next);
    if begun.is_some_and(|begun| begun != rotation) {
        let what =
            "its key was replaced by another than `receipt-next.key`; restore the keys from your backup".to_owned();
        return Err(KeysError::Wrong { path: rotation_file(dir, &old.id()), what });
    }
    keep(dir, KeyKind::Receipt, &old.id())?;
    let text = serde_json::to_string(&rotation).expect("a rotation is JSON");
    write_over(dir, &format!("receipt-{}.{ROTATION}", old.id()), &text, &dir.join(PUBLIC))?;
    take_place(dir, KeyKind::Receipt)
}

/// The key that is to follow, made unless one is there.
fn next_key(dir: &Path, kind: KeyKind) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let path = replaced_file(dir, kind, NEXT);
    match read_key(&path) {
        Ok(bytes) => return Ok(bytes),
        Err(KeysError::Missing(_)) => {}
        // Half of it was written, so nothing was done with it.
        Err(_) => fs::remove_file(&path).map_err(|error| wrong(&path, &error))?,
    }
    let mut bytes = Zeroizing::new([0; 32]);
    fill_random(&mut bytes[..]);
    write_new(&path, &Zeroizing::new(hex::encode(&bytes[..])))?;
    like(&file(dir, kind), &path)?;
    sync(dir)?;
    Ok(bytes)
}

/// Keeps the present key under its id.
fn keep(dir: &Path, kind: KeyKind, id: &str) -> Result<(), KeysError> {
    let kept = replaced_file(dir, kind, id);
    match fs::hard_link(file(dir, kind), &kept) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(wrong(&kept, &error)),
        _ => sync(dir),
    }
}

/// Puts the next key in the place of the present one.
fn take_place(dir: &Path, kind: KeyKind) -> Result<(), KeysError> {
    let path = file(dir, kind);
    fs::rename(replaced_file(dir, kind, NEXT), &path).map_err(|error| wrong(&path, &error))?;
    sync(dir)
}

/// The rotation that replaced a key, if there is one.
fn rotation_of(dir: &Path, old: &KeyId) -> Result<Option<KeyRotation>, KeysError> {
    let path = rotation_file(dir, old.as_str());
    if path.exists() { read_rotation(&path).map(Some) } else { Ok(None) }
}

fn rotation_file(dir: &Path, old: &str) -> PathBuf {
    dir.join(format!("receipt-{old}.{ROTATION}"))
}

fn read_rotation(path: &Path) -> Result<KeyRotation, KeysError> {
    let text = fs::read_to_string(path).map_err(|error| wrong(path, &error))?;
    let rotation: Option<KeyRotation> = serde_json::from_str(&text).ok();
    let signed = rotation.filter(|rotation| rotation.verified().is_some());
    signed.ok_or_else(|| KeysError::Wrong {
        path: path.to_owned(),
        what: "is no rotation that its key has signed".into(),
    })
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, KeysError> {
    let entries = fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|error| wrong(dir, &error))
}

/// Puts a file under its name when all of it is on disk. It belongs to whom `owned` belongs.
fn write_over(dir: &Path, name: &str, text: &str, owned: &Path) -> Result<(), KeysError> {
    let half_made = dir.join(format!("{name}.{HALF_MADE}"));
    match fs::remove_file(&half_made) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(&half_made, &error)),
        _ => {}
    }
    write_new(&half_made, text)?;
    like(owned, &half_made)?;
    fs::rename(&half_made, dir.join(name)).map_err(|error| wrong(&half_made, &error))?;
    sync(dir)
}

/// Gives a new file the owner and the mode of the one whose place it takes: the server may run as another user than the one
/// who rotates.
fn like(old: &Path, new: &Path) -> Result<(), KeysError> {
    let given = fs::metadata(old).and_then(|old| {
        chown(new, Some(old.uid()), Some(old.gid()))?;
        fs::set_permissions(new, old.permissions())
    });
    given.map_err(|error| wrong(new, &error))
}

/// The names, too, must outlive a power failure.
pub(super) fn sync(dir: &Path) -> Result<(), KeysError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| wrong(dir, &error))
}

fn wrong(path: &Path, error: &io::Error) -> KeysError {
    KeysError::Wrong { path: path.to_owned(), what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Keys::create(dir.path()).expect("made");
        dir
    }

    fn id(dir: &Path, kind: KeyKind) -> KeyId {
        Keys::load(dir).expect("load").ids().of(kind).clone()
    }

    fn receipt_id(dir: &Path) -> KeyId {
        id(dir, KeyKind::Receipt)
    }

    #[test]
    fn the_old_receipt_key_stays_and_has_signed_the_new_one() {
        let dir = keys();
        let (first, public) = (receipt_id(dir.path()), read_public(dir.path()).expect("read"));
        let rotated = Keys::rotate_receipt(dir.path(), &first).expect("rotated");
        let second = receipt_id(dir.path());
        assert_eq!((&rotated.from, &rotated.to), (&first, &second));
        assert_eq!(read_public_keys(dir.path()).expect("read"), [read_public(dir.path()).expect("read"), public]);
        let kept = read_key(&dir.path().join(format!("receipt-{first}.key"))).expect("kept");
        assert_eq!(ReceiptKey::new(&kept).id(), first.as_str());
        // Until the ledger is told, the same again makes no third key.
        assert_eq!(Keys::rotate_receipt(dir.path(), &first).expect("rotated"), rotated);
        let third = Keys::rotate_receipt(dir.path(), &second).expect("rotated").to;
        let rotations = read_rotations(dir.path()).expect("read");
        let rotations: Vec<_> = rotations.iter().filter_map(KeyRotation::verified).collect();
        assert_eq!(rotations, [(second.clone(), third), (first.clone(), second)]);
        // A ledger out of a backup from before the first of them.
        assert_eq!(Keys::rotate_receipt(dir.path(), &first).expect("led on").to, receipt_id(dir.path()));
        assert!(Keys::rotate_receipt(dir.path(), &KeyId::written("0".repeat(16))).is_err(), "it is of another ledger");
    }

    #[test]
    fn a_replaced_index_key_stays_in_the_file_of_the_new_one() {
        let dir = keys();
        let path = dir.path().join("index.key");
        let first = id(dir.path(), KeyKind::Index);
        let before = fs::read_to_string(&path).expect("read");
        let rotated = Keys::rotate_index(dir.path(), &first).expect("rotated");
        let second = id(dir.path(), KeyKind::Index);
        assert_eq!((&rotated.from, &rotated.to), (&first, &second));
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.ends_with(&before) && text.lines().count() == 2, "the present one first");
        assert_eq!(fs::metadata(&path).expect("its metadata").mode() & 0o777, 0o600);
        // Until the ledger is told, the same again makes no third key.
        assert_eq!(Keys::rotate_index(dir.path(), &first).expect("rotated"), rotated);
        let third = Keys::rotate_index(dir.path(), &second).expect("rotated").to;
        assert_eq!(id(dir.path(), KeyKind::Index), third);
        assert_eq!(Keys::rotate_index(dir.path(), &first).expect("led on").to, third);

        let ledger = |index: &KeyId| Keys::load(dir.path()).expect("load").ids().with(KeyKind::Index, index.clone());
        let loaded = Keys::load(dir.path()).expect("load");
        assert!(matches!(loaded.must_be(&ledger(&first), dir.path()), Err(KeysError::RotationBegun { .. })));
        loaded.must_follow(&ledger(&first), dir.path()).expect("it was replaced twice");
        let strange = ledger(&KeyId::written("0".repeat(16)));
        assert!(matches!(loaded.must_follow(&strange, dir.path()), Err(KeysError::OfAnotherLedger { .. })));
        // The key from before, and one without the one between.
        let lines: Vec<_> = fs::read_to_string(&path).expect("read").lines().map(str::to_owned).collect();
        for text in [before, format!("{}\n{}", lines[0], lines[2])] {
            fs::write(&path, text).expect("written");
            let other = Keys::load(dir.path()).expect("load");
            assert!(matches!(other.must_be(&ledger(&third), dir.path()), Err(KeysError::OfAnotherLedger { .. })));
        }
    }

    #[test]
    fn what_was_interrupted_is_finished_with_the_same_key() {
        let dir = keys();
        let at = |name: &str| dir.path().join(name);
        let first = receipt_id(dir.path());
        let before = ["receipt.key", "receipt.pub"].map(|name| fs::read(at(name)).expect("read"));
        let rotated = Keys::rotate_receipt(dir.path(), &first).expect("rotated");
        let after = ["receipt.key", "receipt.pub"].map(|name| fs::read(at(name)).expect("read"));

        // Before the public key was written.
        fs::write(at(PUBLIC), &before[1]).expect("written");
        assert!(Keys::load(dir.path()).is_err());
        assert_eq!(Keys::rotate_receipt(dir.path(), &first).expect("finished"), rotated);
        assert_eq!(fs::read(at(PUBLIC)).expect("read"), after[1]);
        // Before the new key took its place.
        fs::rename(at("receipt.key"), at("receipt-next.key")).expect("moved");
        fs::write(at("receipt.key"), &before[0]).expect("written");
        fs::write(at(PUBLIC), &before[1]).expect("written");
        assert_eq!(Keys::rotate_receipt(dir.path(), &first).expect("finished"), rotated);
        assert_eq!(fs::read(at("receipt.key")).expect("read"), after[0]);
        // While the new key was written.
        fs::write(at("receipt-next.key"), "12").expect("written");
        Keys::rotate_receipt(dir.path(), &rotated.to).expect("rotated");
        assert_ne!(receipt_id(dir.path()), rotated.to);
    }
}
