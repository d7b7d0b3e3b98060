//! What was looked at again after receipts, and what is to come, as commands show it.

use std::io;

use super::out::{self, Out};
use crate::erasure::{Recheck, RecheckOutcome};
use crate::operations::recheck::{Rechecks, ToCome};

/// Nothing where nobody looks again.
pub(super) fn write(rechecks: &Rechecks, out: &mut Out) -> io::Result<()> {
    if rechecks.is_empty() {
        return Ok(());
    }
    let looked = rechecks.looked.iter().map(row);
    let to_come = rechecks
        .to_come
        .iter()
        .map(|ToCome { target, at }| [out::date(*at), target.to_string(), "to come".to_owned(), String::new()]);
    out.line("")?;
    out.table(["AGAIN", "TARGET", "OUTCOME", "WHY"], looked.chain(to_come).collect::<Vec<_>>())
}

fn row(one: &Recheck) -> [String; 4] {
    let outcome = match (one.outcome, one.records) {
        (RecheckOutcome::Residual, records) if records > 0 => format!("residual: {records}"),
        (outcome, _) => outcome.as_str().to_owned(),
    };
    [out::date(one.looked), one.target.to_string(), outcome, one.why.as_deref().map(why).unwrap_or_default()]
}

/// A word in words; what a target said stays as it is.
fn why(word: &str) -> String {
    let words = match word {
        "unseen" => "not all places were looked at",
        "under_way" => "an erasure of them is under way",
        "back" => "something newer is there: they came back",
        "undated" => "something is there, and nobody knows whether it is newer",
        "possible" => "something is there that may be theirs",
        "unproved" => "mluvii proves neither that it is gone nor that it is there",
        "unknown" => "its sessions are not known here any more, or were erased again since",
        other => other,
    };
    words.to_owned()
}
