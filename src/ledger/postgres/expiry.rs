//! Deleting sessions, erasures with their fingerprints, tombstones, requests, and event keys without a month, whose time is over: in the order of their age, by an index of it, and a batch at a
//! time, each a transaction of its own. One process does so at a time. What is still open stays, whatever its age.

mod sessions;
mod small;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio_postgres::Row;

use self::sessions::{PROOFS, WHOLE};
use super::columns::{erasure_id, ids, millis};
use super::connection::Pauses;
use super::expired::{note, note_refused};
use super::sessions::Place;
use super::tx::Tx;
use super::{CONFLICTS_MAX, Keep, LedgerError, PostgresLedger, clock, failure};
use crate::erasure::{ErasureId, ErasureState};
use crate::ledger::expiry::{Portion, RecordKind, Refusals, Round, after_refusal, ago, counted, keep_first};
use crate::lock::lock;

/// Rows that one transaction looks at.
const BATCH: i64 = 500;

/// Batches in one round.
const BATCHES_MAX: usize = 50;

/// Tombstones, fingerprints of erasures or of consents, or event keys, that one transaction deletes.
const SMALL_BATCH: i64 = 4_096;

/// Who holds it deletes.
const EXPIRING_LOCK: i64 = 7_521_974_406_301_414;

/// The row after which a walk goes on, the oldest first. A walk passes what has to stay, so that this is not looked at again
/// before everything else was.
#[derive(Clone)]
enum After {
    Session { since: i64, place: Place },
    Erasure { ended: i64, id: ErasureId },
    Tombstone { at: i64, place: Place },
    Hold { ended: i64, id: String },
    Fingerprint { ended: i64, fingerprint: Vec<u8>, erasure: Vec<u8>, version: i64 },
    ConsentPrint { since: i64, fingerprint: Vec<u8>, place: Place, version: i64 },
    Request { ended: i64, sequence: i64 },
    Event { received: i64, happened: i64, source: i64, session: i64, kind: i64, digest: Vec<u8> },
}

/// Where a walk is.
#[derive(Clone)]
struct Walked {
    from: Option<After>,
    portion: Portion,
    refusals: Refusals,
}

/// Where the walks of this process go on.
#[derive(Default)]
pub(super) struct Passes(Mutex<BTreeMap<RecordKind, Walked>>);

/// How far a batch came.
struct Batch {
    deleted: u64,
    /// Where the next one goes on, if there is one.
    next: Option<After>,
    /// What was passed over, as the database refuses to delete it.
    passed: Option<String>,
}

impl Batch {
    /// There was nothing so old.
    const NOTHING: Self = Self { deleted: 0, next: None, passed: None };
}

/// After a batch: its round, where the next one goes on, and what the walk was refused so far.
type Done = (Round, Option<After>, Refusals);

impl PostgresLedger {
    /// One round of each walk.
    pub(super) async fn expire(&self, keep: &Keep) -> Result<(), LedgerError> {
        let mut failed = None;
        // The fingerprints first, which keep the erasures.
        for kind in [
            RecordKind::Fingerprints,
            RecordKind::ConsentFingerprints,
            RecordKind::Events,
            RecordKind::Sessions,
            RecordKind::Consents,
            RecordKind::Erasures,
            RecordKind::Tombstones,
            RecordKind::Requests,
            RecordKind::Holds,
        ] {
            keep_first(&mut failed, self.walk(kind, keep).await)?;
        }
        failed.map_or(Ok(()), Err)
    }

    async fn walk(&self, kind: RecordKind, keep: &Keep) -> Result<(), LedgerError> {
        let beginning = || {
            let size = match kind {
                RecordKind::Sessions
                | RecordKind::Consents
                | RecordKind::Erasures
                | RecordKind::Requests
                | RecordKind::Holds => BATCH,
                RecordKind::Events
                | RecordKind::Tombstones
                | RecordKind::Fingerprints
                | RecordKind::ConsentFingerprints => SMALL_BATCH,
            };
            Walked { from: None, portion: Portion::new(size), refusals: Refusals::default() }
        };
        for number in 1..=BATCHES_MAX {
            let at = lock(&self.passes.0).get(&kind).cloned().unwrap_or_else(beginning);
            let is_last = number == BATCHES_MAX;
            let done = match transact!(self, |tx| one_batch(tx, kind, keep, &at, is_last)) {
                Ok(done) => done,
                Err(error) => {
                    let portion = after_refusal(kind, at.portion, error)?;
                    lock(&self.passes.0).insert(kind, Walked { portion, ..at });
                    continue;
                }
            };
            let Some((round, next, refusals)) = done else { return Ok(()) };
            counted(kind, round);
            let mut passes = lock(&self.passes.0);
            let Some(from) = next else {
                // Whoever begins anew finds anew what is refused.
                passes.remove(&kind);
                return Ok(());
            };
            passes.insert(kind, Walked { from: Some(from), portion: at.portion.next(), refusals });
        }
        Ok(())
    }
}

