//! `quietus standin`.

use super::exit::{Exit, Failure};

/// Run a mluvii stand-in, for trying things out
#[derive(clap::Args)]
pub(super) struct Standin {}

impl Standin {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        Err(Failure::Other(anyhow::anyhow!("the stand-in is not part of this build")))
    }
}
