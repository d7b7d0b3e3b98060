//! `quietus migrate`: the ledger's schema, brought up to date by somebody who may.

use std::path::PathBuf;

use super::bar;
use super::context::{Global, actor, load, wait};
use super::exit::{Exit, Failure};
use super::out::{GOOD, Out};
use crate::keys::SecretRef;
use crate::ledger::{LedgerPlace, Migrated};
use crate::operations::ledger;

/// Bring the ledger's schema up to date
///
/// A ledger in PostgreSQL is migrated by its owner, before the servers of the new version start; servers of the version
/// before go on working. Several that migrate at once do it one after the other. A ledger in SQLite is also migrated
/// whenever it is opened.
#[derive(clap::Args)]
pub(super) struct Migrate {
    /// PostgreSQL: who owns the ledger [default: the user of `ledger.url`]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// PostgreSQL: a file with the owner's password [default: `ledger.password`]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Migrate {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let config = load(global)?;
        let place = config.ledger_place()?;
        let shown = place.shown();
        // A ledger in SQLite has none; its file's permissions say who may.
        let password = match (self.password_file.map(SecretRef::File), &place) {
            (_, LedgerPlace::Sqlite(_)) => None,
            (Some(reference), _) => Some(config.read_secret(&reference)?),
            (None, _) => config.ledger_password()?,
        };
        let bar = bar::waiting("bringing the schema up to date");
        let migrated = wait(async { Ok(ledger::migrate(place, self.user, password.as_ref(), &actor()).await) });
        // Before anything is shown: the bar would stand beside it.
        bar.finish_and_clear();
        show(&shown, migrated??, out)?;
        Ok(Exit::Done)
    }
}

fn show(ledger: &str, migrated: Migrated, out: &mut Out) -> std::io::Result<()> {
    let Migrated { from, to } = migrated;
    if out.is_json() {
        out.json(&serde_json::json!({ "ledger": ledger, "from": from, "to": to }))
    } else if from == to {
        out.marked(GOOD, "✓", format_args!("the ledger {ledger} has schema {to} already"))
    } else {
        out.marked(GOOD, "✓", format_args!("the ledger {ledger} had schema {from} and has {to} now"))
    }
}
