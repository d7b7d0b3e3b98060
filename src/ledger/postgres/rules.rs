//! The rules by which servers have worked.

use super::LedgerError;
use super::claim::RESOLVE_QUEUES;
use super::columns::{millis, text, time, unsigned, word};
use super::tx::{Connection, Tx};
use crate::ledger::{NewRuleVersion, RULE_WAITS, RuleVersion, demanded_by, of_one};

pub(super) async fn versions(connection: &Connection) -> Result<Vec<RuleVersion>, LedgerError> {
    let sql =
        "SELECT name, digest, state, sessions, would, since, together, mluvii FROM rule_version ORDER BY name, seq";
    let mut versions = Vec::new();
    for row in connection.rows(sql, &[]).await? {
        let rule = NewRuleVersion {
            name: row.get(0),
            digest: row.get(1),
            state: word(row.get(2))?,
            sessions: unsigned(row.get(3)),
            would: unsigned(row.get(4)),
            together: unsigned(row.get(6)),
            mluvii: of_one(row.get(7)),
        };
        versions.push(RuleVersion { rule, since: time(row.get(5))? });
    }
    Ok(versions)
}

/// Where two servers begin at once, one of them makes the row.
pub(super) async fn add(tx: &Tx, version: &NewRuleVersion) -> Result<(), LedgerError> {
    let NewRuleVersion { name, digest, state, sessions, would, together, mluvii } = version;
    let of = mluvii.as_ref().map_or("", |name| &*name.0);
    tx.execute(
        "INSERT INTO rule_version (name, seq, digest, state, since, sessions, would, together, mluvii)
         SELECT $1::TEXT, COALESCE((SELECT MAX(seq) FROM rule_version WHERE name = $1), 0) + 1, $2::TEXT, $3::TEXT,
                $4::BIGINT, $5::BIGINT, $6::BIGINT, $7::BIGINT, $8::TEXT
         WHERE COALESCE((SELECT digest FROM rule_version WHERE name = $1 ORDER BY seq DESC LIMIT 1), '') <> $2
         ON CONFLICT DO NOTHING",
        &[
            &text(name),
            digest,
            &state.as_str(),
            &millis(tx.now),
            &sessions.cast_signed(),
            &would.cast_signed(),
            &together.cast_signed(),
            &of,
        ],
    )
    .await?;
    Ok(())
}

/// Confirms the newest version of a rule, if it is this one; one that was rejected only once nothing that it had demanded is left. One that is added at this instant has not been worked by.
pub(super) async fn confirm(tx: &mut Tx, name: &str, digest: &str) -> Result<bool, LedgerError> {
    let sql = format!(
        "UPDATE rule_version SET state = 'in_force'
         WHERE name = $1 AND digest = $2 AND state <> 'in_force'
           AND digest = (SELECT digest FROM rule_version WHERE name = $1 ORDER BY seq DESC LIMIT 1)
           AND (state <> 'rejected' OR NOT EXISTS (
             SELECT 1 FROM task JOIN erasure ON erasure.id = task.erasure
             WHERE {RESOLVE_QUEUES} AND erasure.approved IS NULL AND strpos(erasure.demands, $3) > 0))"
    );
    let confirmed = tx.execute(&sql, &[&text(name), &digest, &demanded_by(name, digest)]).await?;
    look_again(tx).await?;
    Ok(confirmed > 0)
}

pub(super) async fn reject(tx: &mut Tx, name: &str, digest: &str) -> Result<bool, LedgerError> {
    let sql = "UPDATE rule_version SET state = 'rejected' WHERE name = $1 AND digest = $2 AND state = 'waiting'";
    let rejected = tx.execute(sql, &[&text(name), &digest]).await?;
    if rejected > 0 {
        // What it demands for a later time is cancelled now, or a confirmation by then would let it begin.
        let sql = format!(
            "UPDATE task SET due = $1, began = $1
             WHERE {RESOLVE_QUEUES} AND NOT parked AND holder IS NULL
               AND EXISTS (SELECT 1 FROM erasure
                           WHERE erasure.id = task.erasure AND erasure.approved IS NULL AND strpos(erasure.demands, $2) > 0)
             RETURNING queue"
        );
        let going = tx.rows(&sql, &[&millis(tx.now), &demanded_by(name, digest)]).await?;
        tx.news.extend(going.iter().map(|row| row.get::<_, String>(0)));
    }
    look_again(tx).await?;
    Ok(rejected > 0)
}

/// What waits for a rule looks whether it still does; what waits for another one waits on.
async fn look_again(tx: &mut Tx) -> Result<(), LedgerError> {
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
    Ok(())
}
