//! crm-purge: erases people from customers' systems. A configuration and a person's identifiers enter; what was found,
//! erased and met again leaves. `engine` knows how to erase and no vendor; each file in `vendor` is one vendor.

mod choice;
mod config;
mod engine;
mod vendor;

use std::time::Duration;

use quietus_plugin::{
    ANY, Answer, Call, Found, Manifest, Plugin, PluginError, Request, Secrets, Sweep, Swept, export_plugin,
};

pub use config::Config;
use engine::Engine;

/// The plugin.
pub struct CrmPurge(Engine);

impl Plugin for CrmPurge {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("crm-purge", env!("CARGO_PKG_VERSION"))
            .accepts(ANY)
            .accepts_secret(ANY)
            .http("")
            // Of vendors whose address need not be configured.
            .port(443)
            .dry_run()
            .resumes()
            .sweeps()
            .finds_from("/returns")
            .call_max(Duration::from_secs(240))
            .concurrency(4)
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        Engine::make(&config, &secrets).map(Self)
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        match request.writes() {
            Some(writes) => self.0.erase(request, writes, call),
            None => self.0.foresee(request, call),
        }
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        self.0.verify(request, call)
    }

    fn find(&self, request: &Request, call: &Call) -> Result<Found, PluginError> {
        self.0.tell(request, call)
    }

    fn sweep(&self, wanted: &Sweep, call: &Call) -> Result<Swept, PluginError> {
        self.0.sweep(wanted, call)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.0.health(call)
    }
}

export_plugin!(CrmPurge);

#[cfg(test)]
mod tests;
