//! Deleting sessions, erasures and tombstones whose time is over: in the order of their age, by an index of it, and a batch at a
//! time, each a transaction of its own, so that no delivery waits for long and the log does not grow. What is still open stays,
//! whatever its age.

use std::sync::Mutex;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::Millis;
use super::job::{Tx, Wakes};
use super::names::Place;
use super::writer::Writer;
use super::{Keep, LedgerError};
use super::{clock, sessions};
use crate::erasure::{ErasureId, Subject};
use crate::keys::Digest;
use crate::ledger::expiry::{Expired, RecordEnd, RecordKind, Round, Tombstone, ago, counted};
use crate::lock::lock;

/// Rows that one write looks at; deleting as many sessions takes some 10 ms.
const BATCH: usize = 250;

/// Batches in one round.
const BATCHES_MAX: usize = 100;

/// Tombstones that one write deletes.
const TOMBSTONES_MAX: usize = 4_096;

/// How far a batch came.
pub(super) struct Batch<K> {
    deleted: u64,
    /// The row from which the next one goes on; `None` where there is none.
    next: Option<K>,
}

/// A walk over what is due, the oldest first. It passes what has to stay, so that this is not looked at again before everything
/// else was.
pub(super) struct Pass<K>(Mutex<Option<K>>);

/// A session's place in the order of age.
#[derive(Clone, Copy)]
pub(super) struct AgedSession {
    since: Timestamp,
    place: Place,
}

/// An erasure's place in the order of its end.
#[derive(Clone, Copy)]
pub(super) struct AgedErasure {
    ended: i64,
    id: ErasureId,
}

/// Where the walks go on.
#[derive(Default)]
pub(super) struct Passes {
    sessions: Pass<AgedSession>,
    consents: Pass<AgedSession>,
    erasures: Pass<AgedErasure>,
    tombstones: Pass<()>,
}

impl<K> Default for Pass<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl Passes {
    /// One round of each walk.
    pub(super) async fn go_on(&self, writer: &Writer, keep: Keep) -> Result<(), LedgerError> {
        let whole = move |tx: &Tx<'_>, from| old_sessions(tx, WHOLE, &keep, from);
        self.sessions.go_on(writer, RecordKind::Sessions, whole).await?;
        let proofs = move |tx: &Tx<'_>, from| old_sessions(tx, PROOFS, &keep, from);
        self.consents.go_on(writer, RecordKind::Consents, proofs).await?;
        self.erasures.go_on(writer, RecordKind::Erasures, move |tx, from| old_erasures(tx, &keep, from)).await?;
        self.tombstones.go_on(writer, RecordKind::Tombstones, move |tx, _| old_tombstones(tx, &keep)).await
    }
}

impl<K: Copy + Send + 'static> Pass<K> {
    async fn go_on<F>(&self, writer: &Writer, kind: RecordKind, batch: F) -> Result<(), LedgerError>
    where
        F: Fn(&Tx<'_>, Option<K>) -> Result<Batch<K>, LedgerError> + Copy + Send + 'static,
    {
        for number in 1..=BATCHES_MAX {
            let from = *lock(&self.0);
            let write = move |tx: &Tx<'_>| {
                // Each time: by a clock that cannot be right, everything may seem to be over.
                if !clock::trust(tx)?.erasing {
                    return Ok(None);
                }
                let batch = batch(tx, from)?;
                let is_behind = batch.next.is_some() && number == BATCHES_MAX;
                let ends = batch.next.is_none() || is_behind;
                let round = Round { deleted: batch.deleted, is_behind };
                note(tx, kind, round, ends)?;
                Ok(Some((batch.next, round)))
            };
            let Some((next, round)) = writer.write(Wakes::NoOne, write).await? else { return Ok(()) };
            *lock(&self.0) = next;
            counted(kind, round);
            if next.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Notes what was deleted, with it; and, where a round ends, whether everything was that was due.
pub(super) fn note(tx: &Tx<'_>, kind: RecordKind, round: Round, ends: bool) -> Result<(), LedgerError> {
    let now = Millis(tx.now);
    if round.deleted > 0 {
        tx.prepare_cached(
            "INSERT INTO expired (kind, deleted, last) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET deleted = deleted + excluded.deleted, last = excluded.last",
        )?
        .execute(params![kind.as_str(), round.deleted as i64, now])?;
    }
    if ends && round.is_behind {
        tx.prepare_cached(
            "INSERT INTO expired (kind, deleted, behind_since) VALUES (?1, 0, ?2)
             ON CONFLICT DO UPDATE SET behind_since = COALESCE(behind_since, excluded.behind_since)",
        )?
        .execute(params![kind.as_str(), now])?;
    } else if ends {
        tx.prepare_cached("UPDATE expired SET behind_since = NULL WHERE kind = ?1 AND behind_since IS NOT NULL")?
            .execute([kind.as_str()])?;
    }
    Ok(())
}

/// What was deleted up to now.
pub(super) fn expired(connection: &Connection, kind: RecordKind) -> Result<Expired, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT deleted, last, behind_since FROM expired WHERE kind = ?1")?;
    let read = statement.query_row([kind.as_str()], |row| {
        let deleted: i64 = row.get(0)?;
        let (last, behind_since): (Option<Millis>, Option<Millis>) = (row.get(1)?, row.get(2)?);
        let deleted = deleted.unsigned_abs();
        Ok(Expired { deleted, last: last.map(|at| at.0), behind_since: behind_since.map(|at| at.0) })
    });
    Ok(read.optional()?.unwrap_or_default())
}

/// Sessions by one of the two times from which their records are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Aged {
    since: &'static str,
}

