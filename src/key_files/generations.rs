//! Where the secrets of the seal key's generations are: a folder of their own, which is in no backup, or a program that keeps them.
//! What is destroyed here opens nothing any more, in no copy of the ledger.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeysError, NOT_HEX, read_key};
use crate::blocking::in_place;
use crate::external::ExternalCommand;
use crate::keys::{KeyId, fill_random};

/// What a program may say of one, and a byte beyond: a secret, as 64 hex digits and a line break.
const ANSWER_BYTES_MAX: u64 = 67;

/// Where the secrets are.
#[derive(Clone, Debug)]
pub(crate) enum SealStore {
    Folder(SealFolder),
    Command(ExternalCommand),
}

/// Why a secret could not be read, written or destroyed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SealStoreError(String);

impl SealStore {
    pub(crate) fn folder(dir: PathBuf) -> Self {
        Self::Folder(SealFolder { dir })
    }

    /// The secret of a generation, as a person looks for it.
    pub(crate) fn shown(&self, id: &KeyId) -> String {
        match self {
            Self::Folder(folder) => folder.path(id).display().to_string(),
            Self::Command(command) => format!("{} get {id}", command.shown()),
        }
    }

    /// Where the secrets are, as a person looks for it.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Folder(folder) => folder.dir.display().to_string(),
            Self::Command(command) => command.shown(),
        }
    }

    /// Makes the place for the first secret.
    pub(crate) fn make_place(&self) -> Result<(), SealStoreError> {
        match self {
            Self::Folder(folder) => folder.make().map_err(|error| SealStoreError(format!("{}: {error}", self.place()))),
            Self::Command(_) => Ok(()),
        }
    }

    /// The secret of a generation; `None` where it is not there.
    pub(crate) fn get(&self, id: &KeyId) -> Result<Option<Zeroizing<[u8; 32]>>, SealStoreError> {
        in_place(|| match self {
            Self::Folder(folder) => match read_key(&folder.path(id)) {
                Err(KeysError::Missing(_)) => Ok(None),
                read => read.map(Some).map_err(|error| SealStoreError(error.to_string())),
            },
            Self::Command(command) => {
                let said = command.ask(&["get", id.as_str()], "", ANSWER_BYTES_MAX).map_err(SealStoreError)?;
                if said.trim_end().is_empty() {
                    return Ok(None);
                }
                let mut secret = Zeroizing::new([0; 32]);
                let read = hex::decode_to_slice(said.trim_end(), &mut secret[..]);
                read.map(|()| Some(secret))
                    .map_err(|_| SealStoreError(format!("what `{}` says {NOT_HEX}", self.shown(id))))
            }
        })
    }

    /// Whether a generation is there to seal under. Of another one in its place the ledger tells; where there is none, the folder is away. What
    /// a program keeps cannot be seen at once.
    pub(crate) fn keeps(&self, id: &KeyId) -> bool {
        match self {
            Self::Folder(folder) => folder.path(id).is_file() || folder.has_any(),
            Self::Command(_) => true,
        }
    }

    /// Keeps the secret of a new generation; it is kept for good when this returns.
    pub(crate) fn put(&self, id: &KeyId, secret: &Zeroizing<[u8; 32]>) -> Result<(), SealStoreError> {
        let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex::encode(&secret[..]))));
        in_place(|| match self {
            Self::Folder(folder) => folder.put(id, &text).map_err(|error| self.failed(id, &error)),
            Self::Command(command) => {
                command.ask(&["put", id.as_str()], &text, ANSWER_BYTES_MAX).map(drop).map_err(SealStoreError)
            }
        })
    }

    /// Destroys a secret. Also one that was destroyed before.
    pub(crate) fn destroy(&self, id: &KeyId) -> Result<(), SealStoreError> {
        in_place(|| match self {
            Self::Folder(folder) => folder.destroy(id).map_err(|error| self.failed(id, &error)),
            Self::Command(command) => {
                command.ask(&["destroy", id.as_str()], "", ANSWER_BYTES_MAX).map(drop).map_err(SealStoreError)
            }
        })
    }

    fn failed(&self, id: &KeyId, error: &io::Error) -> SealStoreError {
        SealStoreError(format!("{}: {error}", self.shown(id)))
    }
}

/// A folder with a file for each generation.
#[derive(Clone, Debug)]
pub(crate) struct SealFolder {
    dir: PathBuf,
}

impl SealFolder {
    fn path(&self, id: &KeyId) -> PathBuf {
        self.dir.join(format!("{id}.key"))
    }

    fn has_any(&self) -> bool {
        let Ok(mut files) = fs::read_dir(&self.dir) else { return false };
        files.any(|file| file.is_ok_and(|file| file.path().extension().is_some_and(|end| end == "key")))
    }

