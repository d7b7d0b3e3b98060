//! What a scrape is answered beside the process's own counters: the ledger's numbers and what needs a person, the plugins, the
//! process itself. All of it is read when somebody asks, and a family is written as a whole each time: what is gone is not shown
//! with its last value.

mod exposition;
mod ledger;
mod plugins;
mod process;
mod reading;
mod watching;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::attention::Limits;
use crate::ledger::{QueueName, Records};
use crate::plugin::PluginHost;
use crate::subject::{InstallationName, SourceName, TargetName};
use exposition::{Exposition, Kind};
pub(crate) use process::ThisProcess;
use reading::Reading;

/// What can be asked for its numbers.
pub(crate) struct Monitor {
    ledger: Reading,
    limits: Limits,
    queues: Vec<Queue>,
    /// As they are called.
    targets: Vec<TargetName>,
    installations: Vec<InstallationName>,
    sources: Vec<SourceName>,
    plugins: BTreeMap<TargetName, Arc<PluginHost>>,
    process: ThisProcess,
    configuration: LoadedConfiguration,
}

/// What of a configuration is shown by its name.
pub(crate) struct Shown {
    pub(crate) installations: Vec<InstallationName>,
    pub(crate) sources: Vec<SourceName>,
    /// As they are called.
    pub(crate) targets: Vec<TargetName>,
    pub(crate) plugins: BTreeMap<TargetName, Arc<PluginHost>>,
}

/// By which configuration the process works.
pub(crate) struct LoadedConfiguration {
    /// The same wherever the same is written, for all processes of a deployment; says nothing of what is written.
    pub(crate) digest: String,
    pub(crate) at: Timestamp,
}

impl LoadedConfiguration {
    fn write(&self, text: &mut Exposition) {
        let help = "1, with a digest of the configuration by which this process works.";
        let labels = [("digest", self.digest.as_str())];
        text.family("quietus_configuration_info", Kind::Gauge, help).sample(&labels, 1_u64);
        let help = "When this process has taken the configuration by which it works.";
        let at = self.at.as_millisecond() as f64 / 1000.0;
        text.gauge("quietus_configuration_loaded_timestamp_seconds", help, at);
    }
}

/// A queue, and how it is shown.
struct Queue {
    name: QueueName,
    /// What is done there, in one word.
    shown: &'static str,
    /// The target that is asked; empty where none is.
    target: String,
}

impl Monitor {
    /// Of this configuration's queues, targets and plugins. Nothing is read yet.
    pub(crate) fn new(
        records: Arc<dyn Records>,
        process: ThisProcess,
        configuration: LoadedConfiguration,
        limits: Limits,
        shown: Shown,
    ) -> Self {
        let Shown { installations, sources, targets, plugins } = shown;
        let queues = queues(&installations, &targets);
        let names = queues.iter().map(|queue| queue.name.clone()).collect();
        let ledger = Reading::of(records, names, limits.clone());
        Self { ledger, limits, queues, targets, installations, sources, plugins, process, configuration }
    }

    /// All of it in Prometheus's text format.
    pub(crate) async fn render(&self) -> String {
        let mut text = Exposition::default();
        self.process.write(&mut text);
        self.configuration.write(&mut text);
        plugins::write(&mut text, &self.plugins);
        let read = self.ledger.now().await;
        ledger::write(&mut text, &read, self);
        text.into_text()
    }
}

/// All queues that this configuration works on.
fn queues(installations: &[InstallationName], targets: &[TargetName]) -> Vec<Queue> {
    let mut queues = Vec::new();
    for installation in installations {
        let target = TargetName::mluvii_of(installation).to_string();
        for (shown, name) in [
            ("decide", QueueName::Decide(installation.clone())),
            ("settle", QueueName::Settle(installation.clone())),
            ("resolve", QueueName::Resolve(installation.clone())),
        ] {
            queues.push(Queue { name, shown, target: target.clone() });
        }
    }
    for target in targets {
        queues.push(Queue { name: QueueName::Step(target.clone()), shown: "step", target: target.to_string() });
    }
    queues.push(Queue { name: QueueName::Close, shown: "close", target: String::new() });
    queues
}

#[cfg(test)]
mod tests;
