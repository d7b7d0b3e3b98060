//! One queue's loop: claim what is due within its bounds, hand each claim to the worker, and wait for more.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::breaker::{Breaker, Gate};
use super::{LEASE, POLL, Worker, chain};
use crate::ledger::{Claim, LedgerError, Queue};
use crate::target::Target;

/// One queue and its bounds.
pub(super) struct Lane {
    pub(super) queue: Queue,
    pub(super) concurrency_max: usize,
    /// Whose queue it is. A plugin says how much it can do at once when it is up, so it is asked each time.
    pub(super) target: Option<Arc<dyn Target>>,
    /// The longest that one piece of work may take; it is called off then.
    pub(super) call_max: Duration,
    /// Absent where nobody outside is asked.
    pub(super) breaker: Option<Arc<Breaker>>,
    /// Ends what is under way.
    pub(super) abandon: CancellationToken,
}

/// What a look at the queue brought.
enum Claimed {
    Claims(Vec<Claim>),
    /// All places are taken, or the target rests.
    Shut,
}

impl Lane {
    /// Runs until `shutdown`, then waits for what is under way.
    pub(super) async fn run(self, worker: Arc<Worker>, shutdown: CancellationToken) {
        let lane = Arc::new(self);
        let mut under_way = JoinSet::new();
        loop {
            // Waiting for a change begins before the claim, so that none is missed between the two.
            let ledger = Arc::clone(&worker.ledger);
            let changed = ledger.changed();
            let asked = Instant::now();
            let claimed = lane.claim(&worker, under_way.len()).await.unwrap_or_else(|error| {
                warn!(queue = ?lane.queue, error = %chain(&error), "could not claim work");
                Claimed::Shut
            });
            // A change is no reason to ask again while the queue does not move.
            let listens = matches!(claimed, Claimed::Claims(_));
            if let Claimed::Claims(claims) = claimed {
                for claim in claims {
                    under_way.spawn(Arc::clone(&lane).work(Arc::clone(&worker), claim, asked));
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(ended) = under_way.join_next() => report(&lane.queue, ended),
                () = changed, if listens => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while let Some(ended) = under_way.join_next().await {
            report(&lane.queue, ended);
        }
    }

    async fn claim(&self, worker: &Worker, under_way: usize) -> Result<Claimed, LedgerError> {
        let most = self.target.as_ref().map_or(self.concurrency_max, |target| target.concurrency_max());
        let free = most.saturating_sub(under_way);
        let gate = match &self.breaker {
            Some(breaker) if free > 0 => breaker.gate(&*worker.ledger, Timestamp::now()).await?,
            _ => Gate::Open,
        };
        let most = match gate {
            Gate::Open => free,
            Gate::Probe => usize::from(under_way == 0),
            Gate::Shut => 0,
        };
        if most == 0 {
            return Ok(Claimed::Shut);
        }
        worker.ledger.claim(&self.queue, most, LEASE).await.map(Claimed::Claims)
    }

    async fn work(self: Arc<Self>, worker: Arc<Worker>, claim: Claim, asked: Instant) {
        worker.work(&self, claim, asked).await;
    }
}

fn report(queue: &Queue, ended: Result<(), tokio::task::JoinError>) {
    if let Err(panic) = ended {
        // Not the error itself: it holds the panic's text, and that may be personal.
        warn!(?queue, panicked = panic.is_panic(), "work ended abnormally; it is done again when its lease ends");
    }
}
