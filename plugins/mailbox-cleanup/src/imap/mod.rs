//! Mailboxes that are reached by IMAP4rev1 (RFC 3501).

mod settings;

pub use settings::Settings;
pub(crate) use settings::reach;

use quietus_plugin::{Call, PluginError, Secrets, Writes};

use crate::account::{Mailbox, Seen, Task};
use crate::config::Config;
use crate::wanted::Wanted;

/// One account on one server.
pub(crate) struct Imap {
    messages_max: u64,
}

impl Imap {
    pub(crate) fn new(_: &str, _: &Settings, all: &Config, _: &Secrets) -> Result<Self, String> {
        Ok(Self { messages_max: all.messages_max() })
    }
}

impl Mailbox for Imap {
    fn look(&self, _: &Wanted, _: &mut Task<'_>) -> Result<Seen, PluginError> {
        Err(PluginError::permanent(format!("not yet ({})", self.messages_max)))
    }

    fn erase(&self, _: &Wanted, _: &mut Task<'_>, _: Writes<'_>) -> Result<Seen, PluginError> {
        Err(PluginError::permanent("not yet"))
    }

    fn health(&self, _: &Call) -> Result<(), PluginError> {
        Err(PluginError::permanent("not yet"))
    }
}
