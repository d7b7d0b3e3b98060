//! A copy of the file as it is at one moment, made while others write, and a look into such a copy. A copy of the file alone
//! would lack what stands in its log, and tear what is written meanwhile.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::columns::Millis;
use super::{generations, meta, processes, receipts, schema};
use crate::keys::{KeyId, KeyKind};
use crate::ledger::{LedgerId, OpenError, ProcessView, SealGeneration, name_of_key};
use crate::receipt::ReceiptHead;

/// A ledger's file, looked into without changing it.
#[derive(Clone, Debug)]
pub(crate) struct SqliteView {
    pub(crate) id: LedgerId,
    /// What its next receipt follows.
    pub(crate) head: Option<ReceiptHead>,
    /// The ids of its keys, once it had them.
    pub(crate) keys: Vec<(KeyKind, KeyId)>,
    /// When something was last written that tells its time.
    pub(crate) written: Option<Timestamp>,
    /// Processes that are there, and not lost.
    pub(crate) users: usize,
    pub(crate) seals: Vec<SealGeneration>,
}

/// Copies what is committed into a file that is there and empty. Free pages are left out, and with them what was destroyed.
/// The copy is not on the disk yet when this returns.
pub(crate) fn back_up(from: &Path, to: &Path) -> anyhow::Result<()> {
    let name = to.to_str().context("the file's name is not UTF-8")?;
    let connection = schema::open_reader(from)?;
    schema::is_readable(&connection)?;
    let copied = connection.execute("VACUUM INTO ?1", [name]);
    if copied.is_err() {
        // SQLite's journal of the copy, which would stay behind; where there is none, there is nothing to remove.
        let _ = std::fs::remove_file(format!("{name}-journal"));
    }
    copied.with_context(|| format!("{} could not be copied into {name}", from.display()))?;
    Ok(())
}

/// Verifies that a file is a whole backup, and looks into it.
pub(crate) fn inspect_backup(path: &Path) -> Result<SqliteView, OpenError> {
    failing(path, || {
        ensure!(
            !keeps_a_log(path)?,
            "it is no backup but the file of a ledger in use, which without its log may lack what was written last: \
             `quietus ledger backup` makes one"
        );
        let connection = schema::open_reader(path)?;
        let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        ensure!(found == "ok", "it is damaged: {found}");
        let view = view(&connection)?;
        let moved = "SELECT 1 FROM meta WHERE name IN ('copy', 'retired')";
        ensure!(
            !connection.prepare(moved)?.exists([])?,
            "it is of a ledger that was copied into another, or half a copy"
        );
        Ok(view)
    })
}

/// Looks into a ledger's file, whoever works on it.
pub(crate) fn inspect(path: &Path) -> Result<SqliteView, OpenError> {
    failing(path, || view(&schema::open_reader(path)?))
}

fn view(connection: &Connection) -> anyhow::Result<SqliteView> {
    schema::is_readable(connection)?;
    let now = Timestamp::now();
    let sql = "SELECT CAST(value AS TEXT) FROM meta WHERE name = ?1";
    let mut keys = Vec::new();
    for kind in KeyKind::ALL {
        let id = connection.query_row(sql, [name_of_key(kind)], |row| row.get(0)).optional()?;
        keys.extend(id.map(|id| (kind, KeyId::written(id))));
    }
    let written: Option<Millis> = connection.query_row(
        "SELECT MAX(at) FROM (SELECT MAX(seen) AS at FROM process UNION ALL SELECT MAX(at) FROM audit
                              UNION ALL SELECT MAX(ended) FROM receipt)",
        [],
        |row| row.get(0),
    )?;
    Ok(SqliteView {
        id: meta::id(connection)?,
        head: receipts::end(connection)?.head,
        keys,
        written: written.map(|written| written.0),
        users: processes::list(connection, now)?.iter().filter(|process: &&ProcessView| !process.is_lost()).count(),
        seals: generations::list(connection, now)?,
    })
}

/// Whether a file says of itself that a log belongs to it: its format versions for writing and reading are those of
/// write-ahead logging (sqlite.org/fileformat2.html, 1.3).
fn keeps_a_log(path: &Path) -> anyhow::Result<bool> {
    let mut head = [0; 20];
    File::open(path)?.read_exact(&mut head).context("it is no SQLite file")?;
    ensure!(head.starts_with(b"SQLite format 3\0"), "it is no SQLite file");
    Ok(head[18] == 2 || head[19] == 2)
}

fn failing<T>(path: &Path, look: impl FnOnce() -> anyhow::Result<T>) -> Result<T, OpenError> {
    look().map_err(|source| OpenError::Failed { ledger: path.display().to_string(), source })
}
