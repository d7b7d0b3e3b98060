//! Sessions whose time is over: their records go, or are reduced to what proves their consent.

use jiff::Timestamp;
use rusqlite::params;

use super::{Batch, named, next_of};
use crate::erasure::Subject;
use crate::keys::Digest;
use crate::ledger::expiry::{Portion, RecordEnd, Tombstone, ago};
use crate::ledger::holding::in_force;
use crate::ledger::sqlite::columns::Millis;
use crate::ledger::sqlite::job::Tx;
use crate::ledger::sqlite::names::Place;
use crate::ledger::sqlite::{Keep, LedgerError, sessions};

/// A session's place in the order of age.
#[derive(Clone, Copy)]
pub(super) struct AgedSession {
    since: Timestamp,
    place: Place,
}

/// Sessions by one of the two times from which their records are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Aged {
    since: &'static str,
}

/// Whole records.
pub(super) const WHOLE: Aged = Aged { since: "idle_since" };

/// What is left of them as a proof.
pub(super) const PROOFS: Aged = Aged { since: "proof_since" };

/// A session whose time is over.
struct OldSession {
    at: AgedSession,
    guest: Option<Digest>,
    erased_at: Option<Timestamp>,
}

pub(super) fn old(
    tx: &Tx<'_>,
    aged: Aged,
    keep: &Keep,
    from: Option<AgedSession>,
    portion: Portion,
) -> Result<Batch<AgedSession>, LedgerError> {
    let kept_for = if aged == WHOLE { keep.sessions } else { keep.consents };
    let Some(before) = ago(tx.now, kept_for) else { return Ok(Batch::NOTHING) };
    let old = list(tx, aged, before, from, portion)?;
    let next = next_of(&old, portion, |session| session.at);
    let mut deleted = 0;
    let mut passed = None;
    for session in &old {
        if portion.passes {
            passed = Some(named(tx, session.at.place)?);
        } else if !is_open(tx, session)? && expire(tx, aged, session, keep)? {
            deleted += 1;
        }
    }
    Ok(Batch { deleted, next, passed })
}

fn list(
    tx: &Tx<'_>,
    Aged { since }: Aged,
    before: Timestamp,
    from: Option<AgedSession>,
    portion: Portion,
) -> Result<Vec<OldSession>, LedgerError> {
    let from = from.unwrap_or(AgedSession { since: Timestamp::MIN, place: Place { installation: 0, session: 0 } });
    let mut statement = tx.prepare_cached(&format!(
        "SELECT installation, session, {since}, guest, erased_at FROM session
         WHERE {since} IS NOT NULL AND ({since}, installation, session) > (?1, ?2, ?3) AND {since} <= ?4
         ORDER BY {since}, installation, session LIMIT ?5"
    ))?;
    let values = params![Millis(from.since), from.place.installation, from.place.session, Millis(before), portion.size];
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
    if is_held(tx, place, *guest)? {
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

/// Whether a hold in force keeps it: without its record, nobody would know that.
fn is_held(tx: &Tx<'_>, place: Place, guest: Option<Digest>) -> Result<bool, LedgerError> {
    let sql = format!(
        "SELECT 1 FROM hold WHERE installation = ?1 AND {}
           AND (session = ?2 OR guest = ?4
                OR EXISTS (SELECT 1 FROM hold_fingerprint JOIN fingerprint ON fingerprint.fingerprint = hold_fingerprint.fingerprint
                           WHERE hold_fingerprint.hold = hold.id AND fingerprint.installation = ?1 AND fingerprint.session = ?2))",
        in_force("?3")
    );
    Ok(tx.prepare_cached(&sql)?.exists(params![place.installation, place.session, Millis(tx.now), guest])?)
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
