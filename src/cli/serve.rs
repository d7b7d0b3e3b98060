//! `quietus serve`.

use super::context::{Global, load};
use super::exit::{Exit, Failure};
use super::out::Out;
use crate::app;

/// Receive webhooks and carry erasures through
///
/// SIGTERM or SIGINT ends it in good order, a second one at once. SIGHUP has it take its configuration anew, as `quietus reload` does, which
/// also says the result; one that comes while it starts is taken once it listens.
#[derive(clap::Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        // First of all: who changes the configuration during a start, and says so, must not end the process.
        let hangups = app::Hangups::catch()?;
        let config = load(global)?;
        // Before the log: its writer is a second thread.
        let passed = app::PassedSockets::take().map_err(Failure::Config)?;
        let log = app::init_log(&config.log).map_err(Failure::Config)?;
        out.remark_through(log);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(app::serve(config, passed, hangups));
        // All that matters has ended, or is to end at once; what is left, such as a look-up of a name, is not waited for.
        runtime.shutdown_background();
        served?;
        Ok(Exit::Done)
    }
}
