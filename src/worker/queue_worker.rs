//! One queue's loop: claim what is due within its bounds, hand each claim to the worker, and wait for more.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{LEASE, POLL, Worker, chain};
use crate::erasure::Stage;
use crate::ledger::{Bounds, Claim, Claimed, LedgerError, NextLook, QueueName, Work};
use crate::subject::TargetName;
use crate::target::Target;

/// One queue and its bounds.
pub(super) struct QueueWorker {
    pub(super) queue: QueueName,
    /// Pieces of work at once, over all processes on the ledger.
    pub(super) concurrency_max: usize,
    /// Calls that may begin in a second, over all processes on the ledger.
    pub(super) calls_per_s: Option<NonZeroU32>,
    /// Who is asked, and whose breaker opens when that fails; absent where nobody outside is asked.
    pub(super) asks: Option<TargetName>,
    /// Tells the queue_workers that ask the same target that a place has become free.
    pub(super) room: Arc<Notify>,
    /// Whose queue it is. A plugin says how much it can do at once when it is up, so it is asked each time.
    pub(super) target: Option<Arc<dyn Target>>,
    /// The longest that one piece of work may take; it is cancelled then.
    pub(super) call_max: Duration,
    /// Ends what is under way.
    pub(super) abandon: CancellationToken,
}

impl QueueWorker {
    /// The longest that one piece of work may take. A plugin's may have changed with the plugin.
    pub(super) fn call_max(&self) -> Duration {
        self.target.as_ref().map_or(self.call_max, |target| target.call_max())
    }

    /// Whether the work may be done again when it is not known what became of it.
    pub(super) fn may_repeat(&self, claim: &Claim) -> bool {
        let erases =
            matches!(&claim.work, Work::Step(work) if work.stage == Stage::Erase && work.step.report().is_none());
        !erases || self.target.as_ref().is_none_or(|target| target.may_be_asked_twice())
    }

    /// Runs until `shutdown`, then waits for what is under way.
    pub(super) async fn run(self, worker: Arc<Worker>, shutdown: CancellationToken) {
        let queue_worker = Arc::new(self);
        let mut under_way = JoinSet::new();
        loop {
            // Whatever has ended leaves its place, so that one claim fills all places that are free.
            while let Some(ended) = under_way.try_join_next() {
                report(&queue_worker.queue, ended);
            }
            // Waiting for a change begins before the claim, so that none is missed between the two.
            let ledger = Arc::clone(&worker.ledger);
            let changed = ledger.changed(&queue_worker.queue);
            let room = queue_worker.room.notified();
            let asked = Instant::now();
            let Claimed { claims, next } = queue_worker.claim(&worker, under_way.len()).await.unwrap_or_else(|error| {
                warn!(queue = ?queue_worker.queue, error = %chain(&error), "could not claim work");
                Claimed { claims: Vec::new(), next: NextLook::WhenPolled }
            });
            if queue_worker.queue == QueueName::Close {
                let all = claims.len() >= queue_worker.at_once();
                worker.close(&queue_worker, claims, asked).await;
                if all && !shutdown.is_cancelled() {
                    continue;
                }
            } else {
                for claim in claims {
                    let (queue_worker, worker) = (Arc::clone(&queue_worker), Arc::clone(&worker));
                    under_way.spawn(async move {
                        worker.work(&queue_worker, claim, asked).await;
                        queue_worker.room.notify_waiters();
                    });
                }
            }
            let pause = match next {
                NextLook::After(pause) => pause.min(POLL),
                NextLook::WhenChanged | NextLook::WhenPolled => POLL,
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(ended) = under_way.join_next() => report(&queue_worker.queue, ended),
                () = changed, if next == NextLook::WhenChanged => {}
                () = room, if next == NextLook::WhenPolled => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        while let Some(ended) = under_way.join_next().await {
            report(&queue_worker.queue, ended);
        }
    }

    async fn claim(&self, worker: &Worker, under_way: usize) -> Result<Claimed, LedgerError> {
        let most = self.at_once().saturating_sub(under_way);
        if most == 0 {
            return Ok(Claimed { claims: Vec::new(), next: NextLook::WhenPolled });
        }
        // Where nobody outside is asked, every process may do as much as it can.
        let bounds = match &self.asks {
            Some(target) => {
                Bounds { target: Some(target.clone()), at_once: self.at_once(), calls_per_s: self.calls_per_s }
            }
            None => Bounds::NONE,
        };
        worker.ledger.claim(&self.queue, most, LEASE, &bounds).await
    }

    fn at_once(&self) -> usize {
        self.target.as_ref().map_or(self.concurrency_max, |target| target.concurrency_max())
    }
}

fn report(queue: &QueueName, ended: Result<(), tokio::task::JoinError>) {
    if let Err(panic) = ended {
        // Not the error itself: it holds the panic's text, and that may be personal.
        warn!(?queue, panicked = panic.is_panic(), "work ended abnormally; it is done again when its lease ends");
    }
}
