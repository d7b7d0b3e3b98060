//! The database's tables as they stand, for a move. As the ledger's owner, on a connection of its own: nobody else works on it.

use async_trait::async_trait;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::connector::Connector;
use super::{OpenError, PostgresPlace, audit, connection, failure, presence, query, schema};
use crate::audit::AuditRow;
use crate::keys::Secret;
use crate::ledger::copy::{Column, Mark, Row, Rows, Table, Value, misfit, unless_there};
use crate::ledger::{AuditRange, Cursor, LedgerError};
use crate::receipt::{ChainName, Receipt, ReceiptHead, SignedCheckpoint};

/// The tables of a database.
pub(crate) struct PostgresRows(Client);

/// The tables whose ids are given out by the database.
const NUMBERED: [(&str, &str); 7] = [
    ("installation", "id"),
    ("source", "id"),
    ("inbox", "seq"),
    ("task", "id"),
    ("confirmation_link", "id"),
    ("capsule", "id"),
    ("quarantine", "id"),
];

impl PostgresRows {
    /// Connects as the only one: no server works on the ledger or begins to meanwhile, not even one that was stopped and goes on later.
    pub(crate) async fn open(place: &PostgresPlace, password: Option<&Secret>) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Failed { ledger: place.shown(), source };
        let connector = Connector::new(place, password).map_err(failed)?;
        let client = connection::open_first(&connector).await.map_err(failed)?;
        schema::check(&client, place).await?;
        // A chunk is one statement; a table is counted whole, once.
        let patient = client.batch_execute("SET statement_timeout = 0").await;
        patient.map_err(|error| failed(failure::told(error)))?;
        let others = presence::exclude(&client).await.map_err(|error| failed(failure::told(error)))?;
        if let Some(holder) = others {
            return Err(OpenError::InUse { ledger: place.shown(), holder });
        }
        Ok(Self(client))
    }
}

#[async_trait]
impl Rows for PostgresRows {
    async fn count(&self, table: &Table) -> Result<u64, LedgerError> {
        let sql = format!("SELECT COUNT(*) FROM {} WHERE {}", table.name, table.only);
        Ok(self.0.query_one(&sql, &[]).await?.get::<_, i64>(0).unsigned_abs())
    }

