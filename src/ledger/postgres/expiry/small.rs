//! Small rows whose time is over, many at once: tombstones, fingerprints of erasures that ended and of consents, and event keys that have no month of
//! their own.

use super::{After, Batch, next_of};
use crate::ledger::expiry::{Portion, ago};
use crate::ledger::postgres::columns::{erasure_id, millis};
use crate::ledger::postgres::sessions::Place;
use crate::ledger::postgres::tx::Tx;
use crate::ledger::postgres::{Keep, LedgerError};

/// Requests that ended so long ago, and the fingerprints of those whose fingerprints are kept for less.
pub(super) async fn old_requests(
    tx: &Tx,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let [requests, prints] = [keep.requests, keep.fingerprints].map(|kept| ago(tx.now, kept));
    let Some(before) = requests.max(prints) else { return Ok(Batch::NOTHING) };
    let (after, sequence) = match from {
        Some(After::Request { ended, sequence }) => (ended, sequence),
        _ => (i64::MIN, i64::MIN),
    };
    let rows = tx
        .rows(
            "SELECT ended, seq, id, number FROM request
             WHERE ended IS NOT NULL AND (ended, seq) > ($1, $2) AND ended <= $3 ORDER BY ended, seq LIMIT $4",
            &[&after, &sequence, &millis(before), &portion.size],
        )
        .await?;
    let next = next_of(&rows, portion, |row| After::Request { ended: row.get(0), sequence: row.get(1) });
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: rows.last().map(|row| row.get(3)) });
    }
    let over = |end: Option<jiff::Timestamp>| -> Vec<&[u8]> {
        let Some(end) = end.map(millis) else { return Vec::new() };
        rows.iter().filter(|row| row.get::<_, i64>(0) <= end).map(|row| row.get(2)).collect()
    };
    let gone = over(requests);
    for without_prints in [&over(prints), &gone] {
        tx.execute("DELETE FROM request_fingerprint WHERE request = ANY($1)", &[without_prints]).await?;
    }
    tx.execute("DELETE FROM request_erasure WHERE request = ANY($1)", &[&gone]).await?;
    let deleted = tx.execute("DELETE FROM request WHERE id = ANY($1)", &[&gone]).await?;
    Ok(Batch { deleted, next, passed: None })
}

pub(super) async fn old_tombstones(
    tx: &Tx,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.tombstones) else { return Ok(Batch::NOTHING) };
    let (after, place) = match from {
        Some(After::Tombstone { at, place }) => (at, place),
        _ => (i64::MIN, Place { installation: 0, session: 0 }),
    };
    let rows = tx
        .rows(
            "SELECT installation, session, at,
                    COALESCE((SELECT name FROM installation AS company WHERE company.id = installation), '')
                      || '/' || session
             FROM tombstone WHERE (at, installation, session) > ($1, $2, $3) AND at <= $4
             ORDER BY at, installation, session LIMIT $5",
            &[&after, &place.installation, &place.session, &millis(before), &portion.size],
        )
        .await?;
    let next = next_of(&rows, portion, |row| After::Tombstone { at: row.get(2), place: Place::read(row) });
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: rows.last().map(|row| row.get(3)) });
    }
    let places = rows.iter().map(Place::read);
    let (installations, sessions): (Vec<_>, Vec<_>) = places.map(|place| (place.installation, place.session)).unzip();
    let deleted = tx
        .execute(
            "DELETE FROM tombstone USING unnest($1::BIGINT[], $2::BIGINT[]) AS gone (installation, session)
             WHERE tombstone.installation = gone.installation AND tombstone.session = gone.session",
            &[&installations, &sessions],
        )
        .await?;
    Ok(Batch { deleted, next, passed: None })
}

/// Holds that ended so long ago.
pub(super) async fn old_holds(
    tx: &Tx,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.holds) else { return Ok(Batch::NOTHING) };
    let (after, id) = match from {
        Some(After::Hold { ended, id }) => (ended, id),
        _ => (i64::MIN, String::new()),
    };
    let rows = tx
        .rows(
            "SELECT COALESCE(lifted, until) AS ended, id FROM hold
             WHERE COALESCE(lifted, until) <= $3 AND (COALESCE(lifted, until), id) > ($1, $2) ORDER BY ended, id LIMIT $4",
            &[&after, &id, &millis(before), &portion.size],
        )
        .await?;
    let next = next_of(&rows, portion, |row| After::Hold { ended: row.get(0), id: row.get(1) });
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: rows.last().map(|row| row.get(1)) });
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.get(1)).collect();
    tx.execute("DELETE FROM hold_fingerprint WHERE hold = ANY($1)", &[&ids]).await?;
    let deleted = tx.execute("DELETE FROM hold WHERE id = ANY($1)", &[&ids]).await?;
    Ok(Batch { deleted, next, passed: None })
}

