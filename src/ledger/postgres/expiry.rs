//! Deleting sessions, erasures and tombstones whose time is over: in the order of their age, by an index of it, and a batch at a
//! time, each a transaction of its own. One process does so at a time. What is still open stays, whatever its age.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{erasure_id, ids, json, maybe_time, millis, time, unsigned};
use super::connection::Pauses;
use super::sessions::{self, Place};
use super::sum::{self, OF_SESSION};
use super::tx::{Connection, NOW_MS, Tx};
use super::{CONFLICTS_MAX, Keep, LedgerError, PostgresLedger, clock, failure};
use crate::consent::ConsentRecord;
use crate::erasure::{ErasureId, ErasureState, Subject};
use crate::ledger::expiry::{Expired, RecordEnd, RecordKind, Round, Tombstone, ago, counted};
use crate::ledger::stored_record::StoredRecord;
use crate::lock::lock;

/// Rows that one transaction looks at.
const BATCH: i64 = 500;

/// Batches in one round.
const BATCHES_MAX: usize = 50;

/// Tombstones that one transaction deletes.
const TOMBSTONES_MAX: i64 = 4_096;

/// Who holds it deletes.
const EXPIRING_LOCK: i64 = 7_521_974_406_301_414;

/// The row after which a walk goes on, the oldest first. A walk passes what has to stay, so that this is not looked at again
/// before everything else was.
#[derive(Clone, Copy)]
enum After {
    Session { since: i64, place: Place },
    Erasure { ended: i64, id: ErasureId },
    Tombstone,
}

/// Where the walks of this process go on.
#[derive(Default)]
pub(super) struct Passes(Mutex<BTreeMap<RecordKind, After>>);

/// How far a batch came: how many were deleted, and where the next one goes on, if there is one.
type Batch = (u64, Option<After>);

/// Nothing is so old.
const NOTHING: Batch = (0, None);

impl PostgresLedger {
    /// One round of each walk.
    pub(super) async fn expire(&self, keep: &Keep) -> Result<(), LedgerError> {
        for kind in [RecordKind::Sessions, RecordKind::Consents, RecordKind::Erasures, RecordKind::Tombstones] {
            self.walk(kind, keep).await?;
        }
        Ok(())
    }

