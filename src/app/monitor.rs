//! What metrics show beside the process's own counters, put together from a configuration.

use std::sync::Arc;

use super::plugins::Plugins;
use crate::attention::Limits;
use crate::config::Config;
use crate::http::MoreMetrics;
use crate::ledger::LedgerPlace;
use crate::monitoring::Monitor;
use crate::worker::Worker;

/// Of a server's parts.
pub(super) fn more_metrics(config: &Config, worker: &Worker, plugins: &Plugins) -> MoreMetrics {
    let backend = match config.ledger_place() {
        Ok(LedgerPlace::Sqlite(_)) => "sqlite",
        _ => "postgres",
    };
    let limits = Limits {
        deadline: config.erasing.deadline,
        warn_before: config.erasing.warn_before,
        unknown_share_max: config.settling.unknown_share_max,
    };
    let installations: Vec<_> = config.mluvii.iter().map(|settings| settings.name.clone()).collect();
    let targets = worker.targets.keys().cloned().collect();
    let records = Arc::clone(&worker.records);
    let monitor = Arc::new(Monitor::new(records, backend, limits, &installations, targets, plugins.hosts()));
    Arc::new(move || {
        let monitor = Arc::clone(&monitor);
        Box::pin(async move { monitor.render().await })
    })
}
