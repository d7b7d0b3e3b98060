//! Plugins: those of a running server, and any that its author tries out.

mod call;
mod heard;

pub(crate) use crate::plugin::{conform as test, introduce as describe};
pub(crate) use call::{Called, Ending, Method, PluginCall, call};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{OperationError, audit};
use crate::audit::{Act, ActResult, Actor, Object};
use crate::ledger::Ledger;
use crate::plugin::{Installed, PluginHost, PluginInfo, PluginView};
use crate::subject::TargetName;

/// The plugins of this process, which is a running server.
#[derive(Clone)]
pub(crate) struct RunningPlugins {
    pub(crate) ledger: Arc<dyn Ledger>,
    /// As they are now: a reload of the configuration changes them.
    pub(crate) hosts: Hosts,
    pub(crate) reread: Reread,
}

/// The plugins by their names.
pub(crate) type Hosts = Arc<dyn Fn() -> BTreeMap<TargetName, Arc<PluginHost>> + Send + Sync>;

/// Reads the configuration of a plugin again, its secrets included. May block. The error is for the operator.
pub(crate) type Reread = Arc<dyn Fn(&TargetName) -> Result<Installed, String> + Send + Sync>;

/// A plugin, and what waits for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ListedPlugin {
    #[serde(flatten)]
    pub(crate) plugin: PluginView,
    /// Steps of erasures, over all servers on the ledger.
    pub(crate) waiting: u64,
    /// Those that need a person.
    pub(crate) parked: u64,
}

/// Lists the plugins, by name.
pub(crate) async fn list(on: &RunningPlugins) -> Result<Vec<ListedPlugin>, OperationError> {
    let counts = on.ledger.counts().await?;
    let hosts = (on.hosts)();
    let listed = hosts.iter().map(|(name, host)| ListedPlugin {
        plugin: host.view(),
        waiting: counts.waiting_steps.get(&*name.0).copied().unwrap_or_default(),
        parked: counts.parked_steps.get(&*name.0).copied().unwrap_or_default(),
    });
    Ok(listed.collect())
}

/// Replaces a plugin by what its file, configuration and secrets are now. When the new one does not load, does not accept
/// the configuration or is not healthy, everything stays as it is.
pub(crate) async fn reload(on: &RunningPlugins, name: &TargetName, by: &Actor) -> Result<PluginInfo, OperationError> {
    let hosts = (on.hosts)();
    let Some(host) = hosts.get(name) else {
        let names = hosts.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(OperationError::NotFound(format!("the server has no plugin `{name}`; it has: {names}")));
    };
    let object = Object::plugin(name);
    audit::begun(&*on.ledger, by, Act::ReloadPlugin, &object).await?;
    let replaced = replace(host, Arc::clone(&on.reread), name.clone()).await;
    let result = if replaced.is_ok() { ActResult::Done } else { ActResult::Failed };
    audit::ended(&*on.ledger, by, Act::ReloadPlugin, &object, result).await;
    replaced
}

async fn replace(host: &PluginHost, reread: Reread, name: TargetName) -> Result<PluginInfo, OperationError> {
    let installed = match tokio::task::spawn_blocking(move || reread(&name)).await {
        Ok(installed) => installed.map_err(OperationError::Conflict)?,
        // Without the cause: it holds the panic's text.
        Err(_) => return Err(OperationError::Failed(anyhow::anyhow!("the configuration could not be read"))),
    };
    host.reload(installed).await.map_err(OperationError::Conflict)
}
