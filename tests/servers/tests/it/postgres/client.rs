//! A client that speaks just enough of PostgreSQL's protocol to say what is in which message.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A connection to a database as the superuser.
pub(crate) struct Client(TcpStream);

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The kinds of the messages, up to that which says that the server is ready.
    Answered(String),
    /// The kinds of the messages, up to the connection's end.
    Closed(String),
}

impl Client {
    pub(crate) fn connect(port: u16) -> Self {
        let mut client = Self::begin(port);
        assert!(matches!(client.outcome(), Outcome::Answered(_)), "the server takes the connection");
        client
    }

    /// Asks for a connection and does not wait for the answer.
    pub(crate) fn begin(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("not zero");
        let mut client = Self(stream);
        let parameters = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
        client.send(&framed(parameters));
        client
    }

    /// A simple query.
    #[track_caller]
    pub(crate) fn query(&mut self, sql: &str) -> Outcome {
        self.send(&query(sql));
        self.outcome()
    }

    /// Prepares a statement under a name.
    #[track_caller]
    pub(crate) fn prepare(&mut self, name: &str, sql: &str) -> Outcome {
        self.send(&[message(b'P', &format!("{name}\0{sql}\0\0\0")), message(b'S', "")].concat());
        self.outcome()
    }

    /// Runs a prepared statement, whose one parameter is text.
    #[track_caller]
    pub(crate) fn run(&mut self, name: &str, parameter: &str) -> Outcome {
        let length = char::from(u8::try_from(parameter.len()).expect("a short text"));
        let bind = format!("\0{name}\0\0\0\0\x01\0\0\0{length}{parameter}\0\0");
        let parts = [message(b'B', &bind), message(b'E', "\0\0\0\0\0"), message(b'S', "")];
        self.send(&parts.concat());
        self.outcome()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // A closed connection is seen when reading.
        drop(self.0.write_all(bytes));
    }

    /// Waits for the end of an answer.
    #[track_caller]
    pub(crate) fn outcome(&mut self) -> Outcome {
        let mut kinds = String::new();
        loop {
            let mut head = [0; 5];
            match self.0.read_exact(&mut head) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer after {kinds:?}"),
                Err(_) => return Outcome::Closed(kinds),
            }
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) - 4;
            let mut body = vec![0; usize::try_from(length).expect("short")];
            self.0.read_exact(&mut body).expect("the rest of a message");
            kinds.push(char::from(head[0]));
            if head[0] == b'Z' {
                return Outcome::Answered(kinds);
            }
        }
    }
}

/// The bytes of a simple query.
pub(crate) fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &format!("{sql}\0"))
}

fn message(kind: u8, body: &str) -> Vec<u8> {
    [&[kind], framed(body.as_bytes()).as_slice()].concat()
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short");
    [&length.to_be_bytes(), body].concat()
}
