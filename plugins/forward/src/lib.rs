//! forward: hands erasures on to whatever the company already has. Each demand becomes a message on a carrier that
//! confirms it, and what the receiver answers, or reports later, becomes the outcome. Erases nothing itself.

mod carrier;
mod config;
mod message;
mod plaintext;
mod runtime;
mod standard;
mod told;

use std::ops::RangeInclusive;
use std::time::Duration;

use quietus_plugin::{ANY, Answer, Call, Manifest, Plugin, PluginError, Request, Secrets, Writes, export_plugin};

use carrier::{Carrier, Carries as _, Handed};
use config::Config;
use message::{Asks, Message};

/// How long quietus waits for a report: whole seconds, and no longer than this.
const REPORT_WITHIN: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(31 * 86_400);

/// The plugin: a carrier, and what its receivers do.
pub struct Forward {
    carrier: Carrier,
    /// Within this time receivers report the outcome; they never do when it is not given.
    report_within: Option<Duration>,
    /// Whether receivers also look again.
    verifies: bool,
}

impl Plugin for Forward {
    type Config = Config;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("forward", env!("CARGO_PKG_VERSION"))
            .accepts(ANY)
            .accepts_secret(ANY)
            .reports()
            .call_max(Duration::from_secs(60))
            .concurrency(4);
        carrier::reach(manifest)
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        let report_within = config.report_within.map(|span| span.0);
        let verifies = config.verify;
        if report_within.is_some_and(|within| !REPORT_WITHIN.contains(&within)) {
            return Err(PluginError::needs_operator("report_within: it is from 1s to 31d; quietus waits no longer"));
        }
        let carrier = Carrier::make(config, &secrets).map_err(PluginError::needs_operator)?;
        Ok(Self { carrier, report_within, verifies })
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        match request.writes() {
            Some(writes) => self.hand_on(Asks::Erasure, request, call, writes),
            None => Err(PluginError::permanent("this plugin cannot say what would go")),
        }
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        match request.writes() {
            Some(writes) if self.verifies => self.hand_on(Asks::Verification, request, call, writes),
            _ => {
                let answer = Answer::unverifiable("the receiver is not re-checked (`verify`)");
                Ok(told::handed_on(answer, self.carrier.keeps()))
            }
        }
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.carrier.health(call)
    }
}

impl Forward {
    fn hand_on(&self, asks: Asks, request: &Request, call: &Call, writes: Writes<'_>) -> Result<Answer, PluginError> {
        // Before it is handed on: receivers would erase, and have nowhere to report it.
        if self.report_within.is_some() && request.report.is_none() {
            let text = "receivers are to report (`report_within`), but there is no address for reports: set `server.reports_listen`";
            return Err(PluginError::needs_operator(text));
        }
        let message = Message::make(asks, request, self.report_within)?;
        match (self.carrier.hand_on(&message, call, writes)?, self.report_within) {
            (Handed::Answered(answer), _) => Ok(told::by_its_word(answer)),
            (Handed::Confirmed, Some(within)) => Ok(told::handed_on(Answer::accepted(within), self.carrier.keeps())),
            (Handed::Confirmed, None) => {
                let by = self.carrier.name();
                let reason = format!("handed on by {by}, which confirmed it; its outcome is not reported");
                Ok(told::handed_on(Answer::unverifiable(reason), self.carrier.keeps()))
            }
        }
    }
}

export_plugin!(Forward);

#[cfg(test)]
mod tests;
