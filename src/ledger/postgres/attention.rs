//! What may need a person, and what nobody wants to be told of: one query, so that all of it is of one moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::claim::{STEP_QUEUES, STEP_TARGET};
use super::columns::{json_at, maybe_millis, maybe_time, millis, of_json, text, time, unsigned, word};
use super::line::EVENT_IS_DAMAGED;
use super::sum::RECORD_IS_DAMAGED;
use super::tx::{Connection, NOW_MS, Tx};
use super::{
    LedgerError, clock, counts, expired, holds, named, past_jobs, pauses, rechecks, requests, rules, snapshots,
    sweep_jobs,
};
use crate::attention::{
    Code, Damage, Facts, FailedKeeper, Group, LimitedTarget, Mute, NAMED_MAX, ParkedSteps, RefusedOf, RefusedSince,
    StoppedTarget,
};
use crate::audit::{Actor, Object};
use crate::consent::UnknownCause;
use crate::erasure::ErasureId;
use crate::ledger::expiry::undeleted;
use crate::ledger::view::{TargetConditions, Told, told_by};
use crate::ledger::{past_job, rule_version};
use crate::subject::TargetName;

/// What was found, and when.
pub(super) struct Found {
    pub(super) facts: Facts,
    pub(super) mutes: Vec<Mute>,
    pub(super) now: Timestamp,
}

/// The columns of a group: how many, since when, and what tells them from others.
const GROUP: usize = 3;

pub(super) async fn find(connection: &Connection) -> Result<Found, LedgerError> {
    let row = connection.row(&query(), &[]).await?;
    let mut unknown_consents = BTreeMap::new();
    for (index, cause) in UnknownCause::ALL.into_iter().enumerate() {
        unknown_consents.insert(cause.as_str(), unsigned(row.get(FIRST_GROUP + 7 * GROUP + index)));
    }
    let now = time(row.get(0))?;
    let (no_server, TargetConditions { broken, doubtful, not_reloaded }) = told_by(processes(&row)?, now);
    let (behind, undeletable) = undeleted(expired::expired(connection).await?);
    let facts = Facts {
        targets: targets(&row)?,
        limited: limited(&row)?,
        broken,
        doubtful,
        not_reloaded,
        no_server,
        refused: refused(&row)?,
        parked_steps: parked_steps(&row)?,
        // Of places that the configuration names.
        tasks: Vec::new(),
        requested: group(&row, 0)?,
        unconfirmed: group(&row, 6)?,
        incomplete: group(&row, 1)?,
        parked_work: group(&row, 2)?,
        quarantined: group(&row, 3)?,
        damage: damage(&row)?,
        long_log: None,
        held_snapshot: snapshots::oldest(connection).await?,
        unwritable: None,
        damaged_events: group(&row, 4)?,
        damaged_records: group(&row, 5)?,
        sessions: unsigned(row.get(1)),
        unknown_consents,
        foreign_sessions: unsigned(row.get(2)),
        failed_keepers: failed_keepers(&row)?,
        oldest_due: maybe_time(row.get(3))?,
        clock: clock::doubt(row.get(10))?,
        named: named::find(connection, now).await?,
        behind,
        undeletable,
        waiting_rules: rule_version::waiting(rules::versions(connection).await?),
        waiting_past: past_job::waiting(past_jobs::list(connection).await?),
        requests: requests::open(connection).await?,
        rechecks: rechecks::open(connection).await?,
        sweeps: sweep_jobs::unfinished(connection).await?,
        paused: pauses::list(connection, now).await?.into_iter().map(|one| (one.pause.target, one.since)).collect(),
        endless_holds: holds::endless(connection, NAMED_MAX).await?,
        // By what is named.
        erasures: Default::default(),
        holds: Default::default(),
    };
    Ok(Found { facts, mutes: mutes(&row)?, now })
}

/// Where the groups begin, after the single values and the lists.
const FIRST_GROUP: usize = 13;

