//! Whether the process is healthy: the ledger can be written, the plugins are up. Receiving goes on without plugins, so a load
//! balancer that must not lose deliveries watches `/healthz`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::settings::ServerSettings;
use crate::ledger::{Intake, LedgerError};
use crate::lock::Replaceable;
use crate::panics::Ending;

/// The states of the plugins, by name, in one word each; `up` is the good one.
pub(crate) type PluginStates = Box<dyn Fn() -> BTreeMap<String, &'static str> + Send + Sync>;

/// The state of a plugin that can be called.
pub(crate) const UP: &str = "up";

/// The state of a ledger that takes deliveries.
const WRITABLE: &str = "writable";

/// How the process itself is, whatever it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WorkerState {
    Works,
    /// It was told to end.
    Stopping,
    /// It cannot work, and ends.
    Dying,
}

/// Answers `/readyz`.
pub(crate) struct Readiness {
    ledger: Arc<dyn Intake>,
    plugins: PluginStates,
    ending: Ending,
    settings: Arc<Replaceable<ServerSettings>>,
    /// The last answer of the ledger. Asking writes, and anyone may ask.
    last: Mutex<Option<(Instant, &'static str)>>,
}

impl Readiness {
    /// How long an answer of the ledger is used.
    const USED_FOR: Duration = Duration::from_secs(1);

    pub(crate) fn new(
        ledger: Arc<dyn Intake>,
        plugins: PluginStates,
        ending: Ending,
        settings: Arc<Replaceable<ServerSettings>>,
    ) -> Self {
        Self { ledger, plugins, ending, settings, last: Mutex::new(None) }
    }

    pub(super) async fn check(&self) -> ReadyState {
        let ledger = self.ledger().await;
        let plugins = (self.plugins)();
        let worker = self.worker();
        let ready = ledger == WRITABLE && worker == WorkerState::Works && plugins.values().all(|state| *state == UP);
        ReadyState { ready, ledger, worker, plugins }
    }

    /// How the process itself is.
    pub(crate) fn worker(&self) -> WorkerState {
        match &self.ending {
            Ending { dying, .. } if dying.is_cancelled() => WorkerState::Dying,
            Ending { stopping, .. } if stopping.is_cancelled() => WorkerState::Stopping,
            Ending { .. } => WorkerState::Works,
        }
    }

    /// The state of the ledger, in a word.
    async fn ledger(&self) -> &'static str {
        // Held while the ledger is asked: many probes at once are one write.
        let mut last = self.last.lock().await;
        if let Some((at, state)) = *last
            && at.elapsed() < Self::USED_FOR
        {
            return state;
        }
        let state = match timeout(self.settings.current().record_max.0, self.ledger.writable()).await {
            Ok(Ok(())) => WRITABLE,
            Ok(Err(LedgerError::Damaged(_))) => "damaged",
            Ok(Err(_)) | Err(_) => "not writable",
        };
        *last = Some((Instant::now(), state));
        state
    }
}

/// What `/readyz` says.
#[derive(Serialize)]
pub(super) struct ReadyState {
    pub(super) ready: bool,
    ledger: &'static str,
    worker: WorkerState,
    plugins: BTreeMap<String, &'static str>,
}
