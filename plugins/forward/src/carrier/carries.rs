//! What a carrier can do, whatever it speaks.

use quietus_plugin::{Answer, Call, PluginError, Writes};

use crate::message::Message;

/// What the other side did with a message.
pub(crate) enum Handed {
    /// It has it.
    Confirmed,
    /// It has done it, and says the outcome.
    Answered(Answer),
}

/// What a carrier can do.
pub(crate) trait Carries: Send + Sync {
    /// What errors and receipts call it.
    fn name(&self) -> &'static str;

    /// What it keeps of a message that it confirmed, and for how long, by its documentation.
    fn keeps(&self) -> Option<&'static str>;

    /// Hands a message on, and waits until that is confirmed.
    fn hand_on(&self, message: &Message, call: &Call, writes: Writes<'_>) -> Result<Handed, PluginError>;

    /// Whether the other side is there, takes the credentials, and lets them hand something on, where it can be asked. No receiver
    /// gets a message.
    fn health(&self, call: &Call) -> Result<(), PluginError>;
}
