//! The life of a claim: claim, lease, work, and then finish, retry or park. Only receipts are written
//! elsewhere, many together (`close.rs`).

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::failure::{Circumstances, ClaimEnd, Failure, FailureAction, TargetEffect};
use super::lease::Lease;
use super::output::Output;
use super::parts::Worker;
use super::queue::QueueWorker;
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::erasure::{Outcome, Stage};
use crate::keys::random_fraction;
use crate::ledger::{CallEnd, Claim, Claimed, Decision, Finished, LedgerError, NextLook, QueueName, StepEnd, Work};
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
                log_abnormal_end(&queue, ended);
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
            let Claimed { claims, next } = match self.claim(&queue, under_way.len()).await {
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
            let pause = match next {
                NextLook::After(pause) => pause.min(poll),
                NextLook::WhenChanged | NextLook::WhenPolled => poll,
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(ended) = under_way.join_next() => log_abnormal_end(&queue, ended),
                () = new_work, if next == NextLook::WhenChanged => {}
                () = room, if next == NextLook::WhenPolled => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // Waited for, not dropped: a call that is cut off may have been done, and would be made again when its lease
        // ends.
        while let Some(ended) = under_way.join_next().await {
            log_abnormal_end(&queue, ended);
        }
    }

    async fn work_and_make_room(self: Arc<Self>, queue: Arc<QueueWorker>, claim: Claim, leased: BootTime) {
        self.work(&queue, claim, leased).await;
        // After the end is written: until then the ledger counts the place as taken, and who is woken would claim in
        // vain.
        queue.room.notify_waiters();
    }

    /// Claims as much as there are free places for.
    async fn claim(&self, queue: &QueueWorker, under_way: usize) -> Result<Claimed, LedgerError> {
        let most = queue.at_once().saturating_sub(under_way);
        if most == 0 {
            return Ok(Claimed::NOTHING);
        }
        self.queue.claim(&queue.queue, most, LEASE, &queue.bounds()).await
    }

    /// The life of one claim.
    pub(super) async fn work(&self, queue: &QueueWorker, claim: Claim, leased: BootTime) {
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
        if let Err(error) = written {
            self.not_written(&queue.queue, &held, error).await;
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
            Work::Step(work) => match work.stage {
                Stage::Find | Stage::FindLater => self.find(claim.step(work), work).await,
                Stage::Erase => self.erase(claim.step(work), work).await,
                Stage::Verify => self.verify(claim.step(work), work).await,
            },
            Work::Close(_) => Err(Failure::Permanent("erasures are closed together".into())),
        }
    }

    /// Writes the result. The claim's fence says in the same transaction whether the work was still ours; a look before it
    /// could be outdated by the time of the commit.
    async fn finish(&self, queue: &QueueWorker, claim: Claim, output: Output, calls: u32) -> Result<(), LedgerError> {
        // Only where there is a failure to forget: otherwise each answer would be one more transaction.
        let has_answered = claim.target_failing && has_asked(&claim.work, &output, calls);
        let answered = CallEnd::Answered { sort: claim.work.sort() };
        let finished = match output {
            Output::Decision(decision) => {
                log_decision(&decision);
                self.queue.decided(claim, *decision).await?
            }
            Output::Resolution(resolution) => self.queue.resolved(claim, resolution).await?,
            Output::Step(end) => self.queue.stepped(claim, end).await?,
            Output::Residual { reason } => {
                warn!(queue = ?queue.queue, "a target still holds what it was asked to erase; a person is needed");
                self.queue.park(claim, Outcome::Residual, &reason).await?
            }
        };
        log_race(queue, finished);
        match &queue.asks {
            Some(target) if has_answered => self.queue.call_ended(target, &answered, self.erasing.breaker()).await,
            _ => Ok(()),
        }
    }

    /// Carries out what a failure means for its claim.
    async fn react(&self, queue: &QueueWorker, claim: Claim, failure: Failure) -> Result<(), LedgerError> {
        let circumstances = Circumstances {
            erasing: &self.erasing,
            attempt: claim.attempt,
            faults: claim.faults,
            gives_up: matches!(claim.work, Work::Step(_)),
            presence: claim.presence,
            in_vain: claim.in_vain,
            may_repeat: !claim.has_sent_once(),
            is_awaited: matches!(&claim.work, Work::Step(work) if work.stage == Stage::Find),
            random: random_fraction(),
        };
        let failure = failure.judged(&*self.records).await?;
        let is_ordinary = failure.is_ordinary();
        let FailureAction { end, target } = failure.action(circumstances)?;
        let (ClaimEnd::Retry { reason, .. } | ClaimEnd::Park { reason }) = &end;
        // First, or the work would be claimed again at once.
        if let (Some(end), Some(name)) = (call_end(target, &claim, reason), &queue.asks) {
            if let CallEnd::Denied { reason } = &end {
                warn!(target = %name, reason, "the target is out; it is tried again, but a person may be needed");
            }
            self.queue.call_ended(name, &end, self.erasing.breaker()).await?;
        }
        let finished = match end {
            ClaimEnd::Retry { pause, attempt, reason } => {
                if !is_ordinary {
                    info!(queue = ?queue.queue, ?attempt, pause_ms = pause.as_millis() as u64, reason, "work is retried");
                }
                self.queue.retry(claim, pause, attempt, &reason).await?
            }
            ClaimEnd::Park { reason } => {
                warn!(queue = ?queue.queue, reason, "work is parked; a person is needed");
                self.queue.park(claim, Outcome::Parked, &reason).await?
            }
        };
        log_race(queue, finished);
        Ok(())
    }
}

