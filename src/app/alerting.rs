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
    while telling.join_next().await.is_some() {}
    shutdown.cancelled().await;
}
