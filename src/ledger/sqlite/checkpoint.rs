//! Moving the log's pages into the file, seldom and off the critical path.
//!
//! The bulk is moved on a thread and a connection of its own while the writer goes on. What was written meanwhile is
//! little; the writer moves it between two batches, so that the log is complete for a moment and starts over.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::LedgerError;
use super::files::Files;
use super::schema;

/// A log of so many pages is moved into the file. With 1,000 (SQLite's default) the 99th percentile of receiving is
/// 10 ms instead of 4.
const LOG_PAGES: i64 = 16_000;

/// A log of so many bytes needs a person. It is four times as long as it gets by itself, so that a busy minute is no alarm,
/// and grows by gigabytes in minutes under load, so that a larger one would be told when disks are full.
pub(super) const LOG_BYTES_LONG: u64 = 256 << 20;

/// While a reader keeps the log from starting over, its bulk is tried so often, however little is written.
const BULK_EVERY: Duration = Duration::from_secs(10);

/// The writer's bookkeeping of the log.
pub(super) struct Checkpoints {
    files: Arc<Files>,
    /// A command leaves that to the server, which would take the file for overwritten; where there is none, closing the file does it.
    is_wanted: bool,
    log_pages: i64,
    bulk: Option<JoinHandle<()>>,
    /// The length at which the next bulk begins; above `log_pages` while a reader keeps the log from starting over.
    next: i64,
    /// When the last one began.
    begun: Instant,
    /// How many pages the log had when it was measured last, and how many of them were in the file.
    measured: (i64, i64),
}

impl Checkpoints {
    pub(super) fn new(files: Arc<Files>, is_wanted: bool) -> Self {
        Self::at(files, is_wanted, LOG_PAGES)
    }

    fn at(files: Arc<Files>, is_wanted: bool, log_pages: i64) -> Self {
        Self { files, is_wanted, log_pages, bulk: None, next: log_pages, begun: Instant::now(), measured: (0, 0) }
    }

    /// Called between two batches.
    pub(super) fn after_commit(&mut self, connection: &Connection) {
        if !self.is_wanted {
            return;
        }
        let pages = match measure(connection) {
            Ok(measured) => {
                self.measured = measured;
                measured.0
            }
            Err(error) => return tracing::warn!(%error, "could not measure the ledger's log"),
        };
        if self.bulk.take_if(|bulk| bulk.is_finished()).is_some() {
            if let Some(_moving) = self.files.moving() {
                passive(connection);
            }
            // While a reader keeps the log from starting over, a bulk would otherwise begin after every commit.
            self.next = pages + self.log_pages / 4;
        } else if self.bulk.is_none()
            && (pages >= self.next || pages >= self.log_pages && self.begun.elapsed() >= BULK_EVERY)
        {
            self.begin();
        } else if pages < self.log_pages {
            self.next = self.log_pages;
        }
    }

    /// Whether somebody else has moved pages of the log into the file, as any program may that opens it by SQLite.
    pub(super) fn moved_by_others(&self, connection: &Connection) -> bool {
        // Where it is in the file as a whole, it starts over with the next commit.
        measure(connection).is_ok_and(|(pages, moved)| moved > self.measured.1 || pages < self.measured.0)
    }

    pub(super) fn join(&mut self) {
        if let Some(bulk) = self.bulk.take() {
            // A checkpoint that panicked is made up for by the next one.
            let _ = bulk.join();
        }
    }

    fn begin(&mut self) {
        self.begun = Instant::now();
        let Some(moving) = self.files.moving() else { return };
        let files = Arc::clone(&self.files);
        let bulk = std::thread::Builder::new().name("checkpoint".into()).spawn(move || {
            // To the end of the connection, which writes, too.
            let _moving = moving;
            match schema::open_beside(files.ledger()) {
                Ok(connection) => passive(&connection),
                Err(error) => tracing::warn!(%error, "could not open the ledger for a checkpoint"),
            }
        });
        match bulk {
            Ok(bulk) => self.bulk = Some(bulk),
            Err(error) => tracing::warn!(%error, "could not start a checkpoint"),
        }
    }
}

/// Moves what can be moved, on a connection of its own: the writer goes on meanwhile, and finds little left to be moved. `false`
/// while a reader keeps so much in the log that the writer would wait in vain, and everyone with it.
pub(super) fn beforehand(files: &Arc<Files>) -> Result<bool, LedgerError> {
    // Then the writer tells of it.
    let Some(_moving) = files.moving() else { return Ok(true) };
    let moved = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
    let (busy, log, moved) =
        schema::open_beside(files.ledger())?.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], moved)?;
    // Somebody else is moving it.
    Ok(busy != 0 || log - moved < LOG_PAGES)
}

/// Moves the whole log and cuts it to nothing, so that no destroyed byte lingers in it. `false` while a reader needs it.
pub(super) fn truncate(connection: &Connection) -> rusqlite::Result<bool> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

/// Moves the log that an earlier process left, before anything is acknowledged behind it: what that process could not sync may be in
/// memory only, and counts as written there.
pub(super) fn settle(connection: &Connection) {
    match truncate(connection) {
        Ok(true) => {}
        Ok(false) => tracing::warn!("a reader keeps the ledger's log from being moved into its file"),
        Err(error) => tracing::warn!(%error, "could not move the ledger's log into its file"),
    }
}

/// Moves all of the log into the file, and waits for readers that need it: what is open may soon be all there is of it.
pub(super) fn rescue(connection: &Connection) {
    match connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get::<_, i64>(0)) {
        Ok(0) => {}
        Ok(_) => tracing::warn!("a reader kept a part of the ledger's log from being moved into its file"),
        Err(error) => tracing::warn!(%error, "could not move the ledger's log into its file"),
    }
}

/// Nothing is moved when the connection is closed, and the log is left where it is.
pub(super) fn never(connection: &Connection) {
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::warn!(%error, "could not keep the ledger's log as it is");
    }
}

fn passive(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "could not move the ledger's log into its file");
    }
}

/// How many pages the log has, and how many of them are in the file.
fn measure(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_written_without_a_pause_starts_over() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("ledger.db");
        let connection = schema::open(&path).expect("opens");
        let files = Arc::new(Files::of(&path, true).expect("there"));
        let mut checkpoints = Checkpoints::at(files, true, 100);
        let mut longest = 0;
        let mut restarts = 0;
        let mut before = 0;
        for number in 0..100_000 {
            connection
                .execute("REPLACE INTO meta (name, value) VALUES (?1, randomblob(9000))", [number % 50])
                .expect("written");
            checkpoints.after_commit(&connection);
            let (pages, _) = measure(&connection).expect("measured");
            restarts += i32::from(pages < before);
            longest = longest.max(pages);
            before = pages;
            if restarts == 3 {
                return assert!(longest >= 100, "it starts over at {longest} pages");
            }
        }
        panic!("the log has grown to {longest} pages");
    }
}
