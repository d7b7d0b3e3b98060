//! A server tells people of what needs them, for all servers on its ledger.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::telling::Telling;
use crate::alert::Alert;
use crate::operations::Operations;

/// Tells people until the shutdown.
pub(super) async fn run(on: Operations, alerts: Vec<Arc<Alert>>, shutdown: CancellationToken) {
    let on = Arc::new(on);
    let mut telling = JoinSet::new();
    for alert in alerts {
        telling.spawn(Telling::new(Arc::clone(&on), alert).run(shutdown.clone()));
    }
    while let Some(ended) = telling.join_next().await {
        // All of it is begun anew, rather than that this alert tells nobody any more.
        if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
            std::panic::resume_unwind(panic);
        }
    }
    shutdown.cancelled().await;
}
