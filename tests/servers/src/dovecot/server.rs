//! A server with any number of users, who all have one password.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service, free_port};

use super::config;
use super::maildir::{Maildir, Message};
use crate::certificate;

/// Every user's.
pub const PASSWORD: &str = "correct-horse";

/// A server on the loopback interface. Dropping it removes it.
pub struct Dovecot {
    service: Service,
    tls_port: Arc<AtomicU16>,
    owner: Owner,
}

impl Dovecot {
    /// A server that takes connections; every user has an `INBOX`, a `Trash` and a `Junk`, all empty.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// With settings of its own at the end of `dovecot.conf`.
    pub fn start_with(settings: &str) -> Self {
        let owner = Owner::ordinary("dovecot");
        let mut keeper = Keeper::new(owner, "dovecot", "TERM");
        keeper.run(&[
            "mkdir",
            &format!("{}/run", keeper.folder().display()),
            &format!("{}/mail", keeper.folder().display()),
        ]);
        certificate::write(keeper.folder());
        let tls_port = Arc::new(AtomicU16::new(0));
        let (own, chosen) = (settings.to_owned(), tls_port.clone());
        let words = move |folder: &Path, port: u16| {
            chosen.store(free_port(), Ordering::Relaxed);
            let file = folder.join("dovecot.conf");
            let text = config::config(folder, owner, port, chosen.load(Ordering::Relaxed), &own);
            std::fs::write(&file, text).expect("the server's folder is writable");
            ["dovecot", "-F", "-c", file.to_str().expect("a temporary folder's name is text")].map(str::to_owned).into()
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "Address already in use" };
        Self { service: Service::start(keeper, recipe), tls_port, owner }
    }

    /// The port on 127.0.0.1 for plaintext and STARTTLS.
    pub fn port(&self) -> u16 {
        self.service.port()
    }

    /// The port on 127.0.0.1 for TLS from the start.
    pub fn tls_port(&self) -> u16 {
        self.tls_port.load(Ordering::Relaxed)
    }

    /// The certificate, in PEM, for `localhost` and 127.0.0.1.
    pub fn certificate(&self) -> PathBuf {
        self.service.folder().join("tls.pem")
    }

    /// The server's folder.
    pub fn folder(&self) -> &Path {
        self.service.folder()
    }

    /// Puts messages into a user's folder, which is made if it is not there. Folders are named as people read them, their
    /// parts separated by `/`.
    pub fn deliver(&self, user: &str, folder: &str, messages: impl IntoIterator<Item = Message>) {
        self.maildir(user, folder).deliver(messages);
    }

    /// The messages in a user's folder, in no particular order.
    pub fn messages(&self, user: &str, folder: &str) -> Vec<Message> {
        self.maildir(user, folder).messages()
    }

    /// Makes the server number a user's folder anew, as after a restore: UIDVALIDITY changes.
    pub fn renumber(&self, user: &str, folder: &str) {
        self.maildir(user, folder).renumber();
    }

    /// Puts a new folder with other messages in the place of a user's folder; the server numbers it anew.
    pub fn replace(&self, user: &str, folder: &str, messages: impl IntoIterator<Item = Message>) {
        let maildir = self.maildir(user, folder);
        maildir.remove();
        maildir.deliver(messages);
    }

    /// Gives a user only some rights in a folder (RFC 4314); needs the plugin `acl` in the settings.
    pub fn restrict(&self, user: &str, folder: &str, rights: &str) {
        self.maildir(user, folder).restrict(user, rights);
    }

    /// Stops it, and waits until it has ended. Its mail stays.
    pub fn stop(&self) {
        self.service.stop("TERM");
    }

    /// Starts it after [`Dovecot::stop`], on the same port.
    pub fn start_again(&self) {
        self.service.start_again();
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.service.log()
    }

    fn maildir(&self, user: &str, folder: &str) -> Maildir {
        Maildir::new(&self.service.folder().join("mail").join(user), folder, self.owner)
    }
}

fn is_ready(_: &Process, _: &Path, port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
