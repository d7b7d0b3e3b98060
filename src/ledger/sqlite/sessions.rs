//! Sessions: what is known of them, how to find them, and how a decision changes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{Millis, json};
use super::job::Tx;
use super::names::{Names, Place};
use super::row::Row as _;
use super::{LedgerError, QueueName, SessionChange, SessionView, UnreadSessions};
use super::{failure::broken, sum, sum::OF_SESSION, transition};
use crate::consent::ConsentRecord;
use crate::erasure::ErasureId;
use crate::keys::{Digest, Fingerprint};
use crate::ledger::expiry::Tombstone;
use crate::ledger::stored_record::StoredRecord;
use crate::ledger::{DecidedSession, DecidedSessions, ErasedMark, IdleSession, SessionMark};
use crate::subject::{Fingerprinted, InstallationName, SessionId, SessionKey};

pub(super) fn one(connection: &Connection, place: Place) -> Result<Option<SessionView>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OF_SESSION}, version, read_at, concluded, recording_ready, settle_at, erased_at
         FROM session WHERE installation = ?1 AND session = ?2"
    ))?;
    let key = place.key(connection)?;
    let mut rows = statement.query(params![place.installation, place.session])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    sum::session_is_whole(row)?;
    let forms: Vec<u8> = row.get(4)?;
    let mut record: StoredRecord = row.json(2)?;
    Ok(Some(SessionView {
        version: row.get(6)?,
        evaluated: record.take_evaluated(),
        record: record.record(key, row.get(3)?),
        fingerprints: fingerprints(connection, OWN, place)?,
        read_at: row.maybe_time(7)?,
        concluded: row.get(8)?,
        recording_ready: row.get(9)?,
        settle_at: row.maybe_time(10)?,
        forms_seen: forms.as_chunks().0.iter().copied().map(Digest).collect(),
        erased_at: row.maybe_time(11)?,
    }))
}

pub(super) fn of_guest(
    connection: &Connection,
    installation: &InstallationName,
    guest: Digest,
) -> Result<Vec<SessionView>, LedgerError> {
    let Some(installation) = Names::Installation.known(connection, &installation.0)? else { return Ok(Vec::new()) };
    let places: Vec<Place> = connection
        .prepare_cached("SELECT installation, session FROM session WHERE installation = ?1 AND guest = ?2")?
        .query_map(params![installation, guest], Place::read)?
        .collect::<Result<_, _>>()?;
    views(connection, places)
}

/// Whether several people were found under a guest's id.
pub(super) fn is_shared_guest(
    connection: &Connection,
    installation: &InstallationName,
    guest: Digest,
) -> Result<bool, LedgerError> {
    let Some(installation) = Names::Installation.known(connection, &installation.0)? else { return Ok(false) };
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM shared_guest WHERE installation = ?1 AND guest = ?2")?;
    Ok(statement.exists(params![installation, guest])?)
}

pub(super) fn add_shared_guests(
    tx: &Tx<'_>,
    installation: &InstallationName,
    guests: &[Digest],
) -> Result<(), LedgerError> {
    if guests.is_empty() {
        return Ok(());
    }
    let installation = Names::Installation.intern(tx, &installation.0)?;
    let mut insert =
        tx.prepare_cached("INSERT INTO shared_guest (installation, guest) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    for guest in guests {
        insert.execute(params![installation, guest])?;
    }
    Ok(())
}

/// The fingerprints of sessions that are there.
pub(super) const OWN: &str = "fingerprint";

/// Those of which nothing is open, by since when.
pub(super) fn idle(
    connection: &Connection,
    installation: &InstallationName,
    since: Timestamp,
    most: u32,
) -> Result<Vec<IdleSession>, LedgerError> {
    let Some(number) = Names::Installation.known(connection, &installation.0)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(
        "SELECT session, idle_since, erased_at IS NOT NULL FROM session
         WHERE idle_since >= ?1 AND installation = ?2 ORDER BY idle_since, session LIMIT ?3",
    )?;
    let idle = statement.query_map(params![Millis(since), number, most], |row| {
        let key = SessionKey { installation: installation.clone(), session: SessionId(row.get(0)?) };
        let Millis(since) = row.get(1)?;
        Ok(IdleSession { key, since, is_erased: row.get(2)? })
    })?;
    Ok(idle.collect::<Result<_, _>>()?)
}