/// How the call ended for its target, where that says something of it.
fn call_end(effect: TargetEffect, claim: &Claim, reason: &str) -> Option<CallEnd> {
    let reason = reason.to_owned();
    match effect {
        TargetEffect::None => None,
        TargetEffect::Unavailable => Some(CallEnd::Unavailable { reason }),
        TargetEffect::Failed => Some(CallEnd::Failed { record: claim.work.record(), reason }),
        TargetEffect::Refused => {
            Some(CallEnd::Refused { sort: claim.work.sort(), record: claim.work.record(), reason })
        }
        TargetEffect::Denied => Some(CallEnd::Denied { reason }),
        TargetEffect::Limited(pause) => Some(CallEnd::Limited { sort: claim.work.sort(), pause }),
    }
}

/// Whether the work that was done has asked its target, with so many calls to mluvii. Without a call, nothing was seen of mluvii;
/// and neither a report nor what is concluded without a call is one of a plugin's answers. None of them says that it can be reached
/// again.
fn has_asked(work: &Work, output: &Output, calls: u32) -> bool {
    if matches!(output, Output::Step(StepEnd::NotReported | StepEnd::OutcomeUnknown)) {
        return false;
    }
    match work {
        Work::Step(work) if !work.step.target.is_mluvii() => work.step.report().is_none(),
        Work::Decide(_) | Work::Settle(_) | Work::Resolve(_) | Work::Step(_) => calls > 0,
        Work::Close(_) => false,
    }
}

fn log_decision(decision: &Decision) {
    for erasure in &decision.erasures {
        info!(
            session = %decision.session.record.session, scope = erasure.subject.scope().as_str(), rule = erasure.rule,
            due = %erasure.due, "decided to erase"
        );
    }
}

fn log_race(queue: &QueueWorker, finished: Finished) {
    match finished {
        Finished::Done => {}
        Finished::LeaseLost => info!(queue = ?queue.queue, "the lease had ended; another process does the work"),
        Finished::Stale => debug!(queue = ?queue.queue, "the session changed meanwhile; it is looked at again"),
    }
}

fn log_abnormal_end(queue: &QueueWorker, ended: Result<(), JoinError>) {
    if let Err(panic) = ended {
        // Not the error itself: it holds the panic's text, and that may be personal.
        let panicked = panic.is_panic();
        warn!(queue = ?queue.queue, panicked, "work ended abnormally; it is done again when its lease ends");
    }
}
