//! What a visit tells at its end: what does not show whose it is, what could not be looked through, and what was refused.

use quietus_plugin::{ErrorClass, PluginError};

use super::Visit;
use crate::outcome::rank;

/// How many folders are told of one by one.
const NAMED: usize = 10;

impl Visit<'_, '_> {
    /// The folders that could not be looked through, and why.
    pub(in crate::imap) fn unread(&self) -> Vec<String> {
        first(&self.unread, "could not be looked through")
    }

    /// The folders out of which not all could be taken, and why.
    pub(in crate::imap) fn undone(&self) -> Vec<String> {
        first(&self.undone, "could not be emptied")
    }

    /// How many folders were looked through.
    pub(in crate::imap) fn folders_read(&self) -> usize {
        self.read
    }

    /// How many messages do not show whose they are.
    pub(in crate::imap) fn unclear(&self) -> u64 {
        self.unclear.values().sum()
    }

    /// The first of what was refused, by its class, once all else is done.
    pub(in crate::imap) fn end(&mut self) -> Result<(), PluginError> {
        if self.read == 0 {
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

/// The first of what folders say, and how many more there are.
fn first(errors: &[PluginError], what: &str) -> Vec<String> {
    let more = errors.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("{more} more folders {what}"));
    errors.iter().take(NAMED).map(ToString::to_string).chain(more).collect()
}
