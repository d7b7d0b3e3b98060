//! A server goes on with sweeps of `quietus erase-again` that were cut off, for all servers on its ledger.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::rechecking::Targets;
use crate::causes::with_causes;
use crate::operations::erase_again::{Sweep, go_on, is_taken, open};
use crate::operations::{OperationError, Operations};

/// Between two looks whether any was cut off.
const LOOK: Duration = Duration::from_secs(5);

/// So many at once: a large system takes hours, and the others would be given up meanwhile.
const AT_ONCE: usize = 8;

/// Goes on with them until the shutdown.
pub(super) async fn run(on: Operations, targets: Targets, shutdown: CancellationToken) {
    let mut working =
        Working { on: Arc::new(on), targets: Arc::new(targets), tasks: JoinSet::new(), sweeps: Vec::new() };
    while shutdown.run_until_cancelled(sleep(LOOK)).await.is_some() {
        if let Err(error) = working.take_up(&shutdown).await {
            debug!(error = with_causes(&error), "sweeps that were cut off are looked for again");
        }
    }
    while working.tasks.join_next().await.is_some() {}
}

/// What this process works on, one task for each.
struct Working {
    on: Arc<Operations>,
    targets: Arc<Targets>,
    tasks: JoinSet<()>,
    sweeps: Vec<(Sweep, AbortHandle)>,
}

impl Working {
    /// Begins with those on which nobody works.
    async fn take_up(&mut self, shutdown: &CancellationToken) -> Result<(), OperationError> {
        while self.tasks.try_join_next().is_some() {}
        self.sweeps.retain(|(_, task)| !task.is_finished());
        for sweep in open(&self.on).await? {
            let is_under_way = self.sweeps.iter().any(|(one, _)| *one == sweep);
            if is_under_way || self.sweeps.len() >= AT_ONCE || !is_taken(&self.on, &sweep).await? {
                continue;
            }
            let (on, targets, one) = (Arc::clone(&self.on), Arc::clone(&self.targets), sweep.clone());
            let shutdown = shutdown.clone();
            let task = self.tasks.spawn(async move {
                if let Err(error) = go_on(&on, &targets, &one, &shutdown).await {
                    debug!(error = with_causes(&error), "a sweep that was cut off goes on later");
                }
            });
            self.sweeps.push((sweep, task));
        }
        Ok(())
    }
}
