//! What is noted of deleting by age: how much, whether all of it, and what the ledger refuses to delete.

use std::collections::BTreeMap;

use super::LedgerError;
use super::columns::{maybe_time, unsigned};
use super::tx::{Connection, NOW_MS};
use crate::attention::RefusedRecords;
use crate::ledger::expiry::{Expired, RecordKind, Refusals, Round};

/// Notes what was deleted, with it; and, where a round ends, whether everything was that was due.
pub(super) async fn note(
    connection: &Connection,
    kind: RecordKind,
    round: Round,
    ends: bool,
) -> Result<(), LedgerError> {
    if round.deleted > 0 {
        let sql = format!(
            "INSERT INTO expired (kind, deleted, last) VALUES ($1, $2, {NOW_MS})
             ON CONFLICT (kind) DO UPDATE SET deleted = expired.deleted + excluded.deleted, last = excluded.last"
        );
        connection.execute(&sql, &[&kind.as_str(), &round.deleted.cast_signed()]).await?;
    }
    if ends && round.is_behind {
        let sql = format!(
            "INSERT INTO expired (kind, deleted, behind_since) VALUES ($1, 0, {NOW_MS})
             ON CONFLICT (kind) DO UPDATE SET behind_since = COALESCE(expired.behind_since, excluded.behind_since)"
        );
        connection.execute(&sql, &[&kind.as_str()]).await?;
    } else if ends {
        let sql = "UPDATE expired SET behind_since = NULL WHERE kind = $1 AND behind_since IS NOT NULL";
        connection.execute(sql, &[&kind.as_str()]).await?;
    }
    Ok(())
}

/// Notes what was refused up to where a walk is. At its end that is all there is; before, there is at least as much as the walk before
/// has found.
pub(super) async fn note_refused(
    connection: &Connection,
    kind: RecordKind,
    found: &Refusals,
    ends: bool,
) -> Result<(), LedgerError> {
    let Some(example) = &found.example else {
        if ends {
            let sql = "UPDATE expired SET refused = 0, refused_since = NULL, refused_one = NULL
                       WHERE kind = $1 AND refused > 0";
            connection.execute(sql, &[&kind.as_str()]).await?;
        }
        return Ok(());
    };
    let sql = format!(
        "INSERT INTO expired (kind, deleted, refused, refused_since, refused_one) VALUES ($1, 0, $2, {NOW_MS}, $3)
         ON CONFLICT (kind) DO UPDATE
         SET refused = CASE WHEN $4 THEN excluded.refused ELSE GREATEST(expired.refused, excluded.refused) END,
             refused_since = COALESCE(expired.refused_since, excluded.refused_since),
             refused_one = excluded.refused_one"
    );
    connection.execute(&sql, &[&kind.as_str(), &found.count.cast_signed(), example, &ends]).await?;
    Ok(())
}

/// What was deleted up to now.
pub(super) async fn expired(connection: &Connection) -> Result<BTreeMap<&'static str, Expired>, LedgerError> {
    let sql = "SELECT kind, deleted, last, behind_since, refused, refused_since, refused_one FROM expired";
    let rows = connection.rows(sql, &[]).await?;
    let mut expired: BTreeMap<_, _> =
        RecordKind::ALL.into_iter().map(|kind| (kind.as_str(), Expired::default())).collect();
    for row in rows {
        if let Some(found) = expired.get_mut(row.get::<_, &str>(0)) {
            let (last, behind_since) = (maybe_time(row.get(2))?, maybe_time(row.get(3))?);
            let (count, example): (i64, Option<String>) = (row.get(4), row.get(6));
            let refused = maybe_time(row.get(5))?.zip(example).map(|(since, example)| RefusedRecords {
                count: unsigned(count),
                since,
                example,
            });
            *found = Expired { deleted: unsigned(row.get(1)), last, behind_since, refused };
        }
    }
    Ok(expired)
}
