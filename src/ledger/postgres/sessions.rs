//! Sessions: what is known of them, how to find them, and how a decision changes them.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::columns::{digest, fingerprint, json, json_at, maybe_millis, maybe_time, millis};
use super::schedule;
use super::tx::{Connection, Tx};
use super::{LedgerError, SessionChange, SessionView, broken};
use crate::erasure::{ErasureId, Subject};
use crate::keys::Fingerprint;
use crate::subject::{GuestId, Kind};

const SELECT: &str =
    "SELECT source, session, version, record, concluded, recording_ready, settle_at, forms_seen, erased_at
                      FROM session";

/// A session's place in its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) source: i64,
    pub(super) session: i64,
}

pub(super) async fn one(connection: &Connection, place: Place) -> Result<Option<SessionView>, LedgerError> {
    let sql = format!("{SELECT} WHERE source = $1 AND session = $2");
    let rows = connection.rows(&sql, &[&place.source, &place.session]).await?;
    Ok(views(connection, rows).await?.pop())
}

pub(super) async fn of_guest(
    connection: &Connection,
    source: i64,
    guest: &GuestId,
) -> Result<Vec<SessionView>, LedgerError> {
    let sql = format!("{SELECT} WHERE source = $1 AND guest = $2 ORDER BY source, session");
    let rows = connection.rows(&sql, &[&source, &guest.0]).await?;
    views(connection, rows).await
}

/// The sessions that carry every one of the fingerprints; of none, no session.
pub(super) async fn with(
    connection: &Connection,
    fingerprints: &[Fingerprint],
) -> Result<Vec<SessionView>, LedgerError> {
    let mut all: Vec<&[u8]> = fingerprints.iter().map(|fingerprint| fingerprint.0.as_slice()).collect();
    all.sort_unstable();
    all.dedup();
    let sql = format!(
        "{SELECT} WHERE (source, session) IN (
           SELECT source, session FROM fingerprint WHERE fingerprint = ANY($1)
           GROUP BY source, session HAVING COUNT(DISTINCT fingerprint) = $2
         ) ORDER BY source, session"
    );
    let rows = connection.rows(&sql, &[&all, &(all.len() as i64)]).await?;
    views(connection, rows).await
}

async fn views(connection: &Connection, rows: Vec<Row>) -> Result<Vec<SessionView>, LedgerError> {
    let places: Vec<Place> = rows.iter().map(|row| Place { source: row.get(0), session: row.get(1) }).collect();
    let mut fingerprints = fingerprints(connection, &places).await?;
    rows.iter().zip(places).map(|(row, place)| view(row, fingerprints.remove(&place).unwrap_or_default())).collect()
}

fn view(row: &Row, fingerprints: Vec<(Kind, Fingerprint)>) -> Result<SessionView, LedgerError> {
    let forms: &[u8] = row.get(7);
    Ok(SessionView {
        version: row.get(2),
        record: json_at(row, 3)?,
        fingerprints,
        concluded: row.get(4),
        recording_ready: row.get(5),
        settle_at: maybe_time(row.get(6))?,
        forms_seen: forms.chunks_exact(16).map(digest).collect::<Result<_, _>>()?,
        erased_at: maybe_time(row.get(8))?,
    })
}

/// The fingerprints of sessions.
async fn fingerprints(
    connection: &Connection,
    places: &[Place],
) -> Result<HashMap<Place, Vec<(Kind, Fingerprint)>>, LedgerError> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let sources: Vec<i64> = places.iter().map(|place| place.source).collect();
    let sessions: Vec<i64> = places.iter().map(|place| place.session).collect();
    let rows = connection
        .rows(
            "SELECT source, session, kind, fingerprint FROM fingerprint
             JOIN unnest($1::BIGINT[], $2::BIGINT[]) AS wanted (source, session) USING (source, session)
             ORDER BY source, session, kind, fingerprint",
            &[&sources, &sessions],
        )
        .await?;
    let mut fingerprints = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let place = Place { source: row.get(0), session: row.get(1) };
        let kind = row.get::<_, &str>(2).parse().map_err(broken)?;
        fingerprints.entry(place).or_default().push((kind, fingerprint(row.get(3))?));
    }
    Ok(fingerprints)
}

/// What a session was before it is changed.
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    /// 0 when there was none.
    pub(super) version: i64,
    settle_at: Option<i64>,
}

/// Has whoever else changes this session wait for the transaction's end.
pub(super) async fn lock(tx: &Tx, place: Place) -> Result<Before, LedgerError> {
    let row = tx
        .maybe(
            "SELECT version, settle_at FROM session WHERE source = $1 AND session = $2 FOR UPDATE",
            &[&place.source, &place.session],
        )
        .await?;
    Ok(row.map_or_else(Before::default, |row| Before { version: row.get(0), settle_at: row.get(1) }))
}

/// Whether a change was made on what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    Done,
    /// The session is another one than was read; nothing was written.
    Stale,
}

