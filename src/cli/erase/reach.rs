//! Which sessions a request reaches and what it does not reach, in words. No identifier is shown, only their kinds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cli::out::Out;
use crate::operations::erasures::{NotReached, Reach};
use crate::subject::{Identifiers, Kind, TargetName};
use crate::worker::Found;

pub(super) fn json(reach: &Reach) -> Value {
    let session = |found: &Found| {
        json!({
            "session": found.key.to_string(), "certainty": found.certainty.as_str(), "goes": found.goes,
            "reason": found.reason,
        })
    };
    json!({
        "sessions": reach.found.sessions.values().map(session).collect::<Vec<_>>(),
        "identifiers": kinds(&reach.found.whom.identifiers),
        "guests": reach.found.whom.guests.len(),
        "contacts": reach.found.contacts,
        "findings": reach.found.findings,
        "not_reached": reach.not_reached.iter().map(sentence).collect::<Vec<_>>(),
    })
}

pub(super) fn write(reach: &Reach, out: &mut Out) -> std::io::Result<()> {
    let row = |found: &Found| {
        let goes = if found.goes { "goes" } else { "stays" };
        [found.key.to_string(), goes.to_owned(), found.certainty.as_str().to_owned(), found.reason.clone()]
    };
    if reach.found.sessions.is_empty() {
        out.line("no session is found")?;
    } else {
        out.table(["SESSION", "", "MEANT", "WHY"], reach.found.sessions.values().map(row))?;
    }
    for not in &reach.not_reached {
        out.line(format_args!("not reached: {}", sentence(not)))?;
    }
    out.line("")
}

/// How many identifiers of each kind are known.
pub(in crate::cli) fn kinds(identifiers: &Identifiers) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for identifier in &identifiers.0 {
        *kinds.entry(identifier.kind.to_string()).or_default() += 1;
    }
    kinds
}

/// What is not reached, with the option that changes it.
pub(in crate::cli) fn sentence(not: &NotReached) -> String {
    match not {
        NotReached::PossibleSessions(count) => format!(
            "{count} possible sessions stay, and the receipt will be incomplete by that; --include SESSION or \
             --include-possible takes them, --exclude SESSION says that they are somebody else's"
        ),
        NotReached::ExcludedSessions(count) => format!(
            "{count} sessions of theirs are kept by --exclude, and the receipt will be incomplete by that"
        ),
        NotReached::UnreadSessions(count) => format!(
            "{count} sessions that mluvii does not show, so that nobody knows whose they are, and the receipt will be \
             incomplete by that; --exclude SESSION says that one is somebody else's"
        ),
        NotReached::CertainSessions { needed } => {
            let set = |set: &BTreeSet<Kind>| set.iter().map(Kind::as_str).collect::<Vec<_>>().join(" and ");
            let sets = needed.iter().map(set).collect::<Vec<_>>().join(", or ");
            format!(
                "any session for certain: with what is given, sessions are only possibly the person's; certain needs {sets}"
            )
        }
        NotReached::UnheardSessions { accepted: false } => {
            "sessions of which quietus never heard: mluvii itself is not searched (`mluvii.search`), and the receipt will \
             be incomplete by that"
                .to_owned()
        }
        NotReached::UnheardSessions { accepted: true } => {
            "sessions of which quietus never heard: mluvii itself is not searched, which `person.accept_ledger_only` accepts"
                .to_owned()
        }
        NotReached::NeverRead(session) => format!(
            "{session}, unless mluvii knows it: quietus has never read it there, so the receipt cannot say that it is gone"
        ),
        NotReached::IncludedGone(session) => {
            format!("{session}, which is included: it was erased before, and nothing is known to have come since")
        }
        NotReached::Targets(targets) => format!("what is at {}: not asked for", names(targets)),
        NotReached::FurtherIdentifiers(targets) => format!(
            "what other targets hold by identifiers that only {} knows: it could not say them, or not all of them",
            names(targets)
        ),
    }
}

fn names(targets: &[TargetName]) -> String {
    targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certain_session_that_is_excluded_is_kept_and_said_to_make_the_receipt_incomplete() {
        insta::assert_snapshot!(sentence(&NotReached::ExcludedSessions(2)), @"2 sessions of theirs are kept by --exclude, and the receipt will be incomplete by that");
    }
}
