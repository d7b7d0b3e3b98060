//! Whether the process is fit to receive.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::ServerSettings;
use crate::ledger::Ledger;

/// The states of targets, by name, in one word each. They are shown; receiving does not depend on them.
pub(crate) type TargetStates = Box<dyn Fn() -> BTreeMap<String, &'static str> + Send + Sync>;

/// Answers `/readyz`.
pub(crate) struct Readiness {
    ledger: Arc<dyn Ledger>,
    targets: TargetStates,
    answer_max: Duration,
    /// The last answer of the ledger. Asking writes, and anybody may ask.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// How long an answer of the ledger stands.
    const STANDS: Duration = Duration::from_secs(1);

    pub(crate) fn new(ledger: Arc<dyn Ledger>, targets: TargetStates, settings: &ServerSettings) -> Self {
        Self { ledger, targets, answer_max: settings.record_max.get(), last: Mutex::new(None) }
    }

    pub(super) async fn report(&self) -> Report {
        let writable = self.writable().await;
        let ledger = if writable { "writable" } else { "not writable" };
        Report { ready: writable, ledger, targets: (self.targets)() }
    }

    async fn writable(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, writable)) = *last
            && at.elapsed() < Self::STANDS
        {
            return writable;
        }
        let writable = matches!(timeout(self.answer_max, self.ledger.writable()).await, Ok(Ok(())));
        *last = Some((Instant::now(), writable));
        writable
    }
}

/// What `/readyz` says.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) ready: bool,
    ledger: &'static str,
    targets: BTreeMap<String, &'static str>,
}