    async fn read(&self, table: &Table, after: Option<&Row>, most: usize) -> Result<Vec<Row>, LedgerError> {
        let key = table.key_names();
        let places = table.key().enumerate().map(|(at, (_, column))| format!("${}::{}", at + 1, type_of(*column)));
        let beyond = match after {
            Some(_) => format!("({key}) > ({})", places.collect::<Vec<_>>().join(", ")),
            None => "TRUE".to_owned(),
        };
        let sql = table.selection(&key, &beyond, most);
        let values = after.into_iter().flatten().map(Value::as_sql).collect::<Result<Vec<_>, _>>()?;
        let rows = self.0.query(&sql, &values).await?;
        let read = |row: &tokio_postgres::Row| {
            let values = table.columns.iter().enumerate().map(|(at, (_, column))| value(row, at, *column));
            values.collect::<Result<Row, tokio_postgres::Error>>()
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    async fn write(&self, table: &Table, rows: Vec<Row>, mark: &Mark) -> Result<(), LedgerError> {
        let mark = serde_json::to_vec(mark).map_err(|error| LedgerError::Broken(error.into()))?;
        self.0.batch_execute("BEGIN").await?;
        if !rows.is_empty() {
            let columns = columns(table, rows)?;
            let values: Vec<_> = columns.iter().map(Values::as_sql).collect();
            self.0.execute(&insertion(table), &values).await?;
        }
        self.0
            .execute(
                "INSERT INTO meta (name, value) VALUES ('copy', $1)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &[&mark],
            )
            .await?;
        self.0.batch_execute("COMMIT").await?;
        Ok(())
    }

    async fn mark(&self) -> Result<Option<Mark>, LedgerError> {
        let row = self.0.query_opt("SELECT value FROM meta WHERE name = 'copy'", &[]).await?;
        let read = |row: tokio_postgres::Row| {
            serde_json::from_slice(row.get(0)).map_err(|error| LedgerError::Broken(error.into()))
        };
        row.map(read).transpose()
    }

    async fn finish(&self) -> Result<(), LedgerError> {
        let mut sql = "BEGIN;
             INSERT INTO waiting (merge_key, subject_key, erasure)
               SELECT merge_key, subject_key, id FROM erasure WHERE state IN ('requested', 'scheduled');
             INSERT INTO tally (part, requested, scheduled, erasing, verifying, parked, done, cancelled)
               SELECT 0, COUNT(*) FILTER (WHERE state = 'requested'), COUNT(*) FILTER (WHERE state = 'scheduled'),
                      COUNT(*) FILTER (WHERE state = 'erasing'), COUNT(*) FILTER (WHERE state = 'verifying'),
                      COUNT(*) FILTER (WHERE state = 'parked'), COUNT(*) FILTER (WHERE state = 'done'),
                      COUNT(*) FILTER (WHERE state = 'cancelled') FROM erasure;
             INSERT INTO tally (part, sessions) SELECT 1, COUNT(*) FROM session;
             INSERT INTO tally (part, complete, retained, incomplete)
               SELECT 2, COUNT(*) FILTER (WHERE verdict = 'complete'), COUNT(*) FILTER (WHERE verdict = 'retained'),
                      COUNT(*) FILTER (WHERE verdict = 'incomplete') FROM receipt;
             UPDATE chain SET sequence = newest.last_sequence, hash = newest.hash
               FROM (SELECT chain, last_sequence, hash FROM chain_checkpoint ORDER BY first_sequence) AS newest
               WHERE chain.name = newest.chain AND newest.last_sequence = (
                 SELECT MAX(last_sequence) FROM chain_checkpoint WHERE chain_checkpoint.chain = newest.chain);
             UPDATE chain SET sequence = newest.sequence, hash = newest.hash
               FROM (SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1) AS newest
               WHERE name = 'receipts';
             UPDATE chain SET sequence = lost.sequence, hash = lost.gap::JSONB #>> '{gap,last_hash}'
               FROM (SELECT sequence, gap FROM receipt_gap ORDER BY sequence DESC LIMIT 1) AS lost
               WHERE name = 'receipts' AND lost.sequence > chain.sequence;
             UPDATE chain SET sequence = newest.sequence, hash = newest.hash
               FROM (SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1) AS newest WHERE name = 'audit';
             SELECT make_month(month::DATE) FROM generate_series(
               date_trunc('month', LEAST((SELECT to_timestamp(MIN(happened) / 1000.0) FROM event WHERE happened > 0),
                                         (SELECT to_timestamp(MIN(created) / 1000.0) FROM erasure)) AT TIME ZONE 'UTC'),
               now() AT TIME ZONE 'UTC', '1 month') AS month;
             DELETE FROM meta WHERE name = 'copy';\n"
            .to_owned();
        for (table, column) in NUMBERED {
            sql += &format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table}), FALSE);\n"
            );
        }
        self.0.batch_execute(&(sql + "COMMIT")).await?;
        Ok(())
    }

    async fn retired(&self) -> Result<Option<String>, LedgerError> {
        let row = self.0.query_opt("SELECT convert_from(value, 'UTF8') FROM meta WHERE name = 'retired'", &[]).await?;
        Ok(row.map(|row| row.get(0)))
    }

    async fn set_retired(&self, retirement: Option<&str>) -> Result<(), LedgerError> {
        self.0.execute("DELETE FROM meta WHERE name = 'retired'", &[]).await?;
        if let Some(retirement) = retirement {
            self.0.execute("INSERT INTO meta (name, value) VALUES ('retired', $1)", &[&retirement.as_bytes()]).await?;
        }
        Ok(())
    }

    /// The newest that is there, whatever the chain's head says: of a copy, it is set at the end.
    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError> {
        let row = self.0.query_opt("SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1", &[]).await?;
        if let Some(row) = row {
            return Ok(Some(ReceiptHead { sequence: row.get::<_, i64>(0).unsigned_abs(), hash: row.get(1) }));
        }
        Ok(self.checkpoint(ChainName::Receipts).await?.map(|checkpoint| checkpoint.checkpoint.head()))
    }

    async fn checkpoint(&self, chain: ChainName) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let sql = "SELECT checkpoint FROM chain_checkpoint WHERE chain = $1 ORDER BY first_sequence DESC LIMIT 1";
        let row = self.0.query_opt(sql, &[&chain.as_str()]).await?;
        row.map(|row| super::columns::json_at(&row, 0)).transpose()
    }

    async fn receipts(&self, from: u64, most: usize) -> Result<Vec<Receipt>, LedgerError> {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = "SELECT receipt FROM receipt WHERE sequence >= $1 ORDER BY sequence LIMIT $2";
        let rows = self.0.query(sql, &[&from, &most]).await?;
        rows.iter().map(|row| super::columns::of_json(row.get::<_, &str>(0).as_bytes())).collect()
    }

    async fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditRow>, LedgerError> {
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let query::Statement { sql, values } = query::audit(&AuditRange::all(Cursor::Up(from), limit));
        let values = values.iter().map(Value::as_sql).collect::<Result<Vec<_>, _>>()?;
        self.0.query(&sql, &values).await?.iter().map(audit::read).collect()
    }
}

