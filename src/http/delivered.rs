//! That sources have delivered, for whoever watches whether one has fallen silent: noted in memory, and written once a minute at most,
//! however much comes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::pace::Pace;
use super::receiver::Receiver;
use crate::causes::with_causes;
use crate::ledger::Intake;
use crate::lock::Replaceable;

/// Writes which sources have delivered, until `shutdown`, and then once more.
pub(crate) async fn write_delivered(
    receiver: Arc<Replaceable<Receiver>>,
    ledger: Arc<dyn Intake>,
    shutdown: CancellationToken,
) {
    let mut pace = Pace::new();
    while pace.wait(&shutdown).await {
        pace.looked(write(&receiver.current(), &*ledger).await);
    }
    write(&receiver.current(), &*ledger).await;
}

/// Writes which have delivered since the last time; whether any has.
async fn write(receiver: &Receiver, ledger: &dyn Intake) -> bool {
    let sources = receiver.take_delivered();
    // What could not be written is not written later: it would be of another minute.
    if !sources.is_empty()
        && let Err(error) = ledger.delivered(&sources).await
    {
        warn!(error = %with_causes(&error), "could not write which sources have delivered");
    }
    !sources.is_empty()
}
