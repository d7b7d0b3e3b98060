//! A folder that is open, and what can be done in it by names. Paths never get to the kernel: one name at a time does, so
//! a folder that is swapped for a link meanwhile changes nothing here.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use quietus_plugin::PluginError;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, StatVfsMountFlags, fstat, fstatvfs, fsync, open, openat2,
    statat, unlinkat,
};
use rustix::io::Errno;

use super::trouble::{failed, for_everybody, linked};

/// An open folder.
pub(super) struct Folder(OwnedFd);

/// What stands at a name.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) bytes: u64,
    /// Its hard links.
    pub(super) names: u64,
    /// Which file it is, and as of when, to tell it from a later one of the same name.
    pub(super) identity: (u64, u64, i64, u64),
}

/// What a node is to an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    File,
    Folder,
    Link,
    /// A pipe, a socket or a device: opening one could wait for ever, or do something.
    Special,
}

impl Folder {
    /// The root, where the operator's own links are followed.
    pub(super) fn root(path: &Path) -> Result<Self, PluginError> {
        match open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(root) => Ok(Self(root)),
            // Where nobody can look, nothing is absent.
            Err(Errno::NOENT | Errno::NOTDIR) => {
                Err(PluginError::needs_operator("the root is not there, or is no folder: is it mounted?"))
            }
            Err(Errno::ACCESS) => Err(PluginError::needs_operator("quietus's user may not open the root")),
            Err(errno) => Err(failed("cannot open the root", errno)),
        }
    }

    /// The same folder, opened once more.
    pub(super) fn again(&self) -> Result<Self, PluginError> {
        self.0.try_clone().map(Self).map_err(|e| PluginError::retryable(format!("cannot open a folder: {}", e.kind())))
    }

    /// A folder in it; `None` when no folder has this name.
    pub(super) fn enter(&self, name: &[u8]) -> Result<Option<Self>, PluginError> {
        match openat2(&self.0, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty(), beneath()) {
            Ok(folder) => Ok(Some(Self(folder))),
            // Also what a link says that is asked for a folder.
            Err(Errno::NOTDIR) if self.node(name)?.is_some_and(|node| node.kind == NodeKind::Link) => {
                Err(linked("cannot enter a folder"))
            }
            Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG) => Ok(None),
            Err(errno) => Err(failed("cannot enter a folder", errno)),
        }
    }

    /// The same, of one in which files can be looked at: who may list a folder need not be one who may do that.
    pub(super) fn enter_to_look(&self, name: &[u8]) -> Result<Option<Self>, PluginError> {
        let folder = self.enter(name)?;
        if let Some(folder) = &folder {
            folder.node(b".")?;
        }
        Ok(folder)
    }

    /// A folder in it that the operator has named.
    pub(super) fn enter_fixed(&self, name: &[u8]) -> Result<Self, PluginError> {
        self.enter_to_look(name).map_err(for_everybody)?.ok_or_else(|| {
            let name = String::from_utf8_lossy(name);
            PluginError::needs_operator(format!(
                "the folder `{name}`, which `path` names, is not there, or is no folder: is it mounted, and spelt so?"
            ))
        })
    }

    /// A file in it, to be written over; `None` when nothing has this name.
    pub(super) fn open_to_write(&self, name: &[u8]) -> Result<Option<(OwnedFd, Node)>, PluginError> {
        // Should a pipe stand there by now, nobody waits for its reader.
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match openat2(&self.0, name, flags, Mode::empty(), beneath()) {
            Ok(file) => {
                // Of what was opened, not of the name: by now, that may stand for another file.
                let stat = fstat(&file).map_err(|errno| failed("cannot look at a file", errno))?;
                Ok(Some((file, node(&stat))))
            }
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(failed("cannot write to a file", errno)),
        }
    }

    /// What has this name.
    pub(super) fn node(&self, name: &[u8]) -> Result<Option<Node>, PluginError> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(node(&stat))),
            Err(Errno::NOENT | Errno::NAMETOOLONG) => Ok(None),
            Err(errno) => Err(failed("cannot look at a file", errno)),
        }
    }

    /// All names in it, in no order.
    pub(super) fn names(&self) -> Result<impl Iterator<Item = Result<Vec<u8>, PluginError>> + use<>, PluginError> {
        let unread = |errno| failed("cannot list a folder", errno);
        let entries = Dir::read_from(&self.0).map_err(unread)?;
        let names = entries.map(move |entry| Ok(entry.map_err(unread)?.file_name().to_bytes().to_vec()));
        Ok(names.filter(|name| !matches!(name.as_deref(), Ok(b"." | b".."))))
    }

    /// Removes the name of anything but a folder; says whether it was there.
    pub(super) fn unlink(&self, name: &[u8]) -> Result<bool, PluginError> {
        gone(unlinkat(&self.0, name, AtFlags::empty()), "cannot delete a file")
    }

    /// Removes an empty folder; says whether it was there.
    pub(super) fn remove_folder(&self, name: &[u8]) -> Result<bool, PluginError> {
        gone(unlinkat(&self.0, name, AtFlags::REMOVEDIR), "cannot delete a folder")
    }

    /// What was removed stays removed, also after a power failure.
    pub(super) fn sync(&self) -> Result<(), PluginError> {
        fsync(self.0.as_fd()).map_err(|errno| failed("cannot make a deletion last", errno))
    }

    pub(super) fn must_be_writable(&self) -> Result<(), PluginError> {
        let stat = fstatvfs(&self.0).map_err(|errno| failed("cannot look at the root", errno))?;
        match stat.f_flag.contains(StatVfsMountFlags::RDONLY) {
            true => Err(failed("the root", Errno::ROFS)),
            false => Ok(()),
        }
    }
}

/// One name within one folder of one file system, and no link.
fn beneath() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV
}

/// Somebody else may have been faster.
fn gone(done: Result<(), Errno>, doing: &str) -> Result<bool, PluginError> {
    match done {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(failed(doing, errno)),
    }
}

fn node(stat: &Stat) -> Node {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => NodeKind::File,
        FileType::Directory => NodeKind::Folder,
        FileType::Symlink => NodeKind::Link,
        _ => NodeKind::Special,
    };
    #[expect(clippy::useless_conversion, reason = "the fields differ in width between architectures")]
    Node {
        kind,
        bytes: u64::try_from(stat.st_size).unwrap_or(0),
        names: stat.st_nlink.into(),
        identity: (stat.st_dev, stat.st_ino, stat.st_mtime, stat.st_mtime_nsec.into()),
    }
}
