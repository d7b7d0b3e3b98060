//! The plugins of the server that is asked.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Operate};
use crate::admin::ending::to_its_end;
use crate::admin::given::{Nothing, Path};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::operations::plugins::{self, ListedPlugin};
use crate::plugin::PluginState;
use crate::subject::TargetName;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/plugins",
            get_with(list, |op| {
                op.id("list_plugins").summary("List the plugins of this server, and what waits for each")
            }),
        )
        .api_route(
            "/api/v1/plugins/{target}/reload",
            post_with(reload, |op| {
                op.id("reload_plugin")
                    .summary("Replace a plugin by what its file, configuration and secrets are now; or nothing changes")
            }),
        )
}

/// A plugin.
#[derive(Debug, Serialize, JsonSchema)]
struct Plugin {
    target: String,
    /// `starting`, `up`, `restarting`, `failed` or `stopped`.
    state: String,
    /// Why it does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Its own name and version, where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// What its operator should know of it, though it works.
    doubts: Vec<String>,
    file: String,
    /// Calls that are under way.
    calls: usize,
    /// How often its process was started after the first time.
    restarts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<PluginError>,
    /// Steps of erasures that wait for it, over all servers.
    waiting: u64,
    /// Those of them that need a person.
    parked: u64,
}

/// What went wrong last.
#[derive(Debug, Serialize, JsonSchema)]
struct PluginError {
    #[schemars(with = "String")]
    at: Timestamp,
    why: String,
}

impl From<ListedPlugin> for Plugin {
    fn from(ListedPlugin { plugin, waiting, parked }: ListedPlugin) -> Self {
        let state = plugin.state.as_str().to_owned();
        let (why, info) = match plugin.state {
            PluginState::Up(info) => (None, Some(info)),
            PluginState::Restarting(why) | PluginState::Failed(why) => (Some(why), None),
            PluginState::Starting | PluginState::Stopped => (None, None),
        };
        Self {
            target: plugin.name.to_string(),
            state,
            why,
            name: info.as_ref().map(|info| info.name.clone()),
            version: info.as_ref().map(|info| info.version.clone()),
            doubts: info.map(|info| info.doubts).unwrap_or_default(),
            file: plugin.file.display().to_string(),
            calls: plugin.calls,
            restarts: plugin.restarts,
            last_error: plugin.last_error.map(|error| PluginError { at: error.at, why: error.why }),
            waiting,
            parked,
        }
    }
}

async fn list(by: By<Operate>, _: Nothing) -> Answer<Page<Plugin>> {
    by.sees_all()?;
    let all = plugins::list(by.admin.plugins()).await?;
    Ok(Done(Page { items: all.into_iter().map(Plugin::from).collect(), next: None }))
}

/// A plugin, by its name.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichPlugin")]
struct Which {
    target: String,
}

/// The plugin that is there now.
#[derive(Debug, Serialize, JsonSchema)]
struct ReloadedPlugin {
    target: String,
    name: String,
    version: String,
    doubts: Vec<String>,
}

async fn reload(by: By<Operate>, Path(which): Path<Which>, _: Nothing) -> Answer<ReloadedPlugin> {
    by.sees_all()?;
    let target = TargetName(which.target.into());
    let info =
        to_its_end(
            async move { plugins::reload(by.admin.plugins(), &target, &by.actor()).await.map_err(Problem::from) },
        );
    let info = info.await?;
    let target = info.target.to_string();
    Ok(Done(ReloadedPlugin { target, name: info.name, version: info.version, doubts: info.doubts }))
}
