//! `quietus erase --dry-run`: whom it would reach, and what would go where. No identifier is shown, only how many of
//! which kind are known.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::reach;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, Out};
use crate::operations::erasures::{Preview, WouldBe};
use crate::subject::TargetName;
use crate::target::TargetError;

/// Shows it. The exit code says whether every target could be asked.
pub(super) fn show(preview: &Preview, out: &mut Out) -> Result<Exit, Failure> {
    let Preview { reach, targets, holds } = preview;
    let asked = Exit::when(targets.values().all(Result::is_ok));
    if out.is_json() {
        let answers: BTreeMap<_, _> = targets.iter().map(|(name, answer)| (name, answered(answer))).collect();
        let mut shown = reach::json(reach);
        shown["targets"] = json!(answers);
        let holds = holds.iter().map(|(hold, sessions)| json!({ "hold": hold, "sessions": sessions }));
        shown["holds"] = json!(holds.collect::<Vec<_>>());
        shown["unsettled_until"] = json!(reach.found.unsettled_until);
        out.json(&shown)?;
        return Ok(asked);
    }
    reach::write(reach, out)?;
    let identifiers = reach::kinds(&reach.found.whom.identifiers);
    let identifiers = listed(identifiers.iter().map(|(kind, count)| format!("{count} {kind}")));
    out.line(format_args!("guests       {}", reach.found.whom.guests.len()))?;
    out.line(format_args!("identifiers  {identifiers}\n"))?;
    out.table(["TARGET", "WOULD BE", "COUNTS", "REASON"], targets.iter().map(row))?;
    for (hold, sessions) in holds {
        out.note(format_args!("it would wait for the hold {hold}, which may concern {sessions} of the sessions"));
    }
    if let Some(until) = reach.found.unsettled_until {
        let until = out::time(until);
        out.note(format_args!("it would wait for sessions that have not settled, until {until} at the latest"));
    }
    Ok(asked)
}

fn row((name, answer): (&TargetName, &Result<WouldBe, TargetError>)) -> [String; 4] {
    match answer {
        Ok(WouldBe { outcome, reason, counts }) => {
            let counts = counts.iter().map(|(what, count)| format!("{count} {what}"));
            let reason = reason.clone().unwrap_or_default();
            [name.to_string(), outcome.as_str().to_owned(), listed(counts), reason]
        }
        Err(error) => [name.to_string(), "not known".to_owned(), String::new(), error.to_string()],
    }
}

fn answered(answer: &Result<WouldBe, TargetError>) -> Value {
    match answer {
        Ok(WouldBe { outcome, reason, counts }) => {
            json!({ "would_be": outcome, "reason": reason, "counts": counts })
        }
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
