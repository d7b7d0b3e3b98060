//! http-purge: erases people from any system with an HTTP API, by configuration alone. Steps with templates enter
//! (README.md describes them), requests leave, and what the answers say becomes the outcome. Knows no vendor.

mod config;
mod outcome;
mod plan;
mod run;
mod stored;
mod template;
mod words;

use std::time::Duration;

use quietus_plugin::http::Client;
use quietus_plugin::{
    ANY, Answer, Call, Found, Manifest, Outcome, Plugin, PluginError, Progress, Request, Secrets, export_plugin,
};

use config::Config;
use plan::Plan;
use run::Run;
use stored::Stored;

/// The plugin: a plan made from the configuration, and a client.
pub struct HttpPurge {
    plan: Plan,
    client: Client,
}

impl Plugin for HttpPurge {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("http-purge", env!("CARGO_PKG_VERSION"))
            .accepts(ANY)
            .accepts_secret(ANY)
            .http("")
            .dry_run()
            .resumes()
            .finds_from("/find/*/returns")
            .call_max(Duration::from_secs(240))
            .concurrency(4)
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        let plan = Plan::make(&config, &secrets).map_err(PluginError::needs_operator)?;
        let client = Client::new(&config.client(), &secrets)?;
        Ok(Self { plan, client })
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let mut run = Run::new(&self.plan, &self.client, request, call);
        let Some(writes) = request.writes() else {
            run.look(&self.plan.erase)?;
            let answer = run.found.would_go()?;
            // When all is gone can be seen no sooner than after this.
            let pause = self.plan.verify_after.filter(|_| answer.outcome == Outcome::Residual);
            return Ok(later(answer, pause));
        };
        let mut progress = Progress::<Stored>::of(call);
        let ended = run.erase(&mut progress, writes);
        // Also after success: the answer may not reach the host, which then asks again.
        let stored = progress.store(call);
        ended.and(stored)?;
        let answer = run.found.erased(&progress)?;
        Ok(later(answer, self.plan.verify_after))
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        if self.plan.verify.is_empty() {
            return Ok(Answer::unverifiable(words::NO_VERIFY));
        }
        let mut run = Run::new(&self.plan, &self.client, request, call);
        run.look(&self.plan.verify)?;
        Ok(run.found.looked())
    }

    fn find(&self, request: &Request, call: &Call) -> Result<Found, PluginError> {
        Run::new(&self.plan, &self.client, request, call).find()
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        run::health(&self.plan, &self.client, call)
    }
}

/// The answer with when it makes sense to look again.
fn later(answer: Answer, pause: Option<Duration>) -> Answer {
    match pause {
        Some(pause) => answer.verify_after(pause),
        None => answer,
    }
}

export_plugin!(HttpPurge);

#[cfg(test)]
mod tests;
