//! A client for tests, which puts messages into a server's folders and reads them: just enough of IMAP for servers that do
//! what they are told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// Every user's password, on servers that have users of any name.
pub const PASSWORD: &str = "correct-horse";

/// A user who is logged in.
pub struct Client {
    lines: BufReader<TcpStream>,
}

impl Client {
    /// Logs in on this machine.
    pub fn log_in(port: u16, user: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        let mut client = Self { lines: BufReader::new(stream) };
        client.line();
        client.say(&format!("LOGIN {user} {PASSWORD}"), None);
        client
    }

    /// Makes a folder, whose name is as the wire has it, and puts messages into it. `INBOX` is there.
    pub fn deliver(&mut self, folder: &str, messages: &[&str]) {
        if folder != "INBOX" {
            self.say("CREATE", Some(folder));
        }
        for message in messages {
            self.append(folder, &message.replace('\n', "\r\n"));
        }
    }

    /// The texts of the messages in a folder, in the order in which they came.
    pub fn messages(&mut self, folder: &str) -> Vec<String> {
        self.say("EXAMINE", Some(folder));
        let texts = self.say("UID FETCH 1:* (BODY.PEEK[])", None);
        texts.into_iter().map(|text| text.replace("\r\n", "\n")).collect()
    }

    /// Runs a command, with a text at its end if there is one; returns the literals in the answer.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    pub fn say(&mut self, command: &str, text: Option<&str>) -> Vec<String> {
        match text {
            None => self.send(&format!("a {command}\r\n")),
            Some(text) => {
                self.send(&format!("a {command} {{{}}}\r\n", text.len()));
                self.wait_for("+", command);
                self.send(&format!("{text}\r\n"));
            }
        }
        self.wait_for("a OK", command)
    }

    /// The first line of the answer to a command.
    pub fn line_of(&mut self, command: &str) -> String {
        self.send(&format!("a {command}\r\n"));
        let line = self.line();
        self.wait_for("a OK", command);
        line
    }

    fn append(&mut self, folder: &str, message: &str) {
        self.send(&format!("a APPEND {{{}}}\r\n", folder.len()));
        self.wait_for("+", "APPEND");
        self.send(&format!("{folder} {{{}}}\r\n", message.len()));
        self.wait_for("+", "APPEND");
        self.send(&format!("{message}\r\n"));
        self.wait_for("a OK", "APPEND");
    }

    fn send(&mut self, text: &str) {
        self.lines.get_mut().write_all(text.as_bytes()).expect("the server reads");
    }

    /// Reads on to a line that begins so.
    fn wait_for(&mut self, beginning: &str, command: &str) -> Vec<String> {
        let mut literals = Vec::new();
        loop {
            let line = self.line();
            assert!(!line.starts_with("a NO") && !line.starts_with("a BAD") && !line.is_empty(), "{command}: {line}");
            if line.starts_with(beginning) {
                return literals;
            }
            let length = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')?.1.parse().ok());
            if let Some(length) = length {
                let mut literal = vec![0; length];
                self.lines.read_exact(&mut literal).expect("the whole literal");
                literals.push(String::from_utf8_lossy(&literal).into_owned());
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line of text");
        line.trim_end().to_owned()
    }
}
