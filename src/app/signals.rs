//! SIGTERM and SIGINT: the first lets everything under way end, the second ends the process at once. SIGHUP has the configuration read
//! anew.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Why a server ended with work in its hands.
#[derive(Debug, thiserror::Error)]
#[error("a second signal stopped quietus at once; what was under way goes on after the next start")]
pub(crate) struct StoppedAtOnce;

/// The signals by which a server is ended.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they no longer kill the process.
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("SIGTERM cannot be awaited")?,
            interrupt: signal(SignalKind::interrupt()).context("SIGINT cannot be awaited")?,
        })
    }

    /// Cancels the token at the first signal, and ends with the second.
    pub(super) async fn second(mut self, shutdown: &CancellationToken) {
        let first = self.next().await;
        info!("{first}: no new work; what is in flight is finished, and deliveries are taken until then");
        shutdown.cancel();
        let second = self.next().await;
        warn!("{second}, the second signal: stopping at once; what is under way goes on after the next start");
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// SIGHUP, by which a server takes its configuration anew.
pub(crate) struct Hangups(Signal);

impl Hangups {
    /// From now on it does not kill the process. One that comes before anybody waits for it, in whatever runtime, is not lost. To be called
    /// before anything that takes time; it starts no thread.
    pub(crate) fn catch() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let _within = runtime.enter();
        Ok(Self(signal(SignalKind::hangup()).context("SIGHUP cannot be awaited")?))
    }

    /// The next one; several that came before it was waited for are one.
    pub(super) async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}
