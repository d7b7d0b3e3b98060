//! What claimed tasks are about: read for all of them together.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{erasure_id, ids, json_at, maybe_time, time};
use super::sessions::{self, Place};
use super::sum::OF_ERASURE;
use super::tx::Tx;
use super::{
    DecideWork, EraseWork, LedgerError, PostgresLedger, QueueName, SettleWork, StepWork, Work, broken, capsules,
    erasures, line, steps, sum,
};
use crate::erasure::{ErasureId, ReachedSession};
use crate::keys::KeyId;
use crate::subject::{InstallationName, TargetName};

type Loaded = Result<Work, LedgerError>;

/// The columns of a row of `task`, as a claim returns them.
const INSTALLATION: usize = 4;
const SESSION: usize = 5;
const ERASURE: usize = 6;
const EVENT: usize = 7;
const SINCE: usize = 8;

/// The work of each row, in their order. One that cannot be read is an error of its own.
pub(super) async fn load(
    ledger: &PostgresLedger,
    tx: &Tx,
    queue: &QueueName,
    rows: &[&Row],
) -> Result<Vec<Loaded>, LedgerError> {
    let mut loaded = Vec::with_capacity(rows.len());
    match queue {
        QueueName::Decide(_) => {
            let work = |row: &Row| {
                let event = line::read(row.get::<_, Option<&[u8]>>(EVENT).unwrap_or_default())?;
                Ok(Work::Decide(DecideWork { event, since: since(row)? }))
            };
            loaded.extend(rows.iter().map(|row| work(row)));
        }
        QueueName::Settle(_) => {
            for row in rows {
                loaded.push(settle(ledger, tx, row).await);
            }
        }
        QueueName::Resolve(_) | QueueName::Step(_) | QueueName::Close => {
            let of = |row: &&Row| erasure_id(row.get::<_, Option<&[u8]>>(ERASURE).unwrap_or_default());
            let all = rows.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            if all.is_empty() {
                return Ok(loaded);
            }
            let mut works = match queue {
                QueueName::Resolve(installation) => resolves(ledger, tx, &all, installation).await?,
                QueueName::Step(called) => of_steps(ledger, tx, &all, called).await?,
                _ => closes(ledger, tx, &all).await?,
            };
            let missing = |id| Err(broken(format!("there is no work on erasure {id}")));
            loaded.extend(all.into_iter().map(|id| works.remove(&id).unwrap_or_else(|| missing(id))));
        }
    }
    Ok(loaded)
}

type Works = HashMap<ErasureId, Loaded>;

/// When the work of a row came up first.
fn since(row: &Row) -> Result<Timestamp, LedgerError> {
    time(row.get::<_, Option<i64>>(SINCE).ok_or_else(|| broken("work that does not say when it came up"))?)
}

async fn settle(ledger: &PostgresLedger, tx: &Tx, row: &Row) -> Loaded {
    let (installation, session): (Option<i64>, Option<i64>) = (row.get(INSTALLATION), row.get(SESSION));
    let (Some(installation), Some(session)) = (installation, session) else {
        return Err(broken("a look for settling is about no session"));
    };
    let session = ledger.installations.key(tx, Place { installation, session }).await?;
    Ok(Work::Settle(SettleWork { session, since: since(row)? }))
}

async fn resolves(
    ledger: &PostgresLedger,
    tx: &Tx,
    all: &[ErasureId],
    installation: &InstallationName,
) -> Result<Works, LedgerError> {
    let number = ledger.installations.known(tx, &installation.0).await?;
    let number = number.ok_or_else(|| broken(format!("there is no installation {installation}")))?;
    let undecided_since = undecided_since(tx, installation, number).await?;
    let unread_since = sessions::unread_since(tx, number).await?;
    let mut capsules = capsules::of(tx, all).await?;
    let rows = tx
        .rows(
            &format!("SELECT {OF_ERASURE}, id, targets, created, due_rule, demands, approved IS NOT NULL FROM erasure WHERE id = ANY($1)"),
            &[&ids(all)],
        )
        .await?;
    let mut works = Works::new();
    for row in rows {
        let id = erasure_id(row.get(4))?;
        let capsules = capsules.remove(&id).unwrap_or_default();
        let work = || {
            sum::erasure_is_whole(id, &row)?;
            let subject = json_at(&row, 1)?;
            let selection = json_at(&row, 2)?;
            let targets = json_at(&row, 5)?;
            let created = time(row.get(6))?;
            let due = time(row.get(7))?;
            Ok(Work::Resolve(EraseWork {
                id,
                subject,
                capsules,
                targets,
                demands: json_at(&row, 8)?,
                approved: row.get(9),
                created,
                due,
                selection,
                undecided_since,
                unread_since,
            }))
        };
        works.insert(id, work());
    }
    Ok(works)
}

