//! `quietus keys`: the keys of a deployment are made once.

use std::path::PathBuf;

use serde_json::json;

use super::context::{self, Global};
use super::exit::{Exit, Failure};
use super::out::Out;
use crate::operations::keys;

#[derive(clap::Subcommand)]
pub(super) enum Keys {
    /// Make the keys of a new deployment; never overwrites any
    New {
        /// The folder [default: `keys.dir` of the configuration, which is `keys` beside it]
        dir: Option<PathBuf>,
    },
}

impl Keys {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let Self::New { dir } = self;
        let dir = match dir {
            Some(dir) => dir,
            None => context::load(global)?.keys_dir(),
        };
        let public = keys::create(&dir)?;
        if out.is_json() {
            out.json(&json!({ "dir": dir, "receipt_public_key": public }))?;
        } else {
            out.line(format_args!("made the keys in {}", dir.display()))?;
            out.line(format_args!("the public key of the receipts: {public}"))?;
        }
        out.note("back these files up, apart from the ledger: a lost index key means that nobody can be found again");
        Ok(Exit::Done)
    }
}
