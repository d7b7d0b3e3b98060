//! `quietus alerts`: whether alerts reach somebody, and what they have told.

use super::exit::{Exit, Failure};
use super::out::{self, BAD, DOUBTFUL, GOOD, Out};
use crate::operations::Operations;
use crate::operations::alerts::{self, AlertView, TestedAlert};

#[derive(clap::Subcommand)]
pub(super) enum AlertsCommand {
    /// Send a test by each alert (exit code 1 when one is not accepted)
    ///
    /// Accepted means that the mail server, the URL or the program has taken it; whether somebody reads it, they know.
    Test {
        /// Only by this alert
        name: Option<String>,
    },
    /// List what each alert has told, and what waits (exit code 1 when sending it has failed)
    List,
}

impl AlertsCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Test { name } => {
                let tested = alerts::test(on, name.as_deref()).await?;
                if out.is_json() {
                    out.json(&tested)?;
                } else {
                    tested.iter().try_for_each(|tested| show_test(tested, out))?;
                }
                Ok(Exit::when(tested.iter().all(|tested| tested.accepted)))
            }
            Self::List => {
                let views = alerts::list(on).await?;
                if out.is_json() {
                    out.json(&views)?;
                } else {
                    views.iter().try_for_each(|view| show(view, out))?;
                }
                let fails = |view: &AlertView| view.waiting.as_ref().is_some_and(|waiting| waiting.failures > 0);
                Ok(Exit::when(!views.iter().any(fails)))
            }
        }
    }
}

fn show_test(TestedAlert { alert, by, reason, .. }: &TestedAlert, out: &mut Out) -> std::io::Result<()> {
    match reason {
        None => out.marked(GOOD, "✓", format_args!("alert {alert} ({by}): the test was accepted")),
        Some(reason) => out.marked(BAD, "✗", format_args!("alert {alert} ({by}): {reason}")),
    }
}

fn show(view: &AlertView, out: &mut Out) -> std::io::Result<()> {
    let last = match view.accepted {
        Some(at) => format!("last accepted {}", out::time(at)),
        None => "nothing told yet".to_owned(),
    };
    out.line(format_args!("alert {} ({}), from {}: {last}", view.alert, view.by, view.from.as_str()))?;
    for told in &view.open {
        let (severity, at) = (told.severity.as_str(), out::time(told.told));
        out.line(format_args!("  {severity:<9} {} {}, told {at}", told.code, told.object))?;
    }
    let Some(waiting) = &view.waiting else { return Ok(()) };
    let summary = &waiting.summary;
    match &waiting.reason {
        None => out.marked(DOUBTFUL, "!", format_args!("  waits: {summary}")),
        Some(reason) => {
            let (since, failures, due) = (out::time(waiting.since), waiting.failures, out::time(waiting.due));
            let text = format_args!(
                "  waits since {since}: {summary}; failed {failures} times, tried again at {due}: {reason}"
            );
            out.marked(BAD, "✗", text)
        }
    }
}
