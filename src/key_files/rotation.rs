//! Replacing the key of the receipts. The old one stays, under its id, and signs that the new one follows it. Whatever is
//! interrupted here is finished by the next call: each step leaves files that say how far it is.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Keys, KeysError, PUBLIC, RECEIPT, read_key, read_public, write_new};
use crate::keys::{KeyId, KeyKind, fill_random};
use crate::receipt::{KeyRotation, ReceiptKey};

/// The new key, until it takes the old one's place.
const NEXT: &str = "receipt-next.key";

/// Ends the name of a file with a rotation; before it stands the id of the old key.
const ROTATION: &str = "rotation";

/// A file that does not stand under its name yet.
const HALF_MADE: &str = "half-made";

impl Keys {
    /// Puts a new key in the place of the one that signs receipts, which is `old` by what the ledger knows. Also where it had
    /// been made before, and nothing was left to do but to tell the ledger.
    pub(crate) fn rotate_receipt(dir: &Path, old: &KeyId) -> Result<RotatedReceiptKey, KeysError> {
        let present = ReceiptKey::new(&read_key(&dir.join(RECEIPT))?);
        let rotation = match rotation_of(dir, old)? {
            // It has taken its place already.
            Some(rotation) if rotation.to == present.public() => rotation,
            _ if present.id() != old.as_str() => {
                let found = KeyId::written(present.id());
                let (dir, expected) = (dir.to_owned(), old.clone());
                return Err(KeysError::OfAnotherLedger { dir, kind: KeyKind::Receipt, expected, found });
            }
            begun => replace(dir, &present, begun)?,
        };
        if read_public(dir)? != rotation.to {
            write_over(dir, PUBLIC, &rotation.to)?;
        }
        Ok(RotatedReceiptKey { from: old.clone(), to: KeyId::written(present_id(dir)?), public: rotation.to })
    }
}

/// A receipt key that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RotatedReceiptKey {
    pub(crate) from: KeyId,
    pub(crate) to: KeyId,
    /// The new public key, hex.
    pub(crate) public: String,
}

fn present_id(dir: &Path) -> Result<String, KeysError> {
    Ok(ReceiptKey::new(&read_key(&dir.join(RECEIPT))?).id())
}

/// All rotations of a folder's keys, the latest first.
pub(crate) fn read_rotations(dir: &Path) -> Result<Vec<KeyRotation>, KeysError> {
    let mut left = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| wrong(dir, &error))? {
        let path = entry.map_err(|error| wrong(dir, &error))?.path();
        if path.extension().is_some_and(|extension| extension == ROTATION) {
            left.push(read_rotation(&path)?);
        }
    }
    let mut rotations = Vec::new();
    let mut to = read_public(dir)?;
    while let Some(place) = left.iter().position(|rotation| rotation.to == to) {
        let rotation = left.swap_remove(place);
        to.clone_from(&rotation.from);
        rotations.push(rotation);
    }
    Ok(rotations)
}

/// The public keys of all receipts of a deployment, hex: the present one, and those before it.
pub(crate) fn read_public_keys(dir: &Path) -> Result<Vec<String>, KeysError> {
    let before = read_rotations(dir)?.into_iter().map(|rotation| rotation.from);
    Ok(std::iter::once(read_public(dir)?).chain(before).collect())
}

/// Keeps the old key, has it sign the new one, and puts that in its place.
fn replace(dir: &Path, old: &ReceiptKey, begun: Option<KeyRotation>) -> Result<KeyRotation, KeysError> {
    let next = next_key(dir)?;
    let rotation = KeyRotation::sign(old, &next);
    if begun.is_some_and(|begun| begun != rotation) {
        let what =
            "its key was replaced by another than `receipt-next.key`; restore the keys from your backup".to_owned();
        return Err(KeysError::Wrong { path: rotation_file(dir, &old.id()), what });
    }
    let name = format!("receipt-{}.key", old.id());
    match fs::hard_link(dir.join(RECEIPT), dir.join(&name)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(wrong(&dir.join(name), &error)),
        _ => {}
    }
    let text = serde_json::to_string(&rotation).expect("a rotation is JSON");
    write_over(dir, &format!("receipt-{}.{ROTATION}", old.id()), &text)?;
    fs::rename(dir.join(NEXT), dir.join(RECEIPT)).map_err(|error| wrong(&dir.join(RECEIPT), &error))?;
    sync(dir)?;
    Ok(rotation)
}

