//! What was refused, for `quietus status`, and whether all came from one address, for `quietus check`: counted in memory, and written at most
//! once a minute, so that a stranger who sends nonsense causes no write.

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
    let mut noted = None;
    loop {
        let goes_on = shutdown.run_until_cancelled(tokio::time::sleep(WRITTEN_EVERY)).await.is_some();
        let refused = receiver.take_refused();
        if !refused.is_empty()
            && let Err(error) = ledger.refused(&refused).await
        {
            warn!(error = %with_causes(&error), "could not write how many deliveries were refused");
            receiver.put_back_refused(&refused);
        }
        let is_one = receiver.is_one_client();
        if let Some(is) = is_one
            && noted != is_one
        {
            match ledger.one_client(is).await {
                Ok(()) => noted = is_one,
                Err(error) => warn!(error = %with_causes(&error), "could not write whether all comes from one address"),
            }
        }
        if !goes_on {
            return;
        }
    }
}
