//! `quietus targets`: how each is; pause one, and have it called again.

use std::collections::BTreeSet;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::Timestamp;
use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::holds::end;
use super::out::{self, Out};
use crate::hold::CaseReference;
use crate::ledger::{PauseReason, TargetState};
use crate::operations::targets::{self, PauseRequest, ShownTarget};
use crate::operations::{OperationError, Operations};

#[derive(clap::Subcommand)]
pub(super) enum Targets {
    /// List the targets as they are called, and what waits for each
    List,
    /// Have nobody call a target, on any server, until it is resumed; calls that are under way end
    Pause {
        /// As `targets list` names it, such as `crm`, or `mluvii/acme`
        target: String,
        /// Why
        #[arg(long, value_parser = reasons())]
        reason: PauseReason,
        /// The number of a case or ticket, such as `OPS-4711`; it may name nobody
        #[arg(long, value_name = "NUMBER")]
        case: Option<CaseReference>,
        /// When it ends by itself: a day (its end, UTC), or a time [default: when it is resumed]
        #[arg(long, value_name = "DAY|TIME", value_parser = end)]
        until: Option<Timestamp>,
    },
    /// Have a target called again that is paused, or out
    Resume { target: String },
}

fn reasons() -> impl clap::builder::TypedValueParser<Value = PauseReason> {
    let reason = |name: String| PauseReason::ALL.into_iter().find(|reason| reason.as_str() == name);
    PossibleValuesParser::new(PauseReason::ALL.map(PauseReason::as_str))
        .try_map(move |name| reason(name).ok_or("unknown"))
}

impl Targets {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List => list(&targets::list(on).await?, out),
            Self::Pause { target, reason, case, until } => {
                let paused = targets::pause(on, PauseRequest { target, reason, case, until }, &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "done": true }))?;
                } else {
                    out.line(format_args!("{paused}: nobody calls it until `quietus targets resume {paused}`"))?;
                }
                Ok(Exit::Done)
            }
            Self::Resume { target } => {
                let done = match targets::resume(on, &target, &actor()).await {
                    Ok(_) => true,
                    Err(OperationError::Conflict(_)) => false,
                    Err(error) => return Err(error.into()),
                };
                if out.is_json() {
                    out.json(&json!({ "done": done }))?;
                } else {
                    out.line(if done { "it is called again" } else { "nothing to do: it is neither paused nor out" })?;
                }
                Ok(Exit::when(done))
            }
        }
    }
}

fn list(all: &[ShownTarget], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        let shown = |one: &ShownTarget| {
            let paused = one.paused.as_ref().map(|paused| {
                json!({
                    "reason": paused.pause.reason, "case": paused.pause.case, "until": paused.pause.until,
                    "since": paused.since, "by": paused.by,
                })
            });
            json!({
                "target": one.target, "paused": paused, "out": is_out(one), "waiting": one.waiting, "parked": one.parked,
                "retained": one.retained,
            })
        };
        out.json(&all.iter().map(shown).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let row = |one: &ShownTarget| {
        let (state, why) = match &one.paused {
            Some(paused) => {
                let until = paused.pause.until.map(|until| format!(" until {}", out::time(until))).unwrap_or_default();
                ("paused", format!("{}{until}, by {}", paused.pause.reason.as_str(), paused.by))
            }
            None if is_out(one) => ("out", "see `quietus status`".to_owned()),
            None if one.is_exempt => ("not called", laws(one)),
            None => ("called", laws(one)),
        };
        [one.target.to_string(), state.to_owned(), one.waiting.to_string(), one.parked.to_string(), why]
    };
    out.table(["TARGET", "STATE", "WAITING", "PARKED", "WHY"], all.iter().map(row))?;
    Ok(Exit::Done)
}

/// The laws that keep what it holds: each with its company, unless all have the same.
fn laws(one: &ShownTarget) -> String {
    let distinct: BTreeSet<_> = one.retained.values().collect();
    if let Some(law) = distinct.first().filter(|_| one.is_exempt && distinct.len() == 1) {
        return law.to_string();
    }
    let each: Vec<_> = one.retained.iter().map(|(company, law)| format!("{company}: {law}")).collect();
    each.join("; ")
}

fn is_out(one: &ShownTarget) -> bool {
    matches!(one.state, TargetState::Open { .. })
}
