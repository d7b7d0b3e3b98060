//! A lease in hand: it is renewed while its work is under way, and the work does not move once it may have ended.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::ledger::{Finished, LedgerError};
use crate::lock::lock;

/// How often a lease is renewed in its time while its work is under way.
const RENEWALS: u32 = 4;

/// The time for which a piece of work is ours.
pub(super) struct Lease {
    length: Duration,
    /// When it was last asked for: it may have begun then.
    asked: Mutex<Instant>,
}

impl Lease {
    pub(super) fn new(asked: Instant, length: Duration) -> Self {
        Self { length, asked: Mutex::new(asked) }
    }

    /// Renews it for as long as it can; returns when it is lost, or early enough before its end that no one else has
    /// begun.
    pub(super) async fn keep<F>(&self, renew: impl Fn() -> F)
    where
        F: Future<Output = Result<Finished, LedgerError>>,
    {
        let step = self.length / RENEWALS;
        loop {
            let renewal = async {
                sleep(step).await;
                (Instant::now(), renew().await)
            };
            // A ledger that hangs must not keep this from returning: the call has to be cancelled before anybody else
            // may begin.
            match timeout_at(self.end(), renewal).await {
                Ok((asked, Ok(Finished::Done))) => *lock(&self.asked) = asked,
                Ok((_, Ok(Finished::LeaseLost | Finished::Stale))) | Err(_) => return,
                // The ledger may be away for a moment only; what it confirmed last still bounds the work.
                Ok((_, Err(_))) => {}
            }
        }
    }

    /// Runs `work` while the lease holds; `None` when it does not. The clock is looked at before each move: a process
    /// that stood still for longer than its lease has timers that have not fired yet, and must not go on calling, since
    /// another process may have begun.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if Instant::now() >= self.end() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// A part of it is left for what is on its way.
    fn end(&self) -> Instant {
        *lock(&self.asked) + self.length - self.length / RENEWALS
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
        let asked = Instant::now() - SHORT / 4;
        Lease::new(asked, SHORT).keep(renew).await;
        asked.elapsed()
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
        assert_eq!(Lease::new(Instant::now(), SHORT).hold(work).await, None);
        assert_eq!(moved.get(), 1);
    }
}