/// Those that are erased, by when.
pub(super) fn erased(
    connection: &Connection,
    installation: &InstallationName,
    after: ErasedMark,
    most: u32,
) -> Result<Vec<ErasedMark>, LedgerError> {
    let Some(number) = Names::Installation.known(connection, &installation.0)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(
        "SELECT session, erased_at FROM session
         WHERE (erased_at, installation, session) > (?1, ?2, ?3) AND installation = ?2 AND erased_at IS NOT NULL
         ORDER BY erased_at, session LIMIT ?4",
    )?;
    let erased = statement.query_map(params![Millis(after.at), number, after.session.0, most], |row| {
        let Millis(at) = row.get(1)?;
        Ok(ErasedMark { at, session: SessionId(row.get(0)?) })
    })?;
    Ok(erased.collect::<Result<_, _>>()?)
}

/// When a session is looked at for settling, whatever else is stored of it.
pub(super) fn settle_at(connection: &Connection, place: Place) -> Result<Option<Timestamp>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT settle_at FROM session WHERE installation = ?1 AND session = ?2")?;
    let found: Option<Option<Millis>> =
        statement.query_row(params![place.installation, place.session], |row| row.get(0)).optional()?;
    Ok(found.flatten().map(|at| at.0))
}

pub(super) fn views(
    connection: &Connection,
    places: impl IntoIterator<Item = Place>,
) -> Result<Vec<SessionView>, LedgerError> {
    places.into_iter().filter_map(|place| one(connection, place).transpose()).collect()
}

/// `table`: where they are.
pub(super) fn fingerprints(
    connection: &Connection,
    table: &str,
    place: Place,
) -> Result<Vec<Fingerprinted>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT kind, fingerprint, version, supplementary FROM {table} WHERE installation = ?1 AND session = ?2
         ORDER BY kind, fingerprint, version"
    ))?;
    let rows = statement.query_map(params![place.installation, place.session], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Fingerprint>(1)?, row.get(2)?, row.get(3)?))
    })?;
    rows.map(|row| {
        let (kind, fingerprint, version, supplementary) = row?;
        Ok(Fingerprinted { kind: kind.parse().map_err(broken)?, fingerprint, version, supplementary })
    })
    .collect()
}

/// When the oldest event of an installation came after which nobody has read its session and somebody is still to look at it.
pub(super) fn unread_since(connection: &Connection, installation: i64) -> Result<Option<Millis>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT unread_since FROM session
         WHERE installation = ?1 AND unread_since IS NOT NULL AND settle_at IS NOT NULL AND erased_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM task
                           WHERE task.installation = session.installation AND task.session = session.session
                             AND task.session IS NOT NULL AND parked = 1)
         ORDER BY unread_since LIMIT 1",
    )?;
    Ok(statement.query_row([installation], |row| row.get(0)).optional()?)
}

/// The newest sessions of an installation that nobody has ever read and nobody looks at any more: they have settled, or their
/// look is parked. An event that is parked may be of a further one.
pub(super) fn unread(
    connection: &Connection,
    installation: &InstallationName,
    limit: u32,
) -> Result<UnreadSessions, LedgerError> {
    let mut unread = UnreadSessions::default();
    let Some(number) = Names::Installation.known(connection, &installation.0)? else { return Ok(unread) };
    let decide = QueueName::Decide(installation.clone()).name();
    let settle = QueueName::Settle(installation.clone()).name();
    let mut statement = connection.prepare_cached("SELECT count(*) FROM task WHERE queue = ?1 AND parked = 1")?;
    let events: u32 = statement.query_row([decide], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(
        "SELECT session, count(*) OVER () FROM (
           SELECT session FROM session
           WHERE installation = ?1 AND read_at IS NULL AND settle_at IS NULL AND erased_at IS NULL
           UNION ALL
           SELECT session.session
           FROM task JOIN session ON session.installation = task.installation AND session.session = task.session
           WHERE queue = ?3 AND parked = 1 AND read_at IS NULL AND settle_at IS NOT NULL AND erased_at IS NULL)
         ORDER BY session DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![number, limit, settle])?;
    while let Some(row) = rows.next()? {
        unread.newest.push(SessionKey { installation: installation.clone(), session: SessionId(row.get(0)?) });
        unread.total = row.get(1)?;
    }
    unread.total = unread.total.saturating_add(events);
    Ok(unread)
}

/// Whether a change was made on what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It was written. Where its look for settling has moved, what waits for that is to move with it.
    Done { settling_moved: bool },
    /// The session is another one than was read; nothing was written.
    Stale,
}

