//! The worker's tasks: one for each queue, and what has to be done now and then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;
use tracing::warn;

use super::metrics;
use super::parts::Worker;
use super::queue::{Abandon, ORPHANS_MAX, QueueWorker};
use super::run::LEASE;
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::ledger::{Bounds, LedgerError, describe_expired};
use crate::panics::{Ending, Task, kept_alive};

/// How often the ledger is maintained.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);

/// How a worker takes the place of the one before it in this process, and leaves its own to the next.
#[derive(Clone, Default)]
pub(crate) struct Turn {
    /// Cancelled once the one before decides nothing any more. Until then this one does nothing: no version of a rule is noted as
    /// being in force while anything is decided by the one before.
    pub(crate) after: CancellationToken,
    /// Cancelled when it is to claim nothing more: another one takes its place, or the process stops.
    pub(crate) retired: CancellationToken,
    /// Cancelled once it decides nothing any more.
    pub(crate) decided: CancellationToken,
    /// Cancelled once it works.
    pub(crate) works: CancellationToken,
}

impl Worker {
    /// Works until its turn is over; what is under way is then finished. What decides is released when that takes longer than
    /// `drain_max`; all else only where the process is to stop: a call that is cut off may have been done, and who must not be asked
    /// twice would need a person. Where one of its tasks keeps panicking, the process is to end.
    pub(crate) async fn run(self: Arc<Self>, turn: Turn, ending: Ending, drain_max: Duration) {
        describe_expired();
        // However this ends: the next one waits for it.
        let decided = turn.decided.clone().drop_guard();
        turn.after.cancelled().await;
        // Before anything is decided by them.
        turn.retired.run_until_cancelled(self.judge_rules(&turn.retired)).await;
        if turn.retired.is_cancelled() {
            return;
        }
        let abandon = Abandon::default();
        let mut tasks =
            Tasks { ending: ending.clone(), retired: turn.retired.clone(), running: JoinSet::new(), deciding: 0 };
        let queues = QueueWorker::all(&self, &abandon);
        metrics::describe(&queues, &self.policy);
        for queue in queues {
            let (name, deciding, queue) = (queue.queue.name().into_owned(), queue.decides(), Arc::new(queue));
            let worker = Arc::clone(&self);
            tasks.keep(name, deciding, move |end| Arc::clone(&worker).on_queue(Arc::clone(&queue), end));
        }
        let worker = Arc::clone(&self);
        tasks.keep("maintenance".to_owned(), false, move |end| Arc::clone(&worker).maintaining(end));
        let (worker, all) = (Arc::clone(&self), abandon.all.clone());
        tasks.keep("orphans".to_owned(), false, move |end| Arc::clone(&worker).on_orphans(end, all.clone()));
        turn.works.cancel();
        let overtime = async {
            tokio::join!(
                abandon_after(&turn.retired, drain_max, &abandon.deciding),
                abandon_after(&ending.stopping, drain_max, &abandon.all),
            )
        };
        tokio::select! {
            () = tasks.ended(decided) => {}
            _ = overtime => unreachable!("it ends with the tasks"),
        }
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
            let claimed = self.queue.claim(&queue.queue, ORPHANS_MAX, LEASE, &Bounds::NONE).await?;
            for claim in claimed.claims {
                self.work(&queue, claim, asked).await;
            }
            self.put_refused_off(&queue.queue, claimed.refused).await;
        }
        Ok(())
    }

    async fn maintain(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_some() {
            if let Err(error) = self.queue.maintain(self.keep).await {
                warn_of(&error, "could not maintain the ledger");
            }
        }
    }
}

/// The tasks of a worker; those that decide are told apart.
struct Tasks {
    ending: Ending,
    retired: CancellationToken,
    running: JoinSet<bool>,
    /// How many of those that run decide.
    deciding: usize,
}

impl Tasks {
    /// Starts one that is begun anew when it panics.
    fn keep(&mut self, name: String, decides: bool, run: impl Fn(CancellationToken) -> Task + Send + Sync + 'static) {
        let (ending, retired) = (self.ending.clone(), self.retired.clone());
        self.running.spawn(async move {
            kept_alive(&name, &ending, &retired, run).await;
            decides
        });
        self.deciding += usize::from(decides);
    }

    /// Waits until all of them have ended; lets go of `decided` once none of them decides any more.
    async fn ended(mut self, decided: DropGuard) {
        let mut decided = Some(decided);
        loop {
            if self.deciding == 0 {
                decided = None;
            }
            // None of them panics: that is caught within.
            let Some(ended) = self.running.join_next().await else { break };
            self.deciding -= usize::from(ended.unwrap_or(false));
        }
        drop(decided);
    }
}

/// Once it is to end, and has been given so long.
async fn abandon_after(
    end: &CancellationToken,
    drain_max: Duration,
    abandon: &CancellationToken,
) -> std::convert::Infallible {
    end.cancelled().await;
    tokio::time::sleep(drain_max).await;
    abandon.cancel();
    std::future::pending().await
}

/// Of a damage the ledger itself has told, once.
pub(super) fn warn_of(error: &LedgerError, what: &'static str) {
    if !error.is_damage() {
        warn!(error = %with_causes(error), "{what}");
    }
}