/// The key that is to follow, made unless one is there.
fn next_key(dir: &Path) -> Result<ReceiptKey, KeysError> {
    let path = dir.join(NEXT);
    match read_key(&path) {
        Ok(bytes) => return Ok(ReceiptKey::new(&bytes)),
        Err(KeysError::Missing(_)) => {}
        // Half of it was written, so nothing was signed with it.
        Err(_) => fs::remove_file(&path).map_err(|error| wrong(&path, &error))?,
    }
    let mut bytes = Zeroizing::new([0; 32]);
    fill_random(&mut bytes[..]);
    write_new(&path, &Zeroizing::new(hex::encode(&bytes[..])))?;
    like(&dir.join(RECEIPT), &path)?;
    sync(dir)?;
    Ok(ReceiptKey::new(&bytes))
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

/// Puts a file under its name when all of it is on disk.
fn write_over(dir: &Path, name: &str, text: &str) -> Result<(), KeysError> {
    let half_made = dir.join(format!("{name}.{HALF_MADE}"));
    match fs::remove_file(&half_made) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(&half_made, &error)),
        _ => {}
    }
    write_new(&half_made, text)?;
    like(&dir.join(PUBLIC), &half_made)?;
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

    fn id(dir: &Path) -> KeyId {
        Keys::load(dir).expect("load").ids().receipt
    }

    #[test]
    fn the_old_key_stays_and_has_signed_the_new_one() {
        let dir = keys();
        let (first, public) = (id(dir.path()), read_public(dir.path()).expect("read"));
        let rotated = Keys::rotate_receipt(dir.path(), &first).expect("rotated");
        let second = id(dir.path());
        assert_eq!((&rotated.from, &rotated.to), (&first, &second));
        assert_eq!(read_public_keys(dir.path()).expect("read"), [rotated.public.clone(), public]);
        let kept = read_key(&dir.path().join(format!("receipt-{first}.key"))).expect("kept");
        assert_eq!(ReceiptKey::new(&kept).id(), first.as_str());
        // Until the ledger is told, the same again makes no third key.
        assert_eq!(Keys::rotate_receipt(dir.path(), &first).expect("rotated"), rotated);
        let third = Keys::rotate_receipt(dir.path(), &second).expect("rotated").to;
        let rotations = read_rotations(dir.path()).expect("read");
        let rotations: Vec<_> = rotations.iter().filter_map(KeyRotation::verified).collect();
        assert_eq!(rotations, [(second.clone(), third), (first.clone(), second)]);
        assert!(Keys::rotate_receipt(dir.path(), &first).is_err(), "it is not the key of this ledger any more");
    }

    #[test]
    fn what_was_interrupted_is_finished_with_the_same_key() {
        let whole = keys();
        let first = id(whole.path());
        let before: Vec<_> =
            ["receipt.key", "receipt.pub"].map(|name| (name, fs::read(whole.path().join(name)))).into();
        let rotation = Keys::rotate_receipt(whole.path(), &first).expect("rotated");
        let [key, public] = ["receipt.key", "receipt.pub"].map(|name| fs::read(whole.path().join(name)).expect("read"));

        // Before the public key was written.
        let old: Vec<u8> = before[1].1.as_ref().expect("read").clone();
        fs::write(whole.path().join(PUBLIC), &old).expect("written");
        assert!(Keys::load(whole.path()).is_err());
        assert_eq!(Keys::rotate_receipt(whole.path(), &first).expect("finished"), rotation);
        assert_eq!(fs::read(whole.path().join(PUBLIC)).expect("read"), public);
        // Before the new key took its place.
        fs::rename(whole.path().join(RECEIPT), whole.path().join(NEXT)).expect("moved");
        fs::write(whole.path().join(RECEIPT), before[0].1.as_ref().expect("read")).expect("written");
        fs::write(whole.path().join(PUBLIC), &old).expect("written");
        assert_eq!(Keys::rotate_receipt(whole.path(), &first).expect("finished"), rotation);
        assert_eq!(fs::read(whole.path().join(RECEIPT)).expect("read"), key);
        // While the new key was written.
        let second = id(whole.path());
        fs::write(whole.path().join(NEXT), "12").expect("written");
        Keys::rotate_receipt(whole.path(), &second).expect("rotated");
        assert_ne!(id(whole.path()), second);
    }
}
