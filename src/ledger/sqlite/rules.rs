//! The rules by which servers have worked.

use rusqlite::{Connection, params};

use super::LedgerError;
use super::claim::RESOLVE_QUEUES;
use super::columns::{Millis, Word};
use super::job::Tx;
use crate::ledger::{NewRuleVersion, RULE_WAITS, RuleState, RuleVersion, demanded_by, of_one};

pub(super) fn versions(connection: &Connection) -> Result<Vec<RuleVersion>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, digest, state, sessions, would, since, together, mluvii FROM rule_version ORDER BY name, seq",
    )?;
    let read = statement.query_map([], |row| {
        let number = |column: usize| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let rule = NewRuleVersion {
            name: row.get(0)?,
            digest: row.get(1)?,
            state: row.get::<_, Word<RuleState>>(2)?.0,
            sessions: number(3)?,
            would: number(4)?,
            together: number(6)?,
            mluvii: of_one(row.get(7)?),
        };
        let Millis(since) = row.get(5)?;
        Ok(RuleVersion { rule, since })
    })?;
    Ok(read.collect::<Result<_, _>>()?)
}

pub(super) fn add(tx: &Tx<'_>, version: &NewRuleVersion) -> Result<(), LedgerError> {
    let NewRuleVersion { name, digest, state, sessions, would, together, mluvii } = version;
    let of = mluvii.as_ref().map_or("", |name| &*name.0);
    tx.prepare_cached(
        "INSERT INTO rule_version (name, seq, digest, state, since, sessions, would, together, mluvii)
         SELECT ?1, COALESCE((SELECT MAX(seq) FROM rule_version WHERE name = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
         WHERE COALESCE((SELECT digest FROM rule_version WHERE name = ?1 ORDER BY seq DESC LIMIT 1), '') <> ?2",
    )?
    .execute(params![
        name,
        digest,
        Word(*state),
        Millis(tx.now),
        sessions.cast_signed(),
        would.cast_signed(),
        together.cast_signed(),
        of
    ])?;
    Ok(())
}

/// Confirms the newest version of a rule, if it is this one; one that was rejected only once nothing that it had demanded is left.
pub(super) fn confirm(tx: &Tx<'_>, name: &str, digest: &str) -> Result<bool, LedgerError> {
    let confirmed = tx
        .prepare_cached(&format!(
            "UPDATE rule_version SET state = 'in_force'
                 WHERE name = ?1 AND digest = ?2 AND state <> 'in_force'
                   AND digest = (SELECT digest FROM rule_version WHERE name = ?1 ORDER BY seq DESC LIMIT 1)
                   AND (state <> 'rejected' OR NOT EXISTS (
                     SELECT 1 FROM task JOIN erasure ON erasure.id = task.erasure
                     WHERE {RESOLVE_QUEUES} AND erasure.approved IS NULL AND instr(erasure.demands, ?3) > 0))"
        ))?
        .execute([name, digest, &demanded_by(name, digest)])?;
    look_again(tx)?;
    Ok(confirmed > 0)
}

pub(super) fn reject(tx: &Tx<'_>, name: &str, digest: &str) -> Result<bool, LedgerError> {
    let rejected = tx
        .prepare_cached(
            "UPDATE rule_version SET state = 'rejected' WHERE name = ?1 AND digest = ?2 AND state = 'waiting'",
        )?
        .execute([name, digest])?;
    if rejected > 0 {
        // What it demands for a later time is cancelled now, or a confirmation by then would let it begin.
        tx.prepare_cached(&format!(
            "UPDATE task SET due = ?1, began = ?1
             WHERE {RESOLVE_QUEUES} AND parked = 0 AND holder IS NULL
               AND EXISTS (SELECT 1 FROM erasure
                           WHERE erasure.id = task.erasure AND erasure.approved IS NULL AND instr(erasure.demands, ?2) > 0)"
        ))?
        .execute(params![Millis(tx.now), demanded_by(name, digest)])?;
    }
    look_again(tx)?;
    Ok(rejected > 0)
}

/// What waits for a rule looks whether it still does; what waits for another one waits on.
fn look_again(tx: &Tx<'_>) -> Result<(), LedgerError> {
    tx.prepare_cached(&format!(
        "UPDATE task SET due = ?1, began = ?1 WHERE {RESOLVE_QUEUES} AND parked = 0 AND holder IS NULL AND reason = ?2"
    ))?
    .execute(params![Millis(tx.now), RULE_WAITS])?;
    Ok(())
}
