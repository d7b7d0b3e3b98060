//! `quietus keys`: the keys of a deployment are made once; one at a time can be replaced.

use std::path::PathBuf;

use serde_json::json;

use super::context::{Global, actor, load, wait, with_operations};
use super::exit::{Exit, Failure};
use super::out::Out;
use crate::app;
use crate::config::Config;
use crate::key_files::Rotated;
use crate::operations::{Operations, keys, ledger};

#[derive(clap::Subcommand)]
pub(super) enum Keys {
    /// Make the keys of a new deployment; never overwrites any
    New {
        /// The folder [default: `keys.dir` of the configuration, which is `keys` beside it]
        dir: Option<PathBuf>,
    },
    /// Replace a key by a new one; the old one is kept, but for the one that seals
    ///
    /// Of several machines, rotate on one, and copy its keys to the others before their servers start. A rotation that was
    /// interrupted is finished by the same command.
    Rotate {
        /// The key to replace
        key: Rotatable,
    },
}

/// A key that can be replaced.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Rotatable {
    /// The one that signs receipts: the old one signs the new one. Start every server again afterwards; until then it signs
    /// with the old one, which also verifies
    Receipt,
    /// The one that seals: another generation seals from now on, and the one before is destroyed once nothing is sealed under it. Servers go on
    Seal,
    /// The one by which people are found: all that stands under the old one is carried over, so that nobody is lost. The new
    /// one goes through the old one, which stays in its file. Stop every server before
    Index,
}

impl From<Rotatable> for keys::Rotatable {
    fn from(key: Rotatable) -> Self {
        match key {
            Rotatable::Receipt => Self::Receipt,
            Rotatable::Seal => Self::Seal,
            Rotatable::Index => Self::Index,
        }
    }
}

impl Keys {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::New { dir } => new(dir, global, out),
            Self::Rotate { key } => with_operations(global, async |on| rotate(key.into(), on, out).await),
        }
    }
}

fn new(dir: Option<PathBuf>, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
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

async fn rotate(key: keys::Rotatable, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
    let Rotated { from, to } = keys::rotate(on, key, &actor()).await?;
    if out.is_json() {
        out.json(&json!({ "from": from.as_str(), "to": to.as_str() }))?;
    } else {
        let then = if key == keys::Rotatable::Seal { "destroyed once nothing is sealed under it" } else { "kept" };
        out.line(format_args!("the key {to} has replaced {from}, which is {then}"))?;
    }
    let then = match key {
        keys::Rotatable::Receipt => "start every server again, and give the new receipt.pub to who verifies",
        keys::Rotatable::Seal => {
            out.note("a running server goes on with the new one by itself; keep it out of every backup");
            return Ok(Exit::Done);
        }
        keys::Rotatable::Index => {
            "a backup of the old keys is of no use any more but with a backup of the ledger from then"
        }
    };
    out.note(format_args!("{then}; back the keys up"));
    Ok(Exit::Done)
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
