//! Deleting what has served: fingerprints of erasures that ended long ago, and event keys. The table of these is in the order of sessions, and an index of its own for ages would
//! cost every delivery, so a walk goes round and round, a part of it at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::columns::Millis;
use super::expiry;
use super::job::{Tx, Wakes};
use super::readers::Readers;
use super::writer::Writer;
use crate::keys::Digest;
use crate::ledger::expiry::{RecordKind, Round, ago, counted};
use crate::lock::lock;

/// Keys that one write looks at; deleting as many takes some 10 ms.
const CHUNK_KEYS: usize = 4_096;

/// Chunks in one round.
const CHUNKS_MAX: usize = 64;

/// Fingerprints that one round deletes.
const FINGERPRINTS_MAX: usize = 50_000;

/// Deletes the fingerprints of erasures that ended so long ago.
pub(super) fn erasure_fingerprints(tx: &Tx<'_>, kept_for: Option<Duration>) -> Result<(), LedgerError> {
    let Some(before) = ago(tx.now, kept_for) else { return Ok(()) };
    let deleted = tx
        .prepare_cached(
            "DELETE FROM erasure_fingerprint WHERE (fingerprint, erasure, version) IN (
           SELECT fingerprint, erasure, version FROM erasure_fingerprint
           WHERE ended IS NOT NULL AND ended <= ?1 ORDER BY ended LIMIT ?2)",
        )?
        .execute(params![Millis(before), FINGERPRINTS_MAX as i64])?;
    let round = Round { deleted: deleted as u64, is_behind: deleted == FINGERPRINTS_MAX };
    counted(RecordKind::Fingerprints, round);
    expiry::note(tx, RecordKind::Fingerprints, round, true)
}

/// A place in the table of event keys.
#[derive(Clone, Copy)]
struct EventKey {
    source: i64,
    session: i64,
    kind: i64,
    digest: Digest,
}

impl EventKey {
    const FIRST: Self = Self { source: 0, session: i64::MIN, kind: 0, digest: Digest([0; 16]) };
}

/// Where the walk goes on.
pub(super) struct Walk(Mutex<EventKey>);

impl Walk {
    pub(super) fn new() -> Self {
        Self(Mutex::new(EventKey::FIRST))
    }

    /// Walks on, to the end of the table at most.
    pub(super) async fn go_on(
        &self,
        readers: &Arc<Readers>,
        writer: &Writer,
        age: Duration,
    ) -> Result<(), LedgerError> {
        let Some(before) = ago(Timestamp::now(), Some(age)) else { return Ok(()) };
        for number in 1..=CHUNKS_MAX {
            let from = *lock(&self.0);
            // Looked up by a reader: on the writer's thread, every delivery would wait for it.
            let to = readers.read(move |connection| chunk_end(connection, from)).await?;
            let is_behind = to.is_some() && number == CHUNKS_MAX;
            let round = move |tx: &Tx<'_>| {
                let round = Round { deleted: delete(tx, from, to, before)?, is_behind };
                expiry::note(tx, RecordKind::Events, round, to.is_none() || is_behind)?;
                Ok(round)
            };
            counted(RecordKind::Events, writer.write(Wakes::NoOne, round).await?);
            // Only after the deletion: a chunk that failed is walked once more.
            *lock(&self.0) = to.unwrap_or(EventKey::FIRST);
            if to.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// The key that ends a chunk; `None` when the table ends before.
fn chunk_end(connection: &Connection, from: EventKey) -> Result<Option<EventKey>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT source, session, kind, digest FROM event
         WHERE (source, session, kind, digest) >= (?1, ?2, ?3, ?4)
         ORDER BY source, session, kind, digest LIMIT 1 OFFSET ?5",
    )?;
    let end = statement
        .query_row(params![from.source, from.session, from.kind, from.digest, CHUNK_KEYS as i64], |row| {
            Ok(EventKey { source: row.get(0)?, session: row.get(1)?, kind: row.get(2)?, digest: row.get(3)? })
        });
    Ok(end.optional()?)
}

fn delete(tx: &Tx<'_>, from: EventKey, to: Option<EventKey>, before: Timestamp) -> Result<u64, LedgerError> {
    // No source has the last number, so this is beyond every key.
    let to = to.unwrap_or(EventKey { source: i64::MAX, ..EventKey::FIRST });
    let mut statement = tx.prepare_cached(
        "DELETE FROM event
         WHERE (source, session, kind, digest) >= (?1, ?2, ?3, ?4)
           AND (source, session, kind, digest) < (?5, ?6, ?7, ?8) AND received < ?9",
    )?;
    let deleted = statement.execute(params![
        from.source,
        from.session,
        from.kind,
        from.digest,
        to.source,
        to.session,
        to.kind,
        to.digest,
        Millis(before)
    ])?;
    Ok(deleted as u64)
}