/// What a session was before it is changed.
#[derive(Clone, Copy, Default)]
struct Before {
    /// 0 when there was none.
    version: i64,
    settle_at: Option<i64>,
    erased: bool,
    /// Of one that has none, what is left of the one that there was.
    tombstone: Option<Tombstone>,
}

fn before(tx: &Tx<'_>, place: Place) -> Result<Before, LedgerError> {
    let found = tx
        .prepare_cached(
            "SELECT version, settle_at, erased_at IS NOT NULL FROM session WHERE installation = ?1 AND session = ?2",
        )?
        .query_row(params![place.installation, place.session], |row| {
            Ok(Before { version: row.get(0)?, settle_at: row.get(1)?, erased: row.get(2)?, tombstone: None })
        });
    if let Some(before) = found.optional()? {
        return Ok(before);
    }
    let tombstone = tombstone(tx, place)?;
    Ok(Before { erased: tombstone.is_some_and(|tombstone| tombstone.erased), tombstone, ..Before::default() })
}

/// What is left of a session whose record is gone.
pub(super) fn tombstone(connection: &Connection, place: Place) -> Result<Option<Tombstone>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT at, erased FROM tombstone WHERE installation = ?1 AND session = ?2")?;
    let found = statement.query_row(params![place.installation, place.session], |row| {
        let Millis(at) = row.get(0)?;
        Ok(Tombstone { at, erased: row.get(1)? })
    });
    Ok(found.optional()?)
}

/// Deletes a session's record, of which the tombstone is left.
pub(super) fn bury(tx: &Tx<'_>, place: Place, tombstone: Tombstone) -> Result<(), LedgerError> {
    delete_fingerprints(tx, place)?;
    delete_fingerprints_before_erasure(tx, place)?;
    tx.prepare_cached("DELETE FROM session WHERE installation = ?1 AND session = ?2")?
        .execute(params![place.installation, place.session])?;
    tx.prepare_cached("REPLACE INTO tombstone (installation, session, at, erased) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![place.installation, place.session, Millis(tombstone.at), tombstone.erased])?;
    Ok(())
}

/// A session's record; `None` where it is damaged.
pub(super) fn record(connection: &Connection, place: Place) -> Result<Option<ConsentRecord>, LedgerError> {
    let sql = format!("SELECT {OF_SESSION} FROM session WHERE installation = ?1 AND session = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let key = place.key(connection)?;
    let mut rows = statement.query(params![place.installation, place.session])?;
    let row = rows.next()?.ok_or_else(|| broken("a session is gone that was listed"))?;
    if sum::session_is_whole(row).is_err() {
        return Ok(None);
    }
    Ok(Some(row.json::<StoredRecord>(2)?.record(key, row.get(3)?)))
}

/// The next sessions whose records are whole, with what was decided on them; `which` is a condition with a place.
pub(super) fn decided(
    connection: &Connection,
    which: &str,
    after: SessionMark,
    most: u32,
) -> Result<DecidedSessions, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OF_SESSION} FROM session
         WHERE {which} ORDER BY installation, session LIMIT $3"
    ))?;
    let mut rows = statement.query(params![after.installation, after.session, most])?;
    let mut found = DecidedSessions::default();
    let (mut count, mut last) = (0, after);
    while let Some(row) = rows.next()? {
        count += 1;
        let place = Place::read(row)?;
        last = SessionMark { installation: place.installation, session: place.session };
        if sum::session_is_whole(row).is_err() {
            found.damaged += 1;
            continue;
        }
        let key = place.key(connection)?;
        let mut record: StoredRecord = row.json(2)?;
        let evaluated = record.take_evaluated();
        found.sessions.push(DecidedSession { record: record.record(key, row.get(3)?), evaluated });
    }
    found.next = (count == most).then_some(last);
    Ok(found)
}

/// Leaves of a whole session's record what proves its consent.
pub(super) fn reduce(tx: &Tx<'_>, place: Place, proof: ConsentRecord) -> Result<(), LedgerError> {
    let forms: Vec<u8> = tx
        .prepare_cached("SELECT forms_seen FROM session WHERE installation = ?1 AND session = ?2")?
        .query_row(params![place.installation, place.session], |row| row.get(0))?;
    let digest = proof.guest_digest;
    let guest = digest.as_ref().map(|digest| digest.0.as_slice());
    let text = json(&StoredRecord::of(proof, Vec::new()))?;
    let sum = sum::of_session(place.installation, place.session, &text, guest, &forms);
    // The version grows: a decision on what the session was before would write back what is dropped here.
    tx.prepare_cached(
        "UPDATE session SET record = ?3, sum = ?4, idle_since = NULL, proof_since = idle_since, version = version + 1
         WHERE installation = ?1 AND session = ?2",
    )?
    .execute(params![place.installation, place.session, text, sum])?;
    Ok(())
}

