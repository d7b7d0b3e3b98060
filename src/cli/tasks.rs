//! `quietus tasks`: what people were asked to erase, and what they say of it.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use super::words::subject;
use crate::attention::days_left_words;
use crate::erasure::TaskId;
use crate::operations::task_links::{self, MadeLink};
use crate::operations::tasks::{self, OpenTask, Revealed, Said};
use crate::operations::{OperationError, Operations};
use crate::subject::TargetName;

#[derive(clap::Subcommand)]
pub(super) enum Tasks {
    /// List the open tasks, the oldest of each target first
    List {
        /// Only those at this target
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
    },
    /// Show one open task: what is to be done, and until when
    Show {
        id: TaskId,
        /// Show also whom it is about, on a terminal; that you looked is noted in the audit
        #[arg(long)]
        reveal: bool,
    },
    /// Make a link by which somebody without an account says what became of an open task; it is shown this once
    Link {
        id: TaskId,
    },
    Done(Done),
}

/// Say what became of a task: its receipt has it as your word
#[derive(clap::Args)]
pub(super) struct Done {
    id: TaskId,
    /// `erased`: it was there and is gone; `absent`: there was nothing; `retained`: a law keeps it; `residual`: it is still there
    #[arg(long, value_parser = outcomes())]
    outcome: Said,
    /// By which law or duty it is kept, such as `563/1991 Sb., § 31`. It goes onto the receipt: write nothing of the person
    #[arg(long, value_name = "LAW", required_if_eq("outcome", "retained"))]
    reason: Option<String>,
}

fn outcomes() -> impl clap::builder::TypedValueParser<Value = Said> {
    let said = |name: String| Said::ALL.into_iter().find(|said| said.as_str() == name);
    PossibleValuesParser::new(Said::ALL.map(Said::as_str)).try_map(move |name| said(name).ok_or("unknown"))
}

impl Tasks {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List { target } => {
                let target = target.map(|name| TargetName(name.into()));
                let tasks = tasks::list(on, target.as_ref()).await?;
                if out.is_json() {
                    out.json(&tasks)?;
                } else {
                    out.table(["TASK", "TARGET", "STATE", "SINCE", "UNTIL", "LEFT", "ERASURE"], tasks.iter().map(row))?;
                }
                Ok(Exit::Done)
            }
            Self::Show { id, reveal: false } => show(&tasks::show(on, &id).await?, out),
            Self::Show { id, reveal: true } => {
                if !out.is_terminal() {
                    let why = "whom a task is about is shown on a terminal only: not into a file, nor to a program";
                    return Err(Failure::Usage(why.to_owned()));
                }
                reveal(&tasks::reveal(on, &id, &actor()).await?, out)
            }
            Self::Link { id } => {
                let MadeLink { task, url, until } = task_links::make(on, &id, &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "task": task.id, "url": url.expose(), "until": until }))?;
                } else {
                    out.line(url.expose())?;
                    out.line(format_args!("good for one answer, until {}; it is not shown again", out::time(until)))?;
                    out.line("give it to who does the work, and tell them whom it is about: the page does not")?;
                }
                Ok(Exit::Done)
            }
            Self::Done(Done { id, outcome, reason }) => {
                let done = tasks::done(on, &id, outcome, reason.as_deref(), &actor()).await;
                let done = match done {
                    Ok(()) => true,
                    // Somebody was faster, or it is none: an answer and no error.
                    Err(OperationError::NotFound(_) | OperationError::Conflict(_)) => false,
                    Err(error) => return Err(error.into()),
                };
                if out.is_json() {
                    out.json(&json!({ "done": done }))?;
                } else if done {
                    out.line("noted; the receipt names you")?;
                } else {
                    out.line("nothing to do: it is not open; somebody else may have confirmed it, or there is none")?;
                }
                Ok(Exit::when(done))
            }
        }
    }
}

fn row(task: &OpenTask) -> [String; 7] {
    let day = |at: Option<jiff::Timestamp>| at.map_or_else(|| "-".to_owned(), out::date);
    let OpenTask { id, target, state, held, since, deadline, days_left, erasure, .. } = task;
    let state = if held.is_empty() { state.as_str() } else { "held" };
    let left = days_left.map_or_else(|| "-".to_owned(), |left| format!("{left} d"));
    [id.to_string(), target.to_string(), state.to_owned(), day(*since), day(*deadline), left, short(erasure)]
}

/// Its beginning, which `quietus tasks show` has whole: a table has little room.
fn short(erasure: &crate::erasure::ErasureId) -> String {
    let mut id = erasure.to_string();
    id.truncate(14);
    format!("{id}…")
}

fn show(task: &OpenTask, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(task)?;
        return Ok(Exit::Done);
    }
    lines(task, out)?;
    Ok(Exit::Done)
}

fn lines(task: &OpenTask, out: &mut Out) -> std::io::Result<()> {
    out.line(format_args!("task      {}", task.id))?;
    out.line(format_args!("target    {}", task.target))?;
    out.line(format_args!("state     {}", task.state.as_str()))?;
    if !task.held.is_empty() {
        let holds = task.held.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        out.line(format_args!("held      {holds}"))?;
        out.line("          wait: erase nothing until that has ended, see `quietus holds show`;")?;
        out.line("          what was done before, confirm as what it came to")?;
    }
    out.line(format_args!("since     {}", out::time_or_dash(task.since)))?;
    let left = task.days_left.map(|left| format!(", {}", days_left_words(left))).unwrap_or_default();
    out.line(format_args!("until     {}{left}", out::time_or_dash(task.deadline)))?;
    out.line(format_args!("erasure   {}", task.erasure))?;
    out.line(format_args!("mluvii    {}", task.mluvii))?;
    out.line(format_args!("subject   {}", subject(&task.subject)))?;
    out.line(format_args!("\n{}", task.text.trim()))
}

/// Personal data: on a terminal only.
fn reveal(revealed: &Revealed, out: &mut Out) -> Result<Exit, Failure> {
    let Revealed { task, identifiers, guests, session } = revealed;
    if out.is_json() {
        let mut shown = serde_json::to_value(task).map_err(anyhow::Error::from)?;
        let identifiers = identifiers.0.iter();
        shown["identifiers"] =
            identifiers.map(|one| json!({ "kind": one.kind.as_str(), "value": one.value.expose() })).collect();
        shown["guests"] = guests.iter().map(|guest| json!(guest.0)).collect();
        shown["session"] = json!(session);
        out.json(&shown)?;
        return Ok(Exit::Done);
    }
    lines(task, out)?;
    out.line("\nIt is about:")?;
    for one in &identifiers.0 {
        out.line(format_args!("  {}: {}", one.kind, one.value.expose()))?;
    }
    for guest in guests {
        out.line(format_args!("  guest: {}", guest.0))?;
    }
    if let Some(session) = session {
        out.line(format_args!("  session: {session}"))?;
    }
    Ok(Exit::Done)
}
