//! What was proved of an installation's answers, and for how long that is believed.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;
use crate::subject::SessionId;

/// An id that no session has: the largest whole number that every JSON reader holds exactly.
pub(super) const NOBODY: &str = "9007199254740991";

/// How long the verifications of one client share a proof of the filters.
pub(super) const SHARED_FOR: Duration = Duration::from_secs(60);
/// How long a session that was read may serve as the one to look up again.
const READ_FOR: Duration = Duration::from_secs(300);

/// What was proved of the installation's answers.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// Locked while it is asked, so that many verifications ask once.
    pub(super) filters: tokio::sync::Mutex<Option<(Instant, Filters)>>,
    last_read: Mutex<Option<(Instant, SessionId)>>,
}

/// Whether the lists of anonymized sessions heed the session's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filters {
    Heeded,
    Ignored,
}

impl Proofs {
    /// Remembers a session that has just been read and understood.
    pub(super) fn has_read(&self, session: SessionId) {
        *lock(&self.last_read) = Some((Instant::now(), session));
    }

    pub(super) fn last_read(&self) -> Option<SessionId> {
        let last = *lock(&self.last_read);
        last.filter(|(at, _)| at.elapsed() < READ_FOR).map(|(_, session)| session)
    }
}
