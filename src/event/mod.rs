//! What a delivery says: verified bytes are decoded to an event. Nothing here knows HTTP, the ledger or the rules.

mod decode;
mod form;
mod kind;
mod stored;
mod text;
mod timestamp;
mod wire;
mod word;

pub(crate) use decode::{Decoded, Sender, decode};
pub(crate) use form::Form;
pub(crate) use kind::EventKind;
pub(crate) use stored::{Event, EventHead, StoredEvent};
pub(crate) use timestamp::parse_timestamp;
pub(crate) use word::{Channel, SessionSource, UNKNOWN_WORD, plain_word, same_word};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
