//! What is watched beside what comes in: how far the comparison with mluvii has come, the webhooks there, and when sources delivered last.

use jiff::{SignedDuration, Timestamp};

use super::Monitor;
use super::exposition::{Exposition, Kind};
use super::ledger::OF_LEDGER;
use crate::attention::{Attention, Code};
use crate::ledger::Gauges;
use crate::subject::SourceName;

/// A webhook that was not seen at mluvii for so long is not known to be there.
const SEEN_MAX: SignedDuration = SignedDuration::from_hours(24);

const STATES: [&str; 3] = ["registered", "wrong", "unknown"];

pub(super) fn write(text: &mut Exposition, gauges: &Gauges, attention: &[Attention], monitor: &Monitor) {
    let age =
        |since: Option<Timestamp>| since.map_or(0.0, |since| gauges.now.duration_since(since).as_secs_f64().max(0.0));
    let help = "How long ago the time ended of which everything that ended at mluvii was compared with the ledger; 0 before the first \
                comparison.";
    let name = "quietus_reconciliation_age_seconds";
    let mut family = text.family(name, Kind::Gauge, &format!("{help} {OF_LEDGER}"));
    for installation in &monitor.installations {
        let mark = gauges.marks.get(&format!("reconcile/{installation}")).copied();
        family.sample(&[("installation", &installation.0)], age(mark));
    }
    let help = "Whether a source's webhook at mluvii is as it is needed: registered, wrong (a person is told why), unknown (nobody has \
                looked, or could look, for a day).";
    let mut family = text.family("quietus_webhook_state", Kind::Gauge, &format!("{help} {OF_LEDGER}"));
    for source in &monitor.sources {
        let found = state(gauges, attention, source);
        STATES.iter().for_each(|state| family.sample(&[("source", &source.0), ("state", state)], *state == found));
    }
    let help = "How long ago anything of a source was taken last, to the minute; 0 where nothing ever was.";
    let name = "quietus_last_delivery_age_seconds";
    let mut family = text.family(name, Kind::Gauge, &format!("{help} {OF_LEDGER}"));
    for source in &monitor.sources {
        family.sample(&[("source", &source.0)], age(gauges.delivered.get(source).copied()));
    }
}

fn state(gauges: &Gauges, attention: &[Attention], source: &SourceName) -> &'static str {
    let is_of_source = |found: &&Attention| found.parameters.get("source").is_some_and(|name| *name == *source.0);
    if attention.iter().filter(|found| found.code == Code::WebhookWrong).any(|found| is_of_source(&found)) {
        return "wrong";
    }
    let seen = gauges.marks.get(&format!("webhook-seen/{source}"));
    if seen.is_some_and(|seen| gauges.now.duration_since(*seen) < SEEN_MAX) { "registered" } else { "unknown" }
}