/// Deletes a batch; `None` where another process does, or the clock cannot be right.
async fn one_batch(
    tx: &mut Tx,
    kind: RecordKind,
    keep: &Keep,
    at: &Walked,
    is_last: bool,
) -> Result<Option<Done>, LedgerError> {
    let alone: bool = tx.row("SELECT pg_try_advisory_xact_lock($1)", &[&EXPIRING_LOCK]).await?.get(0);
    if !alone || !clock::trust(tx).await?.erasing {
        return Ok(None);
    }
    let (from, portion) = (at.from.clone(), at.portion);
    let Batch { deleted, next, passed } = match kind {
        RecordKind::Sessions => sessions::old(tx, WHOLE, keep, from, portion).await?,
        RecordKind::Consents => sessions::old(tx, PROOFS, keep, from, portion).await?,
        RecordKind::Erasures => old_erasures(tx, keep, from, portion).await?,
        RecordKind::Tombstones => small::old_tombstones(tx, keep, from, portion).await?,
        RecordKind::Holds => small::old_holds(tx, keep, from, portion).await?,
        RecordKind::Events => small::old_events(tx, keep, from, portion).await?,
        RecordKind::Fingerprints => small::old_fingerprints(tx, keep, from, portion).await?,
        RecordKind::ConsentFingerprints => small::old_consent_prints(tx, keep, from, portion).await?,
        RecordKind::Requests => small::old_requests(tx, keep, from, portion).await?,
    };
    let round = Round { deleted, is_behind: next.is_some() && is_last };
    note(tx, kind, round, next.is_none() || is_last).await?;
    let refusals = at.refusals.clone().and(passed);
    note_refused(tx, kind, &refusals, next.is_none()).await?;
    Ok(Some((round, next, refusals)))
}

/// The row from which the next portion goes on, where this one is full.
fn next_of(rows: &[Row], portion: Portion, key: impl Fn(&Row) -> After) -> Option<After> {
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == portion.size);
    rows.last().filter(|_| is_full).map(key)
}

/// Erasures that are over, and of which no receipt is left here, nor anything by which they are found.
async fn old_erasures(tx: &mut Tx, keep: &Keep, from: Option<After>, portion: Portion) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.erasures) else { return Ok(Batch::NOTHING) };
    // Receipts leave in their order, so that nothing that ended after the oldest of them is looked at.
    let oldest: Option<i64> = tx.row("SELECT MIN(ended) FROM receipt", &[]).await?.get(0);
    let before = oldest.map_or(millis(before), |oldest| oldest.min(millis(before)));
    let (after, id) = match from {
        Some(After::Erasure { ended, id }) => (ended, id),
        _ => (i64::MIN, ErasureId([0; 16])),
    };
    let rows = tx
        .rows(
            "SELECT ended, id, state FROM erasure
             WHERE ended IS NOT NULL AND (ended, id) > ($1, $2) AND ended <= $3 ORDER BY ended, id LIMIT $4",
            &[&after, &id.0.as_slice(), &before, &portion.size],
        )
        .await?;
    let mut old: Vec<(ErasureId, ErasureState)> = Vec::with_capacity(rows.len());
    for row in &rows {
        old.push((erasure_id(row.get(1))?, super::columns::word(row.get(2))?));
    }
    let last = old.last().map_or(ErasureId([0; 16]), |(id, _)| *id);
    let next = next_of(&rows, portion, |row| After::Erasure { ended: row.get(0), id: last });
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: old.last().map(|(id, _)| id.to_string()) });
    }
    let all: Vec<ErasureId> = old.iter().map(|(id, _)| *id).collect();
    let needed = tx
        .rows(
            "SELECT erasure FROM unnest($1::BYTEA[]) AS old (erasure) JOIN receipt USING (erasure)
             UNION
             SELECT erasure FROM unnest($1::BYTEA[]) AS old (erasure) JOIN erasure_fingerprint USING (erasure)",
            &[&ids(&all)],
        )
        .await?;
    let needed: Vec<ErasureId> = needed.iter().map(|row| erasure_id(row.get(0))).collect::<Result<_, _>>()?;
    old.retain(|(id, _)| !needed.contains(id));
    let those: Vec<ErasureId> = old.iter().map(|(id, _)| *id).collect();
    // By a function: the servers' role may delete no other erasures.
    let gone = tx.rows("SELECT forget_erasures($1)", &[&ids(&those)]).await?;
    let gone: Vec<ErasureId> = gone.iter().map(|row| erasure_id(row.get(0))).collect::<Result<_, _>>()?;
    old.retain(|(id, _)| gone.contains(id));
    old.iter().for_each(|(_, state)| tx.tally.leaves(*state));
    Ok(Batch { deleted: old.len() as u64, next, passed: None })
}
