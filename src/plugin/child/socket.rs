//! The child's end of the socket to its parent.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use quietus_plugin::protocol::encode;
use serde::Serialize;

/// The socket; standard input becomes `/dev/null`, so that a library does not read from the socket by accident.
pub(super) fn take() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

/// Writes one message.
pub(super) fn send(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    socket.write_all(&encode(message).map_err(io::Error::other)?)
}
