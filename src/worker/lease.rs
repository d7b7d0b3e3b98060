//! A lease in hand: it is renewed while its work is under way, and the work does not move once it may have ended.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::clock::BootTime;
use crate::ledger::{Finished, LedgerError};
use crate::lock::lock;

/// How often a lease is renewed in its time while its work is under way.
const RENEWALS: u32 = 4;

/// How often it is looked whether the lease has ended: timers stand still while the machine is suspended, so that one alone
/// would fire long after the end.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The time for which a piece of work is ours, by the time since the machine's start: whatever is done to the wall clock, and
/// however long the machine is suspended, it ends here before it ends for others.
pub(crate) struct Lease {
    length: Duration,
    /// When it was last asked for: it may have begun then.
    asked: Mutex<BootTime>,
}

impl Lease {
    pub(crate) fn new(asked: BootTime, length: Duration) -> Self {
        Self { length, asked: Mutex::new(asked) }
    }

    /// Renews it for as long as it can; returns when it is lost, or early enough before its end that no one else has
    /// begun.
    pub(crate) async fn keep<F>(&self, renew: impl Fn() -> F)
    where
        F: Future<Output = Result<Finished, LedgerError>>,
    {
        let step = self.length / RENEWALS;
        loop {
            let renewal = async {
                sleep(step).await;
                (BootTime::now(), renew().await)
            };
            // A ledger that hangs must not keep this from returning: the call has to be cancelled before anybody else
            // may begin.
            match self.until_end(renewal).await {
                Some((asked, Ok(Finished::Done))) => *lock(&self.asked) = asked,
                Some((_, Ok(Finished::LeaseLost | Finished::Stale))) | None => return,
                // The ledger may be away for a moment only; what it confirmed last still bounds the work.
                Some((_, Err(_))) => {}
            }
        }
    }

    /// `None` when the lease ends first.
    async fn until_end<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            let left = self.end().since(BootTime::now());
            if left.is_zero() {
                return None;
            }
            if let Ok(done) = timeout(left.min(LOOK_EVERY), &mut work).await {
                return Some(done);
            }
        }
    }

    /// Runs `work` while the lease holds; `None` when it does not. The clock is looked at before each move: a process
    /// that stood still for longer than its lease has timers that have not fired yet, and must not go on calling, since
    /// another process may have begun.
    pub(crate) async fn hold<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if !self.is_held() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Whether it holds still.
    pub(crate) fn is_held(&self) -> bool {
        BootTime::now() < self.end()
    }

    /// A part of it is left for what is on its way.
    fn end(&self) -> BootTime {
        *lock(&self.asked) + (self.length - self.length / RENEWALS)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, pending, ready};

    use super::*;

    const SHORT: Duration = Duration::from_millis(800);

    async fn kept<F>(renew: impl Fn() -> F) -> Duration
    where
        F: Future<Output = Result<Finished, LedgerError>>,
    {
        // The claim has taken its time.
        let asked = BootTime::now();
        sleep(SHORT / 4).await;
        Lease::new(asked, SHORT).keep(renew).await;
        BootTime::now().since(asked)
    }

    #[tokio::test]
    async fn a_lease_that_cannot_be_renewed_is_given_up_before_its_end() {
        assert!(kept(pending).await < SHORT);
        let away = || ready(Err(LedgerError::Busy(anyhow::anyhow!("away"))));
        assert!(kept(away).await < SHORT);
    }

    #[tokio::test]
    async fn a_lease_is_kept_while_it_is_renewed() {
        let left = std::cell::Cell::new(4);
        let renew = || -> Ready<_> {
            left.set(left.get() - 1);
            ready(Ok(if left.get() < 0 { Finished::LeaseLost } else { Finished::Done }))
        };
        assert!(kept(renew).await > SHORT);
    }

    #[tokio::test]
    async fn work_does_not_move_after_its_lease_has_ended() {
        let moved = std::cell::Cell::new(0);
        let work = async {
            moved.set(moved.get() + 1);
            // As a process that is stopped: time passes, and no timer fires.
            std::thread::sleep(SHORT);
            tokio::task::yield_now().await;
            moved.set(moved.get() + 1);
        };
        assert_eq!(Lease::new(BootTime::now(), SHORT).hold(work).await, None);
        assert_eq!(moved.get(), 1);
    }
}
