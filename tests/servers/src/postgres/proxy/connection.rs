//! One connection through the proxy: requests flow one way, answers the other, each on a thread.

use std::io::{BufReader, ErrorKind, Result, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::wire::{Message, Statements, read_start};
use super::{Cut, State, Switches};

/// A client and the server, connected.
pub(crate) struct Connection<'a> {
    id: u64,
    client: TcpStream,
    server: TcpStream,
    switches: &'a Switches,
    answers: Mutex<Answers>,
}

/// Which answer is which: a client may ask again before it is answered.
struct Answers {
    /// So many were asked for. The start of a connection is answered, too.
    asked: u64,
    got: u64,
    /// The number of the one that the client does not get.
    swallowed: Option<u64>,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(id: u64, client: TcpStream, server: TcpStream, switches: &'a Switches) -> Self {
        Self { id, client, server, switches, answers: Mutex::new(Answers { asked: 1, got: 0, swallowed: None }) }
    }

    /// Passes everything on until one side or the test closes it.
    pub(crate) fn run(&self) {
        // An error is one side's having gone away, and ends both.
        std::thread::scope(|threads| {
            threads.spawn(|| {
                drop(self.pass_answers());
                self.close();
            });
            drop(self.pass_requests());
            self.close();
        });
    }

    fn pass_requests(&self) -> Result<()> {
        self.client.set_nodelay(true)?;
        self.server.set_nodelay(true)?;
        let mut from = BufReader::new(&self.client);
        let start = loop {
            if let Some(start) = read_start(&mut from)? {
                break start;
            }
            // "No", in clear text.
            self.pass(&self.client, b"N")?;
        };
        self.pass(&self.server, &start)?;

        let mut statements = Statements::default();
        loop {
            let message = Message::read(&mut from)?;
            let asked = self.asked(&message);
            let cut = statements.run_by(&message).and_then(|statement| self.switches.take_cut(&statement));
            match cut {
                Some(Cut::BeforeCommitReaches) => {
                    self.switches.set(|state| state.has_cut = true);
                    return Ok(());
                }
                // A part of an extended query is answered with its end, which is not asked for yet.
                Some(Cut::AfterCommitBeforeAnswer) => {
                    self.answers().swallowed = Some(if message.asks() { asked } else { asked + 1 });
                }
                None => {}
            }
            self.pass(&self.server, message.bytes())?;
        }
    }

    fn pass_answers(&self) -> Result<()> {
        let mut from = BufReader::new(&self.server);
        loop {
            let message = Message::read(&mut from)?;
            let swallowed = self.is_swallowed(&message);
            if !swallowed {
                self.pass(&self.client, message.bytes())?;
            } else if message.says_ready() {
                self.switches.set(|state| state.has_cut = true);
                return Ok(());
            }
        }
    }

    /// How many answers were asked for, with this message.
    fn asked(&self, message: &Message) -> u64 {
        let mut answers = self.answers();
        answers.asked += u64::from(message.asks());
        answers.asked
    }

    fn is_swallowed(&self, message: &Message) -> bool {
        let mut answers = self.answers();
        let number = answers.got + 1;
        answers.got += u64::from(message.says_ready());
        answers.swallowed == Some(number)
    }

    fn pass(&self, mut to: &TcpStream, bytes: &[u8]) -> Result<()> {
        if !self.switches.may_pass(self.id) {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        to.write_all(bytes)
    }

    fn close(&self) {
        let id = self.id;
        self.switches.set(|state: &mut State| state.close(id));
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
