//! `quietus plugin reload`.

use crate::cli::context::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{GOOD, Out};
use crate::cli::running;
use crate::control::ControlError;
use crate::subject::TargetName;

/// Replace a plugin of the running server by what its file, configuration and secrets are now
///
/// The new process has to load, to accept the configuration and to be healthy before it takes over; calls under way end in
/// the old one. When it does not, everything stays as it is, and the exit code is 1. A plugin whose file changes is replaced
/// in the same way by itself. `calls_per_s` and what receipts accept of it change with `quietus reload` only.
#[derive(clap::Args)]
pub(in crate::cli) struct Reload {
    /// The plugin's name in the configuration
    name: String,
}

impl Reload {
    pub(in crate::cli) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let name = TargetName(self.name.as_str().into());
        let info = match running::client(global)?.reload_plugin(&name).await {
            Ok(info) => info,
            Err(ControlError::Refused(why)) => {
                out.error(&format!("plugin {name} was not replaced: {why}"));
                return Ok(Exit::No);
            }
            Err(away) => return Err(away.into()),
        };
        if out.is_json() {
            out.json(&info)?;
        } else {
            let sandbox = info.sandbox.as_str();
            out.marked(GOOD, "✓", format_args!("plugin {name} is {} {}, sandbox {sandbox}", info.name, info.version))?;
        }
        Ok(Exit::Done)
    }
}
