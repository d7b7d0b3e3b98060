//! `quietus serve`.

use super::context::{Global, load};
use super::exit::{Exit, Failure};
use crate::app;

/// Receive webhooks and carry erasures through
#[derive(clap::Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Failure> {
        let config = load(global)?;
        app::init_log(&config.log).map_err(Failure::Config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(app::serve(config))?;
        Ok(Exit::Done)
    }
}
