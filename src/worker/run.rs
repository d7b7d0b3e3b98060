//! The life of a claim: claim, lease, work, and then finish, retry or park (`end.rs`). Only receipts are written
//! elsewhere, many together (`close.rs`).

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, warn};

use super::failure::Failure;
use super::lease::Lease;
use super::metrics::{self, WorkEnd};
use super::output::Output;
use super::parts::Worker;
use super::queue::QueueWorker;
use super::span;
use super::uncalled::{FOUND_TOO_LONG_AGO, is_found_too_long_ago};
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::erasure::Stage;
use crate::ledger::{Claim, Claimed, LedgerError, NextLook, QueueName, Work};
use crate::mluvii::counted;
use crate::panics::{Panicked, caught};

/// How often what needs no signal is looked at: leases that ended, work whose time has come.
const POLL: Duration = Duration::from_secs(1);

/// How long a claim is ours without being renewed: so long after a crash its work goes on.
pub(super) const LEASE: Duration = Duration::from_secs(12);

/// How seldom a damaged ledger is asked in the end: until a person has acted, it takes nothing.
const DAMAGED_POLL_MAX: Duration = Duration::from_secs(60);

impl Worker {
    /// Works on one queue until `shutdown`, then waits for what is under way.
    pub(super) async fn run_queue(self: Arc<Self>, queue: Arc<QueueWorker>, shutdown: CancellationToken) {
        let mut under_way = JoinSet::new();
        let mut poll = POLL;
        loop {
            // What has ended leaves its place, so that one claim fills all places that are free.
            while let Some(ended) = under_way.try_join_next() {
                let _is_done = is_done(&queue, ended);
            }
            // Waiting begins before the claim, so that nothing is missed between the two. There are two signals, as two
            // things can be waited for: new work, of which the ledger tells, from any process; and a free place at a
            // target that several queues ask, of which nothing is written. A queue at its bounds must not be woken by new
            // work, or it would ask the ledger in vain for each event that is recorded.
            let new_work = self.queue.changed(&queue.queue);
            let room = queue.room.notified();
            // Taken before the claim: a lease that counted from its slow answer would outlive the ledger's, and the
            // work be done twice.
            let asked = BootTime::now();
            let Claimed { claims, refused, next } = match self.claim(&queue, under_way.len()).await {
                Ok(claimed) => {
                    poll = POLL;
                    claimed
                }
                Err(error) => {
                    // The ledger itself has logged a damage, once.
                    if error.is_damage() {
                        poll = (poll * 2).min(DAMAGED_POLL_MAX);
                    } else {
                        warn!(queue = ?queue.queue, error = %with_causes(&error), "could not claim work");
                    }
                    Claimed::NOTHING
                }
            };
            if queue.queue == QueueName::Close {
                let is_full = claims.len() >= queue.at_once();
                // Awaited here and not spawned: two batches of one process would follow the same head, and one of them
                // be made anew.
                self.close(claims, asked).await;
                // A full batch may leave others waiting, of which no signal tells any more; without this they would
                // wait for the poll.
                if is_full && !shutdown.is_cancelled() {
                    continue;
                }
            } else {
                for claim in claims {
                    under_way.spawn(Arc::clone(&self).work_and_make_room(Arc::clone(&queue), claim, asked));
                }
            }
            self.put_refused_off(&queue.queue, refused).await;
            let pause = match next {
                NextLook::After(pause) => pause.min(poll),
                NextLook::WhenChanged | NextLook::WhenPolled => poll,
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = worth_a_look(&queue, &mut under_way, next) => {}
                () = new_work, if next == NextLook::WhenChanged => {}
                () = room, if next == NextLook::WhenPolled => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // Waited for, not dropped: a call that is cut off may have been done, and would be made again when its lease
        // ends.
        while let Some(ended) = under_way.join_next().await {
            let _is_done = is_done(&queue, ended);
        }
    }

    async fn work_and_make_room(self: Arc<Self>, queue: Arc<QueueWorker>, claim: Claim, leased: BootTime) -> WorkEnd {
        let end = self.work(&queue, claim, leased).await;
        // After the end is written: until then the ledger counts the place as taken, and who is woken would claim in
        // vain.
        queue.room.notify_waiters();
        end
    }

    /// Claims as much as there are free places for.
    async fn claim(&self, queue: &QueueWorker, under_way: usize) -> Result<Claimed, LedgerError> {
        let most = queue.at_once().saturating_sub(under_way);
        if most == 0 {
            return Ok(Claimed::NOTHING);
        }
        self.queue.claim(&queue.queue, most, LEASE, &queue.bounds()).await
    }

    /// The life of one claim. All that is logged meanwhile says what it is about.
    pub(super) async fn work(&self, queue: &QueueWorker, claim: Claim, leased: BootTime) -> WorkEnd {
        let (span, sort, began) = (span::of(&claim.work), claim.work.sort(), Instant::now());
        let end = self.work_to_its_end(queue, claim, leased).instrument(span).await;
        metrics::work_ended(sort, queue.target_name(), end, began.elapsed());
        end
    }

    async fn work_to_its_end(&self, queue: &QueueWorker, claim: Claim, leased: BootTime) -> WorkEnd {
        let lease = Lease::new(leased, LEASE);
        let held = claim.held();
        let result = tokio::select! {
            () = queue.abandon.cancelled() => Err(Failure::Cancelled),
            // The lease is renewed for as long as the work takes: one that hangs would hold its place for ever.
            () = tokio::time::sleep(queue.call_max()) => Err(Failure::Overtime),
            // Beside the work: one that waits for a slow target would otherwise be done a second time by another process.
            () = lease.keep(|| self.queue.renew(&claim, LEASE)) => Err(Failure::Cancelled),
            // Held as well: after a stop of the process, timers fire late, and the work must not go on first.
            result = lease.hold(caught(self.do_counted(queue, &claim))) => match result {
                Some(Ok(done)) => done,
                Some(Err(Panicked)) => Err(Failure::Panicked),
                None => Err(Failure::Cancelled),
            },
        };
        let written = match result {
            Ok((output, calls)) => self.finish(queue, claim, output, calls).await,
            Err(failure) => self.react(queue, claim, failure).await,
        };
        match written {
            Ok(end) => end,
            Err(error) => {
                self.not_written(&queue.queue, &held, error).await;
                WorkEnd::Unwritten
            }
        }
    }

    /// Does the work, and charges the calls to mluvii that it took, which are returned, beyond the one that its claim counts.
    async fn do_counted(&self, queue: &QueueWorker, claim: &Claim) -> Result<(Output, u32), Failure> {
        let (output, calls) = counted(self.do_work(claim)).await;
        // Also of work that failed: its calls were made all the same, and mluvii counts them.
        if let (Some(target), Some(rate)) = (&queue.asks, queue.calls_per_s)
            && calls > 1
            && let Err(error) = self.queue.charge(target, calls - 1, rate).await
        {
            // What was done stays done: to do it once more would take more calls.
            warn!(queue = ?queue.queue, error = %with_causes(&error), "could not count the calls of work");
        }
        output.map(|output| (output, calls))
    }

    async fn do_work(&self, claim: &Claim) -> Result<Output, Failure> {
        match &claim.work {
            Work::Decide(work) => self.evaluate(work, claim.now).await,
            Work::Settle(work) => self.settle(work, claim.now).await,
            Work::Resolve(work) => self.resolve(work, claim.now).await,
            Work::Step(work) => match (self.without_call(work), work.stage) {
                (Some(end), _) => Ok(Output::Step(end)),
                (None, Stage::Find | Stage::FindLater) => self.find(claim.step(work), work).await,
                (None, Stage::Erase) if is_found_too_long_ago(work, claim.now) => {
                    Err(Failure::Permanent(FOUND_TOO_LONG_AGO.to_owned()))
                }
                (None, Stage::Erase) => self.erase(claim.step(work), work).await,
                (None, Stage::Verify) => self.verify(claim.step(work), work).await,
            },
            Work::Close(_) => Err(Failure::Permanent("erasures are closed together".into())),
        }
    }
}

/// Ends with the next piece of work whose end makes another claim worth it. Where all that was due is taken, what is done leaves nothing
/// behind to claim: what it leads to is told of as new work.
async fn worth_a_look(queue: &QueueWorker, under_way: &mut JoinSet<WorkEnd>, next: NextLook) {
    while let Some(ended) = under_way.join_next().await {
        if !is_done(queue, ended) || next != NextLook::WhenChanged {
            return;
        }
    }
    pending().await
}

/// Whether nothing is left of it to do.
fn is_done(queue: &QueueWorker, ended: Result<WorkEnd, JoinError>) -> bool {
    match ended {
        Ok(end) => end == WorkEnd::Done,
        Err(panic) => {
            // Not the error itself: it holds the panic's text, and that may be personal.
            let panicked = panic.is_panic();
            warn!(queue = ?queue.queue, panicked, "work ended abnormally; it is done again when its lease ends");
            false
        }
    }
}
