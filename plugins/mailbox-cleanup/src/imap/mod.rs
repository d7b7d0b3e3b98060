//! Mailboxes that are reached by IMAP4rev1 (RFC 3501): settings enter; one account's messages are found, erased or moved.

mod account;
mod choice;
mod clock;
mod control;
mod erase;
mod find;
mod folders;
mod lines;
mod login;
mod mailbox;
mod odd;
mod opened;
mod refusal;
mod rights;
mod scan;
mod scope;
mod server;
mod session;
mod settings;
mod sweep;
mod tokens;
mod utf7;
mod visit;
mod wire;

pub(crate) use account::Imap;
#[cfg(test)]
pub(crate) use scope::{LEFT_OUT, NOT_LOOKED_AT};
pub(crate) use settings::Settings;
pub(crate) use settings::reach;
#[cfg(test)]
pub(crate) use sweep::UNLISTED;