fn type_of(column: Column) -> &'static str {
    match column {
        Column::Number => "BIGINT",
        Column::Text => "TEXT",
        Column::Bytes => "BYTEA",
        Column::Truth => "BOOLEAN",
    }
}

fn insertion(table: &Table) -> String {
    let arrays =
        table.columns.iter().enumerate().map(|(at, (_, column))| format!("${}::{}[]", at + 1, type_of(*column)));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    let unless_there = unless_there(table);
    format!("INSERT INTO {} ({}) SELECT * FROM unnest({arrays}){unless_there}", table.name, table.names())
}

fn value(row: &tokio_postgres::Row, at: usize, column: Column) -> Result<Value, tokio_postgres::Error> {
    Ok(match column {
        Column::Number => row.try_get::<_, Option<_>>(at)?.map(Value::Number),
        Column::Text => row.try_get::<_, Option<_>>(at)?.map(Value::Text),
        Column::Bytes => row.try_get::<_, Option<_>>(at)?.map(Value::Bytes),
        Column::Truth => row.try_get::<_, Option<_>>(at)?.map(Value::Truth),
    }
    .unwrap_or(Value::Null))
}

impl Value {
    /// The value as a statement takes it; neither a part of a key nor what is compared is ever null.
    pub(super) fn as_sql(&self) -> Result<&(dyn ToSql + Sync), LedgerError> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) => Ok(text),
            Self::Bytes(bytes) => Ok(bytes),
            Self::Truth(truth) => Ok(truth),
            Self::Null => Err(crate::ledger::broken("a value is missing")),
        }
    }
}

/// One column of many rows.
enum Values {
    Number(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Truth(Vec<Option<bool>>),
}

impl Values {
    fn new(column: Column) -> Self {
        match column {
            Column::Number => Self::Number(Vec::new()),
            Column::Text => Self::Text(Vec::new()),
            Column::Bytes => Self::Bytes(Vec::new()),
            Column::Truth => Self::Truth(Vec::new()),
        }
    }

    fn push(&mut self, value: Value, table: &Table) -> Result<(), LedgerError> {
        match (self, value) {
            (Self::Number(all), Value::Number(number)) => all.push(Some(number)),
            (Self::Text(all), Value::Text(text)) => all.push(Some(text)),
            (Self::Bytes(all), Value::Bytes(bytes)) => all.push(Some(bytes)),
            (Self::Truth(all), Value::Truth(truth)) => all.push(Some(truth)),
            (Self::Number(all), Value::Null) => all.push(None),
            (Self::Text(all), Value::Null) => all.push(None),
            (Self::Bytes(all), Value::Null) => all.push(None),
            (Self::Truth(all), Value::Null) => all.push(None),
            _ => return Err(misfit(table)),
        }
        Ok(())
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Number(all) => all,
            Self::Text(all) => all,
            Self::Bytes(all) => all,
            Self::Truth(all) => all,
        }
    }
}

fn columns(table: &Table, rows: Vec<Row>) -> Result<Vec<Values>, LedgerError> {
    let mut columns: Vec<Values> = table.columns.iter().map(|(_, column)| Values::new(*column)).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value, table)?;
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::copy::TABLES;

    /// The columns of the schema, by the migrations' text, whose values the database gives out.
    fn given_out() -> Vec<(&'static str, &'static str)> {
        let mut columns = Vec::new();
        let mut table = "";
        for line in schema::MIGRATIONS.iter().flat_map(|migration| migration.lines()) {
            let words: Vec<&'static str> = line.split_whitespace().collect();
            match words[..] {
                ["CREATE", "TABLE", name, ..] => table = name,
                [column, ..] if line.contains("AS IDENTITY") || line.contains("SERIAL") => {
                    columns.push((table, column));
                }
                _ => {}
            }
        }
        columns
    }

    #[test]
    fn a_copy_goes_on_with_every_number_that_the_database_gives_out() {
        let is_copied = |name: &str| TABLES.iter().any(|table| table.name == name);
        let columns = given_out();
        assert!(columns.contains(&("process", "number")), "{columns:?}");
        let copied: Vec<_> = columns.into_iter().filter(|(table, _)| is_copied(table)).collect();
        assert_eq!(copied, NUMBERED);
    }
}
