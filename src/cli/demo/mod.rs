//! `quietus demo`: the whole path on this machine. Made-up people talk, some of them must be forgotten, and at the end
//! the stand-ins and every file are searched for them.

mod cast;
mod narrator;
mod proof;
mod setup;

use std::time::{Duration, Instant};

use super::context::wait;
use super::exit::{Exit, Failure};
use super::out::{GOOD, Out};
use super::receipts::table;
use crate::ledger::ReceiptRange;
use crate::operations::receipts;
use narrator::{Narrator, PATIENCE};
use setup::{DemoSetup, QUIET_MAX};

/// Between two looks at what has happened.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Show the whole path on this machine, with a mluvii stand-in and made-up people
///
/// Starts stand-ins for mluvii and for a CRM and a real `quietus serve` on a ledger in a temporary folder, has some
/// conversations, shows what comes in, what is decided and what is erased where, and proves that it is gone. Needs no
/// account anywhere.
#[derive(clap::Args)]
pub(super) struct Demo {
    /// Keep everything running at the end, and say what to try
    #[arg(long)]
    keep: bool,
}

impl Demo {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        wait(self.play(out))
    }

    async fn play(self, out: &mut Out) -> Result<Exit, Failure> {
        let stage = DemoSetup::build(out).await?;
        out.line(format_args!("quietus listens at {}, with its files in {}", stage.quietus, stage.folder().display()))?;
        out.line(format_args!("stand-ins: mluvii at {}, a CRM at {}\n", stage.mluvii_url, stage.crm_url))?;
        cast::introduce(out)?;
        cast::talk(&stage)?;

        let gone = narrate(&stage, out).await?;
        if !gone {
            stage.stop().await?;
            return Err(Failure::Other(anyhow::anyhow!("the data was not gone after {PATIENCE:?}; this is a bug")));
        }
        out.line("\nThe receipts:")?;
        let all = ReceiptRange::all(1, 100);
        let chain = receipts::list(&stage.operations, &all).await?.items;
        table(&chain, out)?;
        out.line("\nThe proof:")?;
        let proven = proof::show(&stage, &chain, out)?;
        if self.keep {
            stage.invite(out)?;
            tokio::signal::ctrl_c().await?;
        }
        stage.stop().await?;
        Ok(Exit::when(proven))
    }
}

/// Tells what happens until all that must go is gone; `false` when that takes too long.
async fn narrate(stage: &DemoSetup, out: &mut Out) -> Result<bool, Failure> {
    let mut narrator = Narrator::default();
    let until = Instant::now() + PATIENCE;
    let mut news = Instant::now();
    while Instant::now() < until {
        let before = narrator.told();
        let all_gone = narrator.tell(stage, out).await?;
        if narrator.told() != before {
            news = Instant::now();
        } else if news.elapsed() > QUIET_MAX {
            news = Instant::now();
            out.note(format_args!("nothing new for {QUIET_MAX:?}: {}{}", narrator.awaited(), stage.last_warning()));
        }
        if all_gone {
            out.marked(GOOD, "✓", "everything that was due is erased")?;
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}
