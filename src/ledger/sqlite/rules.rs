//! The rules by which servers have worked.

use rusqlite::{Connection, params};

use super::LedgerError;
use super::claim::RESOLVE_QUEUES;
use super::columns::Millis;
use super::job::Tx;
use crate::ledger::{NewRuleVersion, RULE_WAITS, RuleVersion};

pub(super) fn versions(connection: &Connection) -> Result<Vec<RuleVersion>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT name, digest, waiting, sessions, would, since FROM rule_version ORDER BY name, seq")?;
    let read = statement.query_map([], |row| {
        let number = |column: usize| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let rule = NewRuleVersion {
            name: row.get(0)?,
            digest: row.get(1)?,
            waiting: row.get(2)?,
            sessions: number(3)?,
            would: number(4)?,
        };
        let Millis(since) = row.get(5)?;
        Ok(RuleVersion { rule, since })
    })?;
    Ok(read.collect::<Result<_, _>>()?)
}

pub(super) fn add(tx: &Tx<'_>, version: &NewRuleVersion) -> Result<(), LedgerError> {
    let NewRuleVersion { name, digest, waiting, sessions, would } = version;
    tx.prepare_cached(
        "INSERT INTO rule_version (name, seq, digest, waiting, since, sessions, would)
         SELECT ?1, COALESCE((SELECT MAX(seq) FROM rule_version WHERE name = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6
         WHERE COALESCE((SELECT digest FROM rule_version WHERE name = ?1 ORDER BY seq DESC LIMIT 1), '') <> ?2",
    )?
    .execute(params![name, digest, waiting, Millis(tx.now), sessions.cast_signed(), would.cast_signed()])?;
    Ok(())
}

pub(super) fn confirm(tx: &Tx<'_>, name: &str) -> Result<bool, LedgerError> {
    let confirmed =
        tx.prepare_cached("UPDATE rule_version SET waiting = 0 WHERE name = ?1 AND waiting = 1")?.execute([name])?;
    // Those of other rules that wait look once more, and wait on.
    tx.prepare_cached(&format!(
        "UPDATE task SET due = ?1, began = ?1 WHERE {RESOLVE_QUEUES} AND parked = 0 AND holder IS NULL AND reason = ?2"
    ))?
    .execute(params![Millis(tx.now), RULE_WAITS])?;
    Ok(confirmed > 0)
}
