//! Finding sessions by what their guests have filled in: those of a person, and those that may be. Of a common name not all that carry
//! it are read: only those that may be theirs.

use tokio_postgres::types::ToSql;

use super::sessions::{COLUMNS, OWN, views};
use super::sum::OF_SESSION;
use super::tx::Connection;
use super::{LedgerError, SessionView};
use crate::subject::Fingerprinted;

/// The fingerprints that erased sessions had.
const BEFORE_ERASURE: &str = "consent_fingerprint";

/// The sessions that may be a person's.
pub(super) async fn with(
    connection: &Connection,
    installation: i64,
    person: &[Fingerprinted],
) -> Result<Vec<SessionView>, LedgerError> {
    with_any(connection, OWN, installation, person).await
}

/// The erased sessions that prove a consent and may have been a person's, with the fingerprints that they carried.
pub(super) async fn erased_with(
    connection: &Connection,
    installation: i64,
    person: &[Fingerprinted],
) -> Result<Vec<SessionView>, LedgerError> {
    let mut all = with_any(connection, BEFORE_ERASURE, installation, person).await?;
    // A session that is not erased is found by the fingerprints that it has now.
    all.retain(|view| view.erased_at.is_some());
    Ok(all)
}

/// A namesake's session is found by the name alone, where something else stands beside it that the person has another value of.
async fn with_any(
    connection: &Connection,
    table: &str,
    installation: i64,
    person: &[Fingerprinted],
) -> Result<Vec<SessionView>, LedgerError> {
    let all: Vec<&[u8]> = person.iter().map(|one| one.fingerprint.0.as_slice()).collect();
    let marks = Fingerprinted::marks(person);
    let no_namesake: String = (3..3 + marks.len()).map(|mark| format!(" AND strpos(beside, ${mark}) = 0")).collect();
    let sql = format!(
        "SELECT {OF_SESSION}, {COLUMNS} FROM session WHERE (installation, session) IN (
           SELECT installation, session FROM {table} WHERE fingerprint = ANY($1) AND installation = $2{no_namesake}
         ) ORDER BY installation, session"
    );
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&all, &installation];
    values.extend(marks.iter().map(|mark| mark as &(dyn ToSql + Sync)));
    let rows = connection.rows(&sql, &values).await?;
    views(connection, table, rows).await
}
