//! Opening the file: its permissions, the settings of a connection, migrations.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::access::must_be_allowed;
use super::columns::Millis;
use super::failure::is_damage;
use super::wal;
use crate::ledger::{Migrated, OpenError, UNRELEASED, migrations};

/// Only ever appended to once there is a release. The number of the last one applied stands in `user_version`: they are
/// numbered from [`UNRELEASED`] on. What was applied stands in the table `migration`.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_ledger.sql")];

/// The number of this program's schema.
pub(super) const KNOWN: usize = UNRELEASED + MIGRATIONS.len();

/// A log that is longer is cut to that when it starts over: what a reader had let it grow to is given back. It hardly gets as long by itself
/// (`checkpoint`).
const LOG_BYTES_KEPT: i64 = 64 << 20;

/// How often a lock that another process holds is tried, a millisecond apart. Even tries find the short gaps between
/// the batches of a busy server, which a growing pause would miss.
const LOCK_TRIES_MAX: i32 = 1_000;

/// How often a command tries it: on a machine that has too much to do, a batch of the server takes seconds, and a person would only begin
/// again.
const LOCK_TRIES_OF_A_COMMAND_MAX: i32 = 15_000;

/// How long a reader waits for what blocks readers, which is hardly anything.
const READ_WAIT_MAX: Duration = Duration::from_secs(1);

/// The connection that writes, on a file that is migrated and whole.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let connection = open_for_copy(path)?;
    let ledger = || path.display().to_string();
    let there = |name: &str| {
        let found = connection.prepare("SELECT 1 FROM meta WHERE name = ?1").and_then(|mut found| found.exists([name]));
        found.map_err(|error| does_not_open(path, error.into()))
    };
    if there("copy")? {
        return Err(OpenError::Unfinished { ledger: ledger() });
    }
    if there("retired")? {
        return Err(OpenError::Moved { ledger: ledger() });
    }
    Ok(connection)
}

/// For a command, which nobody waits for within a time.
pub(super) fn be_patient(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(|tries| {
        thread::sleep(Duration::from_millis(1));
        tries < LOCK_TRIES_OF_A_COMMAND_MAX
    }))
}

/// Why a file does not open: because of what is in it, or for another reason.
fn does_not_open(path: &Path, source: anyhow::Error) -> OpenError {
    let ledger = path.display().to_string();
    let code = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    if code.is_some_and(is_damage) {
        let advice = "restore a backup; `quietus ledger check` says more where it still opens";
        return OpenError::Damaged { ledger, what: format!("{source:#}"), advice };
    }
    OpenError::Failed { ledger, source }
}

/// The same, on a file into which another ledger may just be copied.
pub(super) fn open_for_copy(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| does_not_open(path, source);
    let mut connection = connect(path).map_err(failed)?;
    match migrate(&mut connection).map_err(failed)? {
        Schema::Known => Ok(connection),
        Schema::Altered(number) => Err(OpenError::Altered { ledger: path.display().to_string(), number }),
        Schema::Newer(found) => Err(OpenError::Newer { ledger: path.display().to_string(), found, known: KNOWN }),
        Schema::Unreleased(found) => {
            Err(OpenError::Unreleased { ledger: path.display().to_string(), found, known: KNOWN })
        }
    }
}

/// Brings a file's schema up to date, and makes the file where it is missing.
pub(crate) fn migrate_file(path: &Path) -> Result<Migrated, OpenError> {
    must_be_allowed(path)?;
    wal::look(path, None)?;
    let failed = |source| does_not_open(path, source);
    let from = connect(path).and_then(|connection| version(&connection)).map_err(failed)?;
    open(path)?;
    Ok(Migrated { from, to: KNOWN })
}

/// A connection that reads, on a file that [`open`] has opened.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    keep_plans(&connection)?;
    connection.busy_timeout(READ_WAIT_MAX)?;
    connection.execute_batch("PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// Refuses a file whose tables may be others than this program takes them for.
pub(super) fn is_readable(connection: &Connection) -> anyhow::Result<()> {
    let found = version(connection)?;
    anyhow::ensure!(found == KNOWN, "it has schema {found}, and this quietus reads {KNOWN}");
    let altered = altered(connection)?;
    anyhow::ensure!(altered.is_none(), "it was made with other migrations than those of this quietus");
    Ok(())
}

/// A second connection that writes, for checkpoints.
pub(super) fn open_beside(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256;")?;
    Ok(connection)
}

/// Every connection stays on its own thread or behind a lock, so SQLite's own locking is not needed.
fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// A statement that is prepared stays prepared: SQLite would plan it anew for each other value that is bound to it, which took
/// more time than to run it.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

fn connect(path: &Path) -> anyhow::Result<Connection> {
    // SQLite gives its log the permissions of the file, so the file is made first.
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    let mut connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    connection.busy_handler(Some(|tries| {
        thread::sleep(Duration::from_millis(1));
        tries < LOCK_TRIES_MAX
    }))?;
    keep_plans(&connection)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    anyhow::ensure!(mode == "wal", "the file system offers no shared memory for a write-ahead log");
    // FULL, as what was acknowledged has to survive a power cut; `secure_delete`, as a destroyed capsule must leave no
    // bytes in free pages; no automatic checkpoint, as it would run within a delivery's commit.
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192;",
    )?;
    // All statements that there are: one that is parsed anew costs more than it does.
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

enum Schema {
    Known,
    /// It was made with another migration of this number.
    Altered(usize),
    Newer(usize),
    Unreleased(usize),
}

/// Applies what is missing, in one transaction, so that two processes that start at once apply it once. Upon another schema than
/// they were written for, nothing is applied.
fn migrate(connection: &mut Connection) -> anyhow::Result<Schema> {
    // A command beside a busy server needs no lock to find that nothing is missing.
    if version(connection)? == KNOWN {
        return Ok(altered(connection)?.map_or(Schema::Known, Schema::Altered));
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have migrated it meanwhile.
    let found = version(&transaction)?;
    if (1..=UNRELEASED).contains(&found) {
        return Ok(Schema::Unreleased(found));
    }
    let Some(missing) = MIGRATIONS.get(found.saturating_sub(UNRELEASED)..) else { return Ok(Schema::Newer(found)) };
    if found > UNRELEASED
        && let Some(number) = altered(&transaction)?
    {
        return Ok(Schema::Altered(number));
    }
    for (number, sql) in (found.max(UNRELEASED) + 1..).zip(missing) {
        transaction.execute_batch(sql)?;
        transaction.execute(
            "INSERT INTO migration (number, applied, program, checksum) VALUES (?1, ?2, ?3, ?4)",
            params![number as i64, Millis(Timestamp::now()), env!("CARGO_PKG_VERSION"), migrations::checksum(sql)],
        )?;
    }
    transaction.pragma_update(None, "user_version", KNOWN as i64)?;
    transaction.commit()?;
    Ok(Schema::Known)
}

/// The number of a migration that is not the one of this program, if there is one.
fn altered(connection: &Connection) -> anyhow::Result<Option<usize>> {
    let mut statement = connection.prepare("SELECT number, checksum FROM migration ORDER BY number")?;
    let applied = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let applied =
        applied.map(|row| row.map(|(number, checksum)| (usize::try_from(number).unwrap_or(usize::MAX), checksum)));
    Ok(migrations::altered(&applied.collect::<Result<Vec<_>, _>>()?, MIGRATIONS))
}

fn version(connection: &Connection) -> anyhow::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    usize::try_from(version).context("the file's user_version is negative")
}
