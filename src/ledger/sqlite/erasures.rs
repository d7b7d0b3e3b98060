//! Erasures as they are shown.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::columns::{Json, Millis, Word};
use super::names::{Names, Place};
use super::{EndedErasure, EndedMark, ErasureCursor, ErasureFilter, LedgerError, Page, confirming, query, steps};
use crate::erasure::{Confirmation, Confirming, Erasure, ErasureId, Findings, Step, Verdict};
use crate::keys::Fingerprint;
use crate::ledger::holding::erasure_is_on_hold;
use crate::subject::{Fingerprinted, InstallationName, TargetName};

pub(super) fn one(connection: &Connection, id: ErasureId) -> Result<Option<Erasure>, LedgerError> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT id, subject, rules, targets, state, created, due, approved, begun, ended, sessions, findings, verdict,
                    rejected, confirm, confirmed, holds, {}, demands
             FROM erasure WHERE id = ?1",
            erasure_is_on_hold("?2")
        ))?
        .query_row(params![id, Millis(Timestamp::now())], read)
        .optional()?;
    let Some((mut erasure, targets)) = found else { return Ok(None) };
    if let Some(confirmation) = &mut erasure.confirmation {
        confirmation.link = confirming::newest(connection, id)?.map(Into::into);
    }
    erasure.steps = match erasure.begun {
        Some(_) => steps::shown(connection, id)?,
        None => {
            let installation = erasure.subject.installation();
            targets.into_iter().map(|target| Step::planned(target, installation)).collect()
        }
    };
    Ok(Some(erasure))
}

pub(super) fn list(
    connection: &Connection,
    filter: &ErasureFilter,
) -> Result<Page<Erasure, ErasureCursor>, LedgerError> {
    let mut found: Vec<ErasureId> = Vec::new();
    for query::Statement { sql, values } in query::erasures(filter, "parked = 1") {
        let mut statement = connection.prepare_cached(&sql)?;
        let ids = statement.query_map(params_from_iter(values), |row| row.get::<_, ErasureId>(0))?;
        found.extend(ids.collect::<Result<Vec<_>, _>>()?);
    }
    let (ids, there_are_more) = filter.page_of(found);
    let items = many(connection, ids)?;
    let next = ErasureCursor::after(&items).filter(|_| there_are_more);
    Ok(Page { items, next })
}

/// Those whose identifiers have any of the fingerprints, newest first.
pub(super) fn with(connection: &Connection, fingerprints: &[Fingerprint]) -> Result<Vec<Erasure>, LedgerError> {
    let mut ids = BTreeSet::<ErasureId>::new();
    let mut carrying = connection.prepare_cached("SELECT erasure FROM erasure_fingerprint WHERE fingerprint = ?1")?;
    for fingerprint in fingerprints {
        let found = carrying.query_map([fingerprint], |row| row.get(0))?;
        ids.extend(found.collect::<Result<Vec<ErasureId>, _>>()?);
    }
    many(connection, ids.into_iter().rev())
}

/// Those of these subjects, and those under way that reach the session, the oldest first. A walk over all of them.
pub(super) fn of_session(
    connection: &Connection,
    place: Place,
    subjects: &[String],
) -> Result<Vec<Erasure>, LedgerError> {
    let mut ids = BTreeSet::<ErasureId>::new();
    let mut reaching =
        connection.prepare_cached("SELECT erasure FROM erasure_session WHERE installation = ?1 AND session = ?2")?;
    let found = reaching.query_map(params![place.installation, place.session], |row| row.get(0))?;
    ids.extend(found.collect::<Result<Vec<ErasureId>, _>>()?);
    let mut about = connection.prepare_cached("SELECT id FROM erasure WHERE subject_key = ?1")?;
    for subject in subjects {
        let found = about.query_map([subject], |row| row.get(0))?;
        ids.extend(found.collect::<Result<Vec<ErasureId>, _>>()?);
    }
    many(connection, ids)
}

/// Those of one company, past all that are of others.
pub(super) const ENDED: &str = "SELECT id FROM erasure
     WHERE (ended, id) > (?1, ?2) AND ended IS NOT NULL AND installation = ?3 AND verdict IS NOT NULL
     ORDER BY ended, id LIMIT ?4";

/// Those of an installation that are over and have a receipt, done or cancelled, by when.
pub(super) fn ended(
    connection: &Connection,
    installation: &InstallationName,
    after: EndedMark,
    most: u32,
) -> Result<Vec<EndedErasure>, LedgerError> {
    let Some(number) = Names::Installation.known(connection, &installation.0)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(ENDED)?;
    let ids = statement.query_map(params![Millis(after.at), after.erasure, number, most], |row| row.get(0))?;
    let ids = ids.collect::<Result<Vec<ErasureId>, _>>()?;
    let mut prints = connection.prepare_cached(
        "SELECT fingerprint, version, kind FROM erasure_fingerprint WHERE erasure = ?1 ORDER BY 3, 1",
    )?;
    let mut all = Vec::new();
    for erasure in many(connection, ids)? {
        let fingerprints = prints.query_map([erasure.id], |row| {
            let kind: String = row.get(2)?;
            Ok(Fingerprinted {
                kind: kind.into(),
                fingerprint: row.get(0)?,
                version: row.get(1)?,
                supplementary: false,
            })
        })?;
        let fingerprints = fingerprints.collect::<Result<_, _>>()?;
        all.push(EndedErasure { erasure, fingerprints });
    }
    Ok(all)
}

/// Those of them that can be read: what is wrong with another one is told elsewhere.
pub(super) fn readable(connection: &Connection, ids: BTreeSet<ErasureId>) -> BTreeMap<ErasureId, Erasure> {
    let read = ids.into_iter().filter_map(|id| Some((id, one(connection, id).ok().flatten()?)));
    read.collect()
}

pub(super) fn many(
    connection: &Connection,
    ids: impl IntoIterator<Item = ErasureId>,
) -> Result<Vec<Erasure>, LedgerError> {
    ids.into_iter().filter_map(|id| one(connection, id).transpose()).collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Erasure, Vec<TargetName>)> {
    let (Json(subject), Json(rules), Json(targets), Word(state)) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
    let (Millis(created), Millis(due)) = (row.get(5)?, row.get(6)?);
    let approved: Option<Millis> = row.get(7)?;
    let begun: Option<Millis> = row.get(8)?;
    let ended: Option<Millis> = row.get(9)?;
    let findings: Option<Json<Findings>> = row.get(11)?;
    let verdict: Option<Word<Verdict>> = row.get(12)?;
    let (Json(rejected), Json(holds), Json(demands)) = (row.get(13)?, row.get(16)?, row.get(18)?);
    let confirm: Option<Word<Confirming>> = row.get(14)?;
    let confirmed: Option<Millis> = row.get(15)?;
    let erasure = Erasure {
        id: row.get(0)?,
        subject,
        rules,
        rejected,
        demands,
        state,
        created,
        due,
        approved: approved.map(|at| at.0),
        begun: begun.map(|at| at.0),
        ended: ended.map(|at| at.0),
        confirmation: Confirmation::of(confirm.map(|confirm| confirm.0), confirmed.map(|at| at.0)),
        sessions: row.get(10)?,
        findings: findings.map(|findings| findings.0),
        verdict: verdict.map(|verdict| verdict.0),
        holds,
        held: row.get(17)?,
        steps: Vec::new(),
    };
    Ok((erasure, targets))
}
