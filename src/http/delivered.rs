//! That sources have delivered, for whoever watches whether one has fallen silent: noted in memory, and written once a minute at most,
//! however much comes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::pace::Pace;
use super::receiving::ReceivingState;
use crate::causes::with_causes;

/// Writes which sources have delivered, until `shutdown`, and then once more.
pub(crate) async fn write_delivered(state: Arc<ReceivingState>, shutdown: CancellationToken) {
    let mut pace = Pace::new();
    while pace.wait(&shutdown).await {
        pace.looked(write(&state).await);
    }
    write(&state).await;
}

/// Writes which have delivered since the last time; whether any has.
async fn write(state: &ReceivingState) -> bool {
    let sources = state.counts.take_delivered();
    // What could not be written is not written later: it would be of another minute.
    if !sources.is_empty()
        && let Err(error) = state.ledger.delivered(&sources).await
    {
        warn!(error = %with_causes(&error), "could not write which sources have delivered");
    }
    !sources.is_empty()
}
