//! Keeps what is known of the ledger up to date, in the state file and at the witnesses: off every hot path, at once where a
//! second has passed since the last time, and without any effect on the work but that a failure is noted in the ledger for a person.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::known::Begun;
use super::{Known, Newest, StateFile, Witness, machine_name};
use crate::attention::STATE_BEGUN;
use crate::causes::with_causes;
use crate::ledger::{Ledger, LedgerId};
use crate::panics::{Ending, Task, kept_alive};
use crate::receipt::ReceiptHead;

/// How often the newest receipt is looked at, and how often at most it is told.
const LOOK: Duration = Duration::from_secs(1);

/// How long one may take; a command has less than that.
const KEEP_MAX: Duration = Duration::from_secs(15);

/// How long one that failed is left alone.
const AGAIN: Duration = Duration::from_secs(5);

/// Who keeps the newest receipt's place.
#[derive(Clone, Debug)]
pub(crate) enum Keeper {
    State(StateFile),
    Witness { name: String, witness: Witness },
}

impl Keeper {
    /// By which a person knows it.
    fn name(&self) -> String {
        match self {
            Self::State(file) => format!("state file {}", file.path().display()),
            Self::Witness { name, .. } => format!("witness {name}"),
        }
    }

    /// Returns what is to be noted of how its file was begun, if it has one.
    async fn keep(&self, known: Known) -> Result<Option<Beginning>, String> {
        match self {
            Self::State(file) => {
                let of = file.clone();
                let kept = tokio::task::spawn_blocking(move || of.keep(&known)).await;
                let begun = kept.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
                Ok(Some(Beginning::of(file, begun)))
            }
            Self::Witness { witness, .. } => match &known.receipt {
                Some(receipt) => witness.tell(line(&known.ledger, receipt)).await.map(|()| None),
                // There is nothing to bear witness to.
                None => Ok(None),
            },
        }
    }
}

/// Whether a state file was begun although the ledger had receipts, as it is noted in the ledger: by the machine on which that
/// was, so that another machine's file at the same path says nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beginning {
    name: String,
    reason: Option<String>,
}

impl Beginning {
    fn of(file: &StateFile, begun: Option<Begun>) -> Self {
        let (on, reason) = match begun {
            Some(Begun { after, on }) => (on, Some(format!("receipt {after} was there"))),
            None => (machine_name(), None),
        };
        Self { name: format!("{STATE_BEGUN}{on}:{}", file.path().display()), reason }
    }
}

/// What a witness is told.
fn line(ledger: &LedgerId, receipt: &ReceiptHead) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        ledger: &'a LedgerId,
        sequence: u64,
        hash: &'a str,
        at: Timestamp,
    }
    let line = Line { ledger, sequence: receipt.sequence, hash: &receipt.hash, at: Timestamp::now() };
    serde_json::to_string(&line).expect("a line is JSON")
}

/// Tells all keepers of each newest receipt until the shutdown, and of the last one after it.
pub(crate) async fn keep(
    keepers: Vec<Keeper>,
    ledger: Arc<dyn Ledger>,
    newest: Arc<Newest>,
    ending: Ending,
    shutdown: CancellationToken,
) {
    // What another process found to fail is found again by it. As long as it takes: else it would be told for ever.
    while let Err(error) = ledger.forget_keepers().await {
        debug!(error = %with_causes(&error), "what was not kept cannot be forgotten now");
        if shutdown.run_until_cancelled(sleep(AGAIN)).await.is_none() {
            return;
        }
    }
    if !keepers.iter().any(|keeper| matches!(keeper, Keeper::State(_))) {
        newest.reserved(u64::MAX);
    }
    let (tell, told) = watch::channel(newest.known().reserving());
    let mut told_at = Instant::now();
    let mut tasks = JoinSet::new();
    for keeper in keepers {
        let (ledger, newest, told) = (Arc::clone(&ledger), Arc::clone(&newest), told.clone());
        let (ending, shutdown) = (ending.clone(), shutdown.clone());
        tasks.spawn(async move {
            // It ends with what it is told, so that it is told of the last receipt, too.
            let run = |_| {
                let (ledger, newest) = (Arc::clone(&ledger), Arc::clone(&newest));
                Box::pin(follow(keeper.clone(), ledger, newest, told.clone())) as Task
            };
            kept_alive(&keeper.name(), &ending, &shutdown, run).await;
        });
    }
    drop(told);
    loop {
        let is_last = shutdown.is_cancelled();
        // What others append is seen as well: a database that went back would else go unnoticed until we had appended.
        if let Err(error) = newest.look(&*ledger, &*ledger).await {
            debug!(error = %with_causes(&error), "the newest receipt cannot be read now");
        }
        // Only where nobody else goes on issuing receipts.
        let is_over = is_last && is_alone(&*ledger).await;
        let seen = if is_over { newest.known() } else { newest.known().reserving() };
        if *tell.borrow() != seen {
            tell.send_replace(seen);
            told_at = Instant::now();
        }
        if is_last {
            break;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(LOOK) => {}
            // The sooner it is kept, the fewer numbers are unknown should both the process and its ledger be lost now.
            () = newest.appended() => {
                let pause = sleep(LOOK.saturating_sub(told_at.elapsed()));
                shutdown.run_until_cancelled(pause).await;
            }
        }
    }
    drop(tell);
    while tasks.join_next().await.is_some() {}
}

