//! Accepting connections, whatever they come over.

use std::io;
use std::time::Duration;

use tokio::time::sleep;
use tracing::error;

use super::log_rate_limit::LogRateLimit;

/// Between two tries to accept a connection, where the next one would fail alike, as when too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Takes a listener's connections, one after the other.
pub(crate) struct Accepting {
    failures: LogRateLimit,
}

impl Accepting {
    pub(crate) fn new() -> Self {
        Self { failures: LogRateLimit::new() }
    }

    /// The next connection; failures are waited out.
    pub(crate) async fn next<C, A: Future<Output = io::Result<C>>>(&self, accept: impl Fn() -> A) -> C {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        loop {
            match accept().await {
                Ok(accepted) => return accepted,
                Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
                Err(error) => {
                    if self.failures.passes() {
                        error!(%error, "could not accept a connection; retrying");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
