//! `quietus ledger restore`.

use std::path::PathBuf;

use indicatif::ProgressBar;

use super::check;
use crate::cli::context::{Global, actor, load, wait};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, DOUBTFUL, GOOD, Out};
use crate::cli::words::{lost, seal_gone};
use crate::keys::KeyId;
use crate::operations::backup::BackupProgress;
use crate::operations::restore::{RestorePlan, RestoreProgress, Restored, plan, restore};

/// Put a backup in the place of a ledger in a file
///
/// No server may run. Without --yes, it only says what lies between the two. The ledger that is replaced is moved aside.
/// Where none of the backup's seal keys is left, it does neither without --seals-gone.
/// Receipts that were issued since the backup are lost: their numbers are never used again, and the next receipt states what
/// is missing. Deliveries and orders since the backup are lost, too: ask again for what was asked since.
#[derive(clap::Args)]
pub(in crate::cli) struct Restore {
    /// A file that `quietus ledger backup` wrote
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Do it
    #[arg(long)]
    yes: bool,
    /// Also where none of the ledger's seal keys is there any more: they are gone for good, and what they sealed needs a person
    #[arg(long)]
    seals_gone: bool,
}

impl Restore {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let config = load(global)?;
        let place = config.ledger_place()?;
        let keys_dir = config.keys_dir();
        let (state, seals) = (config.state_file(), config.seal_store());
        wait(async {
            let bar = check::bar();
            let tell = |progress| advance(&bar, progress);
            let planned = plan(&place, &self.from, &keys_dir, (&seals, self.seals_gone), state.as_ref(), &tell).await;
            // Before anything is shown: the bar would stand beside it.
            bar.finish_and_clear();
            let planned = planned?;
            if !self.yes {
                show_plan(&planned, out)?;
                return Ok(Exit::No);
            }
            if !out.is_json() {
                show_plan(&planned, out)?;
            }
            let bar = check::bar();
            let tell = |progress| advance(&bar, progress);
            let restored = restore(planned, &keys_dir, &seals, state.as_ref(), &actor(), &tell).await;
            bar.finish_and_clear();
            show(&restored?, out)?;
            Ok(Exit::Done)
        })
    }
}

fn advance(bar: &ProgressBar, progress: RestoreProgress) {
    match progress {
        RestoreProgress::Copy(BackupProgress { bytes, of }) => {
            bar.set_message("bytes copied");
            bar.set_length(of);
            bar.set_position(bytes);
        }
        RestoreProgress::Check(progress) => check::advance(bar, progress),
    }
}

fn show_plan(plan: &RestorePlan, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        let (lost, gone) = (plan.lost(), words(&plan.seals_gone));
        return out.json(&serde_json::json!({ "restored": false, "plan": plan, "lost": lost, "seals_gone": gone }));
    }
    let newest = plan.receipt.as_ref().map_or(0, |receipt| receipt.sequence);
    out.line(format_args!("ledger    {}", plan.ledger))?;
    out.line(format_args!("backup    of {}, up to receipt {newest}", out::time_or_dash(plan.written)))?;
    match (&plan.seen, plan.lost()) {
        (seen, Some((first, last))) => match (seen.as_ref(), plan.issued_up_to) {
            (seen, Some(_)) => {
                let seen = seen.map_or(0, |seen| seen.sequence);
                out.line(format_args!(
                    "lost      receipts {first} to {last}, if they were issued; {seen} is the newest that was seen"
                ))?
            }
            (_, None) => out.line(format_args!("lost      receipts {first} to {last}"))?,
        },
        (Some(seen), None) => {
            out.line(format_args!("lost      no receipt; {} is the newest that was seen", seen.sequence))?
        }
        (None, None) => out.line("lost      nobody knows: no newer receipt was seen, and nothing is remembered")?,
    }
    if let Some(why) = &plan.unreadable {
        out.marked(DOUBTFUL, "!", format_args!("the ledger that is replaced cannot be read: {why}"))?;
    }
    for id in &plan.seals_gone {
        out.marked(DOUBTFUL, "!", seal_gone(id))?;
    }
    for kind in &plan.other_keys {
        out.marked(DOUBTFUL, "!", format_args!("the {kind} key is another one than the ledger was last served with"))?;
    }
    out.note("what was delivered and ordered since the backup is lost, too");
    out.note("compare with a witness, where there is one; --yes restores it");
    Ok(())
}

fn show(restored: &Restored, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        let gone = words(&restored.seals_gone);
        let (replaced, gap) = (&restored.replaced, &restored.gap);
        return out
            .json(&serde_json::json!({ "restored": true, "replaced": replaced, "gap": gap, "seals_gone": gone }));
    }
    if let Some(gap) = &restored.gap {
        out.line(lost(gap))?;
    }
    if let Some(replaced) = &restored.replaced {
        out.line(format_args!("the ledger that was replaced is {}", replaced.display()))?;
        out.note("to serve that one somewhere, give it a copy of the folder of the seal keys first: each ledger destroys what it does not need");
    }
    out.marked(GOOD, "✓", "the backup is in place; a server can start on it")
}

fn words(ids: &[KeyId]) -> Vec<&str> {
    ids.iter().map(KeyId::as_str).collect()
}
