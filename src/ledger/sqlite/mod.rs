//! The embedded ledger: SQLite in one file. Calls of the port enter and become statements; which rule or target they
//! come from is not known here.
//!
//! One thread writes (`writer`), a few connections read (`readers`). What is received goes a short way of its own
//! (`record`, later unfolded by `inbox`); everything else is a function on a transaction, one file for each noun.

mod checkpoint;
mod columns;
mod counts;
mod deciding;
mod erasures;
mod failure;
mod inbox;
mod job;
mod meta;
mod quarantine;
mod readers;
mod receipts;
mod record;
mod schedule;
mod schema;
mod sessions;
mod sources;
mod steps;
mod targets;
mod tasks;
mod tidy;
mod work;
mod writer;

pub(crate) use schema::OpenError;

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;

use self::job::Wakes;
use self::readers::Readers;
use self::tidy::Walk;
use self::writer::Writer;
use super::{
    Attempt, Claim, Closed, Counts, Decision, EraseWork, ErasureFilter, Finished, Ledger, LedgerError, PutAside,
    QuarantineId, Quarantined, Queue, ReceiptRange, Recorded, Resolution, SessionChange, SessionView, StepEnd,
    StepWork, Stored, TargetHealth, TargetState, Work,
};
use crate::erasure::{Erasure, ErasureId, NewErasure, Outcome};
use crate::event::StoredEvent;
use crate::keys::{Digest, Fingerprint};
use crate::receipt::{Receipt, ReceiptHead};
use crate::subject::{GuestId, SessionKey, SourceName, TargetName};

/// A ledger in a file. Several processes may have it open at once.
pub(crate) struct SqliteLedger {
    writer: Writer,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Arc<Readers>,
    changed: Arc<Notify>,
    walk: Walk,
}

impl SqliteLedger {
    /// Opens the file, makes it where it is missing, and brings its schema up to date. Blocks for a moment.
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, OpenError> {
        let connection = schema::open(path)?;
        let changed = Arc::new(Notify::new());
        let (writer, thread) = Writer::start(connection, path.to_owned(), changed.clone())
            .map_err(|error| OpenError::Failed { path: path.to_owned(), source: error.into() })?;
        let thread = Mutex::new(Some(thread));
        Ok(Arc::new(Self { writer, thread, readers: Readers::new(path.to_owned()), changed, walk: Walk::new() }))
    }

