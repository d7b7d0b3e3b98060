//! What is noted of deleting by age: how much, whether all of it, and what the ledger refuses to delete.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::attention::RefusedRecords;
use crate::ledger::expiry::{Expired, RecordKind, Refusals, Round};

/// Notes what was deleted, with it; and, where a round ends, whether everything was that was due.
pub(super) fn note(tx: &Tx<'_>, kind: RecordKind, round: Round, ends: bool) -> Result<(), LedgerError> {
    let now = Millis(tx.now);
    if round.deleted > 0 {
        tx.prepare_cached(
            "INSERT INTO expired (kind, deleted, last) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET deleted = deleted + excluded.deleted, last = excluded.last",
        )?
        .execute(params![kind.as_str(), round.deleted as i64, now])?;
    }
    if ends && round.is_behind {
        tx.prepare_cached(
            "INSERT INTO expired (kind, deleted, behind_since) VALUES (?1, 0, ?2)
             ON CONFLICT DO UPDATE SET behind_since = COALESCE(behind_since, excluded.behind_since)",
        )?
        .execute(params![kind.as_str(), now])?;
    } else if ends {
        tx.prepare_cached("UPDATE expired SET behind_since = NULL WHERE kind = ?1 AND behind_since IS NOT NULL")?
            .execute([kind.as_str()])?;
    }
    Ok(())
}

/// Notes what was refused up to where a walk is. At its end that is all there is; before, there is at least as much as the walk before
/// has found.
pub(super) fn note_refused(tx: &Tx<'_>, kind: RecordKind, found: &Refusals, ends: bool) -> Result<(), LedgerError> {
    let Some(example) = &found.example else {
        if ends {
            tx.prepare_cached(
                "UPDATE expired SET refused = 0, refused_since = NULL, refused_one = NULL WHERE kind = ?1 AND refused > 0",
            )?
            .execute([kind.as_str()])?;
        }
        return Ok(());
    };
    tx.prepare_cached(
        "INSERT INTO expired (kind, deleted, refused, refused_since, refused_one) VALUES (?1, 0, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET refused = CASE WHEN ?5 THEN excluded.refused ELSE MAX(refused, excluded.refused) END,
                                   refused_since = COALESCE(refused_since, excluded.refused_since),
                                   refused_one = excluded.refused_one",
    )?
    .execute(params![kind.as_str(), found.count as i64, Millis(tx.now), example, ends])?;
    Ok(())
}

/// What was deleted up to now.
pub(super) fn expired(connection: &Connection, kind: RecordKind) -> Result<Expired, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT deleted, last, behind_since, refused, refused_since, refused_one FROM expired WHERE kind = ?1",
    )?;
    let read = statement.query_row([kind.as_str()], |row| {
        let (deleted, count): (i64, i64) = (row.get(0)?, row.get(3)?);
        let [last, behind_since, since] = [1, 2, 4].map(|column| row.get::<_, Option<Millis>>(column));
        let (since, example): (Option<Millis>, Option<String>) = (since?, row.get(5)?);
        let refused = since.zip(example).map(|(since, example)| RefusedRecords {
            count: count.unsigned_abs(),
            since: since.0,
            example,
        });
        let (last, behind_since) = (last?.map(|at| at.0), behind_since?.map(|at| at.0));
        Ok(Expired { deleted: deleted.unsigned_abs(), last, behind_since, refused })
    });
    Ok(read.optional()?.unwrap_or_default())
}
