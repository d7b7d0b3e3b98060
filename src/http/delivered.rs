//! How much sources have delivered, for whoever watches whether one has fallen silent, and for pictures: counted in memory, and written once
//! a minute at most, however much comes.

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
    let taken = state.counts.take_delivered();
    // What could not be written is not written later: it would be of another minute.
    if !taken.is_empty()
        && let Err(error) = state.ledger.delivered(&taken).await
    {
        warn!(error = %with_causes(&error), "could not write which sources have delivered");
    }
    !taken.is_empty()
}
