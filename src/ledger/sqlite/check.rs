//! Looking for damage before something needs what is damaged: SQLite's own check, soon after the start and then every day, on a
//! connection and a thread of its own and at a bounded rate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::LedgerError;
use super::damage::Damage;
use super::schema;
use crate::panics::caught_here;

/// From one check to the next.
const EVERY: Duration = Duration::from_secs(24 * 3_600);

/// So long the check works at a stretch, and then rests three times as long: at most a quarter of a core.
const SLICE: Duration = Duration::from_millis(2);

/// Steps of SQLite's after which the time is looked at; some microseconds.
const STEPS: i32 = 200;

/// The findings that are told of one table.
const FINDINGS_MAX: usize = 3;

/// The findings that the whole check tells.
const ALL_FINDINGS_MAX: usize = 20;

/// The thread that checks.
pub(super) struct Checks {
    stop: Arc<AtomicBool>,
    stopped: Sender<()>,
    thread: JoinHandle<()>,
}

impl Checks {
    pub(super) fn start(ledger: PathBuf, damage: Arc<Damage>) -> std::io::Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let (stopped, wait) = mpsc::channel();
        let stops = Arc::clone(&stop);
        let check = move || {
            while damage.refuse().is_ok() {
                // Within a transaction for each table: one over all of them would keep the log from starting over.
                let panicked = |_| Err(LedgerError::Broken(anyhow::anyhow!("the check panicked")));
                match damage.seen(caught_here(|| slowly(&ledger, &stops)).unwrap_or_else(panicked)) {
                    Ok(()) => {}
                    Err(_) if stops.load(Ordering::Relaxed) => return,
                    Err(LedgerError::Damaged(_)) => return,
                    Err(error) => tracing::warn!(%error, "could not check the ledger; it is checked again tomorrow"),
                }
                if wait.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("check".into()).spawn(check)?;
        Ok(Self { stop, stopped, thread })
    }

    /// Ends a check that is under way. Blocks for a moment.
    pub(super) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.stopped);
        // Nothing in it panics without being caught.
        let _ = self.thread.join();
    }
}

/// Checks all tables, at a bounded rate.
fn slowly(ledger: &Path, stop: &Arc<AtomicBool>) -> Result<(), LedgerError> {
    let mut connection = schema::open_reader(ledger)?;
    let stop = Arc::clone(stop);
    let mut begun = Instant::now();
    let rest = move || {
        if begun.elapsed() >= SLICE {
            thread::sleep(SLICE * 3);
            begun = Instant::now();
        }
        stop.load(Ordering::Relaxed)
    };
    connection.progress_handler(STEPS, Some(rest))?;
    tables(&connection)
}

/// Checks all tables, as fast as it goes.
pub(super) fn at_once(ledger: &Path) -> Result<(), LedgerError> {
    tables(&schema::open_reader(ledger)?)
}

/// SQLite's whole check: also whether indexes have what their tables have, and whether every page belongs to something.
pub(super) fn integrity(connection: &Connection) -> Result<Vec<String>, LedgerError> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({ALL_FINDINGS_MAX})"))?;
    let found: Vec<String> = check.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

fn tables(connection: &Connection) -> Result<(), LedgerError> {
    let mut all = vec!["sqlite_schema".to_owned()];
    let mut named = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?;
    for name in named.query_map([], |row| row.get(0))? {
        all.push(name?);
    }
    drop(named);
    for table in all {
        let sql = format!("PRAGMA quick_check('{table}')");
        let mut check = connection.prepare(&sql)?;
        let mut found = Vec::new();
        let mut rows = check.query([])?;
        while let Some(row) = rows.next()?
            && found.len() < FINDINGS_MAX
        {
            found.push(row.get::<_, String>(0)?);
        }
        if found != ["ok"] {
            return Err(LedgerError::Damaged(anyhow::anyhow!("the table `{table}`: {}", found.join("; "))));
        }
    }
    Ok(())
}