/// Fingerprints of erasures that ended so long ago.
pub(super) async fn old_fingerprints(
    tx: &Tx,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.fingerprints) else { return Ok(Batch::NOTHING) };
    let (ended, fingerprint, erasure, version) = match from {
        Some(After::Fingerprint { ended, fingerprint, erasure, version }) => (ended, fingerprint, erasure, version),
        _ => (i64::MIN, Vec::new(), Vec::new(), i64::MIN),
    };
    let rows = tx
        .rows(
            "SELECT ended, fingerprint, erasure, version FROM erasure_fingerprint
             WHERE ended IS NOT NULL AND (ended, fingerprint, erasure, version) > ($1, $2, $3, $4) AND ended <= $5
             ORDER BY ended, fingerprint, erasure, version LIMIT $6",
            &[&ended, &fingerprint, &erasure, &version, &millis(before), &portion.size],
        )
        .await?;
    let next = next_of(&rows, portion, |row| After::Fingerprint {
        ended: row.get(0),
        fingerprint: row.get(1),
        erasure: row.get(2),
        version: row.get(3),
    });
    if portion.passes {
        let passed = rows.last().map(|row| erasure_id(row.get(2))).transpose()?;
        return Ok(Batch { deleted: 0, next, passed: passed.map(|id| id.to_string()) });
    }
    let mut gone = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        gone.0.push(row.get::<_, &[u8]>(1));
        gone.1.push(row.get::<_, &[u8]>(2));
        gone.2.push(row.get::<_, i64>(3));
    }
    let deleted = tx
        .execute(
            "DELETE FROM erasure_fingerprint AS print
             USING unnest($1::BYTEA[], $2::BYTEA[], $3::BIGINT[]) AS gone (fingerprint, erasure, version)
             WHERE print.fingerprint = gone.fingerprint AND print.erasure = gone.erasure AND print.version = gone.version",
            &[&gone.0, &gone.1, &gone.2],
        )
        .await?;
    Ok(Batch { deleted, next, passed: None })
}

/// Fingerprints by which the consents of sessions were found that were erased so long ago.
pub(super) async fn old_consent_prints(
    tx: &Tx,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, keep.fingerprints) else { return Ok(Batch::NOTHING) };
    let (since, fingerprint, place, version) = match from {
        Some(After::ConsentPrint { since, fingerprint, place, version }) => (since, fingerprint, place, version),
        _ => (i64::MIN, Vec::new(), Place { installation: 0, session: 0 }, i64::MIN),
    };
    let rows = tx
        .rows(
            "SELECT installation, session, since, fingerprint, version,
                    COALESCE((SELECT name FROM installation AS company WHERE company.id = installation), '')
                      || '/' || session
             FROM consent_fingerprint
             WHERE (since, fingerprint, installation, session, version) > ($1, $2, $3, $4, $5) AND since <= $6
             ORDER BY since, fingerprint, installation, session, version LIMIT $7",
            &[&since, &fingerprint, &place.installation, &place.session, &version, &millis(before), &portion.size],
        )
        .await?;
    let next = next_of(&rows, portion, |row| After::ConsentPrint {
        since: row.get(2),
        fingerprint: row.get(3),
        place: Place::read(row),
        version: row.get(4),
    });
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: rows.last().map(|row| row.get(5)) });
    }
    let mut gone = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        gone.0.push(row.get::<_, &[u8]>(3));
        gone.1.push(row.get::<_, i64>(0));
        gone.2.push(row.get::<_, i64>(1));
        gone.3.push(row.get::<_, i64>(4));
    }
    let deleted = tx
        .execute(
            "DELETE FROM consent_fingerprint AS print
             USING unnest($1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[])
                   AS gone (fingerprint, installation, session, version)
             WHERE print.fingerprint = gone.fingerprint AND print.installation = gone.installation
               AND print.session = gone.session AND print.version = gone.version",
            &[&gone.0, &gone.1, &gone.2, &gone.3],
        )
        .await?;
    Ok(Batch { deleted, next, passed: None })
}

/// Those that are in a month go with it (`maintenance`).
pub(super) async fn old_events(
    tx: &Tx,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let Some(before) = ago(tx.now, Some(keep.duplicates)) else { return Ok(Batch::NOTHING) };
    let (received, happened, source, session, kind, digest) = match from {
        Some(After::Event { received, happened, source, session, kind, digest }) => {
            (received, happened, source, session, kind, digest)
        }
        _ => (i64::MIN, i64::MIN, i64::MIN, i64::MIN, i64::MIN, Vec::new()),
    };
    let rows = tx
        .rows(
            "SELECT received, happened, source, session, kind, digest,
                    COALESCE((SELECT name FROM source AS sender WHERE sender.id = source), '') || '/' || session
             FROM event_other
             WHERE (received, happened, source, session, kind, digest) > ($1, $2, $3, $4, $5, $6) AND received < $7
             ORDER BY received, happened, source, session, kind, digest LIMIT $8",
            &[&received, &happened, &source, &session, &kind, &digest, &millis(before), &portion.size],
        )
        .await?;
    let next = next_of(&rows, portion, |row| After::Event {
        received: row.get(0),
        happened: row.get(1),
        source: row.get(2),
        session: row.get(3),
        kind: row.get(4),
        digest: row.get(5),
    });
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: rows.last().map(|row| row.get(6)) });
    }
    let mut gone = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        gone.0.push(row.get::<_, i64>(1));
        gone.1.push(row.get::<_, i64>(2));
        gone.2.push(row.get::<_, i64>(3));
        gone.3.push(row.get::<_, i64>(4));
        gone.4.push(row.get::<_, &[u8]>(5));
    }
    let deleted = tx
        .execute(
            "DELETE FROM event_other AS event
             USING unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[])
                   AS gone (happened, source, session, kind, digest)
             WHERE event.happened = gone.happened AND event.source = gone.source AND event.session = gone.session
               AND event.kind = gone.kind AND event.digest = gone.digest",
            &[&gone.0, &gone.1, &gone.2, &gone.3, &gone.4],
        )
        .await?;
    Ok(Batch { deleted, next, passed: None })
}
