//! Sessions: what is known of them, how to find them, and how a decision changes them.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{digest, fingerprint, ids, json, json_at, maybe_millis, maybe_time, millis, time};
pub(super) use super::place::Place;
use super::tx::{Connection, Tx};
use super::{
    LedgerError, QueueName, SessionChange, SessionView, UnreadSessions, broken, sum, sum::OF_SESSION, transition,
};
use crate::consent::ConsentRecord;
use crate::erasure::ErasureId;
use crate::keys::Digest;
use crate::ledger::expiry::Tombstone;
use crate::ledger::stored_record::StoredRecord;
use crate::ledger::{DecidedSession, DecidedSessions, ErasedMark, IdleSession, SessionMark};
use crate::subject::{Fingerprinted, InstallationName, SessionId, SessionKey};

/// After the columns of [`OF_SESSION`].
pub(super) const COLUMNS: &str = "version, read_at, concluded, recording_ready, settle_at, erased_at,
                       (SELECT name FROM installation AS company WHERE company.id = session.installation)";

pub(super) async fn one(connection: &Connection, place: Place) -> Result<Option<SessionView>, LedgerError> {
    let sql = format!("SELECT {OF_SESSION}, {COLUMNS} FROM session WHERE installation = $1 AND session = $2");
    let rows = connection.rows(&sql, &[&place.installation, &place.session]).await?;
    Ok(views(connection, OWN, rows).await?.pop())
}

/// Whether several people were found under a guest's id.
pub(super) async fn is_shared_guest(
    connection: &Connection,
    installation: i64,
    guest: Digest,
) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM shared_guest WHERE installation = $1 AND guest = $2";
    Ok(connection.maybe(sql, &[&installation, &guest.0.as_slice()]).await?.is_some())
}

