//! What claimed tasks are about: read for all of them together.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{erasure_id, ids, json_at, maybe_time, of_json, time};
use super::tx::Tx;
use super::{EraseWork, LedgerError, PostgresLedger, Queue, StepWork, Work, broken, erasures, steps};
use crate::erasure::{Capsule, ErasureId};
use crate::keys::Sealed;
use crate::subject::{SessionKey, TargetName};

type Loaded = Result<Work, LedgerError>;

/// The columns of a row of `task`, as a claim returns them.
const SOURCE: usize = 4;
const SESSION: usize = 5;
const ERASURE: usize = 6;
const EVENT: usize = 7;

/// The work of each row, in their order. One that cannot be read is an error of its own.
pub(super) async fn load(
    ledger: &PostgresLedger,
    tx: &Tx,
    queue: &Queue,
    rows: &[&Row],
) -> Result<Vec<Loaded>, LedgerError> {
    let mut loaded = Vec::with_capacity(rows.len());
    match queue {
        Queue::Decide => {
            let event = |row: &Row| of_json(row.get::<_, Option<&[u8]>>(EVENT).unwrap_or_default()).map(Work::Decide);
            loaded.extend(rows.iter().map(|row| event(row)));
        }
        Queue::Settle => {
            for row in rows {
                let (source, session): (Option<i64>, Option<i64>) = (row.get(SOURCE), row.get(SESSION));
                loaded.push(match source.zip(session) {
                    Some((source, session)) => ledger.sources.key(tx, source, session).await.map(Work::Settle),
                    None => Err(broken("a look for settling is about no session")),
                });
            }
        }
        Queue::Resolve | Queue::Step(_) | Queue::Close => {
            let of = |row: &&Row| erasure_id(row.get::<_, Option<&[u8]>>(ERASURE).unwrap_or_default());
            let all = rows.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            if all.is_empty() {
                return Ok(loaded);
            }
            let mut works = match queue {
                Queue::Resolve => resolves(tx, &all).await?,
                Queue::Step(target) => of_steps(ledger, tx, &all, target).await?,
                _ => closes(tx, &all).await?,
            };
            let missing = |id| Err(broken(format!("there is no work on erasure {id}")));
            loaded.extend(all.into_iter().map(|id| works.remove(&id).unwrap_or_else(|| missing(id))));
        }
    }
    Ok(loaded)
}

type Works = HashMap<ErasureId, Loaded>;

async fn resolves(tx: &Tx, all: &[ErasureId]) -> Result<Works, LedgerError> {
    let undecided_since = undecided_since(tx).await?;
    let mut capsules = capsules(tx, all).await?;
    let rows =
        tx.rows("SELECT id, subject, targets, created, due_rule FROM erasure WHERE id = ANY($1)", &[&ids(all)]).await?;
    let mut works = Works::new();
    for row in rows {
        let id = erasure_id(row.get(0))?;
        let capsules = capsules.remove(&id).unwrap_or_default();
        let work = || {
            let (subject, targets) = (json_at(&row, 1)?, json_at(&row, 2)?);
            let (created, due) = (time(row.get(3))?, time(row.get(4))?);
            Ok(Work::Resolve(EraseWork { id, subject, capsules, targets, created, due, undecided_since }))
        };
        works.insert(id, work());
    }
    Ok(works)
}

async fn undecided_since(tx: &Tx) -> Result<Option<Timestamp>, LedgerError> {
    let row = tx
        .row(
            "SELECT LEAST((SELECT MIN(since) FROM task WHERE queue = 'decide' AND NOT parked),
                          (SELECT received FROM inbox ORDER BY seq LIMIT 1))",
            &[],
        )
        .await?;
    maybe_time(row.get(0))
}

async fn of_steps(
    ledger: &PostgresLedger,
    tx: &Tx,
    all: &[ErasureId],
    target: &TargetName,
) -> Result<Works, LedgerError> {
    let mut capsules = capsules(tx, all).await?;
    let mut sessions = sessions(ledger, tx, all).await?;
    let subjects = tx.rows("SELECT id, subject FROM erasure WHERE id = ANY($1)", &[&ids(all)]).await?;
    let mut steps = steps::of_target(tx, all, target).await?;
    let mut works = Works::new();
    for row in subjects {
        let id = erasure_id(row.get(0))?;
        let (step, capsule) = (steps.remove(&id), capsules.remove(&id).and_then(|mut all| all.pop()));
        let sessions = sessions.remove(&id).unwrap_or_default();
        let work = || {
            let step = step.ok_or_else(|| broken(format!("{id} has no step at {target}")))??;
            let stage = step.stage.ok_or_else(|| broken(format!("the step of {id} at {target} has ended")))?;
            let capsule = capsule.ok_or_else(|| broken(format!("{id} has no capsule")))?;
            let subject = json_at(&row, 1)?;
            Ok(Work::Step(StepWork { erasure: id, subject, stage, step, capsule, sessions }))
        };
        works.insert(id, work());
    }
    Ok(works)
}

async fn closes(tx: &Tx, all: &[ErasureId]) -> Result<Works, LedgerError> {
    let erasures = erasures::many(tx, all).await?;
    Ok(erasures.into_iter().map(|(id, erasure)| (id, erasure.map(Work::Close))).collect())
}

/// In the order in which they were brought.
async fn capsules(tx: &Tx, all: &[ErasureId]) -> Result<HashMap<ErasureId, Vec<Capsule>>, LedgerError> {
    let rows = tx
        .rows("SELECT erasure, wrapped_key, content FROM capsule WHERE erasure = ANY($1) ORDER BY id", &[&ids(all)])
        .await?;
    let mut capsules = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let capsule = Capsule { wrapped_key: Sealed(row.get(1)), content: Sealed(row.get(2)) };
        capsules.entry(erasure_id(row.get(0))?).or_default().push(capsule);
    }
    Ok(capsules)
}

async fn sessions(
    ledger: &PostgresLedger,
    tx: &Tx,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, Vec<SessionKey>>, LedgerError> {
    let rows = tx
        .rows(
            "SELECT erasure, source, session FROM erasure_session WHERE erasure = ANY($1)
             ORDER BY erasure, source, session",
            &[&ids(all)],
        )
        .await?;
    let mut sessions = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let key = ledger.sources.key(tx, row.get(1), row.get(2)).await?;
        sessions.entry(erasure_id(row.get(0))?).or_default().push(key);
    }
    Ok(sessions)
}
