//! `quietus serve`.

use super::exit::{Exit, Failure};
use super::{Global, installation};

/// Receive webhooks and carry erasures through
#[derive(clap::Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Failure> {
        let _config = installation::load(global)?;
        Err(Failure::Other(anyhow::anyhow!("the server is not part of this build")))
    }
}
