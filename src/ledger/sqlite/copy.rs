//! The file's tables as they stand, for a move. On a connection of its own: nobody else works on the file.

use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, Value as Stored, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, ToSql, params, params_from_iter};

use super::exclusive::Exclusive;
use super::{OpenError, archive, audit, receipts, schema, wal};
use crate::audit::AuditRow;
use crate::ledger::copy::{Column, Mark, Row, Rows, Table, Value, misfit, unless_there};
use crate::ledger::{AuditRange, Cursor, LedgerError, ReceiptRange};
use crate::lock::lock;
use crate::receipt::{ChainName, Receipt, ReceiptHead, SignedCheckpoint};

/// The tables of a file.
pub(crate) struct SqliteRows {
    connection: Mutex<Connection>,
    _exclusive: Exclusive,
}

impl SqliteRows {
    /// Opens the file, makes it where it is missing, and brings its schema up to date. No server has it or begins on it meanwhile, not
    /// even one that was stopped and goes on later.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let exclusive = Exclusive::take(path)?;
        wal::look(path, Some(&exclusive))?;
        Ok(Self { connection: Mutex::new(schema::open_for_copy(path)?), _exclusive: exclusive })
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        lock(&self.connection)
    }
}

#[async_trait]
impl Rows for SqliteRows {
    async fn count(&self, table: &Table) -> Result<u64, LedgerError> {
        let sql = format!("SELECT COUNT(*) FROM {} WHERE {}", table.name, table.only);
        Ok(self.connection().query_row(&sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    async fn read(&self, table: &Table, after: Option<&Row>, most: usize) -> Result<Vec<Row>, LedgerError> {
        // The file's own order of events; any other would be a walk over all of them for each chunk.
        let key = table.key_names().replace("happened, ", "");
        let after = after.map(|after| if table.name == "event" { after[1..].to_vec() } else { after.clone() });
        let beyond = match &after {
            Some(after) => format!("({key}) > ({})", vec!["?"; after.len()].join(", ")),
            None => "TRUE".to_owned(),
        };
        let sql = table.selection(&key, &beyond, most);
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(after.into_iter().flatten()))?;
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            let values =
                table.columns.iter().enumerate().map(|(at, (_, column))| value(row.get_ref(at)?, *column, table));
            read.push(values.collect::<Result<Row, LedgerError>>()?);
        }
        Ok(read)
    }

    async fn write(&self, table: &Table, rows: Vec<Row>, mark: &Mark) -> Result<(), LedgerError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let places = vec!["?"; table.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({places}){}", table.name, table.names(), unless_there(table));
        for row in rows {
            transaction.prepare_cached(&sql)?.execute(params_from_iter(row))?;
        }
        let mark = serde_json::to_vec(mark).map_err(|error| LedgerError::Broken(error.into()))?;
        transaction.execute("REPLACE INTO meta (name, value) VALUES ('copy', ?1)", params![mark])?;
        transaction.commit()?;
        Ok(())
    }

    async fn mark(&self) -> Result<Option<Mark>, LedgerError> {
        let found = self.connection().query_row("SELECT value FROM meta WHERE name = 'copy'", [], |row| row.get(0));
        let bytes: Option<Vec<u8>> = found.optional()?;
        bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(|error| LedgerError::Broken(error.into()))).transpose()
    }

    /// What is counted follows by itself.
    async fn finish(&self) -> Result<(), LedgerError> {
        self.connection().execute("DELETE FROM meta WHERE name = 'copy'", [])?;
        Ok(())
    }

    async fn retired(&self) -> Result<Option<String>, LedgerError> {
        let retired =
            self.connection().query_row("SELECT value FROM meta WHERE name = 'retired'", [], |row| row.get(0));
        Ok(retired.optional()?)
    }

    async fn set_retired(&self, retirement: Option<&str>) -> Result<(), LedgerError> {
        let connection = self.connection();
        match retirement {
            Some(retirement) => {
                connection.execute("REPLACE INTO meta (name, value) VALUES ('retired', ?1)", [retirement])?
            }
            None => connection.execute("DELETE FROM meta WHERE name = 'retired'", [])?,
        };
        Ok(())
    }

    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError> {
        receipts::newest(&self.connection())
    }

    async fn checkpoint(&self, chain: ChainName) -> Result<Option<SignedCheckpoint>, LedgerError> {
        Ok(archive::checkpoints(&self.connection(), chain)?.pop())
    }

    async fn receipts(&self, from: u64, most: usize) -> Result<Vec<Receipt>, LedgerError> {
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        Ok(receipts::list(&self.connection(), ReceiptRange::all(from, limit))?.items)
    }

    async fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditRow>, LedgerError> {
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        Ok(audit::list(&self.connection(), &AuditRange::all(Cursor::Up(from), limit))?.items)
    }
}

fn value(stored: ValueRef<'_>, column: Column, table: &Table) -> Result<Value, LedgerError> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map(Value::Text).map_err(|_| misfit(table));
    match (column, stored) {
        (_, ValueRef::Null) => Ok(Value::Null),
        (Column::Number, ValueRef::Integer(number)) => Ok(Value::Number(number)),
        (Column::Truth, ValueRef::Integer(number)) => Ok(Value::Truth(number != 0)),
        (Column::Text, ValueRef::Text(bytes)) => text(bytes),
        (Column::Bytes, ValueRef::Blob(bytes)) => Ok(Value::Bytes(bytes.to_vec())),
        _ => Err(misfit(table)),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Stored::Null),
            Self::Number(number) => (*number).into(),
            Self::Truth(truth) => i64::from(*truth).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Bytes(bytes) => bytes.as_slice().into(),
        })
    }
}
