//! The one thread that writes. Whatever waits becomes one transaction, and everyone is answered after its commit.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::{self, Checkpoints};
use super::claiming;
use super::damage::Damage;
use super::failure::{Failure, broken};
use super::files::Files;
use super::job::{Answer, Job, Tx, Wakes, Write};
use super::names::Remembered;
use super::record::{self, Answers, Delivery};
use super::{LedgerError, Notifier, Recorded};
use crate::event::StoredEvent;
use crate::ledger::clock::Look;
use crate::panics::caught_here;

/// Writes that wait for the thread; further callers wait for room.
const WAITING_MAX: usize = 4_096;

/// Writes in one transaction.
const BATCH_MAX: usize = 4_096;

/// How long another program may take to move the log into the file: so often it is looked whether it has.
const WRITTEN_TRIES: usize = 100;
const WRITTEN_TRIES_APART: Duration = Duration::from_millis(10);

/// The way to the thread.
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
    damage: Arc<Damage>,
}

enum Order {
    Record(Delivery),
    Write(Box<dyn Job>),
    /// Cuts the log to nothing; `false` when a reader needs it.
    Truncate(Answer<bool>),
    Stop,
}

impl Writer {
    /// Starts the thread. `moves_log`: it is a server's, which alone moves the log into the file. `notifier` is notified at every
    /// commit that adds work.
    pub(super) fn start(
        connection: Connection,
        damage: Arc<Damage>,
        (files, moves_log): (Arc<Files>, bool),
        notifier: Arc<Notifier>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (orders, waiting) = mpsc::channel(WAITING_MAX);
        let checkpoints = Checkpoints::new(Arc::clone(&files), moves_log);
        let remembered = Remembered::default();
        let thread = Thread { connection, remembered, checkpoints, damage: Arc::clone(&damage), files, notifier };
        let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || thread.run(waiting))?;
        Ok((Self { orders, damage }, thread))
    }

    pub(super) async fn record(&self, event: &StoredEvent) -> Result<Recorded, LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Record(Delivery::new(event, answer)?), answered).await
    }

    pub(super) async fn write<T, F>(&self, wakes: Wakes, work: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Write(Box::new(Write::new(wakes, work, answer))), answered).await
    }

    pub(super) async fn truncate_log(&self) -> Result<bool, LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Truncate(answer), answered).await
    }

    /// Lets the thread end after what waits now; later writes are refused.
    pub(super) async fn stop(&self) {
        // No receiver means that it has ended already.
        let _ = self.orders.send(Order::Stop).await;
    }

    async fn order<T>(
        &self,
        order: Order,
        answered: oneshot::Receiver<Result<T, LedgerError>>,
    ) -> Result<T, LedgerError> {
        self.damage.refuse()?;
        let closed = |_| LedgerError::Busy(anyhow::anyhow!("the ledger is closed"));
        self.orders.send(order).await.map_err(closed)?;
        answered.await.unwrap_or_else(|_| Err(broken("the ledger's writer gave no answer")))
    }
}

/// What becomes one transaction.
#[derive(Default)]
struct Batch {
    deliveries: Vec<Delivery>,
    jobs: Vec<Box<dyn Job>>,
}

struct Thread {
    connection: Connection,
    remembered: Remembered,
    checkpoints: Checkpoints,
    damage: Arc<Damage>,
    files: Arc<Files>,
    notifier: Arc<Notifier>,
}

impl Thread {
    fn run(mut self, mut waiting: mpsc::Receiver<Order>) {
        let mut orders = Vec::new();
        // Group commit: a commit costs one fsync, whatever is in it. Nobody is made to wait for a fuller batch; while one
        // batch is being synced, the next one fills by itself, so it grows with the load.
        while waiting.blocking_recv_many(&mut orders, BATCH_MAX) > 0 {
            // What panicked is rolled back and its callers learn that they got no answer; the others go on.
            if caught_here(|| self.carry_out(orders.drain(..), &mut waiting)).is_err() {
                self.remembered.forget();
                tracing::error!("a write to the ledger panicked");
            }
        }
        // The last process that closes the file moves the log into it; another process that has it open is not made to wait.
        self.checkpoints.join();
        if self.damage.refuse().is_err() || self.unwritten().is_err() {
            // What is damaged or not ours any more stays as it is, for those who look into it.
            checkpoint::never(&self.connection);
        }
    }

