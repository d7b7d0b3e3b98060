//! Deleting sessions, erasures with their fingerprints, tombstones and requests whose time is over: in the order of their age, by an index of it, and a batch at a
//! time, each a transaction of its own, so that no delivery waits for long and the log does not grow. What is still open stays,
//! whatever its age.

mod sessions;
mod small;

use std::sync::Mutex;

use rusqlite::params;

use self::sessions::{AgedSession, PROOFS, WHOLE};
use self::small::{AgedConsentPrint, AgedFingerprint, AgedHold, AgedRequest, AgedTombstone};
use super::columns::Millis;
use super::expired::{note, note_refused};
use super::job::{Tx, Wakes};
use super::names::Place;
use super::writer::Writer;
use super::{Keep, LedgerError, clock};
use crate::erasure::ErasureId;
use crate::ledger::expiry::{Portion, RecordKind, Refusals, Round, after_refusal, ago, counted, keep_first};
use crate::lock::lock;

/// Rows that one write looks at; deleting as many sessions takes some 10 ms.
const BATCH: i64 = 250;

/// Batches in one round.
const BATCHES_MAX: usize = 100;

/// Tombstones, or fingerprints of erasures, that one write deletes.
const SMALL_BATCH: i64 = 4_096;

/// How far a batch came.
pub(super) struct Batch<K> {
    deleted: u64,
    /// The row from which the next one goes on; `None` where there is none.
    next: Option<K>,
    /// What was passed over, as the ledger refuses to delete it.
    passed: Option<String>,
}

impl<K> Batch<K> {
    /// There was nothing so old.
    const NOTHING: Self = Self { deleted: 0, next: None, passed: None };
}

/// A walk over what is due, the oldest first. It passes what has to stay, so that this is not looked at again before everything
/// else was.
pub(super) struct Pass<K>(Mutex<Walked<K>>);

/// Where a walk is.
#[derive(Clone)]
struct Walked<K> {
    from: Option<K>,
    portion: Portion,
    refusals: Refusals,
}

/// An erasure's place in the order of its end.
#[derive(Clone, Copy)]
pub(super) struct AgedErasure {
    ended: i64,
    id: ErasureId,
}

/// Where the walks go on.
pub(super) struct Passes {
    fingerprints: Pass<AgedFingerprint>,
    consent_fingerprints: Pass<AgedConsentPrint>,
    sessions: Pass<AgedSession>,
    consents: Pass<AgedSession>,
    erasures: Pass<AgedErasure>,
    tombstones: Pass<AgedTombstone>,
    requests: Pass<AgedRequest>,
    holds: Pass<AgedHold>,
}

impl Default for Passes {
    fn default() -> Self {
        Self {
            fingerprints: Pass::new(SMALL_BATCH),
            consent_fingerprints: Pass::new(SMALL_BATCH),
            sessions: Pass::new(BATCH),
            consents: Pass::new(BATCH),
            erasures: Pass::new(BATCH),
            tombstones: Pass::new(SMALL_BATCH),
            requests: Pass::new(BATCH),
            holds: Pass::new(BATCH),
        }
    }
}

impl Passes {
    /// One round of each walk.
    pub(super) async fn go_on(&self, writer: &Writer, keep: Keep) -> Result<(), LedgerError> {
        let mut failed = None;
        let prints = move |tx: &Tx<'_>, from, portion| small::old_fingerprints(tx, &keep, from, portion);
        keep_first(&mut failed, self.fingerprints.go_on(writer, RecordKind::Fingerprints, prints).await)?;
        let of_consents = move |tx: &Tx<'_>, from, portion| small::old_consent_prints(tx, &keep, from, portion);
        let done = self.consent_fingerprints.go_on(writer, RecordKind::ConsentFingerprints, of_consents).await;
        keep_first(&mut failed, done)?;
        let whole = move |tx: &Tx<'_>, from, portion| sessions::old(tx, WHOLE, &keep, from, portion);
        keep_first(&mut failed, self.sessions.go_on(writer, RecordKind::Sessions, whole).await)?;
        let proofs = move |tx: &Tx<'_>, from, portion| sessions::old(tx, PROOFS, &keep, from, portion);
        keep_first(&mut failed, self.consents.go_on(writer, RecordKind::Consents, proofs).await)?;
        // After the fingerprints, which keep the erasures.
        let erasures = move |tx: &Tx<'_>, from, portion| old_erasures(tx, &keep, from, portion);
        keep_first(&mut failed, self.erasures.go_on(writer, RecordKind::Erasures, erasures).await)?;
        let tombstones = move |tx: &Tx<'_>, from, portion| small::old_tombstones(tx, &keep, from, portion);
        keep_first(&mut failed, self.tombstones.go_on(writer, RecordKind::Tombstones, tombstones).await)?;
        let requests = move |tx: &Tx<'_>, from, portion| small::old_requests(tx, &keep, from, portion);
        keep_first(&mut failed, self.requests.go_on(writer, RecordKind::Requests, requests).await)?;
        let holds = move |tx: &Tx<'_>, from, portion| small::old_holds(tx, &keep, from, portion);
        keep_first(&mut failed, self.holds.go_on(writer, RecordKind::Holds, holds).await)?;
        failed.map_or(Ok(()), Err)
    }
}