    /// Writes a secret; it is on the disk, name and content, when this returns. One that was interrupted is under no name that is read.
    /// The folder is there: one that is missing may be mounted later.
    fn put(&self, id: &KeyId, text: &str) -> io::Result<()> {
        if !self.dir.exists() {
            let what = "its folder is not there: mount it; where it is gone for good, make it anew (mode 700, the server's owner)";
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        let mut part = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(&self.dir)?;
        part.write_all(text.as_bytes())?;
        leave_to_owner_of(&self.dir, part.as_file())?;
        part.as_file().sync_all()?;
        part.persist_noclobber(self.path(id)).map_err(|error| error.error)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Overwrites a secret, and removes its name.
    fn destroy(&self, id: &KeyId) -> io::Result<()> {
        let path = self.path(id);
        let mut file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let mut noise = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or_default().clamp(64, 4_096)];
        fill_random(&mut noise);
        file.rewind()?;
        file.write_all(&noise)?;
        file.sync_all()?;
        match fs::remove_file(&path) {
            // Another process has done the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        File::open(&self.dir)?.sync_all()
    }

    fn make(&self) -> io::Result<()> {
        if self.dir.exists() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let made = File::open(&self.dir)?;
        leave_to_owner_of(&self.dir.join(".."), &made)?;
        File::open(self.dir.join(".."))?.sync_all()
    }
}

/// Root leaves what it has made to the owner of a folder, or of the file before, who has to read it later.
pub(crate) fn leave_to_owner_of(folder: &Path, made: &File) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        let owner = folder.metadata()?;
        fchown(made, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> [KeyId; 2] {
        ["1111111111111111", "2222222222222222"].map(|id| KeyId::written(id.to_owned()))
    }

    /// What is true of each way to keep secrets.
    #[track_caller]
    fn keeps(store: &SealStore) {
        store.make_place().expect("made");
        let [one, two] = ids();
        assert!(store.get(&one).expect("read").is_none());
        store.destroy(&one).expect("nothing is there");
        let secret = Zeroizing::new([7; 32]);
        store.put(&one, &secret).expect("written");
        store.put(&two, &Zeroizing::new([8; 32])).expect("written");
        assert!(store.put(&one, &Zeroizing::new([9; 32])).is_err(), "none is overwritten");
        assert_eq!(store.get(&one).expect("read"), Some(secret));
        store.destroy(&one).expect("destroyed");
        store.destroy(&one).expect("nothing is left to do");
        assert!(store.get(&one).expect("read").is_none());
        assert!(store.get(&two).expect("read").is_some(), "no other");
    }

    #[test]
    fn a_secret_is_there_until_it_is_destroyed_and_no_byte_of_it_after_that() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("seals");
        let store = SealStore::folder(dir.clone());
        let [one, two] = ids();
        let said = store.put(&one, &Zeroizing::new([7; 32])).expect_err("it may be mounted later").to_string();
        assert!(said.contains("its folder is not there"), "{said}");
        keeps(&store);
        let path = dir.join(format!("{two}.key"));
        assert_eq!(path.metadata().expect("is there").mode() & 0o777, 0o600);
        assert_eq!(dir.metadata().expect("is there").mode() & 0o777, 0o700);
        // Still open elsewhere, it is overwritten.
        let held = File::open(&path).expect("is there");
        store.destroy(&two).expect("destroyed");
        let left = io::read_to_string(held).unwrap_or_default();
        assert!(!left.contains("0808"), "{left}");
        assert_eq!(fs::read_dir(&dir).expect("listed").count(), 0, "nothing half is left");
        fs::write(&path, "22").expect("written");
        assert!(store.get(&two).is_err(), "half of one is none");
    }

    #[test]
    fn a_command_keeps_them_as_a_folder_does_and_is_told_no_secret_in_its_arguments() {
        let folder = tempfile::tempdir().expect("a folder");
        let command = |script: &str| {
            let all = ["sh", "-c", script, folder.path().to_str().expect("UTF-8")].map(str::to_owned);
            SealStore::Command(ExternalCommand::of(&all, folder.path()).expect("a program"))
        };
        let script = r#"
            echo "$@" >> "$0/told"
            case "$1" in
                get) if [ -e "$0/$2" ]; then cat "$0/$2"; fi ;;
                put) set -C; cat > "$0/$2" ;;
                destroy) rm -f "$0/$2" ;;
            esac"#;
        keeps(&command(script));
        let told = fs::read_to_string(folder.path().join("told")).expect("read");
        assert!(told.contains("put 1111111111111111") && !told.contains("0707"), "{told}");
        let said = |script: &str| command(script).get(&ids()[0]).expect_err("it fails").to_string();
        assert!(said("exit 3").contains("sh get: it ended with exit status: 3"), "{}", said("exit 3"));
        assert!(said("echo 12").contains("is not 64 hex digits"), "{}", said("echo 12"));
        // What it leaves running does not keep anybody waiting.
        assert!(command("sleep 60 & exit 0").get(&ids()[0]).expect("answered").is_none());
    }
}
