//! Small rows whose time is over, many at once: tombstones, fingerprints of erasures that ended and of consents, and requests.

use jiff::Timestamp;
use rusqlite::params;

use super::{Batch, named, next_of};
use crate::erasure::ErasureId;
use crate::hold::HoldId;
use crate::keys::Fingerprint;
use crate::ledger::expiry::{Portion, ago};
use crate::ledger::holding;
use crate::ledger::sqlite::columns::Millis;
use crate::ledger::sqlite::job::Tx;
use crate::ledger::sqlite::names::Place;
use crate::ledger::sqlite::{Keep, LedgerError};

/// A tombstone's place in the order of age.
#[derive(Clone, Copy)]
pub(super) struct AgedTombstone {
    at: Timestamp,
    place: Place,
}

/// The place of an erasure's fingerprint in the order of its end.
#[derive(Clone, Copy)]
pub(super) struct AgedFingerprint {
    ended: i64,
    fingerprint: Fingerprint,
    erasure: ErasureId,
    version: i64,
}

/// The place of a fingerprint of an erased session's consent in the order of the erasure.
#[derive(Clone, Copy)]
pub(super) struct AgedConsentPrint {
    since: i64,
    fingerprint: Fingerprint,
    place: Place,
    version: i64,
}

/// A request's place in the order of its end.
#[derive(Clone, Copy)]
pub(super) struct AgedRequest {
    ended: i64,
    sequence: i64,
}

/// Requests that ended so long ago, and the fingerprints of those whose fingerprints are kept for less.
pub(super) fn old_requests(
    tx: &Tx<'_>,
    keep: &Keep,
    from: Option<AgedRequest>,
    portion: Portion,
) -> Result<Batch<AgedRequest>, LedgerError> {
    let [requests, prints] = [keep.requests, keep.fingerprints].map(|kept| ago(tx.now, kept));
    let Some(before) = requests.max(prints) else { return Ok(Batch::NOTHING) };
    let from = from.unwrap_or(AgedRequest { ended: i64::MIN, sequence: i64::MIN });
    let mut statement = tx.prepare_cached(
        "SELECT ended, seq, id, number FROM request
         WHERE ended IS NOT NULL AND (ended, seq) > (?1, ?2) AND ended <= ?3 ORDER BY ended, seq LIMIT ?4",
    )?;
    let old = statement.query_map(params![from.ended, from.sequence, Millis(before), portion.size], |row| {
        let at = AgedRequest { ended: row.get(0)?, sequence: row.get(1)? };
        Ok((at, row.get::<_, Vec<u8>>(2)?, row.get::<_, String>(3)?))
    })?;
    let old: Vec<_> = old.collect::<Result<_, _>>()?;
    let next = next_of(&old, portion, |(at, ..)| *at);
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: old.into_iter().next_back().map(|(_, _, number)| number) });
    }
    let is_over = |ended: i64, end: Option<Timestamp>| end.is_some_and(|end| ended <= end.as_millisecond());
    let mut deleted = 0;
    for (AgedRequest { ended, .. }, id, _) in &old {
        let is_gone = is_over(*ended, requests);
        if is_gone || is_over(*ended, prints) {
            tx.prepare_cached("DELETE FROM request_fingerprint WHERE request = ?1")?.execute([id])?;
        }
        if is_gone {
            tx.prepare_cached("DELETE FROM request_erasure WHERE request = ?1")?.execute([id])?;
            deleted += tx.prepare_cached("DELETE FROM request WHERE id = ?1")?.execute([id])? as u64;
        }
    }
    Ok(Batch { deleted, next, passed: None })
}

/// A hold's place in the order of its end.
#[derive(Clone, Copy)]
pub(super) struct AgedHold {
    ended: i64,
    id: HoldId,
}

/// Holds that ended so long ago.
pub(super) fn old_holds(
    tx: &Tx<'_>,
    keep: &Keep,
    from: Option<AgedHold>,
    portion: Portion,
) -> Result<Batch<AgedHold>, LedgerError> {
    let Some(before) = ago(tx.now, keep.holds) else { return Ok(Batch::NOTHING) };
    let from = from.map_or((i64::MIN, String::new()), |from| (from.ended, from.id.to_string()));
    let mut statement = tx.prepare_cached(
        "SELECT COALESCE(lifted, until) AS ended, id FROM hold
         WHERE COALESCE(lifted, until) <= ?3 AND (COALESCE(lifted, until), id) > (?1, ?2) ORDER BY ended, id LIMIT ?4",
    )?;
    let old = statement.query_map(params![from.0, from.1, Millis(before), portion.size], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let old: Vec<(i64, String)> = old.collect::<Result<_, _>>()?;
    let old = old.into_iter().map(|(ended, id)| Ok(AgedHold { ended, id: holding::id(&id)? }));
    let old: Vec<AgedHold> = old.collect::<Result<_, LedgerError>>()?;
    let next = next_of(&old, portion, |hold| *hold);
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: old.last().map(|hold| hold.id.to_string()) });
    }
    for AgedHold { id, .. } in &old {
        tx.prepare_cached("DELETE FROM hold_fingerprint WHERE hold = ?1")?.execute([id.to_string()])?;
        tx.prepare_cached("DELETE FROM hold WHERE id = ?1")?.execute([id.to_string()])?;
    }
    Ok(Batch { deleted: old.len() as u64, next, passed: None })
}

