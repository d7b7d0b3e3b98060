//! Dovecot, an IMAP server, with mail that tests put in and read past it.

mod config;
mod maildir;
mod server;

pub use maildir::Message;
pub use server::{Dovecot, PASSWORD};
