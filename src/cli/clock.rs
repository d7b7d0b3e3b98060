//! `quietus clock`.

use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, BAD, GOOD, Out};
use crate::attention::{ClockDoubt, DOUBTED_CLOCK, clock_fault};
use crate::ledger::ClockView;
use crate::operations::Operations;
use crate::operations::clock;

#[derive(clap::Subcommand)]
pub(super) enum Clock {
    /// Show the ledger's clock, and what is wrong with it (exit code 1 when something is)
    Show,
    /// Say that the clock is right now, so that what is due by it is erased
    Accept,
}

impl Clock {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Show => show(&clock::show(on).await?, out),
            Self::Accept => {
                let doubt = clock::accept(on, &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "accepted": doubt }))?;
                } else {
                    out.line(format_args!("accepted: {}", in_words(&doubt)))?;
                }
                Ok(Exit::Done)
            }
        }
    }
}

fn show(view: &ClockView, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(view)?;
    } else {
        out.line(format_args!("now     {}", out::time(view.now)))?;
        let latest = view.latest.map_or_else(|| "never".to_owned(), out::time);
        out.line(format_args!("seen    {latest}"))?;
        match &view.doubt {
            None => out.marked(GOOD, "✓", "nothing is wrong with the clock")?,
            Some(doubt) => out.marked(BAD, "✗", format_args!("{}: {DOUBTED_CLOCK}", in_words(doubt)))?,
        }
    }
    Ok(Exit::when(view.doubt.is_none()))
}

fn in_words(doubt: &ClockDoubt) -> String {
    clock_fault(doubt.fault.as_str(), &out::time(doubt.expected), &out::time(doubt.found))
}
