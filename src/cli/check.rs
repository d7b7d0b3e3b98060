//! pending
use super::Global;
use super::exit::{Exit, Failure};
use super::out::Out;

#[derive(clap::Args)]
pub(super) struct Check {
    /// Also try mluvii, the ledger and each plugin's health
    #[arg(long)]
    connect: bool,
}

impl Check {
    pub(super) fn run(self, _global: &Global, _out: &mut Out) -> Result<Exit, Failure> {
        Ok(Exit::when(self.connect))
    }
}
