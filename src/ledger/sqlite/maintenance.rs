//! Deleting event keys that have served. Their table is in the order of sessions, and an index of its own for ages would cost every
//! delivery, so a walk goes round and round, a part of it at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, ToSql, params, params_from_iter};

use super::LedgerError;
use super::columns::Millis;
use super::expired::{note, note_refused};
use super::job::{Tx, Wakes};
use super::readers::Readers;
use super::writer::Writer;
use crate::keys::Digest;
use crate::ledger::expiry::{Portion, RecordKind, Refusals, Round, after_refusal, ago, counted};
use crate::lock::lock;

/// Keys that one write looks at; deleting as many takes some 10 ms.
const CHUNK_KEYS: i64 = 4_096;

/// Chunks in one round.
const CHUNKS_MAX: usize = 64;

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
pub(super) struct Walk(Mutex<Walked>);

#[derive(Clone)]
struct Walked {
    from: EventKey,
    portion: Portion,
    refusals: Refusals,
}

impl Walked {
    fn beginning() -> Self {
        Self { from: EventKey::FIRST, portion: Portion::new(CHUNK_KEYS), refusals: Refusals::default() }
    }
}

impl Walk {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Walked::beginning()))
    }

    /// Walks on, to the end of the table at most.
    pub(super) async fn go_on(
        &self,
        readers: &Arc<Readers>,
        writer: &Writer,
        age: Duration,
    ) -> Result<(), LedgerError> {
        let kind = RecordKind::Events;
        let Some(before) = ago(Timestamp::now(), Some(age)) else { return Ok(()) };
        for number in 1..=CHUNKS_MAX {
            let Walked { from, portion, refusals } = lock(&self.0).clone();
            // Looked up by a reader: on the writer's thread, every delivery would wait for it.
            let to = readers.read(move |connection| chunk_end(connection, from, portion)).await?;
            let is_behind = to.is_some() && number == CHUNKS_MAX;
            let chunk = move |tx: &Tx<'_>| {
                let keys = Chunk { from, to, before };
                let passed = if portion.passes { Some(keys.named(tx)?) } else { None };
                let deleted = if portion.passes { 0 } else { keys.delete(tx)? };
                let round = Round { deleted, is_behind };
                note(tx, kind, round, to.is_none() || is_behind)?;
                let refusals = refusals.and(passed);
                note_refused(tx, kind, &refusals, to.is_none())?;
                Ok((round, refusals))
            };
            let (round, refusals) = match writer.write(Wakes::NoOne, chunk).await {
                Ok(done) => done,
                Err(error) => {
                    lock(&self.0).portion = after_refusal(kind, portion, error)?;
                    continue;
                }
            };
            counted(kind, round);
            // Only after the deletion: a chunk that failed is walked once more.
            let Some(from) = to else {
                *lock(&self.0) = Walked::beginning();
                break;
            };
            *lock(&self.0) = Walked { from, portion: portion.next(), refusals };
        }
        Ok(())
    }
}

/// The key that ends a chunk; `None` when the table ends before.
fn chunk_end(connection: &Connection, from: EventKey, portion: Portion) -> Result<Option<EventKey>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT source, session, kind, digest FROM event
         WHERE (source, session, kind, digest) >= (?1, ?2, ?3, ?4)
         ORDER BY source, session, kind, digest LIMIT 1 OFFSET ?5",
    )?;
    let end = statement.query_row(params![from.source, from.session, from.kind, from.digest, portion.size], |row| {
        Ok(EventKey { source: row.get(0)?, session: row.get(1)?, kind: row.get(2)?, digest: row.get(3)? })
    });
    Ok(end.optional()?)
}

/// Keys in their order, of which those go that came before a time.
struct Chunk {
    from: EventKey,
    to: Option<EventKey>,
    before: Timestamp,
}

/// Those of a chunk.
const OLD_KEYS: &str = "(source, session, kind, digest) >= (?1, ?2, ?3, ?4)
                        AND (source, session, kind, digest) < (?5, ?6, ?7, ?8) AND received < ?9";

impl Chunk {
    fn delete(&self, tx: &Tx<'_>) -> Result<u64, LedgerError> {
        let deleted = tx
            .prepare_cached(&format!("DELETE FROM event WHERE {OLD_KEYS}"))?
            .execute(params_from_iter(self.values()))?;
        Ok(deleted as u64)
    }

    /// The session of the one key, as a person knows it.
    fn named(&self, tx: &Tx<'_>) -> Result<String, LedgerError> {
        let sql = format!(
            "SELECT COALESCE((SELECT name FROM source WHERE id = event.source), '') || '/' || session FROM event
             WHERE {OLD_KEYS} LIMIT 1"
        );
        let mut statement = tx.prepare_cached(&sql)?;
        let name = statement.query_row(params_from_iter(self.values()), |row| row.get(0)).optional()?;
        Ok(name.unwrap_or_default())
    }

    fn values(&self) -> [Box<dyn ToSql>; 9] {
        // No source has the last number, so this is beyond every key.
        let to = self.to.unwrap_or(EventKey { source: i64::MAX, ..EventKey::FIRST });
        let EventKey { source, session, kind, digest } = self.from;
        [
            Box::new(source),
            Box::new(session),
            Box::new(kind),
            Box::new(digest),
            Box::new(to.source),
            Box::new(to.session),
            Box::new(to.kind),
            Box::new(to.digest),
            Box::new(Millis(self.before)),
        ]
    }
}