async fn undecided_since(
    tx: &Tx,
    installation: &InstallationName,
    number: i64,
) -> Result<Option<Timestamp>, LedgerError> {
    let queue = QueueName::Decide(installation.clone());
    // Not of what is parked: that waits for a person, and the erasure would wait with it.
    let row = tx
        .row(
            "SELECT LEAST((SELECT MIN(since) FROM task WHERE queue = $1 AND NOT parked),
                          (SELECT received FROM inbox WHERE installation = $2 AND NOT parked ORDER BY seq LIMIT 1))",
            &[&queue.name(), &number],
        )
        .await?;
    maybe_time(row.get(0))
}

async fn of_steps(
    ledger: &PostgresLedger,
    tx: &Tx,
    all: &[ErasureId],
    called: &TargetName,
) -> Result<Works, LedgerError> {
    let mut capsules = capsules::of(tx, all).await?;
    let mut reached = reached(ledger, tx, all).await?;
    let sql =
        format!("SELECT {OF_ERASURE}, id, reached_sum, index_key, rules, created FROM erasure WHERE id = ANY($1)");
    let subjects = tx.rows(&sql, &[&ids(all)]).await?;
    let mut steps = steps::of_called(tx, all, called).await?;
    let mut works = Works::new();
    for row in subjects {
        let id = erasure_id(row.get(4))?;
        let step = steps.remove(&id);
        let capsules = capsules.remove(&id).unwrap_or_default();
        let sessions = reached.remove(&id).unwrap_or_default();
        let work = || {
            sum::erasure_is_whole(id, &row)?;
            reached_is_whole(row.get(5), &sessions)?;
            let sessions = sessions.into_iter().map(|(_, session)| session).collect();
            let step = step.ok_or_else(|| broken(format!("{id} has no step at {called}")))??;
            let stage = step.stage().ok_or_else(|| broken(format!("the step of {id} at {called} has ended")))?;
            // Without it the target would be told of nobody, and could answer that nothing is there.
            if capsules.is_empty() {
                return Err(broken(format!("{id} has no capsule")));
            }
            let subject = json_at(&row, 1)?;
            let index_key: Option<String> = row.get(6);
            let index_key = index_key.ok_or_else(|| broken(format!("{id} was begun under no key")))?;
            let index_key = KeyId::written(index_key);
            let (rules, created) = (json_at(&row, 7)?, time(row.get(8))?);
            Ok(Work::Step(StepWork {
                erasure: id,
                subject,
                stage,
                step,
                capsules,
                sessions,
                index_key,
                rules,
                created,
            }))
        };
        works.insert(id, work());
    }
    Ok(works)
}

async fn closes(ledger: &PostgresLedger, tx: &Tx, all: &[ErasureId]) -> Result<Works, LedgerError> {
    let mut reached = reached(ledger, tx, all).await?;
    let sql = format!("SELECT {OF_ERASURE}, id, reached_sum FROM erasure WHERE id = ANY($1)");
    let mut works = Works::new();
    let mut whole = Vec::new();
    for row in tx.rows(&sql, &[&ids(all)]).await? {
        let id = erasure_id(row.get(4))?;
        let sessions = reached.remove(&id).unwrap_or_default();
        match sum::erasure_is_whole(id, &row).and_then(|()| reached_is_whole(row.get(5), &sessions)) {
            Ok(()) => whole.push(id),
            Err(damaged) => drop(works.insert(id, Err(damaged))),
        }
    }
    // What is damaged is not even read.
    let read = erasures::many(tx, &whole).await?;
    works.extend(read.into_iter().map(|(id, erasure)| (id, erasure.map(Work::Close))));
    Ok(works)
}

fn reached_is_whole(written: Option<i64>, sessions: &[(Place, ReachedSession)]) -> Result<(), LedgerError> {
    let all = sessions.iter().map(|(place, one)| (place.installation, place.session, one.read_before));
    sum::reached_is_whole(written, all)
}

async fn reached(
    ledger: &PostgresLedger,
    tx: &Tx,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, Vec<(Place, ReachedSession)>>, LedgerError> {
    let rows = tx
        .rows(
            "SELECT erasure, installation, session, read_before FROM erasure_session WHERE erasure = ANY($1)
             ORDER BY erasure, installation, session",
            &[&ids(all)],
        )
        .await?;
    let mut sessions = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let place = Place { installation: row.get(1), session: row.get(2) };
        let key = ledger.installations.key(tx, place).await?;
        let session = ReachedSession { key, read_before: row.get(3) };
        sessions.entry(erasure_id(row.get(0))?).or_default().push((place, session));
    }
    Ok(sessions)
}
