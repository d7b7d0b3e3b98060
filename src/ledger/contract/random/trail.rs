//! What was done up to a failure, and how to do it again.

use std::time::{SystemTime, UNIX_EPOCH};

use super::action::Action;
use crate::chance::Chance;

/// The actions of one run, shown when it fails.
pub(super) struct Trail {
    seed: u64,
    actions: Vec<String>,
}

impl Trail {
    /// With a seed from the clock, or from `QUIETUS_SEED` to see a failure again.
    pub(super) fn begin() -> (Self, Chance) {
        let given = std::env::var("QUIETUS_SEED").ok().map(|text| text.parse().expect("a number"));
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        let seed = given.unwrap_or_else(clock);
        (Self { seed, actions: Vec::new() }, Chance::new(seed))
    }

    pub(super) fn add(&mut self, action: &Action) {
        self.actions.push(format!("{action:?}"));
    }
}

impl Drop for Trail {
    #[expect(clippy::print_stderr, reason = "a test's output is shown when it fails")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for (number, action) in self.actions.iter().enumerate() {
            eprintln!("{number}: {action}");
        }
        eprintln!("the last of these failed; to see it again: QUIETUS_SEED={}", self.seed);
    }
}
