//! The rate: at most so many requests per second, over all calls.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use quietus_plugin::{Call, PluginError};

/// How long a wait goes on without a look whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);

pub(crate) struct Pace {
    interval: Duration,
    /// When the next request may go out.
    next: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new(per_second: Option<f64>) -> Self {
        let interval = per_second.and_then(|rate| Duration::try_from_secs_f64(rate.recip()).ok()).unwrap_or_default();
        Self { interval, next: Mutex::new(Instant::now()) }
    }

    /// Waits for this request's turn. A turn that is beyond the call's time is asked for again later.
    pub(crate) fn wait(&self, call: &Call) -> Result<(), PluginError> {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            let pause = turn.saturating_duration_since(Instant::now());
            if call.remaining().is_some_and(|remaining| pause >= remaining) {
                return Err(PluginError::rate_limited(Some(pause)));
            }
            *next = turn + self.interval;
            turn
        };
        loop {
            call.check()?;
            let left = turn.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}
