//! What metrics show beside the process's own counters, put together from a configuration.

use std::sync::Arc;

use super::operations::limits;
use super::plugins::Plugins;
use crate::config::Config;
use crate::http::MoreMetrics;
use crate::ledger::LedgerPlace;
use crate::monitoring::Monitor;
use crate::subject::SourceName;
use crate::worker::Worker;

/// Of a server's parts.
pub(super) fn more_metrics(config: &Config, worker: &Worker, plugins: &Plugins) -> MoreMetrics {
    let backend = match config.ledger_place() {
        Ok(LedgerPlace::Sqlite(_)) => "sqlite",
        _ => "postgres",
    };
    let limits = limits(config);
    let installations: Vec<_> = config.mluvii.iter().map(|settings| settings.name.clone()).collect();
    let sources = config.sources.iter().map(|source| SourceName(source.name.as_str().into())).collect();
    let targets = worker.targets.keys().cloned().collect();
    let records = Arc::clone(&worker.records);
    let monitor = Arc::new(Monitor::new(records, backend, limits, installations, sources, targets, plugins.hosts()));
    Arc::new(move || {
        let monitor = Arc::clone(&monitor);
        Box::pin(async move { monitor.render().await })
    })
}
