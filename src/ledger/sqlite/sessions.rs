//! Sessions: what is known of them, how to find them, and how a decision changes them.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::columns::{Json, Millis};
use super::job::Tx;
use super::{LedgerError, SessionChange, SessionView};
use super::{failure::broken, schedule, sources};
use crate::keys::{Digest, Fingerprint};
use crate::subject::{GuestId, Kind, SessionKey, SourceName};

/// A session's place in its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    source: i64,
    session: i64,
}

impl Place {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { source: row.get(0)?, session: row.get(1)? })
    }
}

pub(super) fn one(connection: &Connection, key: &SessionKey) -> Result<Option<SessionView>, LedgerError> {
    match sources::known(connection, &key.source)? {
        Some(source) => view(connection, Place { source, session: key.session.0 }),
        None => Ok(None),
    }
}

pub(super) fn of_guest(
    connection: &Connection,
    source: &SourceName,
    guest: &GuestId,
) -> Result<Vec<SessionView>, LedgerError> {
    let Some(source) = sources::known(connection, source)? else { return Ok(Vec::new()) };
    let places: Vec<Place> = connection
        .prepare_cached("SELECT source, session FROM session WHERE source = ?1 AND guest = ?2")?
        .query_map(params![source, guest.0], Place::read)?
        .collect::<Result<_, _>>()?;
    views(connection, places)
}

/// The sessions that carry every one of the fingerprints; of none, no session.
pub(super) fn with(connection: &Connection, fingerprints: &[Fingerprint]) -> Result<Vec<SessionView>, LedgerError> {
    let Some((first, others)) = fingerprints.split_first() else { return Ok(Vec::new()) };
    let mut places: BTreeSet<Place> = connection
        .prepare_cached("SELECT source, session FROM fingerprint WHERE fingerprint = ?1")?
        .query_map([first], Place::read)?
        .collect::<Result<_, _>>()?;
    let mut carries = connection
        .prepare_cached("SELECT 1 FROM fingerprint WHERE fingerprint = ?1 AND source = ?2 AND session = ?3")?;
    for other in others {
        let mut agreeing = BTreeSet::new();
        for place in places {
            if carries.exists(params![other, place.source, place.session])? {
                agreeing.insert(place);
            }
        }
        places = agreeing;
    }
    views(connection, places)
}

fn views(connection: &Connection, places: impl IntoIterator<Item = Place>) -> Result<Vec<SessionView>, LedgerError> {
    places.into_iter().filter_map(|place| view(connection, place).transpose()).collect()
}

fn view(connection: &Connection, place: Place) -> Result<Option<SessionView>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, record, concluded, recording_ready, settle_at, forms_seen, erased_at
         FROM session WHERE source = ?1 AND session = ?2",
    )?;
    let found = statement
        .query_row(params![place.source, place.session], |row| {
            let Json(record) = row.get(1)?;
            let settle_at: Option<Millis> = row.get(4)?;
            let forms: Vec<u8> = row.get(5)?;
            let erased_at: Option<Millis> = row.get(6)?;
            Ok(SessionView {
                version: row.get(0)?,
                record,
                fingerprints: Vec::new(),
                concluded: row.get(2)?,
                recording_ready: row.get(3)?,
                settle_at: settle_at.map(|at| at.0),
                forms_seen: forms.as_chunks().0.iter().copied().map(Digest).collect(),
                erased_at: erased_at.map(|at| at.0),
            })
        })
        .optional()?;
    let Some(mut view) = found else { return Ok(None) };
    view.fingerprints = fingerprints(connection, place)?;
    Ok(Some(view))
}

fn fingerprints(connection: &Connection, place: Place) -> Result<Vec<(Kind, Fingerprint)>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, fingerprint FROM fingerprint WHERE source = ?1 AND session = ?2 ORDER BY kind, fingerprint",
    )?;
    let rows = statement.query_map(params![place.source, place.session], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Fingerprint>(1)?))
    })?;
    rows.map(|row| {
        let (kind, fingerprint) = row?;
        Ok((kind.parse().map_err(broken)?, fingerprint))
    })
    .collect()
}

/// Whether a change was made on what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    Done,
    /// The session is another one than was read; nothing was written.
    Stale,
}

