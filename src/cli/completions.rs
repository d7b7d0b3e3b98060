//! `quietus completions`: for the shell.

use super::exit::{Exit, Failure};
use super::out::Out;

/// Write the completions of a shell
#[derive(clap::Args)]
pub(super) struct Completions {
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self, mut commands: clap::Command, out: &mut Out) -> Result<Exit, Failure> {
        // Generating panics when its writer fails, as a closed pipe does.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut commands, "quietus", &mut script);
        std::io::Write::write_all(out, &script)?;
        Ok(Exit::Done)
    }
}
