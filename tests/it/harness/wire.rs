//! HTTP as it stands on the wire, for what a proper client would not send.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;

/// A raw connection.
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A raw answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Everything above the body.
    pub(crate) head: String,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self { stream, unread: Vec::new() }
    }

    /// Sends text; a server that has closed the connection already has answered before.
    pub(crate) fn send(&mut self, text: &str) {
        drop(self.stream.write_all(text.as_bytes()));
    }

    /// The next answer, of which the body is left out; `None` when the connection ends instead.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.read() {
                return None;
            }
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("a head is text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let length: usize = length.unwrap_or(0);
        while self.unread.len() < length && self.read() {}
        self.unread.drain(..length.min(self.unread.len()));
        Some(Answer { status, head })
    }

    /// Waits for the end of the connection.
    pub(crate) fn end(&mut self) {
        while self.read() {}
    }

    /// Whether there was more.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("neither an answer nor an end of the connection: {error}"),
        }
    }
}