/// Writes what was decided of a session, by an event that `came`, and its one settling task.
pub(super) fn change(
    tx: &Tx<'_>,
    place: Place,
    change: &SessionChange,
    came: Option<Timestamp>,
) -> Result<Changed, LedgerError> {
    let before = before(tx, place)?;
    if before.version != change.read_version {
        return Ok(Changed::Stale);
    }
    write(tx, place, before, change, came)?;
    if let Some(fingerprints) = &change.fingerprints {
        replace_fingerprints(tx, place, fingerprints)?;
    }
    settle(tx, place, change)?;
    Ok(Changed::Done { settling_moved: before.settle_at != change.settle_at.map(|at| at.as_millisecond()) })
}

/// Leaves a session as it is: what was decided on is about a time that is over.
pub(super) fn leave(tx: &Tx<'_>, place: Place, change: &SessionChange) -> Result<Changed, LedgerError> {
    let is_as_read = before(tx, place)?.version == change.read_version;
    Ok(if is_as_read { Changed::Done { settling_moved: false } } else { Changed::Stale })
}

/// Deletes a session that is none of ours, and its settling. What was asked for of it by its number stays.
pub(super) fn forget(tx: &Tx<'_>, place: Place, change: &SessionChange) -> Result<Changed, LedgerError> {
    let before = before(tx, place)?;
    if before.version != change.read_version {
        return Ok(Changed::Stale);
    }
    delete_fingerprints(tx, place)?;
    delete_fingerprints_before_erasure(tx, place)?;
    delete_settling(tx, place)?;
    tx.prepare_cached("DELETE FROM session WHERE installation = ?1 AND session = ?2")?
        .execute(params![place.installation, place.session])?;
    Ok(Changed::Done { settling_moved: before.settle_at.is_some() })
}

fn write(
    tx: &Tx<'_>,
    place: Place,
    before: Before,
    change: &SessionChange,
    came: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let forms: Vec<u8> = change.forms_seen.iter().flat_map(|digest| digest.0).collect();
    let record = change.record.clone();
    // The guest's id went with the erasure; what a later event or look-up brings must not write it back.
    let record = if before.erased { record.without_guest() } else { record };
    let digest = record.guest_digest;
    let guest = digest.as_ref().map(|digest| digest.0.as_slice());
    let text = json(&StoredRecord::of(record, change.evaluated.clone()))?;
    let sum = sum::of_session(place.installation, place.session, &text, guest, &forms);
    // What stays settled grows no younger by what is no news; what was never read has no age, as receipts name it. Once read, it stays so (`COALESCE`): by a later look that failed
    // it must not become a session that nobody has ever read.
    tx.prepare_cached(
        "INSERT INTO session (installation, session, version, guest, unread_since, read_at, settle_at, concluded,
                              recording_ready, unknown_cause, record, forms_seen, erased_at, idle_since, sum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                 CASE WHEN COALESCE(?6, ?13) IS NOT NULL THEN ?14 END, ?15)
         ON CONFLICT DO UPDATE SET
           version = excluded.version, guest = excluded.guest, read_at = COALESCE(excluded.read_at, read_at),
           unread_since = CASE WHEN excluded.read_at IS NULL THEN COALESCE(unread_since, excluded.unread_since) END,
           settle_at = excluded.settle_at, concluded = excluded.concluded, recording_ready = excluded.recording_ready,
           unknown_cause = excluded.unknown_cause, record = excluded.record, forms_seen = excluded.forms_seen,
           idle_since = CASE WHEN COALESCE(excluded.read_at, read_at, erased_at) IS NULL THEN NULL
                             WHEN settle_at IS NULL AND excluded.settle_at IS NULL
                             THEN COALESCE(idle_since, proof_since, ?14) ELSE ?14 END,
           proof_since = NULL, sum = excluded.sum",
    )?
    .execute(params![
        place.installation,
        place.session,
        change.read_version + 1,
        change.record.guest_digest,
        came.filter(|_| change.read_at.is_none()).map(Millis),
        change.read_at.map(Millis),
        change.settle_at.map(Millis),
        change.concluded,
        change.recording_ready,
        transition::unknown_cause(change).map(|cause| cause.as_str()),
        text,
        forms,
        // What was erased stays so when more comes of it.
        before.tombstone.filter(|tombstone| tombstone.erased).map(|tombstone| Millis(tombstone.at)),
        change.settle_at.is_none().then_some(Millis(tx.now)),
        sum,
    ])?;
    if before.tombstone.is_some() {
        tx.prepare_cached("DELETE FROM tombstone WHERE installation = ?1 AND session = ?2")?
            .execute(params![place.installation, place.session])?;
    }
    Ok(())
}

