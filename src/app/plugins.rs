//! The plugins of a server, and those of a command.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::process::Children;
use crate::config::Config;
use crate::http;
use crate::keys::ReadSecret;
use crate::plugin::{Installed, PluginHost, PluginRefused, PluginSettings, PluginState};
use crate::subject::TargetName;

/// Supervisors by the plugins' names.
pub(crate) type Hosts = BTreeMap<TargetName, Arc<PluginHost>>;

/// The plugins of a configuration of a server.
pub(super) type OwnedPlugins = BTreeMap<TargetName, Arc<OwnedPlugin>>;

/// A plugin that is there for as long as somebody owns it: a configuration that takes another one's place keeps those that are as they
/// were.
pub(super) struct OwnedPlugin {
    pub(super) host: Arc<PluginHost>,
    end: CancellationToken,
}

impl OwnedPlugin {
    /// Finds the file and reads the secrets. It is `before` where nothing of it has changed; another one does not run yet.
    pub(super) fn build(
        config: &Config,
        settings: &PluginSettings,
        before: Option<&Arc<Self>>,
        children: &Children,
        end: &CancellationToken,
    ) -> Result<Arc<Self>, PluginRefused> {
        let read = |reference: &_| config.read_secret(reference);
        let installed = Installed::find(settings.clone(), &config.base, &read)?.storing_resume();
        if let Some(before) = before.filter(|before| before.host.runs(&installed)) {
            return Ok(Arc::clone(before));
        }
        let host = PluginHost::new(installed, children.program());
        Ok(Arc::new(Self { host, end: end.child_token() }))
    }

    /// Keeps its process running until nobody owns it any more.
    pub(super) fn run(&self) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.host).run(self.end.clone())
    }
}

impl Drop for OwnedPlugin {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Their supervisors.
pub(super) fn hosts(plugins: &OwnedPlugins) -> Hosts {
    plugins.iter().map(|(name, plugin)| (name.clone(), Arc::clone(&plugin.host))).collect()
}

/// The plugins of a command, which do not run yet.
pub(super) fn hosts_of_command(config: &Config, read: ReadSecret<'_>) -> Result<Hosts, PluginRefused> {
    let children = Children::default();
    let hosts = config.plugins.iter().map(|settings| {
        let installed = Installed::find(settings.clone(), &config.base, read)?.storing_resume();
        Ok((settings.target(), PluginHost::new(installed, children.program())))
    });
    hosts.collect()
}

/// Keeps their children running until the shutdown.
pub(super) fn run(hosts: &Hosts, shutdown: &CancellationToken) -> JoinSet<()> {
    hosts.values().map(|host| Arc::clone(host).run(shutdown.clone())).collect()
}

/// The states in one word each, for `/readyz`.
pub(super) fn states(plugins: &OwnedPlugins) -> BTreeMap<String, &'static str> {
    plugins.iter().map(|(name, plugin)| (name.to_string(), word(&plugin.host.state()))).collect()
}

fn word(state: &PluginState) -> &'static str {
    match state {
        PluginState::Up(_) => http::UP,
        other => other.as_str(),
    }
}