    async fn walk(&self, kind: RecordKind, keep: &Keep) -> Result<(), LedgerError> {
        for number in 1..=BATCHES_MAX {
            let from = lock(&self.passes.0).get(&kind).copied();
            let is_last = number == BATCHES_MAX;
            let done = transact!(self, |tx| one_batch(tx, kind, keep, from, is_last))?;
            let Some((round, next)) = done else { return Ok(()) };
            counted(kind, round);
            let mut passes = lock(&self.passes.0);
            match next {
                Some(after) => passes.insert(kind, after),
                None => passes.remove(&kind),
            };
            if next.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Deletes a batch; `None` where another process does, or the clock cannot be right.
async fn one_batch(
    tx: &mut Tx,
    kind: RecordKind,
    keep: &Keep,
    from: Option<After>,
    is_last: bool,
) -> Result<Option<(Round, Option<After>)>, LedgerError> {
    let alone: bool = tx.row("SELECT pg_try_advisory_xact_lock($1)", &[&EXPIRING_LOCK]).await?.get(0);
    if !alone || !clock::trust(tx).await?.erasing {
        return Ok(None);
    }
    let (deleted, next) = match kind {
        RecordKind::Sessions => old_sessions(tx, WHOLE, keep, from).await?,
        RecordKind::Consents => old_sessions(tx, PROOFS, keep, from).await?,
        RecordKind::Erasures => old_erasures(tx, keep, from).await?,
        RecordKind::Tombstones => old_tombstones(tx, keep).await?,
        // Walks of their own (`maintenance`).
        RecordKind::Events | RecordKind::Fingerprints => NOTHING,
    };
    let round = Round { deleted, is_behind: next.is_some() && is_last };
    note(tx, kind, round, next.is_none() || is_last).await?;
    Ok(Some((round, next)))
}

/// Notes what was deleted, with it; and, where a round ends, whether everything was that was due.
pub(super) async fn note(
    connection: &Connection,
    kind: RecordKind,
    round: Round,
    ends: bool,
) -> Result<(), LedgerError> {
    if round.deleted > 0 {
        let sql = format!(
            "INSERT INTO expired (kind, deleted, last) VALUES ($1, $2, {NOW_MS})
             ON CONFLICT (kind) DO UPDATE SET deleted = expired.deleted + excluded.deleted, last = excluded.last"
        );
        connection.execute(&sql, &[&kind.as_str(), &round.deleted.cast_signed()]).await?;
    }
    if ends && round.is_behind {
        let sql = format!(
            "INSERT INTO expired (kind, deleted, behind_since) VALUES ($1, 0, {NOW_MS})
             ON CONFLICT (kind) DO UPDATE SET behind_since = COALESCE(expired.behind_since, excluded.behind_since)"
        );
        connection.execute(&sql, &[&kind.as_str()]).await?;
    } else if ends {
        let sql = "UPDATE expired SET behind_since = NULL WHERE kind = $1 AND behind_since IS NOT NULL";
        connection.execute(sql, &[&kind.as_str()]).await?;
    }
    Ok(())
}

/// What was deleted up to now.
pub(super) async fn expired(connection: &Connection) -> Result<BTreeMap<&'static str, Expired>, LedgerError> {
    let rows = connection.rows("SELECT kind, deleted, last, behind_since FROM expired", &[]).await?;
    let mut expired: BTreeMap<_, _> =
        RecordKind::ALL.into_iter().map(|kind| (kind.as_str(), Expired::default())).collect();
    for row in rows {
        if let Some(found) = expired.get_mut(row.get::<_, &str>(0)) {
            let (last, behind_since) = (maybe_time(row.get(2))?, maybe_time(row.get(3))?);
            *found = Expired { deleted: unsigned(row.get(1)), last, behind_since };
        }
    }
    Ok(expired)
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
    place: Place,
    since: i64,
    erased_at: Option<Timestamp>,
    record: ConsentRecord,
    /// As the column has them.
    forms: Vec<u8>,
}

async fn old_sessions(tx: &mut Tx, aged: Aged, keep: &Keep, from: Option<After>) -> Result<Batch, LedgerError> {
    let kept_for = if aged == WHOLE { keep.sessions } else { keep.consents };
    let Some(before) = ago(tx.now, kept_for) else { return Ok(NOTHING) };
    let (mut old, next) = list_old_sessions(tx, aged, before, from).await?;
    let open = open_among(tx, &old).await?;
    old.retain(|session| !open.contains(&session.place));
    let deleted = old.len() as u64;
    expire(tx, aged, old, keep).await?;
    Ok((deleted, next))
}

/// They are locked; those that somebody else has locked are in use, and are left out. So is one that is damaged, for a person to
/// see.
async fn list_old_sessions(
    tx: &Tx,
    Aged { since }: Aged,
    before: Timestamp,
    from: Option<After>,
) -> Result<(Vec<OldSession>, Option<After>), LedgerError> {
    let (after, place) = match from {
        Some(After::Session { since, place }) => (since, place),
        _ => (i64::MIN, Place { installation: 0, session: 0 }),
    };
    let sql = format!(
        "SELECT {OF_SESSION}, {since}, erased_at,
                (SELECT name FROM installation AS company WHERE company.id = session.installation) FROM session
         WHERE {since} IS NOT NULL AND ({since}, installation, session) > ($1, $2, $3) AND {since} <= $4
         ORDER BY {since}, installation, session LIMIT $5 FOR UPDATE OF session SKIP LOCKED"
    );
    let values: super::tx::Values<'_> = &[&after, &place.installation, &place.session, &millis(before), &BATCH];
    let rows = tx.rows(&sql, values).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == BATCH);
    let next = |row: &Row| After::Session { since: row.get(6), place: Place::read(row) };
    let next = rows.last().filter(|_| is_full).map(next);
    let read = |row: &Row| {
        Ok(OldSession {
            place: Place::read(row),
            since: row.get(6),
            erased_at: maybe_time(row.get(7))?,
            record: sessions::record(row, 8)?,
            forms: row.get(4),
        })
    };
    let whole = rows.iter().filter(|row| sum::session_is_whole(*row).is_ok());
    Ok((whole.map(read).collect::<Result<_, LedgerError>>()?, next))
}

/// Those of them with which, or about which, something is still to be done: they have work, or an erasure that is not over reaches
/// them, or may when it begins.
async fn open_among(tx: &Tx, old: &[OldSession]) -> Result<HashSet<Place>, LedgerError> {
    let installations: Vec<i64> = old.iter().map(|session| session.place.installation).collect();
    let sessions: Vec<i64> = old.iter().map(|session| session.place.session).collect();
    let mut subjects = (Vec::new(), Vec::new(), Vec::new());
    for OldSession { place, record, .. } in old {
        let installation = record.session.installation.clone();
        let guest = record.guest_digest.map(|digest| Subject::Guest { installation, digest });
        for subject in [Some(Subject::Session(record.session.clone())), guest].into_iter().flatten() {
            subjects.0.push(place.installation);
            subjects.1.push(place.session);
            subjects.2.push(subject.key());
        }
    }
    let rows = tx
        .rows(
            "SELECT installation, session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN task USING (installation, session) WHERE session IS NOT NULL
             UNION
             SELECT installation, session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN erasure_session USING (installation, session) WHERE read_before IS NOT NULL
             UNION
             SELECT installation, session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN fingerprint USING (installation, session)
               JOIN erasure_fingerprint USING (fingerprint) WHERE ended IS NULL
             UNION
             SELECT installation, session
               FROM unnest($3::BIGINT[], $4::BIGINT[], $5::TEXT[]) AS old (installation, session, subject_key)
               JOIN waiting USING (subject_key)",
            &[&installations, &sessions, &subjects.0, &subjects.1, &subjects.2],
        )
        .await?;
    Ok(rows.iter().map(|row| Place { installation: row.get(0), session: row.get(1) }).collect())
}

/// Deletes sessions' records, or reduces them to what proves their consent.
async fn expire(tx: &mut Tx, aged: Aged, old: Vec<OldSession>, keep: &Keep) -> Result<(), LedgerError> {
    let mut reduced = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut gone = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for OldSession { place, since, erased_at, record, forms } in old {
        let idle_since = time(since)?;
        let tombstone = Tombstone::of(&record, erased_at, idle_since);
        match RecordEnd::of(record, idle_since, keep, tx.now) {
            RecordEnd::Reduced(proof) if aged == WHOLE => {
                reduced.0.push(place.installation);
                reduced.1.push(place.session);
                let digest = proof.guest_digest;
                let guest = digest.as_ref().map(|digest| digest.0.as_slice());
                let text = json(&StoredRecord::of(proof, Vec::new()))?;
                reduced.3.push(sum::of_session(place.installation, place.session, &text, guest, &forms));
                reduced.2.push(text);
            }
            RecordEnd::Reduced(_) | RecordEnd::Gone => {
                gone.0.push(place.installation);
                gone.1.push(place.session);
                gone.2.push(millis(tombstone.at));
                gone.3.push(tombstone.erased);
            }
        }
    }
    // The version grows: a decision on what the session was before would write back what is dropped here.
    tx.execute(
        "UPDATE session SET record = reduced.record, sum = reduced.sum, idle_since = NULL, proof_since = idle_since,
                            version = version + 1
         FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::BIGINT[]) AS reduced (installation, session, record, sum)
         WHERE session.installation = reduced.installation AND session.session = reduced.session",
        &[&reduced.0, &reduced.1, &reduced.2, &reduced.3],
    )
    .await?;
    tx.execute(
        "DELETE FROM fingerprint USING unnest($1::BIGINT[], $2::BIGINT[]) AS gone (installation, session)
         WHERE fingerprint.installation = gone.installation AND fingerprint.session = gone.session",
        &[&gone.0, &gone.1],
    )
    .await?;
    let deleted = tx
        .execute(
            "DELETE FROM session USING unnest($1::BIGINT[], $2::BIGINT[]) AS gone (installation, session)
             WHERE session.installation = gone.installation AND session.session = gone.session",
            &[&gone.0, &gone.1],
        )
        .await?;
    (0..deleted).for_each(|_| tx.tally.remove_session());
    tx.execute(
        "INSERT INTO tombstone (installation, session, at, erased)
         SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BOOLEAN[])
         ON CONFLICT (installation, session) DO UPDATE SET at = excluded.at, erased = excluded.erased",
        &[&gone.0, &gone.1, &gone.2, &gone.3],
    )
    .await?;
    Ok(())
}