fn query() -> String {
    let oldest_due = counts::oldest_due_sql();
    let causes = UnknownCause::ALL
        .map(|cause| format!(", (SELECT COUNT(*) FROM session WHERE unknown_cause = '{}')", cause.as_str()));
    // What tells parked tasks from other ones, or from themselves when they are parked once more: the newest one, and how
    // often they were claimed.
    let mark = "COALESCE(MAX(id), 0) || ' ' || COALESCE(SUM(fence), 0)";
    format!(
        "WITH clock AS (SELECT {NOW_MS} AS now),
              counted AS (SELECT COALESCE(SUM(sessions), 0)::BIGINT AS sessions,
                                 COALESCE(SUM(requested), 0)::BIGINT AS requested FROM tally),
              incomplete AS (SELECT COUNT(*) AS count, MIN(ended) AS since, COALESCE(MAX(sequence), 0)::TEXT AS mark
                             FROM receipt WHERE verdict = 'incomplete' AND NOT acknowledged),
              aside AS (SELECT COUNT(*) AS count, MIN(since) AS since, {mark} AS mark
                        FROM task WHERE parked AND NOT {STEP_QUEUES}
                          AND (reason IS NULL OR NOT ({EVENT_IS_DAMAGED} OR {RECORD_IS_DAMAGED}))),
              kept AS (SELECT COALESCE(SUM(count), 0)::BIGINT AS count, MIN(received) AS since,
                              COALESCE(SUM(seq), 0)::TEXT AS mark FROM inbox WHERE parked),
              work AS (SELECT aside.count + kept.count AS count, LEAST(aside.since, kept.since) AS since,
                              aside.mark || ' ' || kept.mark AS mark FROM aside, kept),
              damaged AS (SELECT COUNT(*) AS count, MIN(since) AS since, {mark} AS mark
                          FROM task WHERE parked AND NOT {STEP_QUEUES} AND {EVENT_IS_DAMAGED}),
              records AS (SELECT COUNT(*) AS count, MIN(since) AS since, {mark} AS mark
                          FROM task WHERE parked AND {RECORD_IS_DAMAGED}),
              unconfirmed AS (SELECT COUNT(*) AS count, MIN(created) AS since, COALESCE(MAX(encode(id, 'hex')), '') AS mark
                              FROM erasure WHERE state = 'requested' AND confirm = 'email' AND NOT EXISTS (
                                SELECT FROM confirmation_link AS link WHERE link.erasure = erasure.id
                                  AND (link.state IN ('waiting', 'sending') OR (link.state = 'sent' AND link.expires > {NOW_MS})))),
              steps AS (SELECT {STEP_TARGET} AS target, COUNT(*) AS count, {mark} AS mark,
                               'e-' || MIN(ENCODE(erasure, 'hex')) AS oldest
                        FROM task WHERE parked AND {STEP_QUEUES} GROUP BY queue)
         SELECT clock.now, counted.sessions, (SELECT COALESCE(SUM(foreign_sessions), 0)::BIGINT FROM installation),
                {oldest_due},
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(name, until, reason, needs_person, tries, since, (
                   SELECT 'e-' || ENCODE(erasure, 'hex') FROM task
                   WHERE NOT parked AND queue = 'step:' || name ORDER BY task.due LIMIT 1))), '[]')::TEXT
                 FROM target),
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(target, count, mark, oldest)), '[]')::TEXT FROM steps),
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(code, object, severity, until, digest, actor, at)), '[]')::TEXT
                 FROM mute),
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(target, limited_since, limited_until)), '[]')::TEXT FROM pace
                 WHERE limited_sort IS NOT NULL),
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(seen, conditions)), '[]')::TEXT FROM process),
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(source, astray, count, since, last)), '[]')::TEXT
                 FROM refused),
                (SELECT doubt FROM clock_seen),
                (SELECT COALESCE(JSON_AGG(JSON_BUILD_ARRAY(name, reason, since) ORDER BY name), '[]')::TEXT FROM keeper),
                (SELECT JSON_BUILD_ARRAY(since, what)::TEXT FROM damage),
                counted.requested - (SELECT COUNT(*) FROM erasure WHERE state = 'requested' AND confirm = 'email'),
                (SELECT created FROM erasure WHERE state = 'requested' AND confirm IS DISTINCT FROM 'email' ORDER BY id LIMIT 1),
                COALESCE((SELECT encode(id, 'hex') FROM erasure WHERE state = 'requested' AND confirm IS DISTINCT FROM 'email'
                          ORDER BY id DESC LIMIT 1), ''),
                incomplete.*, work.*,
                (SELECT COUNT(*) FROM quarantine), (SELECT received FROM quarantine ORDER BY id LIMIT 1),
                (SELECT COALESCE(MAX(id), 0)::TEXT FROM quarantine), damaged.*, records.*, unconfirmed.*{}
         FROM clock, counted, incomplete, work, damaged, records, unconfirmed",
        causes.concat(),
    )
}

fn group(row: &Row, number: usize) -> Result<Group, LedgerError> {
    let column = FIRST_GROUP + number * GROUP;
    let count = unsigned(row.get(column));
    Ok(Group { count, since: maybe_time(row.get(column + 1))?, mark: row.get(column + 2) })
}

