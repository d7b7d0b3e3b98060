//! A conversation with a server: sends a command and reads the answers to it. Bounds every answer, and knows
//! neither folders nor messages.

mod listen;

use std::time::Instant;

use imap_next::client::{Client, Options};
use imap_next::imap_types::auth::AuthenticateData;
use imap_next::imap_types::command::{Command, CommandBody};
use imap_next::imap_types::core::Tag;
use imap_next::imap_types::response::{Capability, Code, Data, GreetingKind, Status, StatusKind};
use imap_next::imap_types::secret::Secret;
use quietus_plugin::{PluginError, Sensitive};

use super::clock::Clock;
use super::lines::Lines;
use super::odd::About;
use super::refusal::code_of;
use super::server::{Security, Server};
use super::settings::BODY_BYTES_LIMIT;
use super::wire::Wire;

/// The longest single answer: the largest message that is looked into, or the numbers of some five million.
const ANSWER_BYTES_MAX: u32 = BODY_BYTES_LIMIT + (8 << 20);
const NOT_UNDERSTOOD: &str = "the server does not understand a command";
/// All answers to one command together.
const ANSWERS_BYTES_MAX: u64 = 64 << 20;

/// One connection.
pub(super) struct Session<'c> {
    client: Client,
    wire: Wire,
    /// What has come and the client has not got yet: it gets one answer at a time.
    lines: Lines,
    /// The client has an answer that was mended.
    is_mended: bool,
    /// What was sent in answer to the present command and could not be read.
    unreadable: Vec<About>,
    clock: Clock<'c>,
    tags: u32,
    capabilities: Vec<Capability<'static>>,
    /// When the server was last heard.
    heard: Instant,
    /// Bytes that may still come in answer to the present command.
    left: u64,
    /// A command is not answered yet, or never will be.
    is_open: bool,
    /// The command is about no single folder.
    is_about_all: bool,
    /// The server was silent for too long.
    is_silent: bool,
}