/// Whether no other process works on the ledger; this one is still on its list.
async fn is_alone(ledger: &dyn Ledger) -> bool {
    let processes = ledger.processes().await.unwrap_or_default();
    processes.iter().filter(|process| !process.is_lost()).count() == 1
}

/// Has one keeper keep each newest receipt. One that is slow is told of the newest only.
async fn follow(keeper: Keeper, ledger: Arc<dyn Ledger>, newest: Arc<Newest>, mut told: watch::Receiver<Known>) {
    let name = keeper.name();
    let mut failing = None;
    // Whether the ledger may hold a note of the failure. It is taken away once keeping works, also where writing it seemed to fail.
    let mut is_noted = false;
    // One that does not answer, such as a mount that hangs, is not asked a second time beside the first.
    let mut pending: Option<JoinHandle<Result<Option<Beginning>, String>>> = None;
    let mut noted_beginning = None;
    loop {
        let known = told.borrow_and_update().clone();
        let reserved = known.reserved.unwrap_or_default();
        let is_late = pending.is_some();
        let mut keeping = pending.take().unwrap_or_else(|| {
            let keeper = keeper.clone();
            tokio::spawn(async move { keeper.keep(known).await })
        });
        let kept = match timeout(KEEP_MAX, &mut keeping).await {
            // What it has kept was the newest when it was asked.
            Ok(Ok(Ok(_))) if is_late => continue,
            Ok(kept) => kept.map_err(|error| error.to_string()).flatten(),
            Err(_) => {
                pending = Some(keeping);
                Err(format!("it has not answered for {} s", KEEP_MAX.as_secs()))
            }
        };
        if let Ok(Some(beginning)) = &kept
            && noted_beginning.as_ref() != Some(beginning)
        {
            match ledger.keeper_ended(&beginning.name, beginning.reason.as_deref()).await {
                Ok(()) => noted_beginning = Some(beginning.clone()),
                Err(error) => debug!(error = %with_causes(&error), "how the state was begun could not be noted"),
            }
        }
        if matches!(keeper, Keeper::State(_)) {
            // One that cannot be written stops no receipt: a person is told.
            newest.reserved(if kept.is_ok() { reserved } else { u64::MAX });
        }
        let failed = kept.err();
        if failed != failing {
            match &failed {
                Some(reason) => warn!(keeper = name, reason, "the newest receipt's number could not be kept"),
                None => info!(keeper = name, "the newest receipt's number is kept again"),
            }
        }
        // Also when it fails as before: another process that has begun may have taken the note away.
        if failed.is_some() || is_noted {
            is_noted = match ledger.keeper_ended(&name, failed.as_deref()).await {
                Ok(()) => failed.is_some(),
                Err(error) => {
                    debug!(error = %with_causes(&error), "what is not kept could not be noted");
                    true
                }
            };
        }
        failing = failed;
        let is_over = match is_noted {
            false => told.changed().await.is_err(),
            true => tokio::select! {
                changed = told.changed() => changed.is_err(),
                () = sleep(AGAIN) => false,
            },
        };
        if is_over {
            return;
        }
    }
}
