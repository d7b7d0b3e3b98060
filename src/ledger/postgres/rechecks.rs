//! What came of looking again after a receipt.

use super::LedgerError;
use super::columns::{ids, json_at, millis, text};
use super::tx::{Connection, Tx};
use crate::attention::UnsettledRechecks;
use crate::erasure::{ErasureId, NewErasure, Recheck, recheck};
use crate::ledger::recheck::{RECHECK, group, recheck as read, settled_by, unsettle, unsettled};
use crate::subject::TargetName;

/// What was looked at before is settled by it, as far as it says more.
pub(super) async fn write(tx: &Tx, looked: &[Recheck]) -> Result<(), LedgerError> {
    let insert = format!(
        "INSERT INTO recheck ({RECHECK}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (erasure, target, due) DO UPDATE SET looked = excluded.looked, outcome = excluded.outcome,
           why = excluded.why, records = excluded.records, unsettled = excluded.unsettled"
    );
    for one in looked {
        let id = one.erasure.0.as_slice();
        if let Some(those) = settled_by(one.outcome) {
            let settle = "UPDATE recheck SET unsettled = FALSE WHERE erasure = $1 AND target = $2 AND unsettled";
            tx.execute(&format!("{settle} AND {those}"), &[&id, &&*one.target.0]).await?;
        }
        let records = i64::try_from(one.records).unwrap_or(i64::MAX);
        let values: super::tx::Values<'_> = &[
            &id,
            &&*one.target.0,
            &millis(one.due),
            &millis(one.looked),
            &one.outcome.as_str(),
            &one.why.as_deref().map(text),
            &records,
            &one.unsettled,
        ];
        tx.execute(&insert, values).await?;
    }
    Ok(())
}

/// An erasure was asked for that follows others: what was seen of them at its targets is seen to. Returns which it follows.
pub(super) async fn followed(tx: &Tx, erasure: &NewErasure) -> Result<Vec<ErasureId>, LedgerError> {
    let before = recheck::followed(std::slice::from_ref(&erasure.rule));
    if before.is_empty() {
        return Ok(before);
    }
    let targets: Vec<&str> = erasure.targets.iter().map(|target| &*target.0).collect();
    let settle = "UPDATE recheck SET unsettled = FALSE WHERE erasure = ANY($1) AND target = ANY($2) AND unsettled";
    tx.execute(settle, &[&ids(&before), &targets]).await?;
    Ok(before)
}

/// An erasure ends without having begun: what it followed needs a person again, at its targets.
pub(super) async fn not_followed(tx: &Tx, id: ErasureId) -> Result<(), LedgerError> {
    let row = tx.row("SELECT rules, targets FROM erasure WHERE id = $1", &[&id.0.as_slice()]).await?;
    let (rules, targets): (Vec<String>, Vec<TargetName>) = (json_at(&row, 0)?, json_at(&row, 1)?);
    for before in recheck::followed(&rules) {
        for target in &targets {
            tx.execute(&unsettle("TRUE"), &[&before.0.as_slice(), &&*target.0]).await?;
        }
    }
    Ok(())
}

/// What came of looking again at what these have ended with, by when it was done.
pub(super) async fn of(connection: &Connection, erasures: &[ErasureId]) -> Result<Vec<Recheck>, LedgerError> {
    let sql = format!("SELECT {RECHECK} FROM recheck WHERE erasure = ANY($1) ORDER BY looked, due, target");
    connection.rows(&sql, &[&ids(erasures)]).await?.iter().map(read).collect()
}

pub(super) async fn open(connection: &Connection) -> Result<Vec<UnsettledRechecks>, LedgerError> {
    connection.rows(&unsettled("recheck.unsettled"), &[]).await?.iter().map(group).collect()
}
