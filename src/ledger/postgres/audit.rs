//! Who ordered what: rows join their chain in the transaction of what was ordered. That takes the chain's head last, and
//! holds it for no longer than its commit takes: orders wait for each other's commits, not for each other's work.

use tokio_postgres::Row;

use super::columns::{millis, text};
use super::tx::{Connection, Tx};
use super::{AuditRange, Cursor, LedgerError, Page, query};
use crate::audit::{AuditEntry, AuditRow};
use crate::chain::Head;

/// Appends a row; nothing else of the transaction may come after it but its end.
pub(super) async fn append(tx: &Tx, entry: &AuditEntry) -> Result<(), LedgerError> {
    let held = tx.row("SELECT sequence, hash FROM chain WHERE name = 'audit' FOR UPDATE", &[]).await?;
    let row = AuditRow::following(head_of(&held).as_ref(), entry, tx.now);
    let Head { sequence, hash } = row.head();
    // PostgreSQL carries out `moved` although nothing reads it; as two statements, the head would be held for one
    // exchange more.
    tx.execute(
        "WITH moved AS (UPDATE chain SET sequence = $1, hash = $6 WHERE name = 'audit')
         INSERT INTO audit (sequence, at, actor, act, object, hash, entry) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &(sequence as i64),
            &millis(tx.now),
            &text(entry.actor.as_str()),
            &entry.act.as_str(),
            &text(entry.object.as_str()),
            &hash,
            &row.text(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn head(connection: &Connection) -> Result<Option<Head>, LedgerError> {
    Ok(head_of(&connection.row("SELECT sequence, hash FROM chain WHERE name = 'audit'", &[]).await?))
}

fn head_of(row: &Row) -> Option<Head> {
    let head = Head { sequence: row.get::<_, i64>(0).unsigned_abs(), hash: row.get(1) };
    (head.sequence > 0).then_some(head)
}

pub(super) async fn list(connection: &Connection, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, LedgerError> {
    let rows = connection.listed(&query::audit(range)).await?;
    Ok(range.page(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub(super) fn read(row: &Row) -> Result<AuditRow, LedgerError> {
    AuditRow::read(row.get(0), row.get(1)).map_err(|error| LedgerError::Broken(error.into()))
}
