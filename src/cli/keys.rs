//! `quietus keys`: the keys of a deployment are made once.

use std::path::PathBuf;

use serde_json::json;

use super::context::{Global, actor, load, wait};
use super::exit::{Exit, Failure};
use super::out::Out;
use crate::app;
use crate::config::Config;
use crate::operations::{keys, ledger};

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
        let (dir, public) = match dir {
            Some(dir) => {
                let public = wait(async { Ok(keys::create(&dir, None, &actor()).await?) })?;
                (dir, public)
            }
            None => wait(of_configuration(load(global)?, out))?,
        };
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

/// Makes the keys where the configuration says, and writes that down where there is a ledger already.
async fn of_configuration(config: Config, out: &mut Out) -> Result<(PathBuf, String), Failure> {
    let dir = config.keys_dir();
    let is_there = config.ledger_place().is_ok_and(|place| ledger::must_be_there(&place).is_ok());
    let opened = if is_there { Some(app::open_operations(config).await) } else { None };
    let operations = match opened.transpose() {
        Ok(operations) => operations,
        Err(error) => {
            out.note(format_args!("that keys are made cannot be written into the audit: {error:#}"));
            None
        }
    };
    let created = keys::create(&dir, operations.as_ref(), &actor()).await;
    if let Some(operations) = &operations {
        operations.close().await;
    }
    Ok((dir, created?))
}
