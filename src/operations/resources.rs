//! What takes secrets, files or processes to make. An operation makes only what it needs, so that one that needs no secret
//! is not kept from its work by a secret that cannot be read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::alert::{Alert, AlertWrong};
use crate::key_files::SealStore;
use crate::mluvii::{MluviiClient, SettingsError};
use crate::outside::StateFile;
use crate::subject::{InstallationName, SourceName, TargetName};
use crate::target::Target;
use crate::verify::WebhookMode;
use crate::watch::{NoCallback, Wanted};

/// How operations come by what they work with.
pub(crate) struct Resources {
    /// The folder of the keys.
    pub(crate) keys_dir: PathBuf,
    /// The folder of the seal key's generations.
    pub(crate) seals: SealStore,
    /// What is known of the ledger outside of it; nothing where that is not wanted.
    pub(crate) state: Option<StateFile>,
    /// The folder of archives; nothing is archived where there is none.
    pub(crate) archive_dir: Option<PathBuf>,
    /// Makes an installation's client. The name is one of [`super::Settings::installations`].
    pub(crate) client: MakeClient,
    /// What the sources of all installations need at mluvii, with the secrets in their URLs; or why that cannot be said.
    pub(crate) webhooks: MakeWebhooks,
    /// Makes all alerts, by name, or says what is wrong with one.
    pub(crate) alerts: MakeAlerts,
    /// Makes all targets, with the processes that some of them need.
    pub(crate) targets: MakeTargets,
}

/// See [`Resources::client`].
pub(crate) type MakeClient = Box<dyn Fn(&InstallationName) -> Result<Arc<MluviiClient>, SettingsError> + Send + Sync>;

/// See [`Resources::alerts`].
pub(crate) type MakeAlerts = Box<dyn Fn() -> Vec<(String, Result<Alert, AlertWrong>)> + Send + Sync>;

/// See [`Resources::webhooks`].
pub(crate) type MakeWebhooks = Box<dyn Fn() -> Vec<SourceWebhook> + Send + Sync>;

/// What a source needs at mluvii.
pub(crate) struct SourceWebhook {
    pub(crate) source: SourceName,
    pub(crate) installation: InstallationName,
    pub(crate) mode: WebhookMode,
    pub(crate) wanted: Result<Wanted, NoCallback>,
}

/// See [`Resources::targets`]. The error is one of the configuration.
pub(crate) type MakeTargets = Box<dyn Fn() -> Result<RunningTargets, anyhow::Error> + Send + Sync>;

/// Targets that can be called.
pub(crate) struct RunningTargets {
    /// By the name under which a target is called ([`TargetName::called_for`]).
    pub(crate) targets: BTreeMap<TargetName, Arc<dyn Target>>,
    /// The processes of plugins, which end with `shutdown`.
    pub(crate) processes: JoinSet<()>,
    pub(crate) shutdown: CancellationToken,
}

impl RunningTargets {
    /// Ends the processes that were started for these targets.
    pub(super) async fn stop(mut self) {
        self.shutdown.cancel();
        while self.processes.join_next().await.is_some() {}
    }
}
