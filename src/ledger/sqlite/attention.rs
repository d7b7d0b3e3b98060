//! What may need a person, and what nobody wants to be told of.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::claim::{STEP_QUEUES, STEP_TARGET};
use super::columns::{Millis, Word};
use super::job::Tx;
use super::line::EVENT_IS_DAMAGED;
use super::sum::RECORD_IS_DAMAGED;
use super::{
    LedgerError, QueueName, TargetHealth, TargetState, clock, counts, holds, named, past_jobs, pauses, processes,
    rechecks, refused, requests, rules, sweep_jobs, targets,
};
use crate::attention::{Code, Facts, FailedKeeper, Group, Mute, NAMED_MAX, ParkedSteps, StoppedTarget};
use crate::audit::{Actor, Object};
use crate::erasure::ErasureId;
use crate::ledger::expiry::undeleted;
use crate::ledger::view::{TargetConditions, told_by};
use crate::ledger::{past_job, rule_version};
use crate::subject::TargetName;

pub(super) fn facts(connection: &Connection, now: Timestamp) -> Result<Facts, LedgerError> {
    let tally = counts::tally(connection)?;
    let tallied = |name: &str| tally.get(name).copied().unwrap_or(0);
    let foreign: i64 =
        connection.query_row("SELECT COALESCE(SUM(foreign_sessions), 0) FROM installation", [], |row| row.get(0))?;
    let (no_server, TargetConditions { broken, doubtful, not_reloaded }) = told_by(processes::told(connection)?, now);
    let (behind, undeletable) = undeleted(counts::expired(connection)?);
    Ok(Facts {
        targets: stopped(connection)?,
        broken,
        doubtful,
        not_reloaded,
        no_server,
        limited: targets::limited(connection)?,
        parked_steps: parked_steps(connection)?,
        // Of places that the configuration names.
        tasks: Vec::new(),
        requested: requested(connection, tallied("requested"))?,
        unconfirmed: unconfirmed(connection, now)?,
        incomplete: group(
            connection,
            "SELECT COUNT(*), MIN(ended), COALESCE(MAX(sequence), 0) || ''
             FROM receipt WHERE verdict = 'incomplete' AND acknowledged = 0",
        )?,
        parked_work: group(
            connection,
            &format!(
                "WITH parked AS (SELECT COUNT(*) AS count, MIN(since) AS since, {MARK} AS mark FROM task
                                 WHERE parked = 1 AND NOT {STEP_QUEUES}
                                   AND (reason IS NULL OR NOT ({EVENT_IS_DAMAGED} OR {RECORD_IS_DAMAGED}))),
                      kept AS (SELECT COALESCE(SUM(count), 0) AS count, MIN(received) AS since,
                                      COALESCE(SUM(seq), 0) AS mark FROM inbox WHERE parked = 1)
                 SELECT parked.count + kept.count,
                        (SELECT MIN(since) FROM (SELECT parked.since AS since UNION ALL SELECT kept.since)),
                        parked.mark || ' ' || kept.mark
                 FROM parked, kept"
            ),
        )?,
        // The file does not say so of itself.
        damage: None,
        long_log: None,
        held_snapshot: None,
        unwritable: None,
        damaged_events: group(
            connection,
            &format!(
                "SELECT COUNT(*), MIN(since), {MARK} FROM task
                 WHERE parked = 1 AND NOT {STEP_QUEUES} AND {EVENT_IS_DAMAGED}"
            ),
        )?,
        damaged_records: group(
            connection,
            &format!("SELECT COUNT(*), MIN(since), {MARK} FROM task WHERE parked = 1 AND {RECORD_IS_DAMAGED}"),
        )?,
        refused: refused::list(connection)?,
        quarantined: group(
            connection,
            "SELECT COUNT(*), (SELECT received FROM quarantine ORDER BY id LIMIT 1), COALESCE(MAX(id), 0) || ''
             FROM quarantine",
        )?,
        sessions: tallied("sessions"),
        unknown_consents: counts::unknown_consents(connection)?,
        foreign_sessions: foreign.unsigned_abs(),
        failed_keepers: failed_keepers(connection)?,
        oldest_due: counts::oldest_due(connection, now)?,
        clock: clock::doubt(connection)?,
        named: named::find(connection, now)?,
        behind,
        undeletable,
        waiting_rules: rule_version::waiting(rules::versions(connection)?),
        waiting_past: past_job::waiting(past_jobs::list(connection)?),
        requests: requests::open(connection)?,
        rechecks: rechecks::open(connection)?,
        sweeps: sweep_jobs::unfinished(connection)?,
        paused: pauses::list(connection, now)?.into_iter().map(|one| (one.pause.target, one.since)).collect(),
        endless_holds: holds::endless(connection, NAMED_MAX)?,
        // By what is named.
        erasures: Default::default(),
        holds: Default::default(),
    })
}

/// What tells parked tasks from other ones, or from themselves when they are parked once more: the newest one, and how often
/// they were claimed.
const MARK: &str = "COALESCE(MAX(id), 0) || ' ' || COALESCE(SUM(fence), 0)";

/// How many, since when, and what tells them from others.
fn group(connection: &Connection, sql: &str) -> Result<Group, LedgerError> {
    Ok(connection.prepare_cached(sql)?.query_row([], |row| group_at(row, 0))?)
}