/// How a command ended.
pub(super) enum Ended {
    Done(Option<Code<'static>>),
    /// The server understood and refuses.
    Refused(Option<Code<'static>>),
}

/// The result of waiting for the server.
enum Heard {
    Data(Data<'static>),
    Status(Status<'static>),
    Greeting(GreetingKind),
    /// It wants (more) data for AUTHENTICATE.
    Challenge,
    /// Something that may matter and cannot be read.
    Unreadable(About),
}

impl<'c> Session<'c> {
    /// Connects, encrypts, and asks what the server can do.
    pub(super) fn open(server: &Server, clock: Clock<'c>) -> Result<Self, PluginError> {
        let wire = server.connect(&clock)?;
        let mut session = Self::over(wire, clock, false);
        match session.listen()? {
            Heard::Greeting(GreetingKind::Ok) => {}
            Heard::Greeting(GreetingKind::Bye) => return Err(PluginError::retryable("the server is not willing now")),
            // A user who is logged in before any command is not the one of the configuration.
            _ => return Err(PluginError::needs_operator("the server greets in a way that is not understood")),
        }
        if server.security == Security::Starttls {
            match session.run(CommandBody::StartTLS) {
                Ok(Ended::Done(_)) => {}
                Ok(Ended::Refused(_)) => return Err(no_starttls()),
                Err(_) if !session.is_lost() => return Err(no_starttls()),
                Err(error) => return Err(error),
            }
            let wire = server.encrypt(session.wire, &clock)?;
            // A new conversation: what was said before TLS, the capabilities among it, anybody on the way could have
            // said.
            session = Self::over(wire, clock, true);
        }
        session.ask_capabilities()?;
        Ok(session)
    }

    fn over(wire: Wire, clock: Clock<'c>, greeted: bool) -> Self {
        let mut options = Options::default();
        options.crlf_relaxed = true;
        options.max_response_size = ANSWER_BYTES_MAX;
        options.discard_greeting = greeted;
        Self {
            client: Client::new(options),
            wire,
            lines: Lines::new(ANSWER_BYTES_MAX),
            is_mended: false,
            unreadable: Vec::new(),
            clock,
            tags: 0,
            capabilities: Vec::new(),
            heard: Instant::now(),
            left: ANSWERS_BYTES_MAX,
            is_open: false,
            is_about_all: true,
            is_silent: false,
        }
    }

    pub(super) fn clock(&self) -> Clock<'c> {
        self.clock
    }

    pub(super) fn can(&self, capability: &Capability<'_>) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    pub(super) fn ask_capabilities(&mut self) -> Result<(), PluginError> {
        let mut told = Vec::new();
        self.ask(CommandBody::Capability, |data| {
            if let Data::Capability(list) = data {
                told = list.into_iter().collect();
            }
        })?;
        self.capabilities = told;
        Ok(())
    }

    /// Runs a command whose data is of no interest.
    pub(super) fn run(&mut self, body: CommandBody<'static>) -> Result<Ended, PluginError> {
        self.ask(body, drop)
    }

    /// Runs a command; `take` gets all data that the server sends meanwhile.
    pub(super) fn ask(
        &mut self,
        body: CommandBody<'static>,
        mut take: impl FnMut(Data<'static>),
    ) -> Result<Ended, PluginError> {
        self.ask_all(body, &mut take, &mut |_| {})
    }

    /// As [`Session::ask`]; `note` gets the codes of untagged answers, by which SELECT tells of the folder.
    pub(super) fn ask_all(
        &mut self,
        body: CommandBody<'static>,
        take: &mut dyn FnMut(Data<'static>),
        note: &mut dyn FnMut(Code<'static>),
    ) -> Result<Ended, PluginError> {
        let tag = self.say(body)?;
        loop {
            match self.listen()? {
                Heard::Data(data) => take(data),
                Heard::Status(Status::Untagged(status)) => status.code.into_iter().for_each(&mut *note),
                Heard::Status(status) if is_of_another(&status, &tag) => {}
                Heard::Status(status) => return self.ended(status, &tag),
                Heard::Unreadable(about) => self.unreadable.push(about),
                Heard::Greeting(_) | Heard::Challenge => return Err(garbage()),
            }
        }
    }

    /// AUTHENTICATE with one message of the client's. A further challenge is an error's description (XOAUTH2): an empty
    /// answer makes the server tell the result.
    pub(super) fn authenticate(
        &mut self,
        body: CommandBody<'static>,
        initial: &Sensitive,
    ) -> Result<Ended, PluginError> {
        let mut message = Some(initial.expose().as_bytes().to_vec());
        if let CommandBody::Authenticate { initial_response: Some(_), .. } = &body {
            message = None;
        }
        let tag = self.say(body)?;
        loop {
            match self.listen()? {
                Heard::Data(_) | Heard::Status(Status::Untagged(_)) | Heard::Unreadable(_) => {}
                Heard::Status(status) if is_of_another(&status, &tag) => {}
                Heard::Status(status) => return self.ended(status, &tag),
                Heard::Challenge => {
                    let data = AuthenticateData::Continue(Secret::new(message.take().unwrap_or_default().into()));
                    drop(self.client.set_authenticate_data(data));
                }
                Heard::Greeting(_) => return Err(garbage()),
            }
        }
    }

    /// How much of what the last command was answered is about one of these, and cannot be read.
    pub(super) fn unreadable(&self, about: &[About]) -> usize {
        self.unreadable.iter().filter(|line| about.contains(line)).count()
    }

    /// Whether nothing more can be asked: the last command got no answer that ends it.
    pub(super) fn is_lost(&self) -> bool {
        self.is_open
    }

    /// Whether it is lost because the server said nothing for too long.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Whether a line begins with the present command's tag. Before there is one, the server has not even greeted.
    fn is_ours(&self, line: &[u8]) -> bool {
        let tag = format!("q{}", self.tags);
        self.tags == 0 || line.strip_prefix(tag.as_bytes()).is_some_and(|rest| rest.first().is_none_or(|b| *b <= b' '))
    }

    /// Says goodbye; whatever comes of it.
    pub(super) fn close(mut self) {
        self.clock = self.clock.brief();
        drop(self.run(CommandBody::Logout));
    }

    fn say(&mut self, body: CommandBody<'static>) -> Result<Tag<'static>, PluginError> {
        self.clock.check()?;
        self.tags += 1;
        self.left = ANSWERS_BYTES_MAX;
        self.heard = Instant::now();
        self.is_open = true;
        self.is_about_all = is_about_all(&body);
        self.unreadable.clear();
        let tag = Tag::unvalidated(format!("q{}", self.tags));
        self.client.enqueue_command(Command { tag: tag.clone(), body });
        Ok(tag)
    }

    fn ended(&mut self, status: Status<'static>, tag: &Tag<'_>) -> Result<Ended, PluginError> {
        let body = match status {
            Status::Tagged(tagged) if tagged.tag == *tag => tagged.body,
            Status::Bye(_) => return Err(PluginError::retryable("the server ended the conversation")),
            Status::Tagged(_) | Status::Untagged(_) => return Err(garbage()),
        };
        self.is_open = false;
        match body.kind {
            StatusKind::Ok => Ok(Ended::Done(body.code)),
            StatusKind::No => Ok(Ended::Refused(code_of(body))),
            // Of one folder, it will say so again; where it is about all, it may be another server's mood or a proxy's.
            StatusKind::Bad if self.is_about_all => Err(PluginError::retryable(NOT_UNDERSTOOD)),
            StatusKind::Bad => Err(PluginError::permanent(NOT_UNDERSTOOD)),
        }
    }
}

/// Whether it ends another command than the present one, such as one that was given up before.
fn is_of_another(status: &Status<'_>, tag: &Tag<'_>) -> bool {
    matches!(status, Status::Tagged(tagged) if tagged.tag != *tag)
}

/// Whether a command is about no folder, and about all that is done after it.
fn is_about_all(body: &CommandBody<'_>) -> bool {
    matches!(
        body,
        CommandBody::Capability
            | CommandBody::Login { .. }
            | CommandBody::Authenticate { .. }
            | CommandBody::List { .. }
    )
}

fn garbage() -> PluginError {
    PluginError::retryable("what the server answers is not IMAP")
}

fn too_long() -> PluginError {
    PluginError::permanent("the server's answer is longer than anything that was asked for")
}

fn no_starttls() -> PluginError {
    PluginError::needs_operator("the server offers no STARTTLS; nothing was sent to it unencrypted")
}
