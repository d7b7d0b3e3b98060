//! Handles work whose end the ledger did not take. Nothing says so but the log, and where it is refused for good, the
//! work would be done again each time that its lease ends, destructive calls included.

use std::time::Duration;

use tracing::{debug, warn};

use super::failure::REFUSED;
use super::parts::Worker;
use super::settings::ErasingSettings;
use crate::causes::with_causes;
use crate::ledger::{Finished, HeldWork, LedgerError, QueueName, RefusedWork};

/// What becomes of the work.
#[derive(Debug, PartialEq, Eq)]
enum Unwritten {
    /// It is done again when its lease ends: the ledger takes nothing now, or wants it sealed anew.
    AtLeaseEnd,
    /// It counts as a refusal.
    Again(Duration),
    /// It needs a person.
    Aside(&'static str),
}

/// Only what the ledger refuses concerns this work: where it is away or damaged, it refuses all alike.
fn unwritten(error: &LedgerError, refused: u32, erasing: &ErasingSettings) -> Unwritten {
    if !matches!(error, LedgerError::Broken(_)) || error.closed_seal().is_some() {
        return Unwritten::AtLeaseEnd;
    }
    if let Some(damaged) = error.of_this_work() {
        return Unwritten::Aside(damaged);
    }
    erasing.refused_again(refused).map_or(Unwritten::Aside(REFUSED), Unwritten::Again)
}

impl Worker {
    /// Looks after a claim whose end was not written.
    pub(super) async fn not_written(&self, queue: &QueueName, held: &HeldWork, error: LedgerError) {
        // Another process has made a new generation: the work is done again, and sealed under that one.
        if let Some(Err(none)) = error.closed_seal().map(|open| self.seal.turn_to(open)) {
            warn!(error = %none, "the key that seals from now on cannot be read");
        }
        let becomes = unwritten(&error, held.refused, &self.erasing);
        let (pause, reason) = match becomes {
            Unwritten::AtLeaseEnd => {
                return warn!(
                    ?queue, error = %with_causes(&error),
                    "could not write the result of work; it is done again when its lease ends"
                );
            }
            Unwritten::Again(pause) => (Some(pause), REFUSED),
            Unwritten::Aside(reason) => (None, reason),
        };
        let becomes = if pause.is_some() { "it is done again" } else { "it is put aside; a person is needed" };
        warn!(?queue, error = %with_causes(&error), becomes, "the ledger refuses work");
        match self.queue.put_off(held, pause, reason).await {
            Ok(Finished::Done) => {}
            // Its end was written after all, and what failed came later.
            Ok(Finished::LeaseLost | Finished::Stale) => debug!(?queue, "the work had ended"),
            Err(error) => warn!(
                ?queue, error = %with_causes(&error),
                "could not put work off; it is done again when its lease ends"
            ),
        }
    }

    /// Looks after what was claimed and must not be done, as the ledger refuses to note it.
    pub(super) async fn put_refused_off(&self, queue: &QueueName, refused: Vec<RefusedWork>) {
        for RefusedWork { held, error } in refused {
            self.not_written(queue, &held, error).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;
    use crate::worker::settings::sample;

    #[test]
    fn only_what_the_ledger_refuses_is_put_off_and_after_some_refusals_aside() {
        let erasing = sample();
        let of = |error: LedgerError, refused| unwritten(&error, refused, &erasing);
        assert_eq!(of(LedgerError::Busy(anyhow!("away")), 9), Unwritten::AtLeaseEnd);
        assert_eq!(of(LedgerError::Damaged(anyhow!("a page")), 9), Unwritten::AtLeaseEnd);
        let refused = |before| of(LedgerError::Broken(anyhow!("22003")), before);
        assert_eq!(refused(0), Unwritten::Again(Duration::from_secs(30)));
        assert_eq!(refused(2), Unwritten::Again(Duration::from_secs(120)));
        assert_eq!(refused(3), Unwritten::Aside(REFUSED));
    }
}
