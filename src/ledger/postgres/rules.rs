//! The rules by which servers have worked.

use super::LedgerError;
use super::claim::RESOLVE_QUEUES;
use super::columns::{millis, text, time, unsigned};
use super::tx::{Connection, Tx};
use crate::ledger::{NewRuleVersion, RULE_WAITS, RuleVersion};

pub(super) async fn versions(connection: &Connection) -> Result<Vec<RuleVersion>, LedgerError> {
    let sql = "SELECT name, digest, waiting, sessions, would, since FROM rule_version ORDER BY name, seq";
    let mut versions = Vec::new();
    for row in connection.rows(sql, &[]).await? {
        let rule = NewRuleVersion {
            name: row.get(0),
            digest: row.get(1),
            waiting: row.get(2),
            sessions: unsigned(row.get(3)),
            would: unsigned(row.get(4)),
        };
        versions.push(RuleVersion { rule, since: time(row.get(5))? });
    }
    Ok(versions)
}

/// Where two servers begin at once, one of them makes the row.
pub(super) async fn add(tx: &Tx, version: &NewRuleVersion) -> Result<(), LedgerError> {
    let NewRuleVersion { name, digest, waiting, sessions, would } = version;
    tx.execute(
        "INSERT INTO rule_version (name, seq, digest, waiting, since, sessions, would)
         SELECT $1::TEXT, COALESCE((SELECT MAX(seq) FROM rule_version WHERE name = $1), 0) + 1, $2::TEXT, $3::BOOLEAN,
                $4::BIGINT, $5::BIGINT, $6::BIGINT
         WHERE COALESCE((SELECT digest FROM rule_version WHERE name = $1 ORDER BY seq DESC LIMIT 1), '') <> $2
         ON CONFLICT DO NOTHING",
        &[&text(name), digest, waiting, &millis(tx.now), &sessions.cast_signed(), &would.cast_signed()],
    )
    .await?;
    Ok(())
}

pub(super) async fn confirm(tx: &mut Tx, name: &str) -> Result<bool, LedgerError> {
    let sql = "UPDATE rule_version SET waiting = FALSE WHERE name = $1 AND waiting";
    let confirmed = tx.execute(sql, &[&text(name)]).await?;
    // Those of other rules that wait look once more, and wait on.
    let going = tx
        .rows(
            &format!(
                "UPDATE task SET due = $1, began = $1
                 WHERE {RESOLVE_QUEUES} AND NOT parked AND holder IS NULL AND reason = $2 RETURNING queue"
            ),
            &[&millis(tx.now), &RULE_WAITS],
        )
        .await?;
    tx.news.extend(going.iter().map(|row| row.get::<_, String>(0)));
    Ok(confirmed > 0)
}
