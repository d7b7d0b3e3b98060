//! Frames: a length of four bytes, big-endian, then that many bytes of JSON. A codec without reading or writing.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The longest JSON of one message, in bytes.
///
/// ```
/// use quietus_plugin::protocol::{FRAME_BYTES_MAX, body_len};
/// assert!(body_len((FRAME_BYTES_MAX as u32 + 1).to_be_bytes()).is_err());
/// ```
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// What most messages fit into, in bytes.
const BYTES_AT_FIRST: usize = 4096;

/// A frame or message that breaks the protocol. Shows no content: it may be personal.
///
/// ```
/// use quietus_plugin::protocol::{FrameError, HostMessage};
///
/// let error = HostMessage::decode(br#"{"type":"erase","id":"ann@x.cz"}"#).expect_err("an id is a number");
/// assert!(matches!(error, FrameError::Json { .. }) && !error.to_string().contains("ann"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`FRAME_BYTES_MAX`], or empty.
    #[error("a message of {0} bytes; allowed are 1 to {FRAME_BYTES_MAX}")]
    Length(usize),
    /// Not JSON, or not a message of its type.
    #[error("not a message of this protocol, at column {column}")]
    Json {
        /// Where it stopped making sense.
        column: usize,
    },
}

/// The whole frame of a message: length and JSON. Wiped when dropped.
///
/// ```
/// use quietus_plugin::protocol::{PluginMessage, encode};
///
/// let frame = encode(&PluginMessage::Ready)?;
/// assert_eq!(&frame[..], b"\0\0\0\x10{\"type\":\"ready\"}");
/// # Ok::<(), quietus_plugin::protocol::FrameError>(())
/// ```
pub fn encode(message: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let mut frame = write(&[0; 4], message)?;
    let length = frame.len() - 4;
    let header = u32::try_from(length).ok().filter(|_| length <= FRAME_BYTES_MAX).ok_or(FrameError::Length(length))?;
    frame[..4].copy_from_slice(&header.to_be_bytes());
    Ok(frame)
}

/// A value as JSON, without a frame. Wiped when dropped, and no copy of it stays in freed memory.
///
/// ```
/// assert_eq!(&quietus_plugin::protocol::json(&["hunter2"])?[..], b"[\"hunter2\"]");
/// # Ok::<(), quietus_plugin::protocol::FrameError>(())
/// ```
pub fn json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    write(&[], value)
}

fn write(header: &[u8], value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let mut wiped = Wiped(Zeroizing::new(Vec::with_capacity(BYTES_AT_FIRST)));
    wiped.append(header);
    serde_json::to_writer(&mut wiped, value).map_err(|e| FrameError::Json { column: e.column() })?;
    Ok(wiped.0)
}

/// A buffer that leaves nothing behind when it grows. A `Vec` alone gives its old memory back as it is.
struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    fn append(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many bytes of JSON follow a frame's first four bytes. To be asked before anything is allocated for them.
///
/// ```
/// use std::io::Read;
/// use quietus_plugin::protocol::{PluginMessage, body_len, encode};
///
/// let frame = encode(&PluginMessage::Ready)?;
/// let mut stream = &frame[..];
/// let mut header = [0; 4];
/// stream.read_exact(&mut header)?;
/// let mut body = vec![0; body_len(header)?];
/// stream.read_exact(&mut body)?;
/// assert!(matches!(PluginMessage::decode(&body)?, PluginMessage::Ready));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn body_len(header: [u8; 4]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(header) as usize;
    if (1..=FRAME_BYTES_MAX).contains(&length) { Ok(length) } else { Err(FrameError::Length(length)) }
}

pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, FrameError> {
    crate::json::read(json).map_err(|e| FrameError::Json { column: e.column() })
}
