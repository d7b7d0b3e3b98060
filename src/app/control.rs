//! The control socket of a server: where it is, and how a plugin's configuration is read again.

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::plugins::Plugins;
use crate::config::Config;
use crate::control::{ControlSocket, serve};
use crate::ledger::Ledger;
use crate::operations::plugins::RunningPlugins;
use crate::panics::Task;
use crate::plugin::Installed;
use crate::subject::TargetName;

/// What serves the socket until the shutdown. A server that cannot have it works all the same.
pub(super) fn run(
    config: &Config,
    ledger: Arc<dyn Ledger>,
    plugins: &Plugins,
) -> impl Fn(CancellationToken) -> Task + Send + Sync + use<> {
    let path = config.control_socket();
    let file = config.file.clone();
    let running = RunningPlugins {
        ledger,
        hosts: plugins.hosts(),
        reread: Arc::new(move |name: &TargetName| installed(&file, name)),
    };
    move |shutdown| {
        let (path, running) = (path.clone(), running.clone());
        Box::pin(async move {
            let Some(path) = path else { return };
            let socket = match ControlSocket::bind(&path) {
                Ok(socket) => socket,
                Err(error) => {
                    warn!(control = %path.display(), %error, "commands cannot ask this server, as its control socket fails");
                    return;
                }
            };
            info!(control = %path.display(), "commands can ask this server");
            serve(socket, running, shutdown).await;
        })
    }
}

/// What the configuration file says of a plugin now.
fn installed(file: &Path, name: &TargetName) -> Result<Installed, String> {
    let config = Config::load(file).map_err(|error| error.to_string())?;
    let settings = config.plugins.iter().find(|settings| settings.target() == *name);
    let settings = settings.ok_or_else(|| format!("{} has no plugin `{name}` any more", file.display()))?;
    let read = |reference: &_| config.read_secret(reference);
    Installed::find(settings.clone(), &config.base, &read).map_err(|refused| refused.why)
}
