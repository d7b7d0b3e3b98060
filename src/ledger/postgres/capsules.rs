//! What an erasure knows of the person: capsules, which only the seal key opens, and fingerprints, by which it is found.

use std::collections::HashMap;

use super::columns::{erasure_id, ids, millis};
use super::tx::{Connection, Tx};
use super::{LedgerError, generations};
use crate::erasure::{Capsule, ErasureId};
use crate::keys::{KeyId, Sealed};
use crate::ledger::holding::ShownSession;
use crate::subject::Fingerprinted;

pub(super) async fn add(tx: &Tx, id: ErasureId, capsule: &Capsule) -> Result<(), LedgerError> {
    generations::must_seal(tx, Some(&capsule.seal_key)).await?;
    tx.execute(
        "INSERT INTO capsule (erasure, wrapped_key, content, seal_key) VALUES ($1, $2, $3, $4)",
        &[&id.0.as_slice(), &capsule.wrapped_key.0, &capsule.content.0, &capsule.seal_key.as_str()],
    )
    .await?;
    Ok(())
}

/// The capsules of these erasures, in the order in which they were added.
pub(super) async fn of(
    connection: &Connection,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, Vec<Capsule>>, LedgerError> {
    let rows = connection
        .rows(
            "SELECT erasure, wrapped_key, content, seal_key FROM capsule WHERE erasure = ANY($1) ORDER BY id",
            &[&ids(all)],
        )
        .await?;
    let mut capsules = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let seal_key = KeyId::written(row.get(3));
        let capsule = Capsule { wrapped_key: Sealed(row.get(1)), content: Sealed(row.get(2)), seal_key };
        capsules.entry(erasure_id(row.get(0))?).or_default().push(capsule);
    }
    Ok(capsules)
}

pub(super) async fn delete(tx: &Tx, all: &[ErasureId]) -> Result<(), LedgerError> {
    tx.execute("DELETE FROM capsule WHERE erasure = ANY($1)", &[&ids(all)]).await?;
    Ok(())
}

/// By these the erasure is found again.
pub(super) async fn add_fingerprints(
    tx: &Tx,
    id: ErasureId,
    fingerprints: &[Fingerprinted],
) -> Result<(), LedgerError> {
    if fingerprints.is_empty() {
        return Ok(());
    }
    let values: Vec<&[u8]> = fingerprints.iter().map(|one| one.fingerprint.0.as_slice()).collect();
    let versions: Vec<i64> = fingerprints.iter().map(|one| i64::from(one.version)).collect();
    let kinds: Vec<&str> = fingerprints.iter().map(|one| one.kind.as_str()).collect();
    tx.execute(
        "INSERT INTO erasure_fingerprint (fingerprint, erasure, version, kind)
         SELECT fingerprint, $1, version, kind FROM unnest($2::BYTEA[], $3::BIGINT[], $4::TEXT[])
                                                    AS new (fingerprint, version, kind)
         ON CONFLICT DO NOTHING",
        &[&id.0.as_slice(), &values, &versions, &kinds],
    )
    .await?;
    Ok(())
}

/// By these a hold finds the sessions that the erasure reaches, whether there are records of them or not.
pub(super) async fn add_shown(tx: &Tx, id: ErasureId, shown: &[ShownSession]) -> Result<(), LedgerError> {
    let rows: Vec<_> = shown.iter().flat_map(ShownSession::rows).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sessions: Vec<i64> = rows.iter().map(|row| row.session).collect();
    let digests: Vec<&[u8]> = rows.iter().map(|row| row.digest).collect();
    let versions: Vec<i64> = rows.iter().map(|row| i64::from(row.version)).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
    let supplementary: Vec<bool> = rows.iter().map(|row| row.supplementary).collect();
    tx.execute(
        "INSERT INTO erasure_shown (erasure, session, digest, version, kind, supplementary)
         SELECT $1, session, digest, version, kind, supplementary
         FROM unnest($2::BIGINT[], $3::BYTEA[], $4::BIGINT[], $5::TEXT[], $6::BOOLEAN[])
              AS new (session, digest, version, kind, supplementary)
         ON CONFLICT DO NOTHING",
        &[&id.0.as_slice(), &sessions, &digests, &versions, &kinds, &supplementary],
    )
    .await?;
    Ok(())
}

/// The fingerprints of erasures that have ended are kept for a while from now on.
pub(super) async fn end_fingerprints(tx: &Tx, all: &[ErasureId]) -> Result<(), LedgerError> {
    let sql = "UPDATE erasure_fingerprint SET ended = $2 WHERE erasure = ANY($1)";
    tx.execute(sql, &[&ids(all), &millis(tx.now)]).await?;
    Ok(())
}
