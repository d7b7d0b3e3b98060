//! `quietus plugin-host`: what the server starts for each plugin; not for people.

use std::path::PathBuf;

use super::exit::{Exit, Failure};

/// Host one plugin on standard input
#[derive(clap::Args)]
pub(super) struct PluginHost {
    #[arg(long)]
    library: PathBuf,
}

impl PluginHost {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        Err(Failure::Other(anyhow::anyhow!("{}", self.library.display())))
    }
}
