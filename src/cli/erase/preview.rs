//! `quietus erase --dry-run`: whom it would reach, and what would go where. No identifier is shown, only how many of
//! which kind are known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::deployment::Deployment;
use super::super::exit::{Exit, Failure};
use super::super::out::{self, Out};
use super::Request;
use super::reached::{Reached, kinds};
use crate::app::{self, Plugins};
use crate::config::Keys;
use crate::erasure::{ErasureId, Outcome, Subject};
use crate::keys::SecretRef;
use crate::subject::TargetName;
use crate::target::{Answer, TargetCall, TargetError, no_checkpoint};
use crate::worker::ScopeResolution;

/// Says whom the erasure would reach, found by the code that the erasure itself uses.
pub(super) async fn run(
    deployment: &Deployment,
    keys: &Keys,
    request: Request,
    out: &mut Out,
) -> Result<Exit, Failure> {
    let config = &deployment.config;
    let read = |reference: &SecretRef| config.read_secret(reference);
    let clients = app::mluvii_clients(config, &read).map_err(|error| Failure::Config(error.into()))?;
    let plugins = Plugins::build(config, &read).map_err(|error| Failure::Config(error.into()))?;
    let subject = &request.asked.subject;
    let client = clients.get(subject.installation()).expect("a request names an installation of the configuration");
    let reached = Reached::by(deployment, keys, &request, client).await?;
    let all = app::targets(&clients, &plugins);
    let shutdown = CancellationToken::new();
    let mut children = plugins.run(&shutdown);
    let mut answers = BTreeMap::new();
    for name in &request.targets {
        let called = name.called_for(subject.installation());
        let target = all.get(&called).expect("only targets of the configuration are asked");
        let answer = target.erase(&call(deployment, keys, subject, name, &reached.reach)).await;
        answers.insert(name.clone(), answer);
    }
    shutdown.cancel();
    while children.join_next().await.is_some() {}

    let asked = Exit::when(answers.values().all(Result::is_ok));
    if out.is_json() {
        let answers: BTreeMap<_, _> = answers.into_iter().map(|(name, answer)| (name, told(answer))).collect();
        let mut seen = reached.json();
        seen["targets"] = json!(answers);
        seen["unsettled_until"] = json!(reached.reach.unsettled_until);
        out.json(&seen)?;
        return Ok(asked);
    }
    reached.write(out)?;
    let identifiers = kinds(&reached.reach.whom.identifiers);
    let identifiers = listed(identifiers.iter().map(|(kind, count)| format!("{count} {kind}")));
    out.line(format_args!("guests       {}", reached.reach.whom.guests.len()))?;
    out.line(format_args!("identifiers  {identifiers}\n"))?;
    out.table(["TARGET", "WOULD BE", "COUNTS", "REASON"], answers.into_iter().map(row))?;
    if let Some(until) = reached.reach.unsettled_until {
        out.note(format_args!(
            "it would wait for sessions that have not settled, until {} at the latest",
            out::time(until)
        ));
    }
    Ok(asked)
}

/// The call that asks a target what would go, and changes nothing.
fn call(
    deployment: &Deployment,
    keys: &Keys,
    subject: &Subject,
    target: &TargetName,
    reach: &ScopeResolution,
) -> TargetCall {
    let erasure = ErasureId::generate(Timestamp::now());
    TargetCall {
        erasure,
        idempotency: keys.index.idempotency(&erasure.to_string(), &target.0, 0),
        scope: subject.scope(),
        dry_run: true,
        identifiers: reach.whom.identifiers.clone(),
        guests: reach.whom.guests.iter().cloned().collect(),
        whole_guests: reach.whom.whole_guests.iter().cloned().collect(),
        sessions: reach.going(),
        searched: reach.whom.searched,
        region: deployment.config.person.region,
        erased_since: None,
        report: None,
        resume: None,
        checkpoint: no_checkpoint(),
    }
}

fn row((name, answer): (TargetName, Result<Answer, TargetError>)) -> [String; 4] {
    match answer {
        Ok(Answer { outcome, reason, counts, .. }) => {
            let counts = counts.iter().map(|(what, count)| format!("{count} {what}"));
            [name.to_string(), would(outcome).as_str().to_owned(), listed(counts), reason.unwrap_or_default()]
        }
        Err(error) => [name.to_string(), "not known".to_owned(), String::new(), error.to_string()],
    }
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