/// Whole records.
const WHOLE: Aged = Aged { since: "idle_since" };

/// What is left of them as a proof.
const PROOFS: Aged = Aged { since: "proof_since" };

/// A session whose time is over.
struct OldSession {
    at: AgedSession,
    guest: Option<Digest>,
    erased_at: Option<Timestamp>,
}

fn old_sessions(
    tx: &Tx<'_>,
    aged: Aged,
    keep: &Keep,
    from: Option<AgedSession>,
) -> Result<Batch<AgedSession>, LedgerError> {
    let kept_for = if aged == WHOLE { keep.sessions } else { keep.consents };
    let Some(before) = ago(tx.now, kept_for) else { return Ok(Batch { deleted: 0, next: None }) };
    let old = list_old_sessions(tx, aged, before, from)?;
    let next = old.last().filter(|_| old.len() == BATCH).map(|session| session.at);
    let mut deleted = 0;
    for session in &old {
        if !is_open(tx, session)? && expire(tx, aged, session, keep)? {
            deleted += 1;
        }
    }
    Ok(Batch { deleted, next })
}

fn list_old_sessions(
    tx: &Tx<'_>,
    Aged { since }: Aged,
    before: Timestamp,
    from: Option<AgedSession>,
) -> Result<Vec<OldSession>, LedgerError> {
    let from = from.unwrap_or(AgedSession { since: Timestamp::MIN, place: Place { installation: 0, session: 0 } });
    let mut statement = tx.prepare_cached(&format!(
        "SELECT installation, session, {since}, guest, erased_at FROM session
         WHERE {since} IS NOT NULL AND ({since}, installation, session) > (?1, ?2, ?3) AND {since} <= ?4
         ORDER BY {since}, installation, session LIMIT ?5"
    ))?;
    let values = params![Millis(from.since), from.place.installation, from.place.session, Millis(before), BATCH as i64];
    let old = statement.query_map(values, |row| {
        let erased_at: Option<Millis> = row.get(4)?;
        let Millis(since) = row.get(2)?;
        Ok(OldSession {
            at: AgedSession { since, place: Place::read(row)? },
            guest: row.get(3)?,
            erased_at: erased_at.map(|at| at.0),
        })
    })?;
    Ok(old.collect::<Result<_, _>>()?)
}

