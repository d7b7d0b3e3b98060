//! What this process has seen of its ledger. A chain can go back under a running server: a database fails over to one that
//! was behind, or is restored. The numbers that are missing then must not be given out a second time, and what is remembered
//! must not go back with it; also when others have appended since, so that the chain is longer again than it was.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::{Behind, Known, compare};
use crate::attention::SET_BACK;
use crate::key_files::read_public_keys;
use crate::ledger::{LedgerError, Queue, Records};
use crate::lock::lock;
use crate::receipt::{ChainEnd, ReceiptHead};

/// What this process has seen of its ledger.
#[derive(Debug)]
pub(crate) struct Newest {
    /// Where the deployment's keys are.
    keys_dir: PathBuf,
    /// Of its receipts, hex, with the ones that were rotated: as they were read last.
    public_keys: Mutex<Vec<String>>,
    known: Mutex<Known>,
    /// Whether a person may be told by the ledger that it went back.
    told: tokio::sync::Mutex<bool>,
    appended: Notify,
    /// Receipts up to this number may be issued.
    reserved: watch::Sender<u64>,
}

/// How long a receipt waits until its number is covered by what is known outside. Longer than a write takes to a disk that works; one that does not
/// stops no receipt, but is told to a person.
const RESERVING_MAX: Duration = Duration::from_secs(2);

impl Newest {
    /// Begins with what is known of a ledger that was compared with what is known outside of it.
    pub(crate) fn from(known: Known, keys_dir: PathBuf, public_keys: Vec<String>) -> Self {
        Self {
            keys_dir,
            public_keys: Mutex::new(public_keys),
            known: Mutex::new(known),
            told: tokio::sync::Mutex::new(false),
            appended: Notify::new(),
            reserved: watch::Sender::new(0),
        }
    }

    /// Looks where the chain ends. Nothing may be appended to one that has not the newest receipt that was seen, for the reason
    /// that is returned; it is noted for a person as long as it is so.
    pub(crate) async fn look(
        &self,
        records: &dyn Records,
        queue: &dyn Queue,
    ) -> Result<Result<ChainEnd, String>, LedgerError> {
        // Taken before the ledger is asked: what is appended meanwhile is not missed.
        let before = lock(&self.known).clone();
        let end = records.receipt_end().await?;
        let is_as_seen = end.gap.is_none() && end.head == before.receipt;
        let compared = if is_as_seen { Ok(()) } else { self.compare(&before, records).await? };
        let why = compared.map_err(|behind| behind.brief());
        self.tell(why.as_ref().err().map(String::as_str), queue).await?;
        if why.is_ok() {
            self.note(end.head.as_ref());
        }
        Ok(why.map(|()| end))
    }

    /// Several look at once, and one that looked before another may tell after it: what is remembered is what was told last. What
    /// could not be told, or of which it is not known, is told with the next look.
    async fn tell(&self, why: Option<&str>, queue: &dyn Queue) -> Result<(), LedgerError> {
        let mut told = self.told.lock().await;
        if why.is_some() || *told {
            *told = true;
            queue.keeper_ended(SET_BACK, why).await?;
            *told = why.is_some();
        }
        Ok(())
    }

    /// A receipt key may be rotated while this process runs, and others sign with the new one before it is started again.
    async fn compare(&self, before: &Known, records: &dyn Records) -> Result<Result<(), Behind>, LedgerError> {
        let keys = lock(&self.public_keys).clone();
        let compared = compare(Some(before), records, &keys).await?;
        if compared.is_ok() {
            return Ok(compared);
        }
        let Ok(now) = read_public_keys(&self.keys_dir) else { return Ok(compared) };
        if now == keys {
            return Ok(compared);
        }
        lock(&self.public_keys).clone_from(&now);
        compare(Some(before), records, &now).await
    }

    /// Notes what was appended here.
    pub(crate) fn saw(&self, head: Option<&ReceiptHead>) {
        self.note(head);
        self.appended.notify_one();
    }

    /// Returns once receipts up to this number may be issued: once it is known outside that they may have been.
    pub(crate) async fn may_issue(&self, last: u64) {
        let mut reserved = self.reserved.subscribe();
        if *reserved.borrow_and_update() < last {
            // Else it is looked only after a while.
            self.appended.notify_one();
            drop(timeout(RESERVING_MAX, reserved.wait_for(|reserved| *reserved >= last)).await);
        }
    }

    /// Receipts up to this number may be issued.
    pub(super) fn reserved(&self, last: u64) {
        self.reserved.send_replace(last);
    }

    /// Returns when something was appended here since the last time.
    pub(super) async fn appended(&self) {
        self.appended.notified().await;
    }

    fn note(&self, head: Option<&ReceiptHead>) {
        let mut known = lock(&self.known);
        if head.is_some_and(|head| head.sequence > known.sequence()) {
            known.receipt = head.cloned();
        }
    }

    /// What has been seen, to be kept.
    pub(super) fn known(&self) -> Known {
        lock(&self.known).clone()
    }
}
