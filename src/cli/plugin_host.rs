//! `quietus plugin-host`: what the server starts for each plugin; not for people.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::plugin::plugin_host_main;

/// Host one plugin on standard input
#[derive(clap::Args)]
pub(super) struct PluginHost {
    #[arg(long)]
    library: PathBuf,
}

impl PluginHost {
    pub(super) fn run(self) -> ExitCode {
        plugin_host_main(&self.library)
    }
}
