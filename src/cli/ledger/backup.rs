//! `quietus ledger backup`.

use std::path::PathBuf;

use crate::cli::bar;
use crate::cli::context::{Global, actor, load, with_operations};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{GOOD, Out};
use crate::operations::backup::{BackedUp, BackupProgress, back_up};

/// Write a backup of a ledger in a file, while servers work on it
///
/// It is of one moment, whole and looked into, and has its name only then; one that was killed leaves a file with `.partial-`
/// in its name. Copy it to another machine, and keep it apart from
/// the keys. It holds the sealed identifiers of the erasures that were open then, so let old backups expire. Never copy the
/// file of a ledger in use itself: the copy lacks what is in its log, or is torn.
#[derive(clap::Args)]
pub(in crate::cli) struct Backup {
    /// The file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl Backup {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let place = load(global)?.ledger_place()?;
        with_operations(global, async |on| {
            let bar = bar::bytes(Some(0));
            let tell = |BackupProgress { bytes, of }| {
                bar.set_length(of);
                bar.set_position(bytes);
            };
            let made = back_up(on, &place, &self.to, &actor(), &tell).await;
            // Before an error is shown: the bar would stand beside it.
            bar.finish_and_clear();
            show(&made?, out)?;
            Ok(Exit::Done)
        })
    }
}

fn show(made: &BackedUp, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(made);
    }
    let BackedUp { file, bytes, ledger, receipt } = made;
    let newest =
        receipt.as_ref().map_or("without receipts".to_owned(), |newest| format!("up to receipt {}", newest.sequence));
    out.marked(GOOD, "✓", format_args!("wrote {}, {bytes} bytes: the ledger {ledger} {newest}", file.display()))
}
