//! `quietus erase --dry-run`: whom it would reach, and what would go where. No identifier is shown, only how many of
//! which kind are known.

use serde_json::json;

use super::{reach, said};
use crate::cli::advice;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, Out};
use crate::operations::erasures::Preview;
use crate::receipt::ForeseenAdvice;

/// Shows it. The exit code says whether every target could be asked.
pub(super) fn show(preview: &Preview, out: &mut Out) -> Result<Exit, Failure> {
    let Preview { reach, targets, foreseen, holds } = preview;
    let foreseen = ForeseenAdvice::from(foreseen);
    let asked = Exit::when(targets.values().all(Result::is_ok));
    if out.is_json() {
        let mut shown = reach::json(reach);
        shown["targets"] = said::json(targets);
        shown["holds"] = said::holds_json(holds);
        shown["foreseen"] = json!(foreseen);
        shown["unsettled_until"] = json!(reach.found.unsettled_until);
        out.json(&shown)?;
        return Ok(asked);
    }
    reach::write(reach, out)?;
    said::write_whom(reach, out)?;
    out.line("")?;
    said::write(targets, out)?;
    advice::write_foreseen(&foreseen, out)?;
    for hold in holds {
        out.note(said::of_hold(hold));
    }
    if let Some(until) = reach.found.unsettled_until {
        let until = out::time(until);
        out.note(format_args!("it would wait for sessions that have not settled, until {until} at the latest"));
    }
    Ok(asked)
}
