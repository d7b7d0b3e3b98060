//! How fast comparisons make their calls of mluvii: nobody waits for them, so that they take half of what an installation allows, and less
//! where others take more.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::causes::with_causes;
use crate::ledger::Ledger;
use crate::mluvii::Pace;
use crate::operations::{OperationError, Operations};
use crate::subject::{InstallationName, TargetName};

/// The pace of a comparison's calls.
struct HalfRate {
    ledger: Arc<dyn Ledger>,
    target: TargetName,
    rate: NonZeroU32,
    next: Mutex<Instant>,
}

/// That of an installation; none where it has no rate.
pub(in crate::operations) fn pace(
    on: &Operations,
    installation: &InstallationName,
) -> Result<Option<Arc<dyn Pace>>, OperationError> {
    let installation = on.installation(installation)?;
    let Some(rate) = installation.calls_per_s else { return Ok(None) };
    let target = TargetName::mluvii_of(&installation.name);
    let next = Mutex::new(Instant::now());
    Ok(Some(Arc::new(HalfRate { ledger: Arc::clone(&on.ledger), target, rate, next })))
}

#[async_trait]
impl Pace for HalfRate {
    async fn turn(&self) {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        let began = Instant::now();
        // Counted before it is made: other work waits for it, call by call, and not for all of a comparison at its end.
        let room = match self.ledger.charge(&self.target, 1, self.rate).await {
            Ok(room) => room,
            Err(error) => {
                tracing::debug!(error = with_causes(&error), "a call could not be counted");
                Duration::ZERO
            }
        };
        *next = began + room.max(Duration::from_secs(2) / self.rate.get());
    }
}
