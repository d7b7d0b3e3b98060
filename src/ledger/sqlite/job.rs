//! One write of its own: it fails alone, and its caller is answered once the whole batch is on disk.

use std::ops::Deref;

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::LedgerError;
use super::failure::Failure;
use crate::ledger::clock::Look;

/// The transaction that a write is part of.
pub(super) struct Tx<'a> {
    connection: &'a Connection,
    /// The ledger's clock at the batch's beginning.
    pub(super) now: Timestamp,
    /// The same, and when that was by the machine's time since its start.
    pub(super) look: Look,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a Connection, look: Look) -> Self {
        Self { connection, now: look.now, look }
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// Who is woken after the commit, of those who wait for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wakes {
    NoOne,
    /// Who waits for a queue in which something is due now.
    Due,
    /// Everyone: more than what is due may have changed, such as how a target is.
    All,
}

/// Who waits for a write.
pub(super) type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

/// A write, whatever it returns.
pub(super) trait Job: Send {
    /// Whether its caller gave up; it is left out then.
    fn abandoned(&self) -> bool;

    /// Writes. A failure that is the write's own is kept for its caller; one that ends the transaction is returned.
    fn run(&mut self, tx: &Tx<'_>) -> Result<Wakes, LedgerError>;

    /// Answers the caller, after the batch's end.
    fn answer(self: Box<Self>, batch: Result<(), &Failure>);
}

/// The one kind of job there is.
pub(super) struct Write<T, F> {
    wakes: Wakes,
    work: Option<F>,
    result: Option<Result<T, LedgerError>>,
    answer: Answer<T>,
}

impl<T, F> Write<T, F>
where
    T: Send,
    F: FnOnce(&Tx<'_>) -> Result<T, LedgerError> + Send,
{
    pub(super) fn new(wakes: Wakes, work: F, answer: Answer<T>) -> Self {
        Self { wakes, work: Some(work), result: None, answer }
    }
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&Tx<'_>) -> Result<T, LedgerError> + Send,
{
    fn abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(&mut self, tx: &Tx<'_>) -> Result<Wakes, LedgerError> {
        let Some(work) = self.work.take() else { return Ok(Wakes::NoOne) };
        let result = apart(tx, || work(tx))?;
        let wakes = if result.is_ok() { self.wakes } else { Wakes::NoOne };
        self.result = Some(result);
        Ok(wakes)
    }

    fn answer(self: Box<Self>, batch: Result<(), &Failure>) {
        let result = match (batch, self.result) {
            (Ok(()), Some(result)) => result,
            (Err(failure), _) => Err(failure.error()),
            (Ok(()), None) => return,
        };
        // A caller that gave up meanwhile finds what was written when it asks again.
        let _ = self.answer.send(result);
    }
}

/// Does a part of a transaction, of which nothing is left where it fails by itself: that is the result within. A failure that ends
/// the transaction is the one outside.
pub(super) fn apart<T>(
    tx: &Tx<'_>,
    work: impl FnOnce() -> Result<T, LedgerError>,
) -> Result<Result<T, LedgerError>, LedgerError> {
    // A savepoint of its own: what it wrote before it failed must not be committed with the others' writes.
    step(tx, "SAVEPOINT write")?;
    let result = match work() {
        // A full disk or a broken device may have rolled back the whole transaction already, and on what is damaged
        // nothing is committed.
        Err(other @ (LedgerError::Busy(_) | LedgerError::Damaged(_))) => return Err(other),
        result => result,
    };
    if result.is_err() {
        step(tx, "ROLLBACK TO write")?;
    }
    // Also after a rollback, which leaves the savepoint open below the next write's.
    step(tx, "RELEASE write")?;
    Ok(result)
}

/// Begins a transaction anew: nothing is left of what was written in it.
pub(super) fn begin_anew(tx: &Tx<'_>) -> Result<(), LedgerError> {
    // What failed may have ended it already.
    if !tx.is_autocommit() {
        step(tx, "ROLLBACK")?;
    }
    step(tx, "BEGIN IMMEDIATE")
}

fn step(tx: &Tx<'_>, sql: &str) -> Result<(), LedgerError> {
    tx.prepare_cached(sql)?.execute([])?;
    Ok(())
}