    /// Writes what waits and closes the file, which empties the log unless another process has the file open. Whatever is asked later is answered `Busy`.
    pub(crate) async fn shutdown(&self) {
        self.readers.close().await;
        self.writer.stop().await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread contains its panics, so there is nothing to learn from its end.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn record(&self, event: StoredEvent) -> Result<Recorded, LedgerError> {
        self.writer.record(&event).await
    }

    async fn quarantine(&self, item: Quarantined) -> Result<PutAside, LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| quarantine::add(tx, &item)).await
    }

    async fn claim(&self, queue: &Queue, most: usize, lease: Duration) -> Result<Vec<Claim>, LedgerError> {
        let queue = queue.clone();
        self.writer.write(Wakes::NoOne, move |tx| tasks::claim(tx, &queue, most, lease)).await
    }

    // Written out, because the body of an `async fn` runs at the first poll, and this begins with the call.
    fn changed<'a, 'b>(&'a self) -> Pin<Box<dyn Future<Output = ()> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.changed.notified())
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError> {
        let (task, fence) = (claim.task, claim.fence);
        self.writer.write(Wakes::NoOne, move |tx| tasks::renew(tx, task, fence, lease)).await
    }

    async fn retry(
        &self,
        claim: Claim,
        pause: Duration,
        attempt: Attempt,
        reason: &str,
    ) -> Result<Finished, LedgerError> {
        let reason = reason.to_owned();
        self.writer.write(Wakes::Workers, move |tx| tasks::retry(tx, &claim, pause, attempt, &reason)).await
    }

    async fn park(&self, claim: Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
        let reason = reason.to_owned();
        self.writer.write(Wakes::NoOne, move |tx| tasks::park(tx, &claim, outcome, &reason)).await
    }

    async fn decided(&self, claim: Claim, decision: Decision) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| deciding::decided(tx, &claim, &decision)).await
    }

    async fn resolved(&self, claim: Claim, resolution: Resolution) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| steps::resolved(tx, &claim, &resolution)).await
    }

    async fn awaited_targets(&self) -> Result<Vec<TargetName>, LedgerError> {
        self.readers.read(tasks::awaited_targets).await
    }

    async fn stepped(&self, claim: Claim, end: StepEnd) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| steps::stepped(tx, &claim, end)).await
    }

    async fn closed(&self, claim: Claim, receipt: Receipt) -> Result<Closed, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| receipts::closed(tx, &claim, &receipt)).await
    }

    async fn session(&self, key: &SessionKey) -> Result<Option<SessionView>, LedgerError> {
        let key = key.clone();
        self.readers.read(move |connection| sessions::one(connection, &key)).await
    }

    async fn sessions_of_guest(&self, source: &SourceName, guest: &GuestId) -> Result<Vec<SessionView>, LedgerError> {
        let (source, guest) = (source.clone(), guest.clone());
        self.readers.read(move |connection| sessions::of_guest(connection, &source, &guest)).await
    }

    async fn sessions_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<SessionView>, LedgerError> {
        let fingerprints = fingerprints.to_vec();
        self.readers.read(move |connection| sessions::with(connection, &fingerprints)).await
    }

    async fn request(&self, erasure: NewErasure) -> Result<ErasureId, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| schedule::schedule(tx, &erasure)).await
    }

    async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, LedgerError> {
        self.readers.read(move |connection| erasures::one(connection, id)).await
    }

    async fn erasures(&self, filter: &ErasureFilter) -> Result<Vec<Erasure>, LedgerError> {
        let filter = filter.clone();
        self.readers.read(move |connection| erasures::list(connection, &filter)).await
    }

    async fn retry_erasure(&self, id: ErasureId) -> Result<bool, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| schedule::retry(tx, id)).await
    }

    async fn cancel_erasure(&self, id: ErasureId) -> Result<bool, LedgerError> {
        self.writer.write(Wakes::Workers, move |tx| schedule::cancel(tx, id)).await
    }

    async fn retry_parked(&self) -> Result<u64, LedgerError> {
        self.writer.write(Wakes::Workers, tasks::retry_parked).await
    }

    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError> {
        self.readers.read(receipts::head).await
    }

    async fn receipts(&self, range: &ReceiptRange) -> Result<Vec<Receipt>, LedgerError> {
        let range = *range;
        self.readers.read(move |connection| receipts::list(connection, range)).await
    }

    async fn quarantined(&self) -> Result<Vec<Stored>, LedgerError> {
        self.readers.read(quarantine::list).await
    }

    async fn quarantined_one(&self, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError> {
        self.readers.read(move |connection| quarantine::one(connection, id)).await
    }

    async fn quarantine_drop(&self, id: QuarantineId) -> Result<bool, LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| quarantine::drop(tx, id)).await
    }

    async fn targets(&self) -> Result<Vec<TargetHealth>, LedgerError> {
        self.readers.read(targets::list).await
    }

    async fn set_target(&self, health: TargetHealth) -> Result<(), LedgerError> {
        let wakes = if health.state == TargetState::Open { Wakes::Workers } else { Wakes::NoOne };
        self.writer.write(wakes, move |tx| targets::set(tx, &health)).await
    }

    async fn counts(&self) -> Result<Counts, LedgerError> {
        self.readers.read(|connection| counts::all(connection, Timestamp::now())).await
    }

    async fn writable(&self) -> Result<(), LedgerError> {
        self.writer.write(Wakes::NoOne, meta::touch).await
    }

    async fn belongs_to(&self, check: Digest) -> Result<bool, LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| meta::belongs_to(tx, check)).await
    }

    async fn tidy(&self, duplicates_for: Duration) -> Result<(), LedgerError> {
        self.walk.go_on(&self.readers, &self.writer, duplicates_for).await?;
        if self.writer.truncate_log().await? {
            return Ok(());
        }
        Err(LedgerError::Busy(anyhow::anyhow!("a reader keeps the ledger's log from being emptied")))
    }
}

#[cfg(test)]
mod tests;
