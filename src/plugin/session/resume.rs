//! What a plugin stores while a call is under way: one value after the other, at a bounded rate, each acknowledged once it is
//! durable. The plugin waits meanwhile, so the rate is backpressure and nothing is dropped.

use std::sync::Arc;
use std::time::Duration;

use quietus_plugin::ResumeValue;
use quietus_plugin::protocol::HostMessage;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::target::Checkpoint;

/// Values of one call that may be stored at once, and then in a second: each is a write that the ledger syncs.
const BURST: f64 = 10.0;
const PER_S: f64 = 10.0;

/// The values of one call, in the order in which they came.
pub(super) struct Resumes {
    checkpoint: Arc<dyn Checkpoint>,
    values: mpsc::Receiver<ResumeValue>,
    rate: Rate,
    stored: u64,
}

impl Resumes {
    /// And where the values come from, one at a time.
    pub(super) fn new(checkpoint: Arc<dyn Checkpoint>) -> (mpsc::Sender<ResumeValue>, Self) {
        let (sender, values) = mpsc::channel(1);
        (sender, Self { checkpoint, values, rate: Rate::new(Instant::now()), stored: 0 })
    }

    /// Stores the next value, and returns what the plugin waits for. Pends when no further value can come.
    pub(super) async fn next(&mut self, id: u64) -> HostMessage {
        let Some(value) = self.values.recv().await else { return std::future::pending().await };
        sleep(self.rate.pause(Instant::now())).await;
        self.store(id, &value).await
    }

    async fn store(&mut self, id: u64, value: &ResumeValue) -> HostMessage {
        match self.checkpoint.store(value.expose()).await {
            Ok(()) => {
                self.stored += 1;
                HostMessage::ResumeStored { id, sequence: self.stored }
            }
            Err(not_stored) => HostMessage::ResumeRefused { id, message: not_stored.to_string() },
        }
    }
}

/// A token bucket.
struct Rate {
    tokens: f64,
    at: Instant,
}

impl Rate {
    fn new(now: Instant) -> Self {
        Self { tokens: BURST, at: now }
    }

    /// How long the next value has to wait.
    fn pause(&mut self, now: Instant) -> Duration {
        let refilled = now.duration_since(self.at).as_secs_f64() * PER_S;
        self.tokens = (self.tokens + refilled).min(BURST) - 1.0;
        self.at = now;
        Duration::from_secs_f64((-self.tokens).max(0.0) / PER_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_values_are_stored_at_once_and_then_ten_in_a_second() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        for _ in 0..10 {
            assert_eq!(rate.pause(begin), Duration::ZERO);
        }
        let pause = rate.pause(begin).as_millis();
        assert!((99..=101).contains(&pause), "{pause}");
        assert_eq!(rate.pause(begin + Duration::from_secs(10)), Duration::ZERO);
    }
}