pub(super) fn old_tombstones(
    tx: &Tx<'_>,
    keep: &Keep,
    from: Option<AgedTombstone>,
    portion: Portion,
) -> Result<Batch<AgedTombstone>, LedgerError> {
    let Some(before) = ago(tx.now, keep.tombstones) else { return Ok(Batch::NOTHING) };
    let from = from.unwrap_or(AgedTombstone { at: Timestamp::MIN, place: Place { installation: 0, session: 0 } });
    let mut statement = tx.prepare_cached(
        "SELECT installation, session, at FROM tombstone
         WHERE (at, installation, session) > (?1, ?2, ?3) AND at <= ?4 ORDER BY at, installation, session LIMIT ?5",
    )?;
    let values = params![Millis(from.at), from.place.installation, from.place.session, Millis(before), portion.size];
    let old = statement.query_map(values, |row| {
        let Millis(at) = row.get(2)?;
        Ok(AgedTombstone { at, place: Place::read(row)? })
    })?;
    let old: Vec<AgedTombstone> = old.collect::<Result<_, _>>()?;
    let next = next_of(&old, portion, |tombstone| *tombstone);
    if portion.passes {
        let passed = old.last().map(|tombstone| named(tx, tombstone.place)).transpose()?;
        return Ok(Batch { deleted: 0, next, passed });
    }
    let mut gone = tx.prepare_cached("DELETE FROM tombstone WHERE installation = ?1 AND session = ?2")?;
    for AgedTombstone { place, .. } in &old {
        gone.execute(params![place.installation, place.session])?;
    }
    Ok(Batch { deleted: old.len() as u64, next, passed: None })
}

/// Fingerprints of erasures that ended so long ago.
pub(super) fn old_fingerprints(
    tx: &Tx<'_>,
    keep: &Keep,
    from: Option<AgedFingerprint>,
    portion: Portion,
) -> Result<Batch<AgedFingerprint>, LedgerError> {
    let Some(before) = ago(tx.now, keep.fingerprints) else { return Ok(Batch::NOTHING) };
    let first = (i64::MIN, Fingerprint([0; 32]), ErasureId([0; 16]), i64::MIN);
    let from = from.map_or(first, |from| (from.ended, from.fingerprint, from.erasure, from.version));
    let mut statement = tx.prepare_cached(
        "SELECT ended, fingerprint, erasure, version FROM erasure_fingerprint
         WHERE ended IS NOT NULL AND (ended, fingerprint, erasure, version) > (?1, ?2, ?3, ?4) AND ended <= ?5
         ORDER BY ended, fingerprint, erasure, version LIMIT ?6",
    )?;
    let values = params![from.0, from.1, from.2, from.3, Millis(before), portion.size];
    let old = statement.query_map(values, |row| {
        let (ended, fingerprint) = (row.get(0)?, row.get(1)?);
        Ok(AgedFingerprint { ended, fingerprint, erasure: row.get(2)?, version: row.get(3)? })
    })?;
    let old: Vec<AgedFingerprint> = old.collect::<Result<_, _>>()?;
    let next = next_of(&old, portion, |print| *print);
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: old.last().map(|print| print.erasure.to_string()) });
    }
    let mut gone =
        tx.prepare_cached("DELETE FROM erasure_fingerprint WHERE fingerprint = ?1 AND erasure = ?2 AND version = ?3")?;
    for print in &old {
        gone.execute(params![print.fingerprint, print.erasure, print.version])?;
    }
    Ok(Batch { deleted: old.len() as u64, next, passed: None })
}

/// Fingerprints by which the consents of sessions were found that were erased so long ago.
pub(super) fn old_consent_prints(
    tx: &Tx<'_>,
    keep: &Keep,
    from: Option<AgedConsentPrint>,
    portion: Portion,
) -> Result<Batch<AgedConsentPrint>, LedgerError> {
    let Some(before) = ago(tx.now, keep.fingerprints) else { return Ok(Batch::NOTHING) };
    let first = Place { installation: 0, session: 0 };
    let first =
        AgedConsentPrint { since: i64::MIN, fingerprint: Fingerprint([0; 32]), place: first, version: i64::MIN };
    let from = from.unwrap_or(first);
    let mut statement = tx.prepare_cached(
        "SELECT installation, session, since, fingerprint, version FROM consent_fingerprint
         WHERE (since, fingerprint, installation, session, version) > (?1, ?2, ?3, ?4, ?5) AND since <= ?6
         ORDER BY since, fingerprint, installation, session, version LIMIT ?7",
    )?;
    let AgedConsentPrint { since, fingerprint, place, version } = from;
    let values = params![since, fingerprint, place.installation, place.session, version, Millis(before), portion.size];
    let old = statement.query_map(values, |row| {
        let (since, fingerprint) = (row.get(2)?, row.get(3)?);
        Ok(AgedConsentPrint { since, fingerprint, place: Place::read(row)?, version: row.get(4)? })
    })?;
    let old: Vec<AgedConsentPrint> = old.collect::<Result<_, _>>()?;
    let next = next_of(&old, portion, |print| *print);
    if portion.passes {
        let passed = old.last().map(|print| named(tx, print.place)).transpose()?;
        return Ok(Batch { deleted: 0, next, passed });
    }
    let mut gone = tx.prepare_cached(
        "DELETE FROM consent_fingerprint
         WHERE fingerprint = ?1 AND installation = ?2 AND session = ?3 AND version = ?4",
    )?;
    for AgedConsentPrint { fingerprint, place, version, .. } in &old {
        gone.execute(params![fingerprint, place.installation, place.session, version])?;
    }
    Ok(Batch { deleted: old.len() as u64, next, passed: None })
}
