//! The plugins of a server: their supervisors as targets, as states to show, and as tasks to own.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::http::{self, PluginStates};
use crate::keys::ReadSecret;
use crate::plugin::{Delegated, Installed, PluginHost, PluginRefused, PluginState, Program};
use crate::subject::TargetName;
use crate::target::Target;

/// The plugins of a server, by name.
#[derive(Clone)]
pub(crate) struct Plugins(BTreeMap<TargetName, Arc<PluginHost>>);

impl Plugins {
    /// Finds the libraries and reads the secrets; nothing runs yet.
    pub(crate) fn build(config: &Config, read: ReadSecret<'_>) -> Result<Self, PluginRefused> {
        // Before any child is there.
        let program = match config.plugins.as_slice() {
            [] => Program::this(),
            _ => Program::this().divide(Delegated::take().map(Arc::new)),
        };
        let hosts = config.plugins.iter().map(|settings| {
            let installed = Installed::find(settings.clone(), &config.base, read)?.storing_resume();
            let host = PluginHost::new(installed, program.clone());
            Ok((TargetName(settings.name.as_str().into()), host))
        });
        hosts.collect::<Result<_, _>>().map(Self)
    }

    /// Keeps the children running until the shutdown.
    pub(crate) fn run(&self, shutdown: &CancellationToken) -> JoinSet<()> {
        self.0.values().map(|host| Arc::clone(host).run(shutdown.clone())).collect()
    }

    pub(crate) fn targets(&self) -> BTreeMap<TargetName, Arc<dyn Target>> {
        self.0.iter().map(|(name, host)| (name.clone(), Arc::clone(host) as Arc<dyn Target>)).collect()
    }

    /// The hosts themselves.
    pub(crate) fn hosts(&self) -> BTreeMap<TargetName, Arc<PluginHost>> {
        self.0.clone()
    }

    /// The states in one word each, for `/readyz`.
    pub(crate) fn states(&self) -> PluginStates {
        let hosts = self.0.clone();
        Box::new(move || hosts.iter().map(|(name, host)| (name.to_string(), word(&host.state()))).collect())
    }
}

fn word(state: &PluginState) -> &'static str {
    match state {
        PluginState::Up(_) => http::UP,
        other => other.as_str(),
    }
}