/// Writes what was decided of a session, its one settling task, and what waits for it to settle.
pub(super) async fn change(
    tx: &mut Tx,
    place: Place,
    before: Before,
    change: &SessionChange,
) -> Result<Changed, LedgerError> {
    // One that is not there cannot be locked: another may have made it meanwhile.
    if before.version != change.read_version || write(tx, place, change).await? == Changed::Stale {
        return Ok(Changed::Stale);
    }
    if before.version == 0 {
        tx.tally.session();
    }
    if let Some(fingerprints) = &change.fingerprints {
        replace_fingerprints(tx, place, fingerprints).await?;
    }
    settle(tx, place, change).await?;
    if before.settle_at != maybe_millis(change.settle_at) {
        schedule::settling_moved(tx, &Subject::Session(change.record.session.clone()), change.settle_at).await?;
    }
    Ok(Changed::Done)
}

async fn write(tx: &Tx, place: Place, change: &SessionChange) -> Result<Changed, LedgerError> {
    let forms: Vec<u8> = change.forms_seen.iter().flat_map(|digest| digest.0).collect();
    let written = tx
        .execute(
            "INSERT INTO session (source, session, version, guest, settle_at, concluded, recording_ready, record, forms_seen)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (source, session) DO UPDATE SET
               version = excluded.version, guest = excluded.guest, settle_at = excluded.settle_at,
               concluded = excluded.concluded, recording_ready = excluded.recording_ready,
               record = excluded.record, forms_seen = excluded.forms_seen
             WHERE session.version = excluded.version - 1",
            &[
                &place.source,
                &place.session,
                &(change.read_version + 1),
                &change.record.guest.as_ref().map(|guest| &guest.0),
                &maybe_millis(change.settle_at),
                &change.concluded,
                &change.recording_ready,
                &json(&change.record)?,
                &forms,
            ],
        )
        .await?;
    Ok(if written == 0 { Changed::Stale } else { Changed::Done })
}

async fn replace_fingerprints(tx: &Tx, place: Place, fingerprints: &[(Kind, Fingerprint)]) -> Result<(), LedgerError> {
    tx.execute("DELETE FROM fingerprint WHERE source = $1 AND session = $2", &[&place.source, &place.session]).await?;
    let values: Vec<&[u8]> = fingerprints.iter().map(|(_, fingerprint)| fingerprint.0.as_slice()).collect();
    let kinds: Vec<&str> = fingerprints.iter().map(|(kind, _)| kind.as_str()).collect();
    tx.execute(
        "INSERT INTO fingerprint (fingerprint, source, session, kind)
         SELECT fingerprint, $1, $2, kind FROM unnest($3::BYTEA[], $4::TEXT[]) AS new (fingerprint, kind)
         ON CONFLICT DO NOTHING",
        &[&place.source, &place.session, &values, &kinds],
    )
    .await?;
    Ok(())
}

/// Keeps the one settling task of a session. Whoever holds it now loses it: the session has changed under them.
async fn settle(tx: &mut Tx, place: Place, change: &SessionChange) -> Result<(), LedgerError> {
    let Some(at) = change.settle_at else {
        tx.execute(
            "DELETE FROM task WHERE queue = 'settle' AND source = $1 AND session = $2",
            &[&place.source, &place.session],
        )
        .await?;
        return Ok(());
    };
    tx.execute(
        "INSERT INTO task (queue, source, session, due, since) VALUES ('settle', $1, $2, $3, $3)
         ON CONFLICT (source, session) WHERE queue = 'settle'
         DO UPDATE SET due = excluded.due, since = excluded.since, fence = task.fence + 1, attempt = 0, parked = FALSE,
                       reason = NULL, holder = NULL",
        &[&place.source, &place.session, &millis(at)],
    )
    .await?;
    tx.rings.push(super::Queue::Settle);
    Ok(())
}

/// Marks the sessions that erasures reached, and forgets how to find them. They are locked in the order of their places.
pub(super) async fn mark_erased(tx: &Tx, erasures: &[ErasureId]) -> Result<(), LedgerError> {
    tx.execute(
        "WITH reached AS (
           SELECT session.source, session.session FROM session
           WHERE (source, session) IN (SELECT source, session FROM erasure_session WHERE erasure = ANY($1))
           ORDER BY source, session FOR UPDATE
         )
         UPDATE session SET erased_at = $2, version = version + 1 FROM reached
         WHERE session.source = reached.source AND session.session = reached.session",
        &[&super::columns::ids(erasures), &millis(tx.now)],
    )
    .await?;
    tx.execute(
        "DELETE FROM fingerprint USING erasure_session AS reached
         WHERE reached.erasure = ANY($1)
           AND fingerprint.source = reached.source AND fingerprint.session = reached.session",
        &[&super::columns::ids(erasures)],
    )
    .await?;
    Ok(())
}