pub(super) async fn add_shared_guests(tx: &Tx, installation: i64, guests: &[Digest]) -> Result<(), LedgerError> {
    if guests.is_empty() {
        return Ok(());
    }
    // In one order, as two erasures may find the same guests.
    let mut guests: Vec<&[u8]> = guests.iter().map(|guest| guest.0.as_slice()).collect();
    guests.sort_unstable();
    tx.execute(
        "INSERT INTO shared_guest (installation, guest) SELECT $1, guest FROM unnest($2::BYTEA[]) AS shared (guest)
         ON CONFLICT DO NOTHING",
        &[&installation, &guests],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_guest(
    connection: &Connection,
    installation: i64,
    guest: Digest,
) -> Result<Vec<SessionView>, LedgerError> {
    let sql = format!(
        "SELECT {OF_SESSION}, {COLUMNS} FROM session
         WHERE installation = $1 AND guest = $2 ORDER BY installation, session"
    );
    let rows = connection.rows(&sql, &[&installation, &guest.0.as_slice()]).await?;
    views(connection, OWN, rows).await
}

/// The fingerprints of sessions that are there.
pub(super) const OWN: &str = "fingerprint";

/// `table`: where the fingerprints are.
pub(super) async fn views(
    connection: &Connection,
    table: &str,
    rows: Vec<Row>,
) -> Result<Vec<SessionView>, LedgerError> {
    let places: Vec<Place> = rows.iter().map(Place::read).collect();
    let mut fingerprints = fingerprints(connection, table, &places).await?;
    rows.iter().zip(places).map(|(row, place)| view(row, fingerprints.remove(&place).unwrap_or_default())).collect()
}

fn view(row: &Row, fingerprints: Vec<Fingerprinted>) -> Result<SessionView, LedgerError> {
    sum::session_is_whole(row)?;
    let forms: &[u8] = row.get(4);
    Ok(SessionView {
        version: row.get(6),
        record: record(row, 12)?,
        evaluated: json_at::<StoredRecord>(row, 2)?.take_evaluated(),
        fingerprints,
        read_at: maybe_time(row.get(7))?,
        concluded: row.get(8),
        recording_ready: row.get(9),
        settle_at: maybe_time(row.get(10))?,
        forms_seen: forms.chunks_exact(16).map(digest).collect::<Result<_, _>>()?,
        erased_at: maybe_time(row.get(11))?,
    })
}

/// The next sessions whose records are whole, with what was decided on them; `which` is a condition with a place.
pub(super) async fn decided(
    connection: &Connection,
    which: &str,
    after: SessionMark,
    most: u32,
) -> Result<DecidedSessions, LedgerError> {
    let sql = format!(
        "SELECT {OF_SESSION}, {COLUMNS} FROM session
         WHERE {which} ORDER BY installation, session LIMIT $3"
    );
    let rows = connection.rows(&sql, &[&after.installation, &after.session, &i64::from(most)]).await?;
    let last = rows.last().map(Place::read).filter(|_| rows.len() == most as usize);
    let next = last.map(|place| SessionMark { installation: place.installation, session: place.session });
    let mut found = DecidedSessions { next, ..DecidedSessions::default() };
    for row in &rows {
        if sum::session_is_whole(row).is_err() {
            found.damaged += 1;
            continue;
        }
        let evaluated = json_at::<StoredRecord>(row, 2)?.take_evaluated();
        found.sessions.push(DecidedSession { record: record(row, 12)?, evaluated });
    }
    Ok(found)
}

/// The record of a row that begins with [`OF_SESSION`], and has the installation's name in this column.
pub(super) fn record(row: &Row, company: usize) -> Result<ConsentRecord, LedgerError> {
    let installation = InstallationName(row.get::<_, &str>(company).into());
    let session = SessionKey { installation, session: SessionId(row.get(1)) };
    let guest = row.get::<_, Option<&[u8]>>(3).map(digest).transpose()?;
    Ok(json_at::<StoredRecord>(row, 2)?.record(session, guest))
}

/// The fingerprints of sessions.
async fn fingerprints(
    connection: &Connection,
    table: &str,
    places: &[Place],
) -> Result<HashMap<Place, Vec<Fingerprinted>>, LedgerError> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let installations: Vec<i64> = places.iter().map(|place| place.installation).collect();
    let sessions: Vec<i64> = places.iter().map(|place| place.session).collect();
    let sql = format!(
        "SELECT installation, session, kind, fingerprint, version, supplementary FROM {table}
         JOIN unnest($1::BIGINT[], $2::BIGINT[]) AS wanted (installation, session) USING (installation, session)
         ORDER BY installation, session, kind, fingerprint, version"
    );
    let rows = connection.rows(&sql, &[&installations, &sessions]).await?;
    let mut fingerprints = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let one = Fingerprinted {
            kind: row.get::<_, &str>(2).parse().map_err(broken)?,
            fingerprint: fingerprint(row.get(3))?,
            version: version(row.get(4))?,
            supplementary: row.get(5),
        };
        fingerprints.entry(Place::read(&row)).or_default().push(one);
    }
    Ok(fingerprints)
}

pub(super) fn version(number: i64) -> Result<u16, LedgerError> {
    u16::try_from(number).map_err(|_| broken("a fingerprint's version is out of range"))
}

/// When the oldest event of an installation came after which nobody has read its session and somebody is still to look at it.
pub(super) async fn unread_since(tx: &Tx, installation: i64) -> Result<Option<Timestamp>, LedgerError> {
    // Not one whose look is parked: that waits for a person, and the erasure would wait with it.
    let row = tx
        .maybe(
            "SELECT unread_since FROM session
             WHERE installation = $1 AND unread_since IS NOT NULL AND settle_at IS NOT NULL AND erased_at IS NULL
               AND NOT EXISTS (SELECT FROM task
                               WHERE task.installation = session.installation AND task.session = session.session
                                 AND task.session IS NOT NULL AND parked)
             ORDER BY unread_since LIMIT 1",
            &[&installation],
        )
        .await?;
    maybe_time(row.map(|row| row.get(0)))
}

