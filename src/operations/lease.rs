//! What one server does for all is taken for a while, and that is renewed as long as it is under way: where the server is killed, another one
//! takes it when that while is over.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tracing::debug;

use super::Operations;
use crate::causes::with_causes;

/// For so long nobody else does it, also where the server that does is killed.
pub(crate) const LEASE: Duration = Duration::from_secs(120);

/// Does work that was taken for [`LEASE`] under a name. `reached` is how far it has come so far, where that is kept.
pub(crate) async fn renewed<T>(
    on: &Operations,
    name: &str,
    reached: impl Fn() -> Option<Timestamp>,
    work: impl Future<Output = T>,
) -> T {
    renewed_for(on, (name, LEASE), reached, work).await
}

/// The same of what was taken for another while.
pub(crate) async fn renewed_for<T>(
    on: &Operations,
    (name, lease): (&str, Duration),
    reached: impl Fn() -> Option<Timestamp>,
    work: impl Future<Output = T>,
) -> T {
    let renewing = async {
        loop {
            sleep(lease / 4).await;
            if let Err(error) = on.ledger.renew_periodic(name, lease, reached()).await {
                debug!(name, error = with_causes(&error), "a lease could not be renewed; it is tried again");
            }
        }
    };
    tokio::select! {
        done = work => done,
        never = renewing => never,
    }
}
