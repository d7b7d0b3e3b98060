//! That sources have delivered, for whoever watches whether one has fallen silent: noted in memory, and written once a minute at most,
//! however much comes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::receiver::Receiver;
use crate::causes::with_causes;
use crate::ledger::Intake;

/// How soon the first one is written.
const LOOK: Duration = Duration::from_secs(1);

/// How long nothing is written thereafter: minutes are noted.
const PAUSE: Duration = Duration::from_secs(60);

/// Writes which sources have delivered, until `shutdown`, and then once more.
pub(crate) async fn write_delivered(receiver: Arc<Receiver>, ledger: Arc<dyn Intake>, shutdown: CancellationToken) {
    let mut pause = LOOK;
    while shutdown.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = if write(&receiver, &*ledger).await { PAUSE } else { LOOK };
    }
    write(&receiver, &*ledger).await;
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
