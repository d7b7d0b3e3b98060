//! `quietus plugin-host`: what the server starts for each plugin; not for people.

use std::path::PathBuf;
use std::process::ExitCode;

/// Host one plugin on standard input
#[derive(clap::Args)]
pub(super) struct PluginHost {
    #[arg(long)]
    library: PathBuf,
}

impl PluginHost {
    pub(super) fn run(self) -> ExitCode {
        let _ = self.library;
        ExitCode::FAILURE
    }
}
