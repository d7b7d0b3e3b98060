//! PostgreSQL's messages, as far as a proxy must tell them apart: <https://www.postgresql.org/docs/current/protocol.html>.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Read};

/// A longer message ends the connection.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// A client asks for TLS, or for GSSAPI's encryption, before it starts.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// A message after the start: its kind, four bytes of length, its body.
pub(crate) struct Message(Vec<u8>);

/// What each prepared statement of a connection runs, by its name.
#[derive(Default)]
pub(crate) struct Statements(HashMap<Vec<u8>, Vec<u8>>);

impl Message {
    pub(crate) fn read(from: &mut impl Read) -> Result<Self, Error> {
        let mut kind = [0];
        from.read_exact(&mut kind)?;
        let mut bytes = kind.to_vec();
        read_lengthy(from, &mut bytes)?;
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether a client's message is one that the server ends its answer to by saying that it is ready: a simple query,
    /// a function call or the end of an extended query.
    pub(crate) fn asks(&self) -> bool {
        matches!(self.0[0], b'Q' | b'F' | b'S')
    }

    /// Whether a server's message says that it is ready for the next query.
    pub(crate) fn says_ready(&self) -> bool {
        self.0[0] == b'Z'
    }

    fn body(&self) -> &[u8] {
        &self.0[5..]
    }
}

impl Statements {
    /// The text and the parameters of what a client's message runs, if it runs something.
    pub(crate) fn run_by(&mut self, message: &Message) -> Option<Vec<u8>> {
        let mut parts = message.body().split(|byte| *byte == 0);
        match message.0[0] {
            b'Q' => parts.next().map(<[u8]>::to_vec),
            b'P' => {
                let (name, text) = (parts.next()?, parts.next()?);
                self.0.insert(name.to_vec(), text.to_vec());
                None
            }
            b'B' => {
                let text = parts.nth(1).and_then(|name| self.0.get(name));
                Some([text.map_or(&[][..], Vec::as_slice), b"\0", message.body()].concat())
            }
            _ => None,
        }
    }
}

/// The message by which a client starts, or `None` if it first asks for encryption.
pub(crate) fn read_start(from: &mut impl Read) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    read_lengthy(from, &mut bytes)?;
    let code = bytes.get(4..8).and_then(|code| code.try_into().ok()).map(u32::from_be_bytes);
    Ok(code.is_none_or(|code| !ENCRYPTION.contains(&code)).then_some(bytes))
}

/// Appends a length, which counts itself, and what follows it.
fn read_lengthy(from: &mut impl Read, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let rest = usize::try_from(u32::from_be_bytes(length)).ok().and_then(|length| length.checked_sub(4));
    let rest = rest.filter(|rest| *rest <= MESSAGE_BYTES_MAX).ok_or(ErrorKind::InvalidData)?;
    bytes.extend(length);
    let start = bytes.len();
    bytes.resize(start + rest, 0);
    from.read_exact(&mut bytes[start..])
}
