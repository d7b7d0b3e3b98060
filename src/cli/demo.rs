//! `quietus demo`.

use super::exit::{Exit, Failure};
use super::out::Out;

/// Show the whole path on this machine, with a mluvii stand-in and made-up people
#[derive(clap::Args)]
pub(super) struct Demo {
    /// Keep the folder that the demo worked in
    #[arg(long)]
    pub(super) keep: bool,
}

impl Demo {
    pub(super) fn run(self, _out: &mut Out) -> Result<Exit, Failure> {
        Err(Failure::Other(anyhow::anyhow!("the demo is not part of this build")))
    }
}
