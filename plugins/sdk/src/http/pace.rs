//! The rate: at most so many requests per second, over all calls.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::{Call, PluginError};

/// How long a wait goes on without a look whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);

pub(super) struct Pace {
    interval: Duration,
    /// When the next request may go out.
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: f64, most: u32) -> Result<Self, String> {
        if !(0.001..=f64::from(most)).contains(&per_second) {
            return Err(format!("allowed are 0.001 to {most} requests per second"));
        }
        Ok(Self { interval: Duration::from_secs_f64(per_second.recip()), next: Mutex::new(Instant::now()) })
    }

    /// Waits for this request's turn, which counts as so many. A turn that is beyond the call's time is asked for again later.
    pub(super) fn wait(&self, counts_as: u32, call: &Call) -> Result<(), PluginError> {
        // Only the turn is taken under the lock: waiting with it would keep the others from hearing that they are
        // cancelled.
        let turn = {
            let mut next = lock(&self.next);
            let turn = (*next).max(Instant::now());
            let pause = turn.saturating_duration_since(Instant::now());
            if call.remaining().is_some_and(|remaining| pause >= remaining) {
                return Err(PluginError::rate_limited(Some(pause)));
            }
            *next = turn + self.interval * counts_as;
            turn
        };
        wait_until(turn, call)
    }
}

/// Waits for what another call holds, as long as this one is wanted.
pub(super) fn wait_for<'m, T>(mutex: &'m Mutex<T>, call: &Call) -> Result<MutexGuard<'m, T>, PluginError> {
    loop {
        call.check()?;
        match mutex.try_lock() {
            Ok(held) => return Ok(held),
            Err(TryLockError::Poisoned(held)) => return Ok(held.into_inner()),
            Err(TryLockError::WouldBlock) if call.remaining().is_some_and(|left| left < NAP) => {
                return Err(PluginError::retryable("the call's time is over while another call logs in"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(NAP),
        }
    }
}

/// Waits, unless the call is cancelled.
pub(super) fn wait_until(end: Instant, call: &Call) -> Result<(), PluginError> {
    loop {
        call.check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(NAP));
    }
}
