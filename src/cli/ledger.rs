//! `quietus ledger`: the ledger as a whole: looking it over, moving it from one backend to the other, backing it up, restoring it.

mod accept;
mod backup;
mod check;
mod restore;

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::context::{Global, actor, load, wait};
use super::exit::{Exit, Failure};
use super::out::{GOOD, Out};
use crate::config::Config;
use crate::keys::{Secret, SecretRef};
use crate::ledger::copy::{Copied, CopyProgress};
use crate::ledger::{LedgerPlace, LedgerUrlWrong};
use crate::operations::ledger::{self, Reopened};

#[derive(clap::Subcommand)]
pub(super) enum Ledger {
    Backup(backup::Backup),
    Restore(restore::Restore),
    Accept(accept::Accept),
    Check(check::Check),
    Copy(Copy),
    Reopen(Reopen),
}

/// Copy a ledger into another, empty one, and verify the copy
///
/// No server may run on either. What was interrupted goes on where it was when the same command runs again; until it is
/// finished, no server starts on the copy. Afterwards let `ledger.url` name the copy. The old ledger stays as it was, and
/// no server starts on it any more: it has the same duties.
#[derive(clap::Args)]
pub(super) struct Copy {
    /// The ledger that is copied: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`
    #[arg(long, value_name = "URL")]
    from: String,
    /// The ledger that it is copied into; one in PostgreSQL is migrated and empty, and USER is its owner
    #[arg(long, value_name = "URL")]
    to: String,
    /// PostgreSQL: a file with USER's password [default: `ledger.password`]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Ledger {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Backup(backup) => backup.run(global, out),
            Self::Restore(restore) => restore.run(global, out),
            Self::Accept(accept) => accept.run(global, out),
            Self::Check(check) => check.run(global, out),
            Self::Copy(copy) => copy.run(global, out),
            Self::Reopen(reopen) => reopen.run(global, out),
        }
    }
}

/// Let a ledger that was copied be used again, in place of the copy
///
/// What the copy has done meanwhile, this ledger does again. A copy that was interrupted is then begun anew.
#[derive(clap::Args)]
pub(super) struct Reopen {
    /// The ledger: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`
    url: String,
    /// PostgreSQL: a file with USER's password [default: `ledger.password`]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Reopen {
    fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let config = load(global)?;
        let place = place("URL", &self.url, &config)?;
        let password = password(self.password_file.as_ref(), &config)?;
        let was = wait(async { Ok(ledger::reopen(&place, password.as_ref(), &actor()).await?) })?;
        if out.is_json() {
            let was_retired = was == Reopened::Retired;
            out.json(&serde_json::json!({ "ledger": place.shown(), "was_retired": was_retired }))?;
            return Ok(Exit::Done);
        }
        let word = match was {
            Reopened::Retired => "can be used again",
            Reopened::InUse => "could be used all the time",
        };
        out.marked(GOOD, "✓", format_args!("the ledger {} {word}", place.shown()))?;
        Ok(Exit::Done)
    }
}

impl Copy {
    fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let config = load(global)?;
        let keys_dir = config.keys_dir();
        let from = place("--from", &self.from, &config)?;
        let to = place("--to", &self.to, &config)?;
        let password = password(self.password_file.as_ref(), &config)?;
        let bar = bar();
        let tell = |progress| advance(&bar, progress);
        let copied = wait(async { Ok(ledger::copy(&from, &to, password.as_ref(), &keys_dir, &actor(), &tell).await) })?;
        // Before an error is shown: the bar would stand beside it.
        bar.finish_and_clear();
        show(&copied?, &to, out)?;
        Ok(Exit::Done)
    }
}

fn place(argument: &str, url: &str, config: &Config) -> Result<LedgerPlace, Failure> {
    let wrong = |wrong: LedgerUrlWrong| Failure::Usage(format!("{argument} {wrong}"));
    config.ledger.place_of(url, &config.base).map_err(wrong)
}

fn password(file: Option<&PathBuf>, config: &Config) -> Result<Option<Secret>, Failure> {
    match file {
        Some(path) => Ok(Some(config.read_secret(&SecretRef::File(path.clone()))?)),
        None => Ok(config.ledger_password()?),
    }
}

/// Drawn on standard error, and only where that is a terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<16} {wide_bar} {human_pos}/{human_len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.expect("the template is sound"))
}

fn advance(bar: &ProgressBar, progress: CopyProgress) {
    match progress {
        CopyProgress::Table { name, rows, copied } => {
            bar.reset();
            bar.set_message(name);
            bar.set_length(rows);
            bar.set_position(copied);
        }
        CopyProgress::Rows(copied) => bar.inc(copied),
    }
}

fn show(copied: &Copied, to: &LedgerPlace, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        let rows: serde_json::Map<_, _> =
            copied.rows.iter().map(|(name, rows)| ((*name).into(), (*rows).into())).collect();
        return out
            .json(&serde_json::json!({ "ledger": to.shown(), "rows": rows, "receipts_verified": copied.receipts }));
    }
    let row = |(name, rows): &(&str, u64)| [(*name).to_owned(), rows.to_string()];
    out.table(["TABLE", "ROWS"], copied.rows.iter().map(row))?;
    let to = to.shown();
    let receipts = copied.receipts;
    out.marked(GOOD, "✓", format_args!("copied into {to}; {receipts} receipts are verified there"))
}