    fn carry_out(&mut self, orders: impl Iterator<Item = Order>, waiting: &mut mpsc::Receiver<Order>) {
        let mut batch = Batch::default();
        let mut truncations = Vec::new();
        for order in orders {
            match order {
                // The caller gave up and has been told so.
                Order::Record(delivery) if delivery.answer.is_closed() => {}
                Order::Write(job) if job.abandoned() => {}
                Order::Record(delivery) => batch.deliveries.push(delivery),
                Order::Write(job) => batch.jobs.push(job),
                Order::Truncate(answer) => truncations.push(answer),
                // What was sent before is still received and written; only later callers are refused.
                Order::Stop => waiting.close(),
            }
        }
        self.write(batch);
        // After the batch: what is destroyed in it is still in the log, and is cut off with it.
        for answer in truncations {
            // The log cannot be cut while its bulk is being moved on another connection.
            self.checkpoints.join();
            let _ = answer.send(self.damage.seen(self.truncate()));
        }
    }

    fn truncate(&self) -> Result<bool, LedgerError> {
        self.damage.refuse()?;
        self.in_place()?;
        let _moving = self.files.moving();
        Ok(checkpoint::truncate(&self.connection)?)
    }

    /// Fails when the files are not those that were opened. What was acknowledged is moved from the log into the file first, wherever it
    /// is by now: it is whole then without the log.
    fn in_place(&self) -> Result<(), LedgerError> {
        let unchanged = self.files.unchanged();
        // What was overwritten would be spoilt further.
        if matches!(unchanged, Err(LedgerError::Damaged(_))) && self.files.unwritten().is_ok() {
            checkpoint::rescue(&self.connection);
        }
        unchanged.and_then(|()| self.unwritten())
    }

    /// Fails when somebody else has written into the file, and not by SQLite.
    fn unwritten(&self) -> Result<(), LedgerError> {
        for _ in 0..WRITTEN_TRIES {
            let Err(_) = self.files.unwritten() else { return Ok(()) };
            if self.checkpoints.moved_by_others(&self.connection) {
                self.files.accept();
                return Ok(());
            }
            // Whoever is at it says so only afterwards.
            std::thread::sleep(WRITTEN_TRIES_APART);
        }
        self.files.unwritten()
    }

    /// Writes a batch and answers everyone in it.
    fn write(&mut self, mut batch: Batch) {
        if batch.deliveries.is_empty() && batch.jobs.is_empty() {
            return;
        }
        let result = self.damage.refuse().and_then(|()| self.commit(&mut batch));
        match self.damage.seen(result) {
            // Only now: an answer before the commit would acknowledge what a crash could still take away.
            Ok((recorded, woken)) => {
                for (delivery, recorded) in batch.deliveries.into_iter().zip(recorded) {
                    let _ = delivery.answer.send(recorded);
                }
                batch.jobs.into_iter().for_each(|job| job.answer(Ok(())));
                woken.iter().for_each(|queue| self.notifier.notify(queue));
                // Last: moving the log can take a while, and no answer has to wait for it.
                self.checkpoints.after_commit(&self.connection);
            }
            Err(error) => {
                // Numbers of names that this transaction gave out were rolled back with it.
                self.remembered.forget();
                let failure = Failure::from(error);
                for delivery in batch.deliveries {
                    let _ = delivery.answer.send(Err(failure.error()));
                }
                batch.jobs.into_iter().for_each(|job| job.answer(Err(&failure)));
            }
        }
    }

    /// Returns also the queues of which those are to be told who wait for work.
    fn commit(&mut self, batch: &mut Batch) -> Result<(Answers, Vec<String>), LedgerError> {
        self.in_place()?;
        // Not deferred: a transaction that begins by reading fails when another process has written before it writes.
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
        // One clock for all of the batch: what is due in it is due for all of it.
        let tx = Tx::new(&transaction, Look::at_wall_clock());
        // Before the jobs, so that a claim in the same batch finds these events; it would leave them for the next one.
        let recorded = record::insert(&tx, &mut self.remembered, &batch.deliveries)?;
        let is_new = |recorded: &Result<Recorded, LedgerError>| matches!(recorded, Ok(Recorded::New));
        let mut wakes = if recorded.iter().any(is_new) { Wakes::Due } else { Wakes::NoOne };
        for job in &mut batch.jobs {
            wakes = wakes.max(job.run(&tx)?);
        }
        let woken = match wakes {
            Wakes::NoOne => Vec::new(),
            Wakes::Due => claiming::with_work(&tx, self.notifier.queues())?,
            Wakes::All => self.notifier.queues(),
        };
        transaction.commit()?;
        // Again: what was moved or removed meanwhile must not be acknowledged.
        self.in_place()?;
        Ok((recorded, woken))
    }
}
