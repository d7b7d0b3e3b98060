//! What was refused, for `quietus status`: counted in memory, and written at most once a minute, so that a stranger who sends
//! nonsense causes no write.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::receiver::Receiver;
use crate::causes::with_causes;
use crate::ledger::Intake;

const WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// Writes what is refused, until `shutdown`, and then once more.
pub(crate) async fn write_refused(receiver: Arc<Receiver>, ledger: Arc<dyn Intake>, shutdown: CancellationToken) {
    loop {
        let goes_on = shutdown.run_until_cancelled(tokio::time::sleep(WRITTEN_EVERY)).await.is_some();
        let refused = receiver.take_refused();
        if !refused.is_empty()
            && let Err(error) = ledger.refused(&refused).await
        {
            warn!(error = %with_causes(&error), "could not write how many deliveries were refused");
            receiver.put_back_refused(&refused);
        }
        if !goes_on {
            return;
        }
    }
}
