//! `quietus erase --dry-run`: whom it would reach, and what would go where. No identifier is shown, only how many of
//! which kind are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::exit::{Exit, Failure};
use super::super::installation::Installation;
use super::super::out::{self, Out};
use crate::app::Plugins;
use crate::config::Keys;
use crate::erasure::{Outcome, Subject};
use crate::keys::SecretRef;
use crate::mluvii::{MluviiClient, MluviiTarget};
use crate::subject::{Identifiers, TargetName};
use crate::target::{Answer, TargetError};
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
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mluvii = MluviiClient::new(&config.mluvii, &read).map_err(|error| Failure::Config(error.into()))?;
    let mluvii = Arc::new(mluvii);
    let plugins = Plugins::build(config, &read).map_err(|error| Failure::Config(error.into()))?;
    let resolver =
        Resolver { ledger: &*installation.ledger, mluvii: &mluvii, person: &config.person, index: &keys.index };
    let reach = resolver.reach(subject, brought).await.map_err(|error| match error {
        ResolveError::Ledger(error) => Failure::from(error),
        other => Failure::Other(other.into()),
    })?;
    let mut all = plugins.targets();
    all.insert(TargetName::mluvii(), Arc::new(MluviiTarget::new(Arc::clone(&mluvii))));
    let shutdown = CancellationToken::new();
    let mut children = plugins.run(&shutdown);
    let mut answers = BTreeMap::new();
    for name in targets {
        let target = all.get(name).expect("only targets of the configuration are asked");
        let answer = target.erase(&reach.dry_run(subject.scope(), name, &keys.index)).await;
        answers.insert(name, answer);
    }
    shutdown.cancel();
    while children.join_next().await.is_some() {}

    let mut kinds = BTreeMap::<&str, usize>::new();
    for identifier in &reach.identifiers.0 {
        *kinds.entry(identifier.kind.as_str()).or_default() += 1;
    }
    let asked = Exit::when(answers.values().all(Result::is_ok));
    if out.is_json() {
        let answers: BTreeMap<_, _> = answers.into_iter().map(|(name, answer)| (name, told(answer))).collect();
        out.json(&json!({
            "sessions": reach.sessions, "guests": reach.guests, "identifiers": kinds, "targets": answers,
            "unsettled_until": reach.unsettled_until,
        }))?;
        return Ok(asked);
    }
    out.line(format_args!("sessions     {}", listed(&reach.sessions)))?;
    out.line(format_args!("guests       {}", listed(reach.guests.iter().map(|guest| &guest.0))))?;
    out.line(format_args!("identifiers  {}\n", listed(kinds.iter().map(|(kind, count)| format!("{count} {kind}")))))?;
    let rows = answers.into_iter().map(|(name, answer)| match answer {
        Ok(Answer { outcome, reason, counts, .. }) => {
            let counts = counts.iter().map(|(what, count)| format!("{count} {what}"));
            [name.to_string(), would(outcome).as_str().to_owned(), listed(counts), reason.unwrap_or_default()]
        }
        Err(error) => [name.to_string(), "not known".to_owned(), String::new(), error.to_string()],
    });
    out.table(["TARGET", "WOULD BE", "COUNTS", "REASON"], rows)?;
    if let Some(until) = reach.unsettled_until {
        out.note(format_args!(
            "it would wait for sessions that have not settled, until {} at the latest",
            out::time(until)
        ));
    }
    Ok(asked)
}

/// What an outcome of a dry run says would become of the data: what is still there would be erased.
fn would(outcome: Outcome) -> Outcome {
    if outcome == Outcome::Residual { Outcome::Erased } else { outcome }
}

fn told(answer: Result<Answer, TargetError>) -> Value {
    match answer {
        Ok(Answer { outcome, reason, counts, .. }) => {
            json!({ "would_be": would(outcome), "reason": reason, "counts": counts })
        }
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
