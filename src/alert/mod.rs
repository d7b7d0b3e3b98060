//! Alerts: who is told, and how, of what needs a person. What was told, what is to be told next and in which words are pure functions
//! ([`AlertState`], [`message::Message`]); carriers bring a message to somebody. Knows neither the ledger nor who asks.
//!
//! What stands in a message is free of personal data: codes, counts, names of the configuration, ids of erasures and numbers of
//! receipts. Sessions are not named.

mod carrier;
mod daily;
mod email;
mod http;
mod message;
mod settings;
mod state;
mod webhook;
mod words;

pub(crate) use carrier::{Alert, AlertWrong};
pub(crate) use http::{HttpSender, describe_sent, note_ping, note_sent};
pub(crate) use settings::AlertSettings;
pub(crate) use state::{AlertState, FAILURES, Outgoing};

#[cfg(test)]
mod tests;
