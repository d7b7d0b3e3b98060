//! The worker's tasks: one for each queue, and what has to be done now and then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::metrics;
use super::parts::Worker;
use super::queue::{ORPHANS_MAX, QueueWorker};
use super::run::LEASE;
use crate::attention::ClockDoubt;
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::ledger::{Bounds, LedgerError, TargetConditions, describe_expired};
use crate::panics::{Ending, Task, kept_alive};

/// How often the ledger is maintained.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);

/// How often the heartbeat of this process is written.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

impl Worker {
    /// Works until the process is to stop; what is under way is then finished, or released when it takes longer than `drain_max`.
    /// Where one of its tasks keeps panicking, the process is to end.
    pub(crate) async fn run(self, ending: Ending, drain_max: Duration) {
        describe_expired();
        let worker = Arc::new(self);
        // Work is cancelled only when the drain has taken too long.
        let abandon = CancellationToken::new();
        // Beside them, and for as long as they take to drain: where this process looks lost, others park the steps of its
        // targets.
        let working = CancellationToken::new();
        let mut heartbeat = JoinSet::new();
        heartbeat.spawn({
            let (worker, working, ending) = (Arc::clone(&worker), working.clone(), ending.clone());
            async move { kept_alive("heartbeat", &ending, &working, |end| Arc::clone(&worker).beating(end)).await }
        });
        // Before anything is decided by them.
        ending.stopping.run_until_cancelled(worker.judge_rules(&ending.stopping)).await;
        let mut tasks = JoinSet::new();
        let queues = QueueWorker::all(&worker, &abandon);
        metrics::describe(&queues, &worker.policy);
        for queue in queues {
            let (worker, queue, ending) = (Arc::clone(&worker), Arc::new(queue), ending.clone());
            tasks.spawn(async move {
                let run = |end| Arc::clone(&worker).on_queue(Arc::clone(&queue), end);
                kept_alive(&queue.queue.name(), &ending, &ending.stopping, run).await;
            });
        }
        tasks.spawn({
            let (worker, ending) = (Arc::clone(&worker), ending.clone());
            async move {
                kept_alive("maintenance", &ending, &ending.stopping, |end| Arc::clone(&worker).maintaining(end)).await;
            }
        });
        tasks.spawn({
            let (worker, ending, abandon) = (Arc::clone(&worker), ending.clone(), abandon.clone());
            async move {
                let run = |end| Arc::clone(&worker).on_orphans(end, abandon.clone());
                kept_alive("orphans", &ending, &ending.stopping, run).await;
            }
        });

        let drained = async {
            ending.stopping.cancelled().await;
            tokio::time::sleep(drain_max).await;
        };
        tokio::pin!(drained);
        loop {
            tokio::select! {
                // Only until it has ended: polled once more, it would panic.
                () = &mut drained, if !abandon.is_cancelled() => abandon.cancel(),
                ended = tasks.join_next() => if ended.is_none() { break },
            }
        }
        working.cancel();
        while heartbeat.join_next().await.is_some() {}
    }

    fn on_queue(self: Arc<Self>, queue: Arc<QueueWorker>, shutdown: CancellationToken) -> Task {
        Box::pin(self.run_queue(queue, shutdown))
    }

    fn on_orphans(self: Arc<Self>, shutdown: CancellationToken, abandon: CancellationToken) -> Task {
        Box::pin(self.look_for_orphans(shutdown, abandon))
    }

    fn maintaining(self: Arc<Self>, shutdown: CancellationToken) -> Task {
        Box::pin(self.maintain(shutdown))
    }

    fn beating(self: Arc<Self>, shutdown: CancellationToken) -> Task {
        Box::pin(self.heartbeat(shutdown))
    }

    /// Steps of targets that are no longer in the configuration have no queue here. They are parked, so that a person hears
    /// of them.
    async fn look_for_orphans(self: Arc<Self>, shutdown: CancellationToken, abandon: CancellationToken) {
        loop {
            if let Err(error) = self.park_orphans(&abandon).await {
                warn_of(&error, "could not look for steps of targets that are no longer there");
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn park_orphans(&self, abandon: &CancellationToken) -> Result<(), LedgerError> {
        let processes = self.records.processes().await?;
        // Another process may have been started with a newer configuration.
        let running: Vec<_> = processes.iter().filter(|process| !process.is_lost()).collect();
        if running.is_empty() {
            // This one is there: the clock has jumped, and nobody has been heard of since.
            return Ok(());
        }
        let known: BTreeSet<_> = running.iter().flat_map(|process| &process.targets).collect();
        for target in self.queue.awaited_targets().await? {
            if self.targets.contains_key(&target) || known.contains(&target) {
                continue;
            }
            let queue = QueueWorker::of_orphans(target, abandon);
            let asked = BootTime::now();
            for claim in self.queue.claim(&queue.queue, ORPHANS_MAX, LEASE, &Bounds::NONE).await?.claims {
                self.work(&queue, claim, asked).await;
            }
        }
        Ok(())
    }

    async fn heartbeat(self: Arc<Self>, shutdown: CancellationToken) {
        let mut doubt = None;
        loop {
            // At once, too: until a look is written down, work that a lost process held is taken over by nobody.
            doubt = self.watch_clock(doubt).await;
            if shutdown.run_until_cancelled(tokio::time::sleep(HEARTBEAT_EVERY)).await.is_none() {
                return;
            }
            if let Err(error) = self.queue.heartbeat(&self.conditions()).await {
                warn_of(&error, "could not write the heartbeat");
            }
        }
    }

    /// How the targets are, as far as that is known without asking them.
    fn conditions(&self) -> TargetConditions {
        let mut conditions = TargetConditions::default();
        for (name, target) in &self.targets {
            if let Some(why) = target.broken() {
                conditions.broken.insert(name.clone(), why);
            }
            let doubts = target.doubts();
            if !doubts.is_empty() {
                conditions.doubtful.insert(name.clone(), doubts);
            }
        }
        conditions
    }

    /// Looks at the ledger's clock, and says once what is wrong with it. Takes and returns what was last known to be.
    async fn watch_clock(&self, before: Option<ClockDoubt>) -> Option<ClockDoubt> {
        let now = match self.queue.watch_clock(self.clock.jump_max.0).await {
            Ok(now) => now,
            Err(error) => {
                warn_of(&error, "could not look at the ledger's clock");
                return before;
            }
        };
        match &now {
            Some(ClockDoubt { fault, expected, found }) if now != before => warn!(
                fault = fault.as_str(), expected = %expected, found = %found,
                "the ledger's clock cannot be right: nothing is erased until it is, or until `quietus clock accept`"
            ),
            None if before.is_some() => info!("the ledger's clock is right again: erasing goes on"),
            Some(_) | None => {}
        }
        now
    }

    async fn maintain(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_some() {
            if let Err(error) = self.queue.maintain(self.keep).await {
                warn_of(&error, "could not maintain the ledger");
            }
        }
    }
}

/// Of a damage the ledger itself has told, once.
fn warn_of(error: &LedgerError, what: &'static str) {
    if !error.is_damage() {
        warn!(error = %with_causes(error), "{what}");
    }
}