fn group_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Group> {
    let count = row.get::<_, i64>(column)?.unsigned_abs();
    let since: Option<Millis> = row.get(column + 1)?;
    Ok(Group { count, since: since.map(|since| since.0), mark: row.get(column + 2)? })
}

fn parked_steps(connection: &Connection) -> Result<Vec<ParkedSteps>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {STEP_TARGET}, COUNT(*), NULL, {MARK}, MIN(erasure)
         FROM task WHERE parked = 1 AND {STEP_QUEUES} GROUP BY queue"
    ))?;
    let steps = statement.query_map([], |row| {
        Ok(ParkedSteps { target: TargetName(row.get(0)?), group: group_at(row, 1)?, oldest: row.get(4)? })
    })?;
    Ok(steps.collect::<Result<_, _>>()?)
}

/// Those that only a person lets begin: not those for which a link is, or was, on its way.
fn requested(connection: &Connection, count: u64) -> Result<Group, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT created FROM erasure WHERE state = 'requested' AND confirm IS NOT 'email' ORDER BY id LIMIT 1),
                COALESCE((SELECT HEX(id) FROM erasure WHERE state = 'requested' AND confirm IS NOT 'email'
                          ORDER BY id DESC LIMIT 1), ''),
                (SELECT COUNT(*) FROM erasure WHERE state = 'requested' AND confirm = 'email')",
    )?;
    let group = statement.query_row([], |row| {
        let since: Option<Millis> = row.get(0)?;
        let by_link: i64 = row.get(2)?;
        let count = count.saturating_sub(by_link.unsigned_abs());
        Ok(Group { count, since: since.map(|since| since.0), mark: row.get(1)? })
    });
    Ok(group?)
}

/// Those that wait for a link, and for which none is valid or on its way.
fn unconfirmed(connection: &Connection, now: Timestamp) -> Result<Group, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT COUNT(*), MIN(created), COALESCE(MAX(HEX(id)), '') FROM erasure
         WHERE state = 'requested' AND confirm = 'email' AND NOT EXISTS (
           SELECT 1 FROM confirmation_link AS link
           WHERE link.erasure = erasure.id AND (link.state IN ('waiting', 'sending') OR (link.state = 'sent' AND link.expires > ?1)))",
    )?;
    Ok(statement.query_row([Millis(now)], |row| group_at(row, 0))?)
}

fn failed_keepers(connection: &Connection) -> Result<Vec<FailedKeeper>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT name, reason, since FROM keeper ORDER BY name")?;
    let failed = statement.query_map([], |row| {
        let Millis(since) = row.get(2)?;
        Ok(FailedKeeper { keeper: row.get(0)?, reason: row.get(1)?, since })
    })?;
    Ok(failed.collect::<Result<_, _>>()?)
}

fn stopped(connection: &Connection) -> Result<Vec<StoppedTarget>, LedgerError> {
    let mut stopped = Vec::new();
    for TargetHealth { target, state } in targets::list(connection)? {
        if let TargetState::Open { until, reason, needs_person, tries, since } = state {
            let waiting = waiting(connection, &target)?;
            stopped.push(StoppedTarget { target, until, reason, needs_person, tries, since, waiting });
        }
    }
    Ok(stopped)
}

/// An erasure that waits for the target.
fn waiting(connection: &Connection, target: &TargetName) -> Result<Option<ErasureId>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT erasure FROM task WHERE parked = 0 AND queue = ?1 ORDER BY due LIMIT 1")?;
    let queue = QueueName::Step(target.clone());
    Ok(statement.query_row([queue.name()], |row| row.get(0)).optional()?)
}

pub(super) fn mutes(connection: &Connection) -> Result<Vec<Mute>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT code, object, severity, until, digest, actor, at FROM mute")?;
    let mut rows = statement.query([])?;
    let mut mutes = Vec::new();
    while let Some(row) = rows.next()? {
        // Of a later program: what it is about is not told here either.
        let Ok(code) = row.get::<_, String>(0)?.parse::<Code>() else { continue };
        let until: Option<Millis> = row.get(3)?;
        let (Word(severity), Millis(at)) = (row.get(2)?, row.get(6)?);
        mutes.push(Mute {
            code,
            object: Object::written(row.get(1)?),
            severity,
            until: until.map(|until| until.0),
            digest: row.get(4)?,
            by: Actor::named(row.get(5)?),
            at,
        });
    }
    Ok(mutes)
}

pub(super) fn mute(tx: &Tx<'_>, mute: &Mute) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "REPLACE INTO mute (code, object, severity, until, digest, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        mute.code.as_str(),
        mute.object.as_str(),
        mute.severity.as_str(),
        mute.until.map(Millis),
        mute.digest,
        mute.by.as_str(),
        Millis(mute.at)
    ])?;
    Ok(())
}

/// `false` when it is not muted.
pub(super) fn unmute(tx: &Tx<'_>, code: Code, object: &Object) -> Result<bool, LedgerError> {
    let mut statement = tx.prepare_cached("DELETE FROM mute WHERE code = ?1 AND object = ?2")?;
    Ok(statement.execute([code.as_str(), object.as_str()])? > 0)
}
