//! What is noted of something that the configuration no longer names needs nobody any more: nobody looks at it, and so nobody would find
//! that it is over.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::parts::Notices;
use crate::attention::NotedOf;
use crate::causes::with_causes;
use crate::ledger::LedgerError;
use crate::operations::Operations;
use crate::operations::recheck::Place;

/// After a failure.
const AGAIN: Duration = Duration::from_secs(30);

/// Ends such notes once.
pub(super) async fn run(on: Operations, notices: Notices, shutdown: CancellationToken) {
    while let Err(error) = end(&on, &notices).await {
        debug!(error = %with_causes(&error), "notes of what is no longer in the configuration stay for now");
        if shutdown.run_until_cancelled(sleep(AGAIN)).await.is_none() {
            return;
        }
    }
    shutdown.cancelled().await;
}

async fn end(on: &Operations, notices: &Notices) -> Result<(), LedgerError> {
    let is_configured = |noted: &NotedOf<'_>| match *noted {
        NotedOf::Source(name) => on.settings.sources.iter().any(|source| source.name == name),
        NotedOf::Installation(name) => on.settings.installations.iter().any(|of| *of.name.0 == *name),
        NotedOf::Alert(name) => notices.alerts.iter().any(|alert| alert.plan.name == name),
        NotedOf::Recheck(name) => Place::all(on).iter().any(|place| *place.named().0 == *name),
        NotedOf::Ping => notices.ping.is_some(),
        NotedOf::Confirmation => notices.links.is_some(),
    };
    for found in on.ledger.attention_untried(&on.settings.limits).await? {
        if let Some((_, keeper)) = found.noted_of().filter(|(of, _)| !is_configured(of)) {
            on.ledger.keeper_ended(&keeper, None).await?;
        }
    }
    Ok(())
}
