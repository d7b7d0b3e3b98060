//! The worker's tasks: one for each queue, and what has to be done now and then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::parts::Worker;
use super::queue::{ORPHANS_MAX, QueueWorker};
use super::run::LEASE;
use crate::causes::with_causes;
use crate::ledger::{Bounds, LedgerError};

/// How often the ledger is maintained.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);

/// How often the heartbeat of this process is written.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

impl Worker {
    /// Works until `shutdown`; what is under way is then finished, or released when it takes longer than `drain_max`.
    pub(crate) async fn run(self, shutdown: CancellationToken, drain_max: Duration) {
        let worker = Arc::new(self);
        // Work is cancelled only when the drain has taken too long.
        let abandon = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for queue in QueueWorker::all(&worker, &abandon) {
            tasks.spawn(Arc::clone(&worker).run_queue(queue, shutdown.clone()));
        }
        tasks.spawn(Arc::clone(&worker).maintain(shutdown.clone()));
        tasks.spawn(Arc::clone(&worker).look_for_orphans(shutdown.clone(), abandon.clone()));
        // Beside them, and for as long as they take to drain: where this process looks lost, others park the steps of its
        // targets.
        let working = CancellationToken::new();
        let mut heartbeat = JoinSet::new();
        heartbeat.spawn(Arc::clone(&worker).heartbeat(working.clone()));

        let drained = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain_max).await;
        };
        tokio::pin!(drained);
        loop {
            tokio::select! {
                // Only until it has ended: polled once more, it would panic.
                () = &mut drained, if !abandon.is_cancelled() => abandon.cancel(),
                ended = tasks.join_next() => match ended {
                    None => break,
                    Some(ended) => log_abnormal_end(ended),
                },
            }
        }
        working.cancel();
        if let Some(ended) = heartbeat.join_next().await {
            log_abnormal_end(ended);
        }
    }

    /// Steps of targets that are no longer in the configuration have no queue here. They are parked, so that a person hears
    /// of them.
    async fn look_for_orphans(self: Arc<Self>, shutdown: CancellationToken, abandon: CancellationToken) {
        loop {
            if let Err(error) = self.park_orphans(&abandon).await {
                warn!(error = %with_causes(&error), "could not look for steps of targets that are no longer there");
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn park_orphans(&self, abandon: &CancellationToken) -> Result<(), LedgerError> {
        let processes = self.records.processes().await?;
        // Another process may have been started with a newer configuration.
        let running = processes.iter().filter(|process| !process.is_lost());
        let known: BTreeSet<_> = running.flat_map(|process| &process.targets).collect();
        for target in self.queue.awaited_targets().await? {
            if self.targets.contains_key(&target) || known.contains(&target) {
                continue;
            }
            let queue = QueueWorker::of_orphans(target, abandon);
            let asked = Instant::now();
            for claim in self.queue.claim(&queue.queue, ORPHANS_MAX, LEASE, &Bounds::NONE).await?.claims {
                self.work(&queue, claim, asked).await;
            }
        }
        Ok(())
    }

    async fn heartbeat(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(HEARTBEAT_EVERY)).await.is_some() {
            if let Err(error) = self.queue.heartbeat().await {
                warn!(error = %with_causes(&error), "could not write the heartbeat");
            }
        }
    }

    async fn maintain(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_some() {
            if let Err(error) = self.queue.maintain(self.keep).await {
                warn!(error = %with_causes(&error), "could not maintain the ledger");
            }
        }
    }
}

fn log_abnormal_end(ended: Result<(), JoinError>) {
    if let Err(panic) = ended {
        // Not the error itself: it holds the panic's text, and that may be personal.
        error!(panicked = panic.is_panic(), "a task of the worker ended; its work waits for a restart");
    }
}