/// The newest sessions of an installation that nobody has ever read and nobody looks at any more: they have settled, or their
/// look is parked. An event that is parked may be of a further one.
pub(super) async fn unread(
    connection: &Connection,
    installation: &InstallationName,
    number: i64,
    limit: u32,
) -> Result<UnreadSessions, LedgerError> {
    let decide = QueueName::Decide(installation.clone()).name();
    let settle = QueueName::Settle(installation.clone()).name();
    let events = connection.row("SELECT count(*) FROM task WHERE queue = $1 AND parked", &[&decide]).await?;
    let events: i64 = events.get(0);
    let rows = connection
        .rows(
            "SELECT session, count(*) OVER () FROM (
               SELECT session FROM session
               WHERE installation = $1 AND read_at IS NULL AND settle_at IS NULL AND erased_at IS NULL
               UNION ALL
               SELECT session.session
               FROM task JOIN session ON session.installation = task.installation AND session.session = task.session
               WHERE queue = $3 AND parked AND read_at IS NULL AND settle_at IS NOT NULL AND erased_at IS NULL) AS unread
             ORDER BY session DESC LIMIT $2",
            &[&number, &i64::from(limit), &settle],
        )
        .await?;
    let key = |session| SessionKey { installation: installation.clone(), session: SessionId(session) };
    let sessions: i64 = rows.first().map_or(0, |row| row.get(1));
    Ok(UnreadSessions {
        newest: rows.iter().map(|row| key(row.get(0))).collect(),
        total: u32::try_from(sessions.saturating_add(events)).unwrap_or(u32::MAX),
    })
}

/// Those of which nothing is open, by since when.
pub(super) async fn idle(
    connection: &Connection,
    installation: &InstallationName,
    number: i64,
    since: Timestamp,
    most: u32,
) -> Result<Vec<IdleSession>, LedgerError> {
    let sql = "SELECT session, idle_since, erased_at IS NOT NULL FROM session
               WHERE idle_since >= $1 AND installation = $2 ORDER BY idle_since, installation, session LIMIT $3";
    let rows = connection.rows(sql, &[&millis(since), &number, &i64::from(most)]).await?;
    let idle = |row: &Row| {
        let key = SessionKey { installation: installation.clone(), session: SessionId(row.get(0)) };
        Ok(IdleSession { key, since: time(row.get(1))?, is_erased: row.get(2) })
    };
    rows.iter().map(idle).collect()
}

/// Those that are erased, by when.
pub(super) async fn erased(
    connection: &Connection,
    number: i64,
    after: ErasedMark,
    most: u32,
) -> Result<Vec<ErasedMark>, LedgerError> {
    let sql = "SELECT session, erased_at FROM session
               WHERE (erased_at, installation, session) > ($1, $2, $3) AND installation = $2 AND erased_at IS NOT NULL
               ORDER BY erased_at, installation, session LIMIT $4";
    let rows = connection.rows(sql, &[&millis(after.at), &number, &after.session.0, &i64::from(most)]).await?;
    let erased = |row: &Row| Ok(ErasedMark { at: time(row.get(1))?, session: SessionId(row.get(0)) });
    rows.iter().map(erased).collect()
}

/// What a session was before it is changed.
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    /// 0 when there was none.
    version: i64,
    settle_at: Option<i64>,
    erased: bool,
}

/// Locks the session: other transactions that change it wait for this one's end.
pub(super) async fn lock(tx: &Tx, place: Place) -> Result<Before, LedgerError> {
    let row = tx
        .maybe(
            "SELECT version, settle_at, erased_at IS NOT NULL FROM session
             WHERE installation = $1 AND session = $2 FOR UPDATE",
            &[&place.installation, &place.session],
        )
        .await?;
    let read = |row: Row| Before { version: row.get(0), settle_at: row.get(1), erased: row.get(2) };
    Ok(row.map_or_else(Before::default, read))
}

/// Whether a change was made on what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It was written. Where its look for settling has moved, what waits for that is to move with it.
    Done { settling_moved: bool },
    /// The session is another one than was read; nothing was written.
    Stale,
}

