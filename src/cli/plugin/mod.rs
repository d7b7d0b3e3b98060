//! `quietus plugin`: for those who run plugins, and for those who write them. Each command has a file of its own.

mod answer;
mod describe;
mod heard;
mod junit;
mod run;
mod schema;
mod subject;
mod test;

use super::exit::{Exit, Failure};
use super::out::Out;
use super::{Global, wait};
use crate::plugin::Program;

/// What can be done about plugins.
#[derive(clap::Subcommand)]
pub(super) enum Plugin {
    Describe(describe::Describe),
    Run(run::Run),
    Test(test::Test),
}

impl Plugin {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Describe(describe) => wait(describe.run(global, out)),
            Self::Run(run) => wait(run.run(global, out)),
            Self::Test(test) => wait(test.run(global, out)),
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

#[cfg(test)]
mod tests;
