//! Sessions as they are listed: by their numbers, as the table's own key has them.

use tokio_postgres::Row;

use super::columns::maybe_time;
use super::sessions::{COLUMNS, record};
use super::tx::Connection;
use super::{LedgerError, sum, sum::OF_SESSION};
use crate::ledger::{ListedSession, PAGE_MAX, Page};
use crate::subject::{InstallationName, SessionId, SessionKey};

/// Those of an installation up to a number, the greatest first.
pub(super) async fn up_to(
    connection: &Connection,
    company: i64,
    number: SessionId,
    limit: u32,
) -> Result<Page<ListedSession, SessionId>, LedgerError> {
    let sql = format!(
        "SELECT {OF_SESSION}, {COLUMNS} FROM session
         WHERE installation = $1 AND session <= $2 ORDER BY installation DESC, session DESC LIMIT $3"
    );
    let one_more = i64::from(limit.min(PAGE_MAX)) + 1;
    let rows = connection.rows(&sql, &[&company, &number.0, &one_more]).await?;
    let found = rows.iter().map(listed).collect::<Result<Vec<_>, LedgerError>>()?;
    Ok(Page::of(found, limit, ListedSession::before))
}

fn listed(row: &Row) -> Result<ListedSession, LedgerError> {
    let installation = InstallationName(row.get::<_, &str>(12).into());
    let key = SessionKey { installation, session: SessionId(row.get(1)) };
    let known = match sum::session_is_whole(row) {
        Ok(()) => Some(record(row, 12)?),
        // The others are listed all the same, and of this one nothing is said.
        Err(_) => None,
    };
    Ok(ListedSession { key, record: known, erased: maybe_time(row.get(11))? })
}
