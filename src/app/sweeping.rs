//! A server goes on with sweeps of `quietus erase-again` that were cut off, for all servers on its ledger.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::rechecking::Targets;
use crate::causes::with_causes;
use crate::operations::Operations;
use crate::operations::erase_again::go_on;

/// Between two looks whether any was cut off.
const LOOK: Duration = Duration::from_secs(5);

/// Goes on with them until the shutdown.
pub(super) async fn run(on: Operations, targets: Targets, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(sleep(LOOK)).await.is_some() {
        if let Err(error) = go_on(&on, &targets, &shutdown).await {
            debug!(error = with_causes(&error), "a sweep that was cut off goes on later");
        }
    }
}
