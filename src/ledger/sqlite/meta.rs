//! Single values about the ledger itself.

use rusqlite::params;

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::keys::Digest;

/// Notes the check value of the first index key; whether `check` is that one.
pub(super) fn belongs_to(tx: &Tx<'_>, check: Digest) -> Result<bool, LedgerError> {
    tx.prepare_cached("INSERT INTO meta (name, value) VALUES ('index key', ?1) ON CONFLICT DO NOTHING")?
        .execute([check])?;
    let mut statement = tx.prepare_cached("SELECT value FROM meta WHERE name = 'index key'")?;
    let noted: Digest = statement.query_row([], |row| row.get(0))?;
    Ok(noted == check)
}

/// Writes something, to see whether that is possible.
pub(super) fn touch(tx: &Tx<'_>) -> Result<(), LedgerError> {
    tx.prepare_cached("REPLACE INTO meta (name, value) VALUES ('written', ?1)")?.execute(params![Millis(tx.now)])?;
    Ok(())
}
