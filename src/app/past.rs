//! A server works on comparisons of years that were ordered, for all servers on its ledger.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::audit::Actor;
use crate::causes::with_causes;
use crate::operations::Operations;
use crate::operations::lease::{LEASE, renewed};
use crate::operations::reconcile::{Progress, jobs, work_on};

/// How soon one that was ordered begins.
const LOOK: Duration = Duration::from_secs(2);

/// After a failure.
const AGAIN: Duration = Duration::from_secs(300);

/// Works on them until the shutdown.
pub(super) async fn run(on: Operations, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(sleep(LOOK)).await.is_some() {
        if let Err(error) = work(&on, &shutdown).await {
            debug!(error, "comparisons of the past are worked on later");
        }
    }
}

async fn work(on: &Operations, shutdown: &CancellationToken) -> Result<(), String> {
    let all = jobs(on).await.map_err(|error| with_causes(&error))?;
    let known = |stored: &&crate::ledger::StoredPastJob| {
        on.settings.installations.iter().any(|installation| installation.name == stored.job.mluvii)
    };
    for stored in all.iter().filter(|stored| stored.job.state.is_under_way()).filter(known) {
        let name = format!("past/{}", stored.job.mluvii);
        if on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?.is_none() {
            continue;
        }
        let pause = renewed(on, &name, || None, work_on_one(on, stored.id, shutdown)).await?;
        on.ledger.put_off_periodic(&name, pause, None).await.map_err(|error| with_causes(&error))?;
    }
    Ok(())
}

/// Works on one as far as that goes; returns when to go on.
async fn work_on_one(on: &Operations, id: i64, shutdown: &CancellationToken) -> Result<Duration, String> {
    let by = Actor::watch();
    while !shutdown.is_cancelled() {
        let all = jobs(on).await.map_err(|error| with_causes(&error))?;
        let Some(stored) = all.into_iter().find(|stored| stored.id == id) else { break };
        match work_on(on, stored, &by, shutdown).await {
            Ok(Progress::More) => {}
            Ok(Progress::Wait | Progress::Nothing) => break,
            Err(error) => {
                warn!(
                    job = id,
                    reason = with_causes(&error),
                    "a comparison of the past does not go on; it is tried again"
                );
                return Ok(AGAIN);
            }
        }
    }
    Ok(Duration::ZERO)
}
