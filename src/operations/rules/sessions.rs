//! The sessions of a company, for whoever wants one explained and does not know its number.

use jiff::Timestamp;

use crate::ledger::{ListedSession, Page};
use crate::operations::{OperationError, Operations};
use crate::subject::{InstallationName, SessionId};

/// Lists the sessions of a company from a number down: mluvii counts them up, so the greatest is the newest.
pub(crate) async fn sessions(
    on: &Operations,
    installation: &InstallationName,
    up_to: SessionId,
    limit: u32,
) -> Result<Page<ListedSession, SessionId>, OperationError> {
    Ok(on.ledger.sessions_up_to(installation, up_to, limit).await?)
}

/// From which number down sessions have begun before a time; nothing where none has. No index has their times, and by their numbers they are
/// halved: where numbers and times do not grow together, or a time is not known, it is only about there.
pub(crate) async fn begun_before(
    on: &Operations,
    installation: &InstallationName,
    time: Timestamp,
) -> Result<Option<SessionId>, OperationError> {
    let Some(newest) = greatest(on, installation, i64::MAX).await? else { return Ok(None) };
    let mut low = 0;
    // One beside the end, so that what comes after it is a number, too.
    let mut high = newest.key.session.0.min(i64::MAX - 1);
    let mut last = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        match greatest(on, installation, middle).await? {
            Some(found) if found.begun().is_some_and(|begun| begun >= time) => high = found.key.session.0 - 1,
            found => {
                last = found.map(|found| found.key.session).or(last);
                low = middle + 1;
            }
        }
    }
    Ok(last)
}

/// The session with the greatest number up to this one.
async fn greatest(
    on: &Operations,
    installation: &InstallationName,
    up_to: i64,
) -> Result<Option<ListedSession>, OperationError> {
    let mut page = on.ledger.sessions_up_to(installation, SessionId(up_to), 1).await?;
    Ok(page.items.pop())
}
