//! `quietus plugin`: for those who run plugins, and for those who write them. Each command has a file of its own.

mod answer;
mod describe;
mod junit;
mod list;
mod new;
mod program;
mod recipe;
mod reload;
mod run;
mod schema;
mod subject;
mod test;

use super::context::{Global, wait};
use super::exit::{Exit, Failure};
use super::out::Out;

/// What can be done about plugins.
#[derive(clap::Subcommand)]
pub(super) enum Plugin {
    New(new::New),
    Recipe(recipe::Recipe),
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
            Self::Recipe(recipe) => recipe.run(out),
            Self::Describe(describe) => wait(describe.run(global, out)),
            Self::Run(run) => wait(run.run(global, out)),
            Self::Test(test) => wait(test.run(global, out)),
            Self::List(list) => wait(list.run(global, out)),
            Self::Reload(reload) => wait(reload.run(global, out)),
        }
    }
}

#[cfg(test)]
mod tests;
