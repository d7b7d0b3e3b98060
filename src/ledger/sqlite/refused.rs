//! How many deliveries were refused.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::columns::Millis;
use super::job::Tx;
use super::{LedgerError, REFUSED_KEPT_S, RefusedDeliveries};
use crate::attention::{RefusedOf, RefusedSince};

pub(super) fn add(tx: &Tx<'_>, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
    let mut add = tx.prepare_cached(
        "INSERT INTO refused (source, astray, count, since, last) VALUES (?1, ?2, ?3, ?4, ?4)
         ON CONFLICT (source, astray) DO UPDATE SET count = count + excluded.count, last = excluded.last",
    )?;
    for RefusedDeliveries { of, count } in refused {
        let (source, astray) = of.columns();
        add.execute(params![source, astray, i64::try_from(*count).unwrap_or(i64::MAX), Millis(tx.now)])?;
    }
    Ok(())
}

pub(super) fn forget_old(tx: &Tx<'_>) -> Result<(), LedgerError> {
    let before = tx.now.saturating_sub(SignedDuration::from_secs(REFUSED_KEPT_S)).unwrap_or(Timestamp::MIN);
    tx.prepare_cached("DELETE FROM refused WHERE last < ?1")?.execute([Millis(before)])?;
    Ok(())
}

pub(super) fn list(connection: &Connection) -> Result<Vec<RefusedSince>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT source, astray, count, since, last FROM refused")?;
    let refused = statement.query_map([], |row| {
        let (source, astray): (String, bool) = (row.get(0)?, row.get(1)?);
        let count: i64 = row.get(2)?;
        let (Millis(since), Millis(last)) = (row.get(3)?, row.get(4)?);
        Ok(RefusedSince { of: RefusedOf::of_columns(&source, astray), count: count.unsigned_abs(), since, last })
    })?;
    Ok(refused.collect::<Result<_, _>>()?)
}