/// Writes what was decided of a session, and its one settling task.
pub(super) async fn change(
    tx: &mut Tx,
    place: Place,
    before: Before,
    change: &SessionChange,
    came: Option<Timestamp>,
) -> Result<Changed, LedgerError> {
    // One that is not there cannot be locked: another may have made it meanwhile.
    if before.version != change.read_version || !write(tx, place, before, change, came).await? {
        return Ok(Changed::Stale);
    }
    if before.version == 0 {
        tx.tally.add_session();
    }
    if let Some(fingerprints) = &change.fingerprints {
        replace_fingerprints(tx, place, fingerprints).await?;
    }
    settle(tx, place, change).await?;
    Ok(Changed::Done { settling_moved: before.settle_at != maybe_millis(change.settle_at) })
}

/// Leaves a session as it is: what was decided on is about a time that is over.
pub(super) fn leave(before: Before, change: &SessionChange) -> Changed {
    let is_as_read = before.version == change.read_version;
    if is_as_read { Changed::Done { settling_moved: false } } else { Changed::Stale }
}

/// What is left of a session whose record is gone.
pub(super) async fn tombstone(connection: &Connection, place: Place) -> Result<Option<Tombstone>, LedgerError> {
    let sql = "SELECT at, erased FROM tombstone WHERE installation = $1 AND session = $2";
    let row = connection.maybe(sql, &[&place.installation, &place.session]).await?;
    row.map(|row| Ok(Tombstone { at: time(row.get(0))?, erased: row.get(1) })).transpose()
}

/// Deletes a session that is none of ours, and its settling. What was asked for of it by its number stays.
pub(super) async fn forget(
    tx: &mut Tx,
    place: Place,
    before: Before,
    change: &SessionChange,
) -> Result<Changed, LedgerError> {
    if before.version != change.read_version {
        return Ok(Changed::Stale);
    }
    delete_fingerprints(tx, place).await?;
    delete_fingerprints_before_erasure(tx, place).await?;
    delete_settling(tx, place).await?;
    let deleted = tx
        .execute("DELETE FROM session WHERE installation = $1 AND session = $2", &[&place.installation, &place.session])
        .await?;
    // One that is not there cannot be locked: another may have made it meanwhile.
    if deleted != u64::from(before.version != 0) {
        return Ok(Changed::Stale);
    }
    if before.version != 0 {
        tx.tally.remove_session();
    }
    Ok(Changed::Done { settling_moved: before.settle_at.is_some() })
}

