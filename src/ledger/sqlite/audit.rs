//! Who ordered what: rows join their chain in the transaction of what was ordered.

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::columns::Millis;
use super::job::Tx;
use super::{AuditRange, Cursor, LedgerError, Page, archive, query};
use crate::audit::{AuditEntry, AuditRow};
use crate::chain::Head;
use crate::receipt::ChainName;

pub(super) fn append(tx: &Tx<'_>, entry: &AuditEntry) -> Result<(), LedgerError> {
    let row = AuditRow::following(head(tx)?.as_ref(), entry, tx.now);
    let Head { sequence, hash } = row.head();
    tx.prepare_cached(
        "INSERT INTO audit (sequence, at, actor, act, object, hash, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        sequence as i64,
        Millis(tx.now),
        entry.actor.as_str(),
        entry.act.as_str(),
        entry.object.as_str(),
        hash,
        row.text()
    ])?;
    Ok(())
}

pub(super) fn head(connection: &Connection) -> Result<Option<Head>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")?;
    let head = statement.query_row([], |row| Ok(Head { sequence: row.get::<_, i64>(0)? as u64, hash: row.get(1)? }));
    match head.optional()? {
        Some(head) => Ok(Some(head)),
        None => archive::end(connection, ChainName::Audit),
    }
}

pub(super) fn list(connection: &Connection, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, LedgerError> {
    let query::Statement { sql, values } = query::audit(range);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        listed.push(AuditRow::read(text, row.get(1)?).map_err(|error| LedgerError::Broken(error.into()))?);
    }
    Ok(range.page(listed))
}