/// Writes what was decided of a session, its one settling task, and what waits for it to settle.
pub(super) fn change(tx: &Tx<'_>, change: &SessionChange) -> Result<Changed, LedgerError> {
    let key = &change.record.session;
    let place = Place { source: sources::intern(tx, &key.source)?, session: key.session.0 };
    let before: Option<(i64, Option<i64>)> = tx
        .prepare_cached("SELECT version, settle_at FROM session WHERE source = ?1 AND session = ?2")?
        .query_row(params![place.source, place.session], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if before.map_or(0, |(version, _)| version) != change.read_version {
        return Ok(Changed::Stale);
    }
    write(tx, place, change)?;
    if let Some(fingerprints) = &change.fingerprints {
        replace_fingerprints(tx, place, fingerprints)?;
    }
    settle(tx, place, change)?;
    let settle_at = change.settle_at.map(|at| at.as_millisecond());
    if before.and_then(|(_, settle_at)| settle_at) != settle_at {
        schedule::settling_moved(tx, key, change.settle_at)?;
    }
    Ok(Changed::Done)
}

fn write(tx: &Tx<'_>, place: Place, change: &SessionChange) -> Result<(), LedgerError> {
    let forms: Vec<u8> = change.forms_seen.iter().flat_map(|digest| digest.0).collect();
    tx.prepare_cached(
        "INSERT INTO session (source, session, version, guest, settle_at, concluded, recording_ready, record, forms_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET
           version = excluded.version, guest = excluded.guest, settle_at = excluded.settle_at,
           concluded = excluded.concluded, recording_ready = excluded.recording_ready,
           record = excluded.record, forms_seen = excluded.forms_seen",
    )?
    .execute(params![
        place.source,
        place.session,
        change.read_version + 1,
        change.record.guest.as_ref().map(|guest| &guest.0),
        change.settle_at.map(Millis),
        change.concluded,
        change.recording_ready,
        Json(&change.record),
        forms,
    ])?;
    Ok(())
}

fn replace_fingerprints(tx: &Tx<'_>, place: Place, fingerprints: &[(Kind, Fingerprint)]) -> Result<(), LedgerError> {
    delete_fingerprints(tx, place)?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO fingerprint (fingerprint, source, session, kind) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for (kind, fingerprint) in fingerprints {
        insert.execute(params![fingerprint, place.source, place.session, kind.as_str()])?;
    }
    Ok(())
}

fn delete_fingerprints(tx: &Tx<'_>, place: Place) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM fingerprint WHERE source = ?1 AND session = ?2")?
        .execute(params![place.source, place.session])?;
    Ok(())
}

/// Keeps the one settling task of a session. Whoever holds it now loses it: the session has changed under them.
fn settle(tx: &Tx<'_>, place: Place, change: &SessionChange) -> Result<(), LedgerError> {
    match change.settle_at {
        Some(at) => tx
            .prepare_cached(
                "INSERT INTO task (queue, source, session, due, since) VALUES ('settle', ?1, ?2, ?3, ?3)
                 ON CONFLICT (source, session) WHERE queue = 'settle'
                 DO UPDATE SET due = excluded.due, since = excluded.since, fence = fence + 1, attempt = 0, parked = 0, reason = NULL,
                   holder = NULL",
            )?
            .execute(params![place.source, place.session, Millis(at)])?,
        None => tx
            .prepare_cached("DELETE FROM task WHERE queue = 'settle' AND source = ?1 AND session = ?2")?
            .execute(params![place.source, place.session])?,
    };
    Ok(())
}

/// Marks the sessions that an erasure reached, and forgets how to find them.
pub(super) fn mark_erased(tx: &Tx<'_>, erasure: crate::erasure::ErasureId) -> Result<(), LedgerError> {
    let places: Vec<Place> = tx
        .prepare_cached("SELECT source, session FROM erasure_session WHERE erasure = ?1")?
        .query_map([erasure], Place::read)?
        .collect::<Result<_, _>>()?;
    let mut mark = tx.prepare_cached(
        "UPDATE session SET erased_at = ?3, version = version + 1 WHERE source = ?1 AND session = ?2",
    )?;
    for place in places {
        mark.execute(params![place.source, place.session, Millis(tx.now)])?;
        delete_fingerprints(tx, place)?;
    }
    Ok(())
}
