//! What was refused, for `quietus status`, and whether all came from one address, for `quietus check`: counted in memory, written soon after
//! the first, and at most once a minute, so that a stranger who sends nonsense causes no write.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::pace::Pace;
use super::receiving::ReceivingState;
use crate::causes::with_causes;

/// Writes what is refused, until `shutdown`, and then once more.
pub(crate) async fn write_refused(state: Arc<ReceivingState>, shutdown: CancellationToken) {
    let mut noted = None;
    let mut pace = Pace::new();
    while pace.wait(&shutdown).await {
        pace.looked(write(&state, &mut noted).await);
    }
    write(&state, &mut noted).await;
}

/// Writes what has come since the last time; whether anything was refused.
async fn write(state: &ReceivingState, noted: &mut Option<bool>) -> bool {
    let ReceivingState { ledger, counts, clients, .. } = state;
    let refused = counts.take_refused();
    if !refused.is_empty()
        && let Err(error) = ledger.refused(&refused).await
    {
        warn!(error = %with_causes(&error), "could not write how many deliveries were refused");
        counts.put_back(&refused);
    }
    let is_one = clients.is_one();
    let is_news = is_one.is_some() && *noted != is_one;
    if let Some(is) = is_one.filter(|_| is_news) {
        match ledger.one_client(is).await {
            Ok(()) => *noted = is_one,
            Err(error) => warn!(error = %with_causes(&error), "could not write whether all comes from one address"),
        }
    }
    !refused.is_empty()
}
