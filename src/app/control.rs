//! The control socket of a server: where it is, and how a plugin's configuration is read again.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Config;
use crate::control::{Control, ControlSocket, serve};
use crate::plugin::{Installed, PluginHost};
use crate::subject::TargetName;

/// Serves the socket until the shutdown. A server that cannot have it works all the same.
pub(super) fn run(
    config: &Config,
    plugins: BTreeMap<TargetName, Arc<PluginHost>>,
    shutdown: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let (path, file) = (config.control_socket(), config.file.clone());
    async move {
        let Some(path) = path else { return };
        let socket = match ControlSocket::bind(&path) {
            Ok(socket) => socket,
            Err(error) => {
                warn!(control = %path.display(), %error, "commands cannot ask this server, as its control socket fails");
                return;
            }
        };
        info!(control = %path.display(), "commands can ask this server");
        let reread = Box::new(move |name: &TargetName| installed(&file, name));
        serve(socket, Control { plugins, reread }, shutdown).await;
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
