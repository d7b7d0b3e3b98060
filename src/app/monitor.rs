//! What metrics show beside the process's own counters, put together from a configuration.

use std::sync::Arc;

use jiff::Timestamp;

use super::loaded::Loaded;
use super::operations::limits;
use super::plugins::{OwnedPlugins, hosts};
use super::process::Process;
use crate::monitoring::{LoadedConfiguration, Monitor, Shown};
use crate::subject::SourceName;
use crate::worker::Worker;

/// Of a configuration that is loaded now.
pub(super) fn monitor(loaded: &Loaded, process: &Process, worker: &Worker, plugins: &OwnedPlugins) -> Monitor {
    let config = &loaded.config;
    let limits = limits(config);
    let installations: Vec<_> = config.mluvii.iter().map(|settings| settings.name.clone()).collect();
    let sources = config.sources.iter().map(|source| SourceName(source.name.as_str().into())).collect();
    let targets = worker.targets.keys().cloned().collect();
    let records = Arc::clone(&worker.records);
    // Under a key: nobody is to try out what could stand there.
    let digest = process.keys.index.seen(&[b"configuration", config.as_written().as_bytes()]);
    let loaded = LoadedConfiguration { digest: hex::encode(&digest.0[..4]), at: Timestamp::now() };
    let shown = Shown { installations, sources, targets, plugins: hosts(plugins) };
    Monitor::new(records, process.this, loaded, limits, shown)
}
