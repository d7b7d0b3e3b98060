//! Listens to a server: reads its answers one by one, and mends what the strict parser refuses.

use std::time::Instant;

use imap_next::client::{Error, Event};
use imap_next::{Interrupt, Io, State as _};
use quietus_plugin::PluginError;

use super::{Heard, Session, garbage, too_long};
use crate::imap::lines::TooLong;
use crate::imap::odd::{self, About, Line};
use crate::imap::server::{lost, waits};

impl Session<'_> {
    /// The next thing that the server says.
    pub(super) fn listen(&mut self) -> Result<Heard, PluginError> {
        loop {
            let next = self.client.next();
            self.is_mended &= next.is_err();
            match next {
                Ok(Event::DataReceived { data }) => return Ok(Heard::Data(data)),
                Ok(Event::StatusReceived { status })
                | Ok(Event::CommandRejected { status, .. })
                | Ok(Event::AuthenticateStatusReceived { status, .. }) => return Ok(Heard::Status(status)),
                Ok(Event::GreetingReceived { greeting }) => return Ok(Heard::Greeting(greeting.kind)),
                Ok(Event::AuthenticateContinuationRequestReceived { .. }) => return Ok(Heard::Challenge),
                Ok(_) => {}
                Err(Interrupt::Io(Io::Output(bytes))) => self.wire.write_all(&bytes).map_err(|e| lost(&e))?,
                Err(Interrupt::Io(Io::NeedMoreInput)) => self.feed()?,
                Err(Interrupt::Error(Error::MalformedMessage { discarded_bytes })) => {
                    if let Some(about) = self.mend(discarded_bytes.declassify())? {
                        return Ok(Heard::Unreadable(about));
                    }
                }
                Err(Interrupt::Error(Error::ResponseTooLong { .. })) => return Err(too_long()),
                Err(Interrupt::Error(_)) => return Err(garbage()),
            }
        }
    }

    /// One odd line is not the end of a conversation. Returns what it is about if it may matter and cannot be read.
    fn mend(&mut self, answer: &[u8]) -> Result<Option<About>, PluginError> {
        match odd::read(answer) {
            // Once only: what is read and refused again stands where it may not, as a greeting that is none.
            Line::Mended(line) if !self.is_mended => {
                self.is_mended = true;
                self.client.enqueue_input(&line);
                Ok(None)
            }
            Line::Skipped => Ok(None),
            Line::Unreadable(about) => Ok(Some(about)),
            // A line of an alert that has several, a notice, an empty one: nothing in it is an answer to anything. One that looks like a
            // literal's beginning has taken answers with it.
            Line::Foreign if !self.is_ours(answer) && is_text(answer) => {
                Ok(answer.trim_ascii_end().contains(&b'\n').then_some(About::Unknown))
            }
            Line::Mended(_) | Line::Foreign => Err(garbage()),
        }
    }

    /// Gives the client one more answer.
    fn feed(&mut self) -> Result<(), PluginError> {
        loop {
            match self.lines.next() {
                Some(Ok(answer)) => {
                    self.client.enqueue_input(answer);
                    return Ok(());
                }
                Some(Err(TooLong)) => return Err(too_long()),
                None => self.read()?,
            }
        }
    }

    fn read(&mut self) -> Result<(), PluginError> {
        let mut buffer = [0; 16 << 10];
        loop {
            self.clock.patience(self.heard).inspect_err(|_| self.is_silent = true)?;
            match self.wire.read(&mut buffer) {
                Ok(0) => return Err(PluginError::retryable("the server ended the connection")),
                Ok(read) => {
                    self.heard = Instant::now();
                    self.left = self.left.checked_sub(read as u64).ok_or_else(too_long)?;
                    self.lines.push(&buffer[..read]);
                    return Ok(());
                }
                Err(e) if waits(&e) => {}
                Err(e) => return Err(lost(&e)),
            }
        }
    }
}

/// Whether nothing in it says that the other side speaks another protocol altogether.
fn is_text(line: &[u8]) -> bool {
    line.iter().all(|b| !b.is_ascii_control() || b.is_ascii_whitespace())
}
