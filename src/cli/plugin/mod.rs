//! `quietus plugin`: for those who run plugins, and for those who write them. Each command has a file of its own.

mod answer;
mod describe;
mod heard;
mod junit;
mod list;
mod new;
mod reload;
mod run;
mod schema;
mod subject;
mod test;

use super::exit::{Exit, Failure};
use super::out::Out;
use super::{Global, on_deployment, wait};
use crate::config::Config;
use crate::control::{ControlClient, ControlError};
use crate::plugin::Program;

/// What can be done about plugins.
#[derive(clap::Subcommand)]
pub(super) enum Plugin {
    New(new::New),
    Describe(describe::Describe),
    Run(run::Run),
    Test(test::Test),
    List(list::List),
    Reload(reload::Reload),
}

impl Plugin {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::New(new) => new.run(out),
            Self::Describe(describe) => wait(describe.run(global, out)),
            Self::Run(run) => wait(run.run(global, out)),
            Self::Test(test) => wait(test.run(global, out)),
            Self::List(list) => on_deployment(global, async |on| list.run(on, out).await),
            Self::Reload(reload) => reload.run(global, out),
        }
    }
}

/// What becomes the plugin's process.
#[cfg(not(test))]
fn program() -> Program {
    Program::this()
}

/// The test program is no `quietus`.
#[cfg(test)]
fn program() -> Program {
    crate::plugin::tests::program()
}

/// The way to the running server.
fn control(config: &Config) -> Result<ControlClient, Failure> {
    let missing = || Failure::Usage("no control socket: set `server.control` to a path, as the ledger has none".into());
    Ok(ControlClient::new(&config.control_socket().ok_or_else(missing)?)?)
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::Other(error.into())
    }
}

#[cfg(test)]
mod tests;
