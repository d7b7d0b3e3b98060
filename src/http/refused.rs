//! What was refused, for `quietus status`, and whether all came from one address, for `quietus check`: counted in memory, written soon after
//! the first, and at most once a minute, so that a stranger who sends nonsense causes no write.

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

/// How long nothing is written thereafter.
const PAUSE: Duration = Duration::from_secs(60);

/// Writes what is refused, until `shutdown`, and then once more.
pub(crate) async fn write_refused(receiver: Arc<Receiver>, ledger: Arc<dyn Intake>, shutdown: CancellationToken) {
    let mut noted = None;
    let mut pause = LOOK;
    while shutdown.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = if write(&receiver, &*ledger, &mut noted).await { PAUSE } else { LOOK };
    }
    write(&receiver, &*ledger, &mut noted).await;
}

/// Writes what has come since the last time; whether anything was refused.
async fn write(receiver: &Receiver, ledger: &dyn Intake, noted: &mut Option<bool>) -> bool {
    let refused = receiver.take_refused();
    if !refused.is_empty()
        && let Err(error) = ledger.refused(&refused).await
    {
        warn!(error = %with_causes(&error), "could not write how many deliveries were refused");
        receiver.put_back_refused(&refused);
    }
    let is_one = receiver.is_one_client();
    let is_news = is_one.is_some() && *noted != is_one;
    if let Some(is) = is_one.filter(|_| is_news) {
        match ledger.one_client(is).await {
            Ok(()) => *noted = is_one,
            Err(error) => warn!(error = %with_causes(&error), "could not write whether all comes from one address"),
        }
    }
    !refused.is_empty()
}
