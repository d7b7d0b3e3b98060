//! `quietus reconcile` of years: ordered, shown, confirmed.

use jiff::Timestamp;
use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::ledger::{PastState, StoredPastJob};
use crate::operations::Operations;
use crate::operations::reconcile::{self, Asked};

#[derive(clap::Subcommand)]
pub(super) enum PastCommand {
    /// See what the rules would do with what was found in longer times, and how far that is
    Status {
        /// Only this job
        job: Option<i64>,
    },
    /// Have done what `status` shows of a job: its sessions enter, and the rules decide on them
    Confirm {
        /// The job's number
        job: i64,
        /// When that was shown, as `status` says: it is shown again where mluvii answers otherwise meanwhile
        #[arg(long, value_name = "TIME")]
        shown: Timestamp,
    },
    /// Have no more done of a job; what was entered is decided on
    Cancel {
        /// The job's number
        job: i64,
    },
}

impl PastCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let (job, said) = match self {
            Self::Status { job } => return status(on, job, out).await,
            Self::Confirm { job, shown } => {
                reconcile::confirm(on, job, shown, &actor()).await?;
                (job, "is confirmed: a server has its sessions decided on")
            }
            Self::Cancel { job } => {
                reconcile::cancel(on, job, &actor()).await?;
                (job, "is cancelled")
            }
        };
        if out.is_json() {
            out.json(&json!({ "job": job }))?;
        } else {
            out.marked(GOOD, "✓", format_args!("job {job} {said}"))?;
        }
        Ok(Exit::Done)
    }
}

/// Orders one.
pub(super) async fn order(on: &Operations, asked: &Asked, out: &mut Out) -> Result<Exit, Failure> {
    let job = reconcile::order(on, asked, &actor()).await?;
    if out.is_json() {
        out.json(&json!({ "job": job }))?;
    } else {
        let text = format_args!(
            "job {job}: a server finds out what the rules would do with the sessions of this time; see `quietus reconcile status`, \
             which says how that is confirmed"
        );
        out.marked(GOOD, "✓", text)?;
    }
    Ok(Exit::Done)
}

async fn status(on: &Operations, only: Option<i64>, out: &mut Out) -> Result<Exit, Failure> {
    let mut all = reconcile::jobs(on).await?;
    all.retain(|stored| only.is_none_or(|only| only == stored.id));
    if out.is_json() {
        out.json(&all)?;
    } else {
        for stored in &all {
            show(stored, out)?;
        }
    }
    Ok(Exit::when(!all.is_empty()))
}

fn show(StoredPastJob { id, job, .. }: &StoredPastJob, out: &mut Out) -> std::io::Result<()> {
    let counts = &job.counts;
    let (would, found) = (counts.would_erase.values().sum::<u64>(), counts.found.values().sum::<u64>());
    let (since, until, come) = (job.since, job.until, job.come);
    let of = format!("job {id} (mluvii {}, {since} until {until})", job.mluvii);
    let effect = format!("these rules would erase {would} sessions of {found} that nobody told us of");
    match job.state {
        PastState::Looking => {
            out.line(format_args!("{of}: finds out what the rules would do, done until {come}; so far, {effect}"))?
        }
        PastState::Shown => {
            let shown = job.shown.map(|shown| format!(" --shown {shown}")).unwrap_or_default();
            let text = format_args!("{of}: {effect}; to have that done: quietus reconcile confirm {id}{shown}");
            out.marked(DOUBTFUL, "!", text)?;
        }
        PastState::Entering => {
            out.line(format_args!("{of}: {} sessions are entered, done until {come}", job.entered))?
        }
        PastState::Done => out.marked(GOOD, "✓", format_args!("{of}: {} sessions were entered", job.entered))?,
        PastState::Cancelled => out.line(format_args!("{of}: cancelled; {} sessions had been entered", job.entered))?,
    }
    // Of what is over, neither is true any more.
    let (reason, again) = match job.state.is_over() {
        true => (None, None),
        false => (job.reason.as_ref(), job.again.as_ref()),
    };
    if let Some(reason) = reason {
        out.marked(BAD, "✗", format_args!("it does not go on, and is tried again: {reason}"))?;
    }
    if let Some(again) = again {
        out.marked(DOUBTFUL, "!", format_args!("it is shown once more: {again}"))?;
    }
    if counts.unread > 0 {
        let text = format_args!(
            "{} of them could not be read, or do not show whose they are: of those, what is said is what the rules do with an unknown consent, or nothing",
            counts.unread
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    if counts.failed > 0 {
        let rules: Vec<_> = counts.failed_by_rule.iter().map(|(rule, count)| format!("`{rule}` of {count}")).collect();
        let text = format_args!(
            "{} of them: a rule could not be evaluated ({}), so that nothing would be decided on those and a person would be needed",
            counts.failed,
            rules.join(", ")
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    if !counts.reach_further.is_empty() {
        let rules: Vec<_> = counts.reach_further.iter().map(|rule| format!("`{rule}`")).collect();
        let text = format_args!(
            "other sessions of the same guests or persons go, too, and are not counted here: by {}",
            rules.join(", ")
        );
        out.marked(DOUBTFUL, "!", text)?;
    }
    let rows = counts.by_rule.iter().flat_map(|(rule, months)| {
        months.iter().map(move |(month, count)| [rule.clone(), month.clone(), count.to_string()])
    });
    out.table(["RULE", "MONTH", "SESSIONS"], rows)
}