/// Writes the session; `false` where another has made it meanwhile.
async fn write(
    tx: &Tx,
    place: Place,
    before: Before,
    change: &SessionChange,
    came: Option<Timestamp>,
) -> Result<bool, LedgerError> {
    let forms: Vec<u8> = change.forms_seen.iter().flat_map(|digest| digest.0).collect();
    let record = change.record.clone();
    // The guest's id went with the erasure; what a later event or look-up brings must not write it back.
    let record = if before.erased { record.without_guest() } else { record };
    let idle_since = change.settle_at.is_none().then_some(millis(tx.now));
    let digest = record.guest_digest;
    let guest = digest.as_ref().map(|digest| digest.0.as_slice());
    let text = json(&StoredRecord::of(record.clone(), change.evaluated.clone()))?;
    let erased_text = json(&StoredRecord::of(record.without_guest(), change.evaluated.clone()))?;
    let sum_of = |text: &str| sum::of_session(place.installation, place.session, text, guest, &forms);
    // `read_at` stays where this decision has not looked: only of a session that was read once does a later 404 say
    // that it is gone. What stays settled grows no younger by what is no news; what was never read has no age, as receipts name
    // it. What was erased stays so when more comes of it than the tombstone that was left.
    let written = tx
        .execute(
            "WITH gone AS (
               DELETE FROM tombstone WHERE installation = $1 AND session = $2 AND $3::BIGINT = 1 RETURNING at, erased)
             INSERT INTO session (installation, session, version, guest, unread_since, read_at, settle_at, concluded,
                                  recording_ready, unknown_cause, record, forms_seen, erased_at, idle_since, sum)
             SELECT $1::BIGINT, $2::BIGINT, $3::BIGINT, $4::BYTEA, $5::BIGINT, $6::BIGINT, $7::BIGINT, $8::BOOLEAN,
                    $9::BOOLEAN, $10::TEXT, CASE WHEN (SELECT erased FROM gone) THEN $14::TEXT ELSE $11::TEXT END,
                    $12::BYTEA, (SELECT at FROM gone WHERE erased),
                    CASE WHEN $6::BIGINT IS NOT NULL OR (SELECT erased FROM gone) THEN $13::BIGINT END,
                    CASE WHEN (SELECT erased FROM gone) THEN $16::BIGINT ELSE $15::BIGINT END
             ON CONFLICT (installation, session) DO UPDATE SET
               version = excluded.version, guest = excluded.guest,
               read_at = COALESCE(excluded.read_at, session.read_at),
               unread_since = CASE WHEN excluded.read_at IS NULL
                                   THEN COALESCE(session.unread_since, excluded.unread_since) END,
               settle_at = excluded.settle_at,
               concluded = excluded.concluded, recording_ready = excluded.recording_ready,
               unknown_cause = excluded.unknown_cause, record = excluded.record, forms_seen = excluded.forms_seen,
               idle_since = CASE WHEN COALESCE(excluded.read_at, session.read_at, session.erased_at) IS NULL THEN NULL
                                 WHEN session.settle_at IS NULL AND excluded.settle_at IS NULL
                                 THEN COALESCE(session.idle_since, session.proof_since, $13::BIGINT)
                                 ELSE $13::BIGINT END,
               proof_since = NULL, sum = excluded.sum
             WHERE session.version = excluded.version - 1",
            &[
                &place.installation,
                &place.session,
                &(change.read_version + 1),
                &guest,
                &maybe_millis(came.filter(|_| change.read_at.is_none())),
                &maybe_millis(change.read_at),
                &maybe_millis(change.settle_at),
                &change.concluded,
                &change.recording_ready,
                &transition::unknown_cause(change).map(|cause| cause.as_str()),
                &text,
                &forms,
                &idle_since,
                &erased_text,
                &sum_of(&text),
                &sum_of(&erased_text),
            ],
        )
        .await?;
    Ok(written > 0)
}

async fn replace_fingerprints(tx: &Tx, place: Place, fingerprints: &[Fingerprinted]) -> Result<(), LedgerError> {
    delete_fingerprints(tx, place).await?;
    let all = transition::distinct(fingerprints);
    let values: Vec<&[u8]> = all.iter().map(|one| one.fingerprint.0.as_slice()).collect();
    let versions: Vec<i64> = all.iter().map(|one| i64::from(one.version)).collect();
    let kinds: Vec<&str> = all.iter().map(|one| one.kind.as_str()).collect();
    let supplementary: Vec<bool> = all.iter().map(|one| one.supplementary).collect();
    let beside = transition::beside(&all);
    let beside: Vec<String> = all.iter().map(|one| beside(&one.kind)).collect();
    tx.execute(
        "INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary, beside)
         SELECT fingerprint, $1, $2, version, kind, supplementary, beside
         FROM unnest($3::BYTEA[], $4::BIGINT[], $5::TEXT[], $6::BOOLEAN[], $7::TEXT[])
              AS new (fingerprint, version, kind, supplementary, beside)",
        &[&place.installation, &place.session, &values, &versions, &kinds, &supplementary, &beside],
    )
    .await?;
    Ok(())
}

async fn delete_fingerprints(tx: &Tx, place: Place) -> Result<(), LedgerError> {
    let sql = "DELETE FROM fingerprint WHERE installation = $1 AND session = $2";
    tx.execute(sql, &[&place.installation, &place.session]).await?;
    Ok(())
}

async fn delete_fingerprints_before_erasure(tx: &Tx, place: Place) -> Result<(), LedgerError> {
    let sql = "DELETE FROM consent_fingerprint WHERE installation = $1 AND session = $2";
    tx.execute(sql, &[&place.installation, &place.session]).await?;
    Ok(())
}

