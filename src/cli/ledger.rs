//! `quietus ledger`: moving the ledger from one backend to the other.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::exit::{Exit, Failure};
use super::out::{GOOD, Out};
use super::{Global, deployment, wait};
use crate::config::{Config, read_public};
use crate::keys::{Secret, SecretRef};
use crate::ledger::copy::{Copied, CopyError, Progress, Rows, copy};
use crate::ledger::postgres::PostgresRows;
use crate::ledger::sqlite::SqliteRows;
use crate::ledger::{LedgerPlace, LedgerUrlWrong};

#[derive(clap::Subcommand)]
pub(super) enum Ledger {
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
        let config = deployment::load(global)?;
        let place = place("URL", &self.url, &config)?;
        deployment::must_be_there(&place)?;
        let password = password(self.password_file.as_ref(), &config)?;
        let held = wait(async {
            let rows = open(&place, password.as_ref()).await?;
            let held = rows.retired().await?.is_some();
            rows.set_retired(None).await?;
            Ok(held)
        })?;
        let word = if held { "can be used again" } else { "could be used all the time" };
        out.marked(GOOD, "✓", format_args!("the ledger {} {word}", place.shown()))?;
        Ok(Exit::Done)
    }
}

impl Copy {
    fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let config = deployment::load(global)?;
        let public_key = read_public(&config.keys_dir())?;
        let (from, to) = (place("--from", &self.from, &config)?, place("--to", &self.to, &config)?);
        deployment::must_be_there(&from)?;
        let password = password(self.password_file.as_ref(), &config)?;
        let copied = wait(async {
            let (from, to) = (open(&from, password.as_ref()).await?, open(&to, password.as_ref()).await?);
            let bar = bar();
            let copied = copy(&*from, &*to, &public_key, &|progress| show(&bar, progress)).await;
            bar.finish_and_clear();
            Ok(copied?)
        })?;
        report(&copied, &to, out)?;
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

async fn open(place: &LedgerPlace, password: Option<&Secret>) -> Result<Box<dyn Rows>, Failure> {
    Ok(match place {
        LedgerPlace::Sqlite(path) => Box::new(SqliteRows::open(path)?),
        LedgerPlace::Postgres(place) => Box::new(PostgresRows::open(place, password).await?),
    })
}

/// Drawn on standard error, and only where that is a terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<16} {wide_bar} {human_pos}/{human_len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.expect("the template is sound"))
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Table { name, rows, copied } => {
            bar.reset();
            bar.set_message(name);
            bar.set_length(rows);
            bar.set_position(copied);
        }
        Progress::Rows(copied) => bar.inc(copied),
    }
}

fn report(copied: &Copied, to: &LedgerPlace, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        let rows: serde_json::Map<_, _> =
            copied.rows.iter().map(|(name, rows)| ((*name).into(), (*rows).into())).collect();
        return out
            .json(&serde_json::json!({ "ledger": to.shown(), "rows": rows, "receipts_verified": copied.receipts }));
    }
    let row = |(name, rows): &(&str, u64)| [(*name).to_owned(), rows.to_string()];
    out.table(["TABLE", "ROWS"], copied.rows.iter().map(row))?;
    let (receipts, to) = (copied.receipts, to.shown());
    out.marked(GOOD, "✓", format_args!("copied into {to}; {receipts} receipts are verified there"))
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        Self::Ledger(error.into())
    }
}
