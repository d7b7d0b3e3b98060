//! The control socket of a server: where it is, and how a plugin's configuration is read again.

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::plugins::hosts;
use super::reload::Reloader;
use super::server::Server;
use crate::config::Config;
use crate::control::{ControlSocket, serve};
use crate::operations::plugins::RunningPlugins;
use crate::panics::Task;
use crate::plugin::Installed;
use crate::subject::TargetName;

/// What serves the socket until the shutdown. A server that cannot have it works all the same.
pub(super) fn run(
    config: &Config,
    reloader: &Arc<Reloader>,
) -> impl Fn(CancellationToken) -> Task + Send + Sync + use<> {
    let path = config.control_socket();
    let plugins = running_plugins(config, &reloader.server);
    let configuration = reloader.running();
    move |shutdown| {
        let (path, plugins, configuration) = (path.clone(), plugins.clone(), configuration.clone());
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
            serve(socket, plugins, configuration, shutdown).await;
        })
    }
}

/// The plugins of the process, for those who order something of them.
pub(super) fn running_plugins(config: &Config, server: &Server) -> RunningPlugins {
    let file = config.file.clone();
    let current = Arc::clone(&server.current);
    RunningPlugins {
        ledger: Arc::clone(&server.process.ledger),
        hosts: Arc::new(move || hosts(&current.current().plugins)),
        reread: Arc::new(move |name: &TargetName| installed(&file, name)),
    }
}

/// What the configuration file says of a plugin now.
fn installed(file: &Path, name: &TargetName) -> Result<Installed, String> {
    let config = Config::load(file).map_err(|error| error.to_string())?;
    let settings = config.plugins.iter().find(|settings| settings.target() == *name);
    let settings = settings.ok_or_else(|| format!("{} has no plugin `{name}` any more", file.display()))?;
    let read = |reference: &_| config.read_secret(reference);
    let installed = Installed::find(settings.clone(), &config.base, &read).map_err(|refused| refused.why)?;
    Ok(installed.storing_resume())
}