/// Keeps the one settling task of a session. A worker that holds it loses its claim: the session has changed.
async fn settle(tx: &mut Tx, place: Place, change: &SessionChange) -> Result<(), LedgerError> {
    let Some(at) = change.settle_at else { return delete_settling(tx, place).await };
    let queue = QueueName::Settle(change.record.session.installation.clone());
    tx.execute(
        "INSERT INTO task (queue, installation, session, due, since, began) VALUES ($1, $2, $3, $4, $4, $5)
         ON CONFLICT (installation, session) WHERE session IS NOT NULL
         DO UPDATE SET due = excluded.due, began = excluded.began, since = excluded.since, fence = task.fence + 1, attempt = 0, refused = 0, panics = 0, parked = FALSE,
                       reason = NULL, holder = NULL, deaths = 0",
        &[&queue.name(), &place.installation, &place.session, &millis(at), &millis(tx.now)],
    )
    .await?;
    tx.notify(&queue);
    Ok(())
}

async fn delete_settling(tx: &Tx, place: Place) -> Result<(), LedgerError> {
    let sql = "DELETE FROM task WHERE installation = $1 AND session = $2 AND session IS NOT NULL";
    tx.execute(sql, &[&place.installation, &place.session]).await?;
    Ok(())
}

/// Keeps whose consents the sessions that an erasure reaches prove, as it begins: what mluvii shows of them afterwards names nobody, and takes
/// the place of what is known. Of one that was erased before, what was kept then stays.
pub(super) async fn keep_of_consents(tx: &Tx, installation: i64, reached: &[i64]) -> Result<(), LedgerError> {
    let sql =
        format!("SELECT {OF_SESSION} FROM session WHERE installation = $1 AND session = ANY($2) AND erased_at IS NULL");
    let mut proving = (Vec::new(), Vec::new());
    for row in tx.rows(&sql, &[&installation, &reached]).await? {
        if sum::session_is_whole(&row).is_ok() && json_at::<StoredRecord>(&row, 2)?.proves_consent() {
            let place = Place::read(&row);
            proving.0.push(place.installation);
            proving.1.push(place.session);
        }
    }
    keep_prints(tx, &proving).await
}

/// Keeps the fingerprints of sessions, by the numbers of their installations and their own, in the place of those that were kept: they may be
/// another person's. Where a session has none any more, those stay.
async fn keep_prints(tx: &Tx, (installations, sessions): &(Vec<i64>, Vec<i64>)) -> Result<(), LedgerError> {
    if installations.is_empty() {
        return Ok(());
    }
    let proving = "unnest($1::BIGINT[], $2::BIGINT[]) AS proving (installation, session)";
    let sql = format!(
        "DELETE FROM consent_fingerprint AS print USING {proving}
         WHERE print.installation = proving.installation AND print.session = proving.session
           AND EXISTS (SELECT 1 FROM fingerprint
                       WHERE installation = print.installation AND session = print.session)"
    );
    tx.execute(&sql, &[installations, sessions]).await?;
    let sql = format!(
        "UPDATE consent_fingerprint AS print SET since = $3::BIGINT FROM {proving}
         WHERE print.installation = proving.installation AND print.session = proving.session"
    );
    tx.execute(&sql, &[installations, sessions, &millis(tx.now)]).await?;
    let sql = format!(
        "INSERT INTO consent_fingerprint (fingerprint, installation, session, version, kind, supplementary, beside, since)
         SELECT fingerprint, installation, session, version, kind, supplementary, beside, $3::BIGINT FROM fingerprint
         JOIN {proving} USING (installation, session)"
    );
    tx.execute(&sql, &[installations, sessions, &millis(tx.now)]).await?;
    Ok(())
}