/// Erasures that are over, and of which no receipt is left here, nor anything by which they are found.
async fn old_erasures(tx: &mut Tx, keep: &Keep, from: Option<After>) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.erasures) else { return Ok(NOTHING) };
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
            &[&after, &id.0.as_slice(), &before, &BATCH],
        )
        .await?;
    let mut old: Vec<(ErasureId, ErasureState)> = Vec::with_capacity(rows.len());
    for row in &rows {
        old.push((erasure_id(row.get(1))?, super::columns::word(row.get(2))?));
    }
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == BATCH);
    let last = rows.last().filter(|_| is_full).zip(old.last());
    let next = last.map(|(row, (id, _))| After::Erasure { ended: row.get(0), id: *id });
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
    Ok((old.len() as u64, next))
}

async fn old_tombstones(tx: &Tx, keep: &Keep) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.tombstones) else { return Ok(NOTHING) };
    let deleted = tx
        .execute(
            "DELETE FROM tombstone WHERE (installation, session) IN (
               SELECT installation, session FROM tombstone WHERE at <= $1 ORDER BY at LIMIT $2)",
            &[&millis(before), &TOMBSTONES_MAX],
        )
        .await?;
    Ok((deleted, (deleted == TOMBSTONES_MAX.cast_unsigned()).then_some(After::Tombstone)))
}
