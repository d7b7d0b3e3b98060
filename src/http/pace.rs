//! When what is counted in memory is written: soon after the first, and at most once a minute, so that however much comes causes few
//! writes.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How soon the first one is written.
const LOOK: Duration = Duration::from_secs(1);

/// How long nothing is written thereafter.
const PAUSE: Duration = Duration::from_secs(60);

/// The pace of one task that writes.
pub(super) struct Pace(Duration);

impl Pace {
    pub(super) fn new() -> Self {
        Self(LOOK)
    }

    /// Waits until it is time to look; `false` at the shutdown, when it is looked once more.
    pub(super) async fn wait(&self, shutdown: &CancellationToken) -> bool {
        shutdown.run_until_cancelled(sleep(self.0)).await.is_some()
    }

    /// Whether there was anything to write.
    pub(super) fn looked(&mut self, found: bool) {
        self.0 = if found { PAUSE } else { LOOK };
    }
}
