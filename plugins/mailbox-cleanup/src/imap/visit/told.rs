//! What a visit tells at its end: what does not show whose it is, what could not be looked through, and what was refused.

use quietus_plugin::{ErrorClass, PluginError};

use super::Visit;
use crate::outcome::rank;

/// How many folders that could not be looked through are named.
const NAMED: usize = 20;

impl Visit<'_, '_, '_> {
    /// The folders that could not be looked through, and why.
    pub(in crate::imap) fn unread(&self) -> Vec<String> {
        let mut told: Vec<_> = self.unread.iter().take(NAMED).map(ToString::to_string).collect();
        let more = self.unread.len().saturating_sub(NAMED);
        told.extend((more > 0).then(|| format!("{more} more folders could not be looked through")));
        told
    }

    /// How many messages do not show whose they are.
    pub(in crate::imap) fn unclear(&self) -> u64 {
        self.unclear.values().sum()
    }

    /// The first of what was refused, by its class, once all else is done.
    pub(in crate::imap) fn end(&mut self) -> Result<(), PluginError> {
        if !self.has_read {
            // Where no folder can be read at all, it is not the folders' fault: whatever it is, it may pass.
            let passing = |error: PluginError| match error.class {
                ErrorClass::Permanent => PluginError::retryable(error.message),
                _ => error,
            };
            self.refused.extend(self.unread.drain(..).map(passing));
        }
        let more = self.refused.len().saturating_sub(1);
        self.refused.sort_by_key(|error| rank(error.class));
        match self.refused.drain(..).next() {
            Some(error) if more > 0 => {
                let message = format!("{error}; and {more} more of the kind");
                Err(PluginError { message, ..error })
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
