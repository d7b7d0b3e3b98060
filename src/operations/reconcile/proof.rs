//! A list that shows nothing proves nothing: where it leaves out a session that mluvii itself shows to have ended in that time, it is no
//! list of that time, and nothing is concluded from it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Comparison;
use crate::mluvii::{EndedSession, Look, LookUp, Window};
use crate::operations::OperationError;
use crate::subject::SessionId;

/// Known sessions that are compared with a list.
const IDLE_MAX: u32 = 200;

/// Those of them that it lacks and whose records are read.
const READ_MAX: usize = 32;

/// Those of these that mluvii is asked for.
const LOOKS_MAX: usize = 3;

/// How near to the window's ends they may not have ended: some compare whole seconds.
const MARGIN_MS: i64 = 1_000;

impl Comparison<'_> {
    /// Fails where the list of a window lacks a session that the ledger knows, is not erased, and is shown by mluvii to have ended in it.
    /// One that mluvii does not show any more proves nothing.
    pub(super) async fn must_show_what_is_known(
        &self,
        window: Window,
        listed: &BTreeMap<SessionId, EndedSession>,
    ) -> Result<(), OperationError> {
        let ledger = &self.on.ledger;
        let from = Timestamp::from_millisecond(window.from).unwrap_or(Timestamp::MIN);
        let is_within = |ended: Timestamp| {
            let ended = ended.as_millisecond();
            ended >= window.from + MARGIN_MS && ended <= window.to - MARGIN_MS
        };
        let idle = ledger.idle_sessions(&self.installation, from, IDLE_MAX).await?;
        let lacking = idle.into_iter().filter(|idle| !idle.is_erased && !listed.contains_key(&idle.key.session));
        let mut looks = 0;
        for idle in lacking.take(READ_MAX) {
            let Some(known) = ledger.session(&idle.key).await? else { continue };
            if !known.record.end_told || !known.record.ended.is_some_and(is_within) {
                continue;
            }
            if looks == LOOKS_MAX {
                break;
            }
            looks += 1;
            // Nothing follows from one that cannot be read now.
            let Ok(LookUp::Found(facts)) = self.client.look_up(idle.key.session, Look::default()).await else {
                continue;
            };
            if facts.ended.is_some_and(is_within) {
                // Which one, the log says: what is told of this may go to anybody, by an alert.
                tracing::warn!(session = %idle.key, "mluvii's list of what has ended lacks a session that ended in its time");
                let text = "mluvii shows that a session ended in this time, and its list of that time lacks it, so nothing is concluded from \
                            that list; the server's log names it; see `mluvii.list_ended`, and what the API client may see";
                return Err(OperationError::Conflict(text.to_owned()));
            }
        }
        Ok(())
    }
}