fn replace_fingerprints(tx: &Tx<'_>, place: Place, fingerprints: &[Fingerprinted]) -> Result<(), LedgerError> {
    delete_fingerprints(tx, place)?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary, beside)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let all = transition::distinct(fingerprints);
    let beside = transition::beside(&all);
    for one in &all {
        insert.execute(params![
            one.fingerprint,
            place.installation,
            place.session,
            one.version,
            one.kind.as_str(),
            one.supplementary,
            beside(&one.kind)
        ])?;
    }
    Ok(())
}

fn delete_fingerprints(tx: &Tx<'_>, place: Place) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM fingerprint WHERE installation = ?1 AND session = ?2")?
        .execute(params![place.installation, place.session])?;
    Ok(())
}

fn delete_fingerprints_before_erasure(tx: &Tx<'_>, place: Place) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM consent_fingerprint WHERE installation = ?1 AND session = ?2")?
        .execute(params![place.installation, place.session])?;
    Ok(())
}

/// Keeps the one settling task of a session. A worker that holds it loses its claim: the session has changed. Its time is a pause
/// from now on, not a date: it moves with a clock that is put back, since a look that comes early only looks.
fn settle(tx: &Tx<'_>, place: Place, change: &SessionChange) -> Result<(), LedgerError> {
    let Some(at) = change.settle_at else { return delete_settling(tx, place) };
    let queue = super::QueueName::Settle(change.record.session.installation.clone()).name();
    tx.prepare_cached(
        "INSERT INTO task (queue, installation, session, due, since, began) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
         ON CONFLICT (installation, session) WHERE session IS NOT NULL
         DO UPDATE SET due = excluded.due, began = excluded.began, since = excluded.since, fence = fence + 1, attempt = 0, refused = 0, panics = 0, parked = 0,
                       reason = NULL, holder = NULL, deaths = 0",
    )?
    .execute(params![queue, place.installation, place.session, Millis(at), Millis(tx.now)])?;
    Ok(())
}

fn delete_settling(tx: &Tx<'_>, place: Place) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM task WHERE installation = ?1 AND session = ?2 AND session IS NOT NULL")?
        .execute(params![place.installation, place.session])?;
    Ok(())
}

/// Keeps whose consents the sessions that an erasure reaches prove, as it begins: what mluvii shows of them afterwards names nobody, and takes
/// the place of what is known. Of one that was erased before, what was kept then stays.
pub(super) fn keep_of_consents(tx: &Tx<'_>, erasure: ErasureId) -> Result<(), LedgerError> {
    for (place, Forgotten { proves_consent, was_erased, .. }) in reached(tx, &[erasure])? {
        if proves_consent && !was_erased {
            keep_prints(tx, place)?;
        }
    }
    Ok(())
}

/// Keeps the fingerprints of a session, in the place of those that were kept: they may be another person's. Where it has none any more, those
/// stay.
fn keep_prints(tx: &Tx<'_>, place: Place) -> Result<(), LedgerError> {
    let key = params![place.installation, place.session];
    let carries = "EXISTS (SELECT 1 FROM fingerprint WHERE installation = ?1 AND session = ?2)";
    let sql = format!("DELETE FROM consent_fingerprint WHERE installation = ?1 AND session = ?2 AND {carries}");
    tx.prepare_cached(&sql)?.execute(key)?;
    tx.prepare_cached("UPDATE consent_fingerprint SET since = ?3 WHERE installation = ?1 AND session = ?2")?
        .execute(params![place.installation, place.session, Millis(tx.now)])?;
    tx.prepare_cached(
        "INSERT INTO consent_fingerprint (fingerprint, installation, session, version, kind, supplementary, beside, since)
         SELECT fingerprint, installation, session, version, kind, supplementary, beside, ?3 FROM fingerprint
         WHERE installation = ?1 AND session = ?2",
    )?
    .execute(params![place.installation, place.session, Millis(tx.now)])?;
    Ok(())
}

