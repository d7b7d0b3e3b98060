//! `quietus erase --dry-run`: whom it would reach. No identifier is shown, only how many of which kind are known.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::exit::{Exit, Failure};
use super::super::installation::Installation;
use super::super::out::{self, Out};
use crate::config::Keys;
use crate::erasure::Subject;
use crate::mluvii::MluviiClient;
use crate::subject::{Identifiers, TargetName};
use crate::worker::{ResolveError, Resolver};

/// Says whom the erasure would reach, found by the code that the erasure itself uses.
pub(super) async fn run(
    installation: &Installation,
    keys: &Keys,
    subject: &Subject,
    brought: Identifiers,
    targets: &[TargetName],
    out: &mut Out,
) -> Result<Exit, Failure> {
    let config = &installation.config;
    let mluvii = MluviiClient::new(&config.mluvii, &|reference| config.read_secret(reference));
    let mluvii = mluvii.map_err(|error| Failure::Config(error.into()))?;
    let resolver =
        Resolver { ledger: &*installation.ledger, mluvii: &mluvii, person: &config.person, index: &keys.index };
    let reach = resolver.reach(subject, brought).await.map_err(|error| match error {
        ResolveError::Ledger(error) => Failure::from(error),
        other => Failure::Other(other.into()),
    })?;
    let mut kinds = BTreeMap::<&str, usize>::new();
    for identifier in &reach.identifiers.0 {
        *kinds.entry(identifier.kind.as_str()).or_default() += 1;
    }
    if out.is_json() {
        out.json(&json!({
            "sessions": reach.sessions, "guests": reach.guests, "identifiers": kinds, "targets": targets,
            "unsettled_until": reach.unsettled_until,
        }))?;
        return Ok(Exit::Done);
    }
    out.line(format_args!("sessions     {}", listed(&reach.sessions)))?;
    out.line(format_args!("guests       {}", listed(reach.guests.iter().map(|guest| &guest.0))))?;
    out.line(format_args!("identifiers  {}", listed(kinds.iter().map(|(kind, count)| format!("{count} {kind}")))))?;
    out.line(format_args!("targets      {}", listed(targets)))?;
    if let Some(until) = reach.unsettled_until {
        out.note(format_args!(
            "it would wait for sessions that have not settled, until {} at the latest",
            out::time(until)
        ));
    }
    Ok(Exit::Done)
}

fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