/// Lets go of what was kept as erasures began that have ended without their sessions: these go on, and may come to be somebody else's. What
/// another erasure has kept that is under way, or one that erased them, stays.
pub(super) async fn keep_no_longer(tx: &Tx, erasures: &[ErasureId]) -> Result<(), LedgerError> {
    if erasures.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM consent_fingerprint AS print
         WHERE (installation, session) IN (SELECT installation, session FROM erasure_session WHERE erasure = ANY($1))
           AND EXISTS (SELECT 1 FROM session
                       WHERE installation = print.installation AND session = print.session AND erased_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM erasure_session
                           WHERE installation = print.installation AND session = print.session
                             AND NOT erasure = ANY($1))";
    tx.execute(sql, &[&ids(erasures)]).await?;
    Ok(())
}

/// Marks the sessions that erasures reached, and forgets how to find them: their fingerprints, and the guest's id, of which
/// the digest stays. Where the record proves a consent, the fingerprints stay for a while, apart from those of sessions that are there.
/// They are locked in the order of their places.
pub(super) async fn mark_erased(tx: &Tx, erasures: &[ErasureId]) -> Result<(), LedgerError> {
    let reached = tx
        .rows(
            &format!(
                "SELECT {OF_SESSION} FROM session
                 WHERE (installation, session) IN (
                   SELECT installation, session FROM erasure_session WHERE erasure = ANY($1))
                 ORDER BY installation, session FOR UPDATE"
            ),
            &[&ids(erasures)],
        )
        .await?;
    let mut installations = Vec::with_capacity(reached.len());
    let mut sessions = Vec::with_capacity(reached.len());
    let mut records = Vec::with_capacity(reached.len());
    let mut sums = Vec::with_capacity(reached.len());
    let (mut guests, mut forms) = (Vec::new(), Vec::new());
    let (mut proving, mut others) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for row in reached {
        let place = Place::read(&row);
        installations.push(place.installation);
        sessions.push(place.session);
        // Of one that is damaged nothing is kept: it could be somebody else's.
        let is_whole = sum::session_is_whole(&row).is_ok();
        let record = if is_whole { json_at(&row, 2)? } else { StoredRecord::empty() };
        let (guest, form): (Option<&[u8]>, &[u8]) = if is_whole { (row.get(3), row.get(4)) } else { (None, &[]) };
        let which = if record.proves_consent() { &mut proving } else { &mut others };
        which.0.push(place.installation);
        which.1.push(place.session);
        let record = json(&record.without_guest())?;
        sums.push(sum::of_session(place.installation, place.session, &record, guest, form));
        records.push(record);
        guests.push(guest.map(<[u8]>::to_vec));
        forms.push(form.to_vec());
    }
    // The version grows: a decision on what the session was before would write back what is forgotten here.
    tx.execute(
        "UPDATE session SET erased_at = $5::BIGINT, record = reached.record, sum = reached.sum, guest = reached.guest,
                            forms_seen = reached.forms_seen, unknown_cause = NULL, version = version + 1,
                            idle_since = CASE WHEN settle_at IS NULL THEN $5::BIGINT END, proof_since = NULL
         FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::BIGINT[], $6::BYTEA[], $7::BYTEA[])
              AS reached (installation, session, record, sum, guest, forms_seen)
         WHERE session.installation = reached.installation AND session.session = reached.session",
        &[&installations, &sessions, &records, &sums, &millis(tx.now), &guests, &forms],
    )
    .await?;
    keep_prints(tx, &proving).await?;
    tx.execute(
        "DELETE FROM consent_fingerprint AS print USING unnest($1::BIGINT[], $2::BIGINT[]) AS other (installation, session)
         WHERE print.installation = other.installation AND print.session = other.session",
        &[&others.0, &others.1],
    )
    .await?;
    tx.execute(
        "DELETE FROM fingerprint USING unnest($1::BIGINT[], $2::BIGINT[]) AS reached (installation, session)
         WHERE fingerprint.installation = reached.installation AND fingerprint.session = reached.session",
        &[&installations, &sessions],
    )
    .await?;
    tx.execute(
        "UPDATE tombstone SET erased = TRUE, at = $2 WHERE (installation, session) IN (
           SELECT installation, session FROM erasure_session WHERE erasure = ANY($1))",
        &[&ids(erasures), &millis(tx.now)],
    )
    .await?;
    Ok(())
}