/// A target that is out, as the query writes it.
type Stopped = (String, i64, String, bool, u32, i64, Option<ErasureId>);

fn targets(row: &Row) -> Result<Vec<StoppedTarget>, LedgerError> {
    let all: Vec<Stopped> = json_at(row, 4)?;
    let stopped = all.into_iter().map(|(name, until, reason, needs_person, tries, since, waiting)| {
        let (target, until, since) = (TargetName(name.into()), time(until)?, time(since)?);
        Ok(StoppedTarget { target, until, reason, needs_person, tries, since, waiting })
    });
    stopped.collect()
}

fn limited(row: &Row) -> Result<Vec<LimitedTarget>, LedgerError> {
    let all: Vec<(String, i64, i64)> = json_at(row, 7)?;
    let limited = all.into_iter().map(|(name, since, until)| {
        Ok(LimitedTarget { target: TargetName(name.into()), since: time(since)?, until: time(until)? })
    });
    limited.collect()
}

fn processes(row: &Row) -> Result<Vec<Told>, LedgerError> {
    let all: Vec<(i64, String)> = json_at(row, 8)?;
    all.into_iter().map(|(seen, conditions)| Ok((time(seen)?, of_json(conditions.as_bytes())?))).collect()
}

fn refused(row: &Row) -> Result<Vec<RefusedSince>, LedgerError> {
    let all: Vec<(String, bool, u64, i64, i64)> = json_at(row, 9)?;
    let refused = all.into_iter().map(|(source, astray, count, since, last)| {
        Ok(RefusedSince { of: RefusedOf::of_columns(&source, astray), count, since: time(since)?, last: time(last)? })
    });
    refused.collect()
}

fn failed_keepers(row: &Row) -> Result<Vec<FailedKeeper>, LedgerError> {
    let all: Vec<(String, String, i64)> = json_at(row, 11)?;
    let failed =
        all.into_iter().map(|(keeper, reason, since)| Ok(FailedKeeper { keeper, reason, since: time(since)? }));
    failed.collect()
}

fn damage(row: &Row) -> Result<Option<Damage>, LedgerError> {
    let Some(noted) = row.get::<_, Option<&str>>(12) else { return Ok(None) };
    let (since, what): (i64, String) = of_json(noted.as_bytes())?;
    Ok(Some(Damage { since: time(since)?, what }))
}

fn parked_steps(row: &Row) -> Result<Vec<ParkedSteps>, LedgerError> {
    let all: Vec<(String, u64, String, ErasureId)> = json_at(row, 5)?;
    let steps = all.into_iter().map(|(target, count, mark, oldest)| {
        let group = Group { count, since: None, mark };
        ParkedSteps { target: TargetName(target.into()), group, oldest }
    });
    Ok(steps.collect())
}

/// A mute as the query writes it.
type Written = (String, String, String, Option<i64>, Option<String>, String, i64);

fn mutes(row: &Row) -> Result<Vec<Mute>, LedgerError> {
    let all: Vec<Written> = json_at(row, 6)?;
    let mut mutes = Vec::new();
    for (code, object, severity, until, digest, actor, at) in all {
        // Of a later program: what it is about is not told here either.
        let Ok(code) = code.parse::<Code>() else { continue };
        let object = Object::written(object);
        let by = Actor::named(actor);
        let severity = word(&severity)?;
        mutes.push(Mute { code, object, severity, until: maybe_time(until)?, digest, by, at: time(at)? });
    }
    Ok(mutes)
}

pub(super) async fn mute(tx: &Tx, mute: &Mute) -> Result<(), LedgerError> {
    tx.execute(
        "INSERT INTO mute (code, object, severity, until, digest, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (code, object) DO UPDATE SET severity = excluded.severity, until = excluded.until,
           digest = excluded.digest, actor = excluded.actor, at = excluded.at",
        &[
            &mute.code.as_str(),
            &text(mute.object.as_str()),
            &mute.severity.as_str(),
            &maybe_millis(mute.until),
            &mute.digest,
            &text(mute.by.as_str()),
            &millis(mute.at),
        ],
    )
    .await?;
    Ok(())
}

/// `false` when it is not muted.
pub(super) async fn unmute(tx: &Tx, code: Code, object: &Object) -> Result<bool, LedgerError> {
    let sql = "DELETE FROM mute WHERE code = $1 AND object = $2";
    Ok(tx.execute(sql, &[&code.as_str(), &text(object.as_str())]).await? > 0)
}
