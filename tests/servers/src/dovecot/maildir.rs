//! A user's folder as it lies on the disk (Maildir++): messages go in and are read past the server.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, lchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::owner::Owner;

static DELIVERED: AtomicU64 = AtomicU64::new(0);

/// A message, and the letters of its flags: S (seen), T (marked as deleted), F, R, D.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// Sorted, as the server wants them.
    pub flags: String,
    /// Header and body.
    pub text: Vec<u8>,
}

impl Message {
    /// A message without flags; lines may end in `\n`.
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        Self { flags: String::new(), text: text.into() }
    }

    /// Somebody has marked it as deleted.
    #[must_use]
    pub fn marked(mut self) -> Self {
        self.flags = "T".into();
        self
    }
}

pub(super) struct Maildir {
    home: PathBuf,
    folder: PathBuf,
    owner: Owner,
}

impl Maildir {
    pub(super) fn new(home: &Path, folder: &str, owner: Owner) -> Self {
        let mut path = home.join("Maildir");
        if folder != "INBOX" {
            path.push(format!(".{}", folder.replace('/', ".")));
        }
        Self { home: home.to_owned(), folder: path, owner }
    }

    pub(super) fn deliver(&self, messages: impl IntoIterator<Item = Message>) {
        for folder in [&self.home, &self.home.join("Maildir"), &self.folder] {
            self.make(folder);
        }
        for part in ["cur", "new", "tmp"] {
            self.make(&self.folder.join(part));
        }
        for message in messages {
            let n = DELIVERED.fetch_add(1, Ordering::Relaxed);
            // The server numbers new messages by the order of their names.
            let file = self.folder.join(format!("cur/{:010}.M{n:010}.test:2,{}", 1_700_000_000 + n, message.flags));
            std::fs::write(&file, message.text).expect("the folder is writable");
            self.give(&file);
        }
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        let files = ["cur", "new"].into_iter().filter_map(|part| self.folder.join(part).read_dir().ok()).flatten();
        let read = |file: PathBuf| {
            let name = file.file_name()?.to_str()?.to_owned();
            let flags = name.rsplit_once(":2,").map_or("", |(_, flags)| flags);
            // One that goes at this moment is none.
            Some(Message { flags: flags.to_owned(), text: std::fs::read(&file).ok()? })
        };
        files.filter_map(|entry| read(entry.ok()?.path())).collect()
    }

    pub(super) fn renumber(&self) {
        for entry in self.folder.read_dir().expect("the folder is there").filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(entry.path()).expect("it can be removed");
            }
        }
    }

    /// Removes the folder, as the server does; not the one that all others are in.
    pub(super) fn remove(&self) {
        assert_ne!(self.folder, self.home.join("Maildir"), "the INBOX stays");
        std::fs::remove_dir_all(&self.folder).expect("the folder is there");
    }

    pub(super) fn restrict(&self, user: &str, rights: &str) {
        let file = self.folder.join("dovecot-acl");
        std::fs::write(&file, format!("owner {rights}\nuser={user} {rights}\n")).expect("the folder is writable");
        self.give(&file);
    }

    fn make(&self, folder: &Path) {
        if !folder.exists() {
            DirBuilder::new().mode(0o700).create(folder).expect("the folder above it is writable");
            self.give(folder);
        }
    }

    fn give(&self, path: &Path) {
        if self.owner.is_another() {
            lchown(path, Some(self.owner.uid), Some(self.owner.gid)).expect("root gives what is its own");
        }
    }
}