/// Lets go of what was kept as erasures began that have ended without their sessions: these go on, and may come to be somebody else's. What
/// another erasure has kept that is under way, or one that erased them, stays.
pub(super) fn keep_no_longer(tx: &Tx<'_>, erasures: &[ErasureId]) -> Result<(), LedgerError> {
    let mut forget = tx.prepare_cached(
        "DELETE FROM consent_fingerprint AS print
         WHERE (installation, session) IN (SELECT installation, session FROM erasure_session WHERE erasure = ?1)
           AND EXISTS (SELECT 1 FROM session
                       WHERE installation = print.installation AND session = print.session AND erased_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM erasure_session
                           WHERE installation = print.installation AND session = print.session AND erasure <> ?1)",
    )?;
    for erasure in erasures {
        forget.execute([erasure])?;
    }
    Ok(())
}

/// Marks the sessions that erasures reached, and forgets how to find them: their fingerprints, and the guest's id, of which
/// the digest stays. Where the record proves a consent, the fingerprints stay for a while, apart from those of sessions that are there.
pub(super) fn mark_erased(tx: &Tx<'_>, erasures: &[ErasureId]) -> Result<(), LedgerError> {
    // The version grows: a decision on what the session was before would write back what is forgotten here.
    let mut mark = tx.prepare_cached(
        "UPDATE session SET erased_at = ?3, record = ?4, sum = ?5, guest = ?6, forms_seen = ?7, unknown_cause = NULL,
                            version = version + 1, idle_since = CASE WHEN settle_at IS NULL THEN ?3 END, proof_since = NULL
         WHERE installation = ?1 AND session = ?2",
    )?;
    let mut mark_gone = tx.prepare_cached(
        "UPDATE tombstone SET erased = 1, at = ?2 WHERE (installation, session) IN (
           SELECT installation, session FROM erasure_session WHERE erasure = ?1)",
    )?;
    for erasure in erasures {
        mark_gone.execute(params![erasure, Millis(tx.now)])?;
    }
    for (place, Forgotten { record, guest, forms, proves_consent, .. }) in reached(tx, erasures)? {
        if proves_consent {
            keep_prints(tx, place)?;
        } else {
            delete_fingerprints_before_erasure(tx, place)?;
        }
        let sum = sum::of_session(place.installation, place.session, &record, guest.as_deref(), &forms);
        mark.execute(params![place.installation, place.session, Millis(tx.now), record, sum, guest, forms])?;
        delete_fingerprints(tx, place)?;
    }
    Ok(())
}

/// What stands of a session that was erased.
#[derive(Default)]
struct Forgotten {
    record: String,
    guest: Option<Vec<u8>>,
    forms: Vec<u8>,
    proves_consent: bool,
    was_erased: bool,
}

/// The sessions that are known of those that erasures reached, each once. Of one that is damaged nothing is kept: it could be
/// somebody else's.
fn reached(tx: &Tx<'_>, erasures: &[ErasureId]) -> Result<BTreeMap<Place, Forgotten>, LedgerError> {
    let mut find = tx.prepare_cached(&format!(
        "SELECT {OF_SESSION}, erased_at IS NOT NULL FROM session
         WHERE (installation, session) IN (SELECT installation, session FROM erasure_session WHERE erasure = ?1)"
    ))?;
    let mut all = BTreeMap::new();
    for erasure in erasures {
        let mut rows = find.query([erasure])?;
        while let Some(row) = rows.next()? {
            let place = Place::read(row)?;
            let forgotten = match sum::session_is_whole(row) {
                Ok(()) => {
                    let record = row.json::<StoredRecord>(2)?;
                    Forgotten {
                        proves_consent: record.proves_consent(),
                        record: json(&record.without_guest())?,
                        guest: row.bytes(3)?.map(<[u8]>::to_vec),
                        forms: row.bytes(4)?.unwrap_or_default().to_vec(),
                        was_erased: row.truth(6)?,
                    }
                }
                Err(_) => Forgotten { record: json(&StoredRecord::empty())?, ..Forgotten::default() },
            };
            all.insert(place, forgotten);
        }
    }
    Ok(all)
}
