//! Bytes to and from a server, over TCP or TLS; a read gives up after a moment, so that cancellation is heard.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

/// The longest that one read blocks.
const LOOK: Duration = Duration::from_millis(100);
/// The longest that one write blocks: commands are short, so a server that takes none for so long is stuck.
const WRITING_MAX: Duration = Duration::from_secs(20);

/// A connection.
pub(super) enum Wire {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(WRITING_MAX))?;
        Ok(Self::Plain(stream))
    }

    pub(super) fn encrypted(self, connection: ClientConnection) -> Self {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Encrypted(tls) => tls.sock,
        };
        Self::Encrypted(Box::new(StreamOwned::new(connection, stream)))
    }

    /// Goes on with TLS's handshake until it is over or nothing came for a moment.
    pub(super) fn shake_hands(&mut self) -> io::Result<()> {
        let Self::Encrypted(tls) = self else { return Ok(()) };
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(())
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Encrypted(tls) => tls.read(buffer),
        }
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes),
            Self::Encrypted(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }
}
