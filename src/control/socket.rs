//! The socket's file.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// A socket that is listened on; its file is removed with it.
pub(crate) struct ControlSocket {
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Listens at the path. A file that a killed server has left there is replaced; one that is answered is not.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        match UnixStream::connect(path) {
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")),
            // A connection to what is no socket is refused, too.
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused && is_socket(path) => fs::remove_file(path)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        // Until here nobody else could connect either: that takes the right to write.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path: path.to_owned() })
    }
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_one_that_answers_is_not() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("quietus.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound, and left"));
        let socket = ControlSocket::bind(&path).expect("replaced");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(ControlSocket::bind(&path).err().expect("in use").kind(), io::ErrorKind::AddrInUse);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("quietus.sock");
        fs::write(&path, "mine").expect("written");
        assert!(ControlSocket::bind(&path).is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), "mine");
    }
}
