//! `quietus check` for plugins: starts each one and compares its manifest with the settings.

use std::collections::BTreeSet;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::host::{PluginHost, PluginState};
use super::info::PluginInfo;
use super::installed::Installed;
use super::program::Program;
use super::settings::PluginSettings;
use crate::keys::ReadSecret;
use crate::subject::Kind;
use crate::target::{Target as _, TargetError};

/// Whether the plugin's own system is tried too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connect {
    Offline,
    Try,
}

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct PluginFindings {
    pub(crate) info: PluginInfo,
    /// Kinds that are granted, and that the plugin does not take.
    pub(crate) untaken: Vec<Kind>,
    /// Ports that it declares, and that the configuration does not open.
    pub(crate) unopened: Vec<u16>,
    /// Kinds by which it says that it knows persons.
    pub(crate) returned: BTreeSet<Kind>,
    /// `None` when it was not tried.
    pub(crate) health: Option<Result<(), TargetError>>,
}

/// What is wrong with a plugin or its settings; several lines where there are several faults.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}`: {why}")]
pub(crate) struct CheckRefused {
    pub(crate) plugin: String,
    pub(crate) why: String,
}

/// Starts the plugin as the server would, configures it, and ends it again.
pub(crate) async fn check(
    settings: PluginSettings,
    base: &Path,
    read: ReadSecret<'_>,
    program: Program,
    connect: Connect,
) -> Result<PluginFindings, CheckRefused> {
    let plugin = settings.name.clone();
    let refused = |why| CheckRefused { plugin: plugin.clone(), why };
    let installed = Installed::find(settings, base, read).map_err(|e| refused(e.why))?;
    let host = PluginHost::new(installed, program);
    let shutdown = CancellationToken::new();
    let looking = async {
        let findings = match host.started().await {
            PluginState::Up(info) => {
                // It is up, so there is a session; if that was lost meanwhile, the health says so.
                let session = host.session().await;
                let contract = session.as_ref().map(|session| &session.contract);
                let untaken = contract.map(|contract| contract.untaken.clone()).unwrap_or_default();
                let unopened = contract.map(|contract| contract.unopened.clone()).unwrap_or_default();
                let health = match connect {
                    Connect::Offline => None,
                    Connect::Try => Some(host.health().await),
                };
                let returned = host.returned_kinds().unwrap_or_default();
                Ok(PluginFindings { info, untaken, unopened, returned, health })
            }
            PluginState::Failed(why) | PluginState::Restarting(why) => Err(refused(why)),
            PluginState::Starting | PluginState::Stopped => Err(refused("it did not start".into())),
        };
        shutdown.cancel();
        findings
    };
    let (findings, ()) = tokio::join!(looking, host.clone().run(shutdown.clone()));
    findings
}
