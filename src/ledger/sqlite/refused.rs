//! How many deliveries were refused.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::columns::Millis;
use super::job::Tx;
use super::{LedgerError, REFUSED_KEPT_S, RefusedDeliveries};
use crate::attention::RefusedSince;
use crate::subject::SourceName;

pub(super) fn add(tx: &Tx<'_>, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
    let mut add = tx.prepare_cached(
        "INSERT INTO refused (source, count, since, last) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (source) DO UPDATE SET count = count + excluded.count, last = excluded.last",
    )?;
    for RefusedDeliveries { source, count } in refused {
        let source = source.as_ref().map_or("", |source| &source.0);
        add.execute(params![source, i64::try_from(*count).unwrap_or(i64::MAX), Millis(tx.now)])?;
    }
    Ok(())
}

pub(super) fn forget_old(tx: &Tx<'_>) -> Result<(), LedgerError> {
    let before = tx.now.saturating_sub(SignedDuration::from_secs(REFUSED_KEPT_S)).unwrap_or(Timestamp::MIN);
    tx.prepare_cached("DELETE FROM refused WHERE last < ?1")?.execute([Millis(before)])?;
    Ok(())
}

pub(super) fn list(connection: &Connection) -> Result<Vec<RefusedSince>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT source, count, since, last FROM refused ORDER BY source")?;
    let refused = statement.query_map([], |row| {
        let (source, count): (String, i64) = (row.get(0)?, row.get(1)?);
        let (Millis(since), Millis(last)) = (row.get(2)?, row.get(3)?);
        let source = (!source.is_empty()).then(|| SourceName(source.into()));
        Ok(RefusedSince { source, count: count.unsigned_abs(), since, last })
    })?;
    Ok(refused.collect::<Result<_, _>>()?)
}
