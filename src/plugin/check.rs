//! `quietus check` for plugins: starts each one and compares its manifest with the settings. Offline, no secret is read, and it is
//! not configured: it only says what it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::host::{PluginHost, PluginState};
use super::info::PluginInfo;
use super::inspect::{compare, look};
use super::installed::Installed;
use super::launching::StartFailed;
use super::locate::locate;
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
    /// Kinds without which it cannot be asked.
    pub(crate) required: BTreeSet<Kind>,
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

/// What a plugin says of itself without being configured, where it fits its settings.
#[derive(Clone, Debug)]
pub(crate) struct OfflineFindings {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) untaken: Vec<Kind>,
    pub(crate) unopened: Vec<u16>,
    pub(crate) returned: BTreeSet<Kind>,
    pub(crate) required: BTreeSet<Kind>,
}

/// Has the plugin say what it is, in its sandbox, and compares that with the settings. `read` stands in for its secrets. The inner error is
/// why it cannot be asked on this machine, by which nothing is known of its settings.
pub(crate) async fn check_offline(
    settings: PluginSettings,
    base: &Path,
    read: ReadSecret<'_>,
    program: &Program,
) -> Result<Result<OfflineFindings, String>, CheckRefused> {
    let plugin = settings.name.clone();
    let refused = |why| CheckRefused { plugin: plugin.clone(), why };
    if is_elsewhere(&settings, base) {
        return Ok(Err("its file is not on this machine".to_owned()));
    }
    let installed = Installed::find(settings, base, read).map_err(|e| refused(e.why))?;
    let why = |failed| match failed {
        StartFailed::Refused(why) | StartFailed::Lost(why) => why,
        StartFailed::Cancelled => "it was cancelled".to_owned(),
    };
    // One that does not load, as it is for another machine.
    let seen = match look(program, &installed).await {
        Ok(seen) => seen,
        Err(failed) => return Ok(Err(why(failed))),
    };
    let inspected = installed.remember(seen.sha256, seen.hello.manifest);
    let contract = compare(program, &installed, &inspected).await.map_err(|failed| refused(why(failed)))?;
    Ok(Ok(OfflineFindings {
        name: inspected.manifest.name.clone(),
        version: inspected.manifest.version.clone(),
        untaken: contract.untaken,
        unopened: contract.unopened,
        required: contract.required.into_iter().collect(),
        returned: contract.returns,
    }))
}

/// Whether its settings name a file that is not here: where a configuration is checked, plugins need not be installed.
fn is_elsewhere(settings: &PluginSettings, base: &Path) -> bool {
    let program = std::env::current_exe().ok();
    let file = settings.library.as_ref().or(settings.exec.as_ref());
    file.is_some_and(|file| locate(file, base, program.as_deref()).is_err())
}

/// What is found of a plugin that is being started, once it is up, or cannot be.
pub(crate) async fn findings(host: &Arc<PluginHost>, connect: Connect) -> Result<PluginFindings, CheckRefused> {
    let refused = |why| CheckRefused { plugin: host.target.to_string(), why };
    match host.started().await {
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
            let required = host.required_kinds();
            Ok(PluginFindings { info, untaken, unopened, returned, required, health })
        }
        PluginState::Failed(why) | PluginState::Restarting(why) => Err(refused(why)),
        PluginState::Starting | PluginState::Stopped => Err(refused("it did not start".into())),
    }
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
        let findings = findings(&host, connect).await;
        shutdown.cancel();
        findings
    };
    let (findings, ()) = tokio::join!(looking, host.clone().run(shutdown.clone()));
    findings
}
