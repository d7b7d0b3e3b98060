//! `quietus demo`: the whole path on this machine. Made-up people talk, some of them must be forgotten, and at the end
//! the stand-ins and every file are searched for them.

mod cast;
mod invitation;
mod narrator;
mod proof;
mod setup;

use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

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
    /// Keep everything running at the end, and say what to try: the pages, too, with accounts of this demo
    #[arg(long)]
    keep: bool,
}

impl Demo {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        wait(self.play(out))
    }

    async fn play(self, out: &mut Out) -> Result<Exit, Failure> {
        // Whatever ends the demo, its server must not go on without it: it hears nothing of the terminal.
        let mut ended = Ended::listen()?;
        let stage = tokio::select! {
            stage = DemoSetup::build(out) => stage?,
            () = ended.wait() => return Ok(Exit::No),
        };
        let shown = tokio::select! {
            shown = show(&stage, out) => shown,
            () = ended.wait() => return stopped(stage, Ok(Exit::No)).await,
        };
        let kept = if self.keep && shown.is_ok() { keep(&stage, out, &mut ended).await } else { Ok(()) };
        stopped(stage, kept.and(shown)).await
    }
}

/// Until somebody ends it.
async fn keep(stage: &DemoSetup, out: &mut Out, ended: &mut Ended) -> Result<(), Failure> {
    tokio::select! {
        invited = invitation::invite(stage, out) => invited?,
        () = ended.wait() => return Ok(()),
    }
    ended.wait().await;
    Ok(())
}

/// Ends everything. What went wrong before that is told first.
async fn stopped(stage: DemoSetup, shown: Result<Exit, Failure>) -> Result<Exit, Failure> {
    let stopped = stage.stop().await;
    let shown = shown?;
    stopped?;
    Ok(shown)
}

/// The conversations, what becomes of them, and the proof.
async fn show(stage: &DemoSetup, out: &mut Out) -> Result<Exit, Failure> {
    out.line(format_args!("quietus listens at {}, with its files in {}", stage.quietus, stage.folder().display()))?;
    out.line(format_args!("stand-ins: mluvii at {}, a CRM at {}\n", stage.mluvii_url, stage.crm_url))?;
    cast::introduce(out)?;
    cast::talk(stage)?;
    if !narrate(stage, out).await? {
        return Err(Failure::Other(anyhow::anyhow!("the data was not gone after {PATIENCE:?}; this is a bug")));
    }
    out.line("\nThe receipts:")?;
    let all = ReceiptRange::all(1, 100);
    let chain = receipts::list(&stage.operations, &all).await?.items;
    table(&chain, out)?;
    out.line("\nThe proof:")?;
    Ok(Exit::when(proof::show(stage, &chain, out)?))
}

/// The signals by which somebody ends the demo: Ctrl-C, a service manager, a terminal that is closed.
struct Ended([Signal; 3]);

impl Ended {
    fn listen() -> std::io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    /// Until one of them comes.
    async fn wait(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
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