/// Whether something is still to be done with it, or about it: it has work, or an erasure that is not over reaches it, or may
/// when it begins.
fn is_open(tx: &Tx<'_>, OldSession { at, guest, .. }: &OldSession) -> Result<bool, LedgerError> {
    let place = at.place;
    let there = |sql: &str| tx.prepare_cached(sql)?.exists(params![place.installation, place.session]);
    if there("SELECT 1 FROM task WHERE installation = ?1 AND session = ?2 AND session IS NOT NULL")?
        || there("SELECT 1 FROM erasure_session WHERE installation = ?1 AND session = ?2")?
        || there(
            "SELECT 1 FROM fingerprint CROSS JOIN erasure_fingerprint USING (fingerprint)
             WHERE installation = ?1 AND session = ?2 AND ended IS NULL",
        )?
    {
        return Ok(true);
    }
    let key = place.key(tx)?;
    let installation = key.installation.clone();
    let guest = guest.map(|digest| Subject::Guest { installation, digest });
    let mut waiting =
        tx.prepare_cached("SELECT 1 FROM erasure WHERE subject_key = ?1 AND state IN ('requested', 'scheduled')")?;
    for subject in [Some(Subject::Session(key)), guest].into_iter().flatten() {
        if waiting.exists([subject.key()])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes a session's record, or reduces it to what proves its consent. `false` for
/// one that is damaged: it stays, for a person to see.
fn expire(tx: &Tx<'_>, aged: Aged, session: &OldSession, keep: &Keep) -> Result<bool, LedgerError> {
    let OldSession { at: AgedSession { since, place }, erased_at, .. } = session;
    let Some(record) = sessions::record(tx, *place)? else { return Ok(false) };
    let tombstone = Tombstone::of(&record, *erased_at, *since);
    match RecordEnd::of(record, *since, keep, tx.now) {
        RecordEnd::Reduced(proof) if aged == WHOLE => sessions::reduce(tx, *place, proof)?,
        RecordEnd::Reduced(_) | RecordEnd::Gone => sessions::bury(tx, *place, tombstone)?,
    }
    Ok(true)
}

/// Erasures that are over, and of which no receipt is left here, nor anything by which they are found.
fn old_erasures(tx: &Tx<'_>, keep: &Keep, from: Option<AgedErasure>) -> Result<Batch<AgedErasure>, LedgerError> {
    let Some(before) = ago(tx.now, keep.erasures) else { return Ok(Batch { deleted: 0, next: None }) };
    // Receipts leave in their order, so that nothing that ended after the oldest of them is looked at.
    let oldest: Option<Millis> =
        tx.prepare_cached("SELECT MIN(ended) FROM receipt")?.query_row([], |row| row.get(0))?;
    let before = oldest.map_or(before, |oldest| before.min(oldest.0));
    let from = from.unwrap_or(AgedErasure { ended: i64::MIN, id: ErasureId([0; 16]) });
    let mut statement = tx.prepare_cached(
        "SELECT ended, id, EXISTS (SELECT 1 FROM receipt WHERE erasure = id)
                        OR EXISTS (SELECT 1 FROM erasure_fingerprint WHERE erasure = id) FROM erasure
         WHERE ended IS NOT NULL AND (ended, id) > (?1, ?2) AND ended <= ?3 ORDER BY ended, id LIMIT ?4",
    )?;
    let old = statement.query_map(params![from.ended, from.id, Millis(before), BATCH as i64], |row| {
        Ok((AgedErasure { ended: row.get(0)?, id: row.get(1)? }, row.get::<_, bool>(2)?))
    })?;
    let old: Vec<_> = old.collect::<Result<_, _>>()?;
    let next = old.last().filter(|_| old.len() == BATCH).map(|(at, _)| *at);
    let mut deleted = 0;
    for (AgedErasure { id, .. }, is_needed) in old {
        if !is_needed {
            tx.prepare_cached("DELETE FROM step WHERE erasure = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM erasure WHERE id = ?1")?.execute([id])?;
            deleted += 1;
        }
    }
    Ok(Batch { deleted, next })
}

fn old_tombstones(tx: &Tx<'_>, keep: &Keep) -> Result<Batch<()>, LedgerError> {
    let Some(before) = ago(tx.now, keep.tombstones) else { return Ok(Batch { deleted: 0, next: None }) };
    let deleted = tx
        .prepare_cached(
            "DELETE FROM tombstone WHERE (installation, session) IN (
               SELECT installation, session FROM tombstone WHERE at <= ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![Millis(before), TOMBSTONES_MAX as i64])?;
    Ok(Batch { deleted: deleted as u64, next: (deleted == TOMBSTONES_MAX).then_some(()) })
}
