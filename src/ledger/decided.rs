//! All sessions, whatever there is of them, with what was decided on them.

use super::{DecidedSessions, LedgerError, Records, SessionMark};

/// Sessions that are read at once.
const AT_ONCE: u32 = 1_000;

/// Tells of all sessions, some at once.
pub(crate) async fn each_decided(
    records: &(impl Records + ?Sized),
    mut told: impl FnMut(DecidedSessions),
) -> Result<(), LedgerError> {
    let mut next = Some(SessionMark::BEGINNING);
    while let Some(after) = next {
        let some = records.decided_sessions(after, AT_ONCE).await?;
        next = some.next;
        told(some);
    }
    Ok(())
}
