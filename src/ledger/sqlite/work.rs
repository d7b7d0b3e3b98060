//! What a claimed task is about.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::{Json, Millis};
use super::{EraseWork, LedgerError, Queue, StepWork, Work};
use super::{erasures, failure::broken, sources, steps};
use crate::erasure::{Capsule, ErasureId};
use crate::keys::Sealed;
use crate::subject::{SessionId, SessionKey, TargetName};

pub(super) fn load(connection: &Connection, queue: &Queue, task: i64) -> Result<Work, LedgerError> {
    Ok(match queue {
        Queue::Decide => {
            let mut statement = connection.prepare_cached("SELECT event FROM task WHERE id = ?1")?;
            let Json(event) = statement.query_row([task], |row| row.get(0))?;
            Work::Decide(event)
        }
        Queue::Settle => {
            let mut statement = connection.prepare_cached("SELECT source, session FROM task WHERE id = ?1")?;
            let (source, session) = statement.query_row([task], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Work::Settle(SessionKey { source: sources::name(connection, source)?, session: SessionId(session) })
        }
        Queue::Resolve => Work::Resolve(resolve(connection, erasure_of(connection, task)?)?),
        Queue::Step(target) => Work::Step(step(connection, erasure_of(connection, task)?, target)?),
        Queue::Close => {
            let id = erasure_of(connection, task)?;
            let erasure = erasures::one(connection, id)?;
            Work::Close(erasure.ok_or_else(|| broken(format!("there is no erasure {id}")))?)
        }
    })
}

fn erasure_of(connection: &Connection, task: i64) -> Result<ErasureId, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT erasure FROM task WHERE id = ?1")?;
    Ok(statement.query_row([task], |row| row.get(0))?)
}

fn resolve(connection: &Connection, id: ErasureId) -> Result<EraseWork, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT subject, targets, created, due_rule FROM erasure WHERE id = ?1")?;
    let (Json(subject), Json(targets), Millis(created), Millis(due)) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let (capsules, undecided_since) = (capsules(connection, id)?, undecided_since(connection)?);
    Ok(EraseWork { id, subject, capsules, targets, created, due, undecided_since })
}

fn undecided_since(connection: &Connection) -> Result<Option<Timestamp>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT MIN(came) FROM (
           SELECT MIN(since) AS came FROM task WHERE queue = 'decide' AND parked = 0
           UNION ALL
           SELECT MIN(received) FROM (SELECT received FROM inbox ORDER BY seq LIMIT 1))",
    )?;
    let oldest: Option<Millis> = statement.query_row([], |row| row.get(0))?;
    Ok(oldest.map(|oldest| oldest.0))
}

fn step(connection: &Connection, id: ErasureId, target: &TargetName) -> Result<StepWork, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT subject FROM erasure WHERE id = ?1")?;
    let Json(subject) = statement.query_row([id], |row| row.get(0))?;
    let step = steps::one(connection, id, target)?;
    let stage = step.stage.ok_or_else(|| broken(format!("the step of {id} at {target} has ended")))?;
    let capsule = capsules(connection, id)?.pop().ok_or_else(|| broken(format!("{id} has no capsule")))?;
    Ok(StepWork { erasure: id, subject, stage, step, capsule, sessions: sessions(connection, id)? })
}

fn capsules(connection: &Connection, id: ErasureId) -> Result<Vec<Capsule>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT wrapped_key, content FROM capsule WHERE erasure = ?1 ORDER BY id")?;
    let capsules = statement
        .query_map([id], |row| Ok(Capsule { wrapped_key: Sealed(row.get(0)?), content: Sealed(row.get(1)?) }))?;
    Ok(capsules.collect::<Result<_, _>>()?)
}

fn sessions(connection: &Connection, id: ErasureId) -> Result<Vec<SessionKey>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT source.name, erasure_session.session FROM erasure_session
         JOIN source ON source.id = erasure_session.source
         WHERE erasure = ?1 ORDER BY erasure_session.source, erasure_session.session",
    )?;
    let sessions = statement.query_map(params![id], |row| {
        Ok(SessionKey { source: crate::subject::SourceName(row.get(0)?), session: SessionId(row.get(1)?) })
    })?;
    Ok(sessions.collect::<Result<_, _>>()?)
}
