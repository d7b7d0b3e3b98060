//! http-purge: erases people from any system with an HTTP API, by configuration alone. Steps with templates enter
//! (README.md describes them), requests leave, and what the answers say becomes the outcome. Knows no vendor.

mod client;
mod config;
mod pace;
mod plan;
mod run;
mod template;
mod token;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quietus_plugin::{ANY, Answer, Call, Manifest, Plugin, PluginError, Request, Secrets, export_plugin};

use client::Client;
use config::Config;
use plan::Plan;
use run::{Found, Run};

/// Erasures that ended halfway and whose counts are remembered.
const HALFWAY_MAX: usize = 1024;

/// The plugin: a plan made from the configuration, and a client.
pub struct HttpPurge {
    plan: Plan,
    client: Client,
    /// What calls that failed had erased by then, by idempotency key: the next attempt must not report less.
    halfway: Mutex<HashMap<String, BTreeMap<String, u64>>>,
}

impl Plugin for HttpPurge {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("http-purge", env!("CARGO_PKG_VERSION"))
            .accepts(ANY)
            .accepts_secret(ANY)
            .port(443)
            .port(80)
            .dry_run()
            .call_max(Duration::from_secs(240))
            .concurrency(4)
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        let plan = Plan::make(&config, &secrets).map_err(PluginError::needs_operator)?;
        let client = Client::make(&config, &secrets).map_err(PluginError::needs_operator)?;
        Ok(Self { plan, client, halfway: Mutex::default() })
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let mut run = Run::new(&self.plan, &self.client, request, call);
        if request.dry_run {
            run.look(&self.plan.erase)?;
            return Ok(would_go(&run.found));
        }
        run.found.erased = self.halfway().remove(&request.idempotency_key).unwrap_or_default();
        let done = run.erase(&self.plan.erase);
        if let Err(error) = done {
            let mut halfway = self.halfway();
            if !run.found.erased.is_empty() && halfway.len() < HALFWAY_MAX {
                halfway.insert(request.idempotency_key.clone(), run.found.erased);
            }
            return Err(error);
        }
        Ok(erased(run.found, self.plan.verify_after))
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        if self.plan.verify.is_empty() {
            return Ok(Answer::unverifiable("no verify steps are configured"));
        }
        let mut run = Run::new(&self.plan, &self.client, request, call);
        run.look(&self.plan.verify)?;
        let found = run.found;
        Ok(match (found.asked, found.there.values().any(|count| *count > 0)) {
            (0, _) => Answer::unverifiable("no verify step applies to these identifiers"),
            (_, true) => counted(Answer::residual(), found.there),
            (_, false) => Answer::absent(),
        })
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        match &self.plan.health {
            Some(step) => run::health(step, &self.client, call),
            None => self.client.log_in(call),
        }
    }
}

export_plugin!(HttpPurge);

impl HttpPurge {
    /// A panic elsewhere leaves the map whole.
    fn halfway(&self) -> MutexGuard<'_, HashMap<String, BTreeMap<String, u64>>> {
        self.halfway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn erased(found: Found, verify_after: Option<Duration>) -> Answer {
    let answer = match (&found.retained, found.erased.is_empty(), found.asked) {
        (Some(step), _, _) => Answer::retained(format!("the system keeps it (step `{step}`)")),
        (None, false, _) => Answer::erased(),
        (None, true, 0) => Answer::unverifiable("no step applies to these identifiers"),
        (None, true, _) => Answer::absent(),
    };
    let answer = counted(answer, found.erased);
    verify_after.map_or(answer.clone(), |pause| answer.verify_after(pause))
}

/// The answer to a dry run: what is there now.
fn would_go(found: &Found) -> Answer {
    match (found.blind.first(), found.there.values().any(|count| *count > 0), found.asked) {
        (_, true, _) => counted(Answer::residual(), found.there.clone()),
        (Some(step), false, _) => Answer::unverifiable(format!("step `{step}` erases without looking first")),
        (None, false, 0) => Answer::unverifiable("no step applies to these identifiers"),
        (None, false, _) => Answer::absent(),
    }
}

fn counted(answer: Answer, counts: BTreeMap<String, u64>) -> Answer {
    counts.into_iter().fold(answer, |answer, (what, how_many)| answer.count(what, how_many))
}

#[cfg(test)]
mod tests;
