//! That this process is there, how its targets are, and what became of its last reload: for other processes and for people. It goes on
//! while one worker takes another's place.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::parts::Worker;
use super::tasks::warn_of;
use crate::attention::{ClockDoubt, NotReloaded};
use crate::ledger::{LedgerError, TargetConditions};
use crate::lock::{Replaceable, lock};

/// How often it is written.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

/// What a process says of itself.
pub(crate) struct Heartbeat {
    /// By which others know the process.
    place: String,
    worker: Replaceable<Worker>,
    not_reloaded: Mutex<Option<NotReloaded>>,
}

impl Heartbeat {
    pub(crate) fn new(place: String, worker: Arc<Worker>) -> Self {
        Self { place, worker: Replaceable::new(worker), not_reloaded: Mutex::default() }
    }

    /// Another worker has taken the place of the one before.
    pub(crate) fn turn_to(&self, worker: Arc<Worker>) {
        self.worker.replace(worker);
    }

    /// Why the configuration was not reloaded; `None` once it was. For the same reason as before, it is so since then.
    pub(crate) fn note_reload(&self, not_reloaded: Option<NotReloaded>) {
        let mut noted = lock(&self.not_reloaded);
        if let (Some(before), Some(now)) = (&*noted, &not_reloaded)
            && before.reason == now.reason
        {
            return;
        }
        *noted = not_reloaded;
    }

    /// Says it until the end.
    pub(crate) async fn run(self: Arc<Self>, end: CancellationToken) {
        let mut doubt = None;
        loop {
            // At once, too: until a look is written down, work that a lost process held is taken over by nobody.
            doubt = self.watch_clock(doubt).await;
            if end.run_until_cancelled(tokio::time::sleep(HEARTBEAT_EVERY)).await.is_none() {
                return;
            }
            if let Err(error) = self.beat().await {
                warn_of(&error, "could not write the heartbeat");
            }
        }
    }

    /// Says it now.
    pub(crate) async fn beat(&self) -> Result<(), LedgerError> {
        let conditions = self.conditions();
        self.worker.current().queue.heartbeat(&conditions).await
    }

    /// As far as that is known without asking the targets.
    fn conditions(&self) -> TargetConditions {
        let mut conditions = TargetConditions::default();
        for (name, target) in &self.worker.current().targets {
            if let Some(why) = target.broken() {
                conditions.broken.insert(name.clone(), why);
            }
            let doubts = target.doubts();
            if !doubts.is_empty() {
                conditions.doubtful.insert(name.clone(), doubts);
            }
        }
        let not_reloaded = lock(&self.not_reloaded).clone();
        conditions.not_reloaded.extend(not_reloaded.map(|why| (self.place.clone(), why)));
        conditions
    }

    /// Looks at the ledger's clock, and says once what is wrong with it. Takes and returns what was last known to be.
    async fn watch_clock(&self, before: Option<ClockDoubt>) -> Option<ClockDoubt> {
        let worker = self.worker.current();
        let now = match worker.queue.watch_clock(worker.clock.jump_max.0).await {
            Ok(now) => now,
            Err(error) => {
                warn_of(&error, "could not look at the ledger's clock");
                return before;
            }
        };
        match &now {
            Some(ClockDoubt { fault, expected, found }) if now != before => warn!(
                fault = fault.as_str(), expected = %expected, found = %found,
                "the ledger's clock cannot be right: nothing is erased until it is, or until `quietus clock accept`"
            ),
            None if before.is_some() => info!("the ledger's clock is right again: erasing goes on"),
            Some(_) | None => {}
        }
        now
    }
}
