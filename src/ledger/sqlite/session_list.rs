//! Sessions as they are listed: by their numbers, as the table's own key has them.

use rusqlite::{Connection, params};

use super::names::Names;
use super::row::Row as _;
use super::{LedgerError, sum, sum::OF_SESSION};
use crate::ledger::stored_record::StoredRecord;
use crate::ledger::{ListedSession, PAGE_MAX, Page};
use crate::subject::{InstallationName, SessionId, SessionKey};

/// Those of an installation up to a number, the greatest first.
pub(super) fn up_to(
    connection: &Connection,
    installation: &InstallationName,
    number: SessionId,
    limit: u32,
) -> Result<Page<ListedSession, SessionId>, LedgerError> {
    let Some(company) = Names::Installation.known(connection, &installation.0)? else { return Ok(Page::nothing()) };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OF_SESSION}, erased_at FROM session
         WHERE installation = ?1 AND session <= ?2 ORDER BY installation DESC, session DESC LIMIT ?3"
    ))?;
    let one_more = i64::from(limit.min(PAGE_MAX)) + 1;
    let mut rows = statement.query(params![company, number.0, one_more])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key = SessionKey { installation: installation.clone(), session: SessionId(row.get(1)?) };
        let record = match sum::session_is_whole(row) {
            Ok(()) => Some(row.json::<StoredRecord>(2)?.record(key.clone(), row.get(3)?)),
            // The others are listed all the same, and of this one nothing is said.
            Err(_) => None,
        };
        found.push(ListedSession { key, record, erased: row.maybe_time(6)? });
    }
    Ok(Page::of(found, limit, ListedSession::before))
}
