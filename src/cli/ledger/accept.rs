//! `quietus ledger accept`.

use crate::cli::context::{Global, actor, with_operations};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{GOOD, Out};
use crate::cli::words::{lost, seal_gone};
use crate::keys::KeyId;
use crate::operations::accept::{Accepted, accept};
use crate::receipt::GapCause;

/// Go on with a ledger that is older than it was, or another one
///
/// A server refuses such a ledger. First look for the right one, or for the newest backup: what was decided since is missing
/// in this one. Accepted, its chain of receipts goes on after the newest receipt that was ever seen, and the next receipt
/// states what is missing. For a database that PostgreSQL itself has set back to an earlier time, this is the way.
#[derive(clap::Args)]
pub(in crate::cli) struct Accept {
    /// Also where none of the ledger's seal keys is there any more: they are gone for good, and what they sealed needs a person
    #[arg(long)]
    seals_gone: bool,
    /// It was restored from a backup: goes on after all numbers that may have been issued, also where none is known to be missing
    #[arg(long)]
    restored: bool,
}

impl Accept {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        with_operations(global, async |on| {
            let cause = if self.restored { GapCause::Restored } else { GapCause::Accepted };
            let (accepted, gone) = accept(on, self.seals_gone, cause, &actor()).await?;
            show(&accepted, &gone, out)?;
            Ok(Exit::when(matches!(accepted, Accepted::Done(_)) || !gone.is_empty()))
        })
    }
}

fn show(accepted: &Accepted, gone: &[KeyId], out: &mut Out) -> std::io::Result<()> {
    let (done, gap) = match accepted {
        Accepted::Unchanged | Accepted::NothingKnown => (false, None),
        Accepted::Done(gap) => (true, gap.as_ref()),
    };
    if out.is_json() {
        let gone: Vec<_> = gone.iter().map(KeyId::as_str).collect();
        return out.json(&serde_json::json!({ "accepted": done || !gone.is_empty(), "gap": gap, "seals_gone": gone }));
    }
    for id in gone {
        out.line(seal_gone(id))?;
    }
    if *accepted == Accepted::NothingKnown && gone.is_empty() {
        return out.line(
            "nothing is remembered of this ledger, so nobody knows whether it is as new as it was; compare it with a witness",
        );
    }
    if !done && gone.is_empty() {
        return out.line("there is nothing to accept: the ledger is the one that is known, and as new as it was");
    }
    if let Some(gap) = gap {
        out.line(lost(gap))?;
    }
    out.marked(GOOD, "✓", "the ledger is accepted; a server can start on it")
}