impl<K: Copy + Send + 'static> Pass<K> {
    fn new(size: i64) -> Self {
        Self(Mutex::new(Walked { from: None, portion: Portion::new(size), refusals: Refusals::default() }))
    }

    async fn go_on<F>(&self, writer: &Writer, kind: RecordKind, batch: F) -> Result<(), LedgerError>
    where
        F: Fn(&Tx<'_>, Option<K>, Portion) -> Result<Batch<K>, LedgerError> + Copy + Send + 'static,
    {
        for number in 1..=BATCHES_MAX {
            let Walked { from, portion, refusals } = lock(&self.0).clone();
            let write = move |tx: &Tx<'_>| {
                // Each time: by a clock that cannot be right, everything may seem to be over.
                if !clock::trust(tx)?.erasing {
                    return Ok(None);
                }
                let Batch { deleted, next, passed } = batch(tx, from, portion)?;
                let is_behind = next.is_some() && number == BATCHES_MAX;
                let round = Round { deleted, is_behind };
                note(tx, kind, round, next.is_none() || is_behind)?;
                let refusals = refusals.and(passed);
                note_refused(tx, kind, &refusals, next.is_none())?;
                Ok(Some((next, round, refusals)))
            };
            let (next, round, refusals) = match writer.write(Wakes::NoOne, write).await {
                Ok(Some(done)) => done,
                Ok(None) => return Ok(()),
                Err(error) => {
                    lock(&self.0).portion = after_refusal(kind, portion, error)?;
                    continue;
                }
            };
            // Whoever begins anew finds anew what is refused.
            let refusals = if next.is_some() { refusals } else { Refusals::default() };
            *lock(&self.0) = Walked { from: next, portion: portion.next(), refusals };
            counted(kind, round);
            if next.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The row from which the next portion goes on, where this one is full.
fn next_of<T, K>(found: &[T], portion: Portion, key: impl Fn(&T) -> K) -> Option<K> {
    found.last().filter(|_| found.len() as i64 == portion.size).map(key)
}

/// A session as a person knows it.
fn named(tx: &Tx<'_>, place: Place) -> Result<String, LedgerError> {
    let name: Option<String> = tx
        .prepare_cached("SELECT (SELECT name FROM installation WHERE id = ?1)")?
        .query_row([place.installation], |row| row.get(0))?;
    Ok(format!("{}/{}", name.unwrap_or_default(), place.session))
}

/// Erasures that are over, and of which no receipt is left here, nor anything by which they are found.
fn old_erasures(
    tx: &Tx<'_>,
    keep: &Keep,
    from: Option<AgedErasure>,
    portion: Portion,
) -> Result<Batch<AgedErasure>, LedgerError> {
    let Some(before) = ago(tx.now, keep.erasures) else { return Ok(Batch::NOTHING) };
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
    let old = statement.query_map(params![from.ended, from.id, Millis(before), portion.size], |row| {
        Ok((AgedErasure { ended: row.get(0)?, id: row.get(1)? }, row.get::<_, bool>(2)?))
    })?;
    let old: Vec<_> = old.collect::<Result<_, _>>()?;
    let next = next_of(&old, portion, |(at, _)| *at);
    let mut deleted = 0;
    let mut passed = None;
    for (AgedErasure { id, .. }, is_needed) in old {
        if portion.passes {
            passed = Some(id.to_string());
        } else if !is_needed {
            tx.prepare_cached("DELETE FROM step WHERE erasure = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM recheck WHERE erasure = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM erasure WHERE id = ?1")?.execute([id])?;
            deleted += 1;
        }
    }
    Ok(Batch { deleted, next, passed })
}
