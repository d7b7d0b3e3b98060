//! `quietus erase-again status` and `cancel`: sweeps that are under way, were cut off, or are over.

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, BAD, DOUBTFUL, GOOD, Out};
use crate::ledger::{ListedSweep, Restarted, SweepJob, SweepState};
use crate::operations::Operations;
use crate::operations::erase_again;
use crate::subject::InstallationName;

#[derive(clap::Subcommand)]
pub(super) enum SweepCommand {
    /// See how far sweeps are, and what came of the newest of each target
    Status,
    /// Have no more done of one; who was asked for already is erased
    Cancel {
        /// The target that is swept
        #[arg(long, value_name = "NAME")]
        target: String,
        /// The mluvii installation whose people are meant, where there is one for several
        #[arg(long, value_name = "NAME")]
        mluvii: Option<String>,
    },
}

impl SweepCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Status => status(on, out).await,
            Self::Cancel { target, mluvii } => {
                let installation = mluvii.map(|name| InstallationName(name.into()));
                erase_again::cancel(on, &target, installation.as_ref(), &actor()).await?;
                if out.is_json() {
                    out.json(&serde_json::json!({ "target": target }))?;
                } else {
                    out.marked(GOOD, "✓", format_args!("the sweep of {target} is cancelled"))?;
                }
                Ok(Exit::Done)
            }
        }
    }
}

async fn status(on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
    let all = erase_again::jobs(on).await?;
    if out.is_json() {
        out.json(&all)?;
    } else {
        for listed in &all {
            show(listed, out)?;
        }
    }
    Ok(Exit::when(!all.is_empty()))
}

fn show(ListedSweep { job, asked }: &ListedSweep, out: &mut Out) -> std::io::Result<()> {
    let SweepJob { target, mluvii, records, .. } = job;
    let of = format!("{target} (mluvii {mluvii}, since {}, ordered by {})", out::time(job.since), job.by);
    match job.state {
        SweepState::Sweeping => {
            let moved = out::time(job.moved);
            out.line(format_args!("{of}: {records} records compared so far; it went on last at {moved}"))?;
        }
        SweepState::Asking => {
            out.line(format_args!("{of}: {records} records compared, {asked} people asked for so far"))?;
        }
        SweepState::Done => {
            out.marked(GOOD, "✓", format_args!("{of}: {records} records compared, {asked} people asked for"))?;
        }
        SweepState::Failed => {
            let reason = job.reason.as_deref().unwrap_or("it was given up");
            out.marked(BAD, "✗", format_args!("{of}: {reason}; {asked} people were asked for"))?;
        }
        SweepState::Cancelled => {
            out.line(format_args!("{of}: cancelled; {asked} people had been asked for"))?;
        }
    }
    if let Some(reason) = job.reason.as_ref().filter(|_| !job.state.is_over()) {
        out.marked(BAD, "✗", format_args!("it does not go on, and is tried again: {reason}"))?;
    }
    if let Some(why) = job.restarted {
        let why = match why {
            Restarted::NoCursor => "the target had not said where it could go on",
            Restarted::CursorRefused => "the target did not go on where it had stopped",
            Restarted::NotOpened => "what was kept of it does not open",
            Restarted::Reconfigured => "the configuration has changed since, or the target's file",
            Restarted::Old => "who had been found more than a day ago may be a customer again",
        };
        out.marked(DOUBTFUL, "!", format_args!("it has begun from its start {} times more: {why}", job.restarts))?;
    }
    Ok(())
}
