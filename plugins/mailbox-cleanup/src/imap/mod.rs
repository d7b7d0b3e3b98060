//! Mailboxes that are reached by IMAP4rev1 (RFC 3501): settings enter; one account's messages are found, erased or moved.

mod account;
mod clock;
mod erase;
mod find;
mod folders;
mod lines;
mod login;
mod mailbox;
mod odd;
mod opened;
mod refusal;
mod scan;
mod server;
mod session;
mod settings;
mod tokens;
mod utf7;
mod visit;
mod wire;

pub(crate) use account::Imap;
pub(crate) use settings::Settings;
pub(crate) use settings::reach;
