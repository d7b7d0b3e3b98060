//! What a claimed task is about.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::{Json, Millis};
use super::names::{Names, Place};
use super::{DecideWork, EraseWork, LedgerError, QueueName, SettleWork, StepWork, Work, line};
use super::{capsules, erasures, failure::broken, sessions, steps, sum, sum::OF_ERASURE};
use crate::erasure::{ErasureId, ReachedSession};
use crate::keys::KeyId;
use crate::subject::{InstallationName, TargetName};

pub(super) fn load(connection: &Connection, queue: &QueueName, task: i64) -> Result<Work, LedgerError> {
    Ok(match queue {
        QueueName::Decide(_) => {
            let mut statement = connection.prepare_cached("SELECT event, since FROM task WHERE id = ?1")?;
            let (event, Millis(since)) =
                statement.query_row([task], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
            Work::Decide(DecideWork { event: line::read(&event)?, since })
        }
        QueueName::Settle(_) => {
            let mut statement =
                connection.prepare_cached("SELECT installation, session, since FROM task WHERE id = ?1")?;
            let (place, Millis(since)) = statement.query_row([task], |row| Ok((Place::read(row)?, row.get(2)?)))?;
            Work::Settle(SettleWork { session: place.key(connection)?, since })
        }
        QueueName::Resolve(installation) => {
            Work::Resolve(resolve(connection, erasure_of(connection, task)?, installation)?)
        }
        QueueName::Step(called) => Work::Step(step(connection, erasure_of(connection, task)?, called)?),
        QueueName::Close => {
            let id = erasure_of(connection, task)?;
            whole(connection, id)?;
            let mut statement = connection.prepare_cached("SELECT reached_sum FROM erasure WHERE id = ?1")?;
            reached(connection, id, statement.query_row([id], |row| row.get(0))?)?;
            let erasure = erasures::one(connection, id)?;
            Work::Close(erasure.ok_or_else(|| broken(format!("there is no erasure {id}")))?)
        }
    })
}

fn erasure_of(connection: &Connection, task: i64) -> Result<ErasureId, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT erasure FROM task WHERE id = ?1")?;
    Ok(statement.query_row([task], |row| row.get(0))?)
}

fn resolve(connection: &Connection, id: ErasureId, installation: &InstallationName) -> Result<EraseWork, LedgerError> {
    whole(connection, id)?;
    let mut statement = connection.prepare_cached(
        "SELECT subject, targets, created, due_rule, selection, demands, approved IS NOT NULL FROM erasure WHERE id = ?1",
    )?;
    let (Json(subject), Json(targets), Millis(created), Millis(due), Json(selection)) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let (Json(demands), approved) = statement.query_row([id], |row| Ok((row.get(5)?, row.get(6)?)))?;
    let capsules = capsules::of(connection, id)?;
    let number = Names::Installation.known(connection, &installation.0)?;
    let number = number.ok_or_else(|| broken(format!("there is no installation {installation}")))?;
    let undecided_since = undecided_since(connection, installation, number)?;
    let unread_since = sessions::unread_since(connection, number)?.map(|since| since.0);
    Ok(EraseWork {
        id,
        subject,
        capsules,
        targets,
        demands,
        approved,
        created,
        due,
        selection,
        undecided_since,
        unread_since,
    })
}

/// Fails where an erasure's row is not the one that was written: it may be about somebody else.
fn whole(connection: &Connection, id: ErasureId) -> Result<(), LedgerError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {OF_ERASURE} FROM erasure WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    match rows.next()? {
        Some(row) => sum::erasure_is_whole(id, row),
        None => Err(broken(format!("there is no erasure {id}"))),
    }
}

fn undecided_since(
    connection: &Connection,
    installation: &InstallationName,
    number: i64,
) -> Result<Option<Timestamp>, LedgerError> {
    // Not of what is parked: that waits for a person, and the erasure would wait with it.
    let mut statement = connection.prepare_cached(
        "SELECT MIN(came) FROM (
           SELECT MIN(since) AS came FROM task WHERE queue = ?1 AND parked = 0
           UNION ALL
           SELECT MIN(received) FROM (SELECT received FROM inbox WHERE installation = ?2 AND parked = 0 ORDER BY seq LIMIT 1))",
    )?;
    let queue = QueueName::Decide(installation.clone());
    let oldest: Option<Millis> = statement.query_row(params![queue.name(), number], |row| row.get(0))?;
    Ok(oldest.map(|oldest| oldest.0))
}

fn step(connection: &Connection, id: ErasureId, called: &TargetName) -> Result<StepWork, LedgerError> {
    whole(connection, id)?;
    let mut statement = connection
        .prepare_cached("SELECT subject, reached_sum, index_key, rules, created FROM erasure WHERE id = ?1")?;
    let (Json(subject), reached_sum, index_key, Json(rules), Millis(created)) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let step = steps::called(connection, id, called)?;
    let stage = step.stage().ok_or_else(|| broken(format!("the step of {id} at {called} has ended")))?;
    let capsules = capsules::of(connection, id)?;
    // Without it the target would be told of nobody, and could answer that nothing is there.
    if capsules.is_empty() {
        return Err(broken(format!("{id} has no capsule")));
    }
    let sessions = reached(connection, id, reached_sum)?;
    let index_key = KeyId::written(index_key);
    Ok(StepWork { erasure: id, subject, stage, step, capsules, sessions, index_key, rules, created })
}

fn reached(connection: &Connection, id: ErasureId, written: Option<i64>) -> Result<Vec<ReachedSession>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT installation, session, read_before FROM erasure_session WHERE erasure = ?1
         ORDER BY installation, session",
    )?;
    let sessions = statement.query_map([id], |row| Ok((Place::read(row)?, row.get(2)?)))?;
    let all: Vec<(Place, bool)> = sessions.collect::<Result<_, _>>()?;
    let read = all.iter().map(|(place, read_before)| (place.installation, place.session, *read_before));
    sum::reached_is_whole(written, read)?;
    all.into_iter()
        .map(|(place, read_before)| Ok(ReachedSession { key: place.key(connection)?, read_before }))
        .collect()
}
