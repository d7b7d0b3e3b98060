//! The ledger's numbers as gauges. In a fleet each process shows the same ones.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::exposition::{Exposition, Kind};
use super::reading::{Known, Snapshot};
use super::{Monitor, Queue, watching};
use crate::attention::{Attention, Code, Severity};
use crate::ledger::{Gauges, QueueGauge, TargetState};

/// The end of the help of what every process on a ledger shows alike.
pub(super) const OF_LEDGER: &str = "Of the ledger: each process on it shows the same, so take max and not sum.";

/// Writes all of it. Where the ledger could not be read for a while, only that it could not.
pub(super) fn write(text: &mut Exposition, known: &Known, monitor: &Monitor) {
    text.gauge(
        "quietus_ledger_up",
        "Whether this process could read the ledger just now. If not, its gauges are missing after a minute.",
        known.is_up,
    );
    let Some(Snapshot { gauges, attention, at }) = known.snapshot.as_deref() else { return };
    let mut writer = Writer { text, now: gauges.now };
    writer.gauge("quietus_ledger_read_timestamp_seconds", "When this process last read the ledger.", seconds(*at));
    writer.attention(attention);
    writer.erasures(gauges);
    writer.queues(&monitor.queues, gauges);
    writer.breakers(monitor, gauges);
    writer.receipts(gauges);
    writer.records(gauges);
    writer.ledger(gauges);
    watching::write(writer.text, gauges, attention, monitor);
}

struct Writer<'e> {
    text: &'e mut Exposition,
    /// The ledger's time.
    now: Timestamp,
}

impl Writer<'_> {
    fn gauge(&mut self, name: &'static str, help: &str, value: impl super::exposition::Number) {
        self.text.gauge(name, help, value);
    }

    /// One without labels, of the ledger.
    fn one(&mut self, name: &'static str, help: &str, value: u64) {
        self.text.gauge(name, &format!("{help} {OF_LEDGER}"), value);
    }

    /// One for each value of a label.
    fn by(&mut self, name: &'static str, help: &str, label: &str, values: &BTreeMap<&'static str, u64>) {
        let mut family = self.text.family(name, Kind::Gauge, &format!("{help} {OF_LEDGER}"));
        values.iter().for_each(|(value, number)| family.sample(&[(label, value)], *number));
    }

    /// Seconds since then, 0 where nothing is there: so an alert needs no word for what is missing.
    fn age(&self, since: Option<Timestamp>) -> f64 {
        since.map_or(0.0, |since| self.now.duration_since(since).as_secs_f64().max(0.0))
    }

    /// All codes, with each severity: what is not there is 0, and no series comes and goes.
    fn attention(&mut self, found: &[Attention]) {
        for (name, help, muted) in [
            ("quietus_attention", "Things that need a person or are worth knowing, and are not muted.", false),
            ("quietus_attention_muted", "The same, of what somebody has muted or acknowledged.", true),
        ] {
            let mut family = self.text.family(name, Kind::Gauge, &format!("{help} {OF_LEDGER}"));
            for code in Code::ALL {
                for severity in Severity::ALL {
                    let of =
                        |one: &&Attention| one.code == code && one.severity == severity && one.muted.is_some() == muted;
                    let count = found.iter().filter(of).count() as u64;
                    family.sample(&[("code", code.as_str()), ("severity", severity.as_str())], count);
                }
            }
        }
    }

    fn erasures(&mut self, gauges: &Gauges) {
        self.by("quietus_erasures", "Erasures in the ledger, by state.", "state", &gauges.erasures);
        self.one(
            "quietus_erasures_late",
            "Open erasures that could have begun more than a month ago, by the calendar; 100000 at most are counted.",
            gauges.late,
        );
        self.by("quietus_requests", "Requests of persons, by state.", "state", &gauges.requests);
        self.one("quietus_requests_late", "Requests of persons that are not answered in time.", gauges.requests_late);
        let age = self.age(gauges.oldest_due);
        let help = "For how long the oldest open duty could have been done; 0 where nothing is due.";
        self.text.gauge("quietus_oldest_due_age_seconds", &format!("{help} {OF_LEDGER}"), age);
    }

    fn queues(&mut self, queues: &[Queue], gauges: &Gauges) {
        let inbox = ("inbox", "", &gauges.inbox);
        let others = queues.iter().zip(&gauges.queues);
        let all: Vec<_> =
            others.map(|(queue, found)| (queue.shown, queue.target.as_str(), found)).chain([inbox]).collect();
        let help = "Pieces of work by queue, the target that is asked, and state: due (nobody has taken it), working, \
                    waiting (its time has not come), parked (it needs a person); 100000 at most are counted of each.";
        let mut family = self.text.family("quietus_queue_tasks", Kind::Gauge, &format!("{help} {OF_LEDGER}"));
        for (queue, target, QueueGauge { due, working, waiting, parked, .. }) in &all {
            for (state, number) in [("due", due), ("working", working), ("waiting", waiting), ("parked", parked)] {
                family.sample(&[("queue", queue), ("target", target), ("state", state)], *number);
            }
        }
        let ages: Vec<_> = all.iter().map(|(queue, target, found)| (*queue, *target, self.age(found.oldest))).collect();
        let help =
            "For how long the longest waiting piece of work has been due that nobody has taken; 0 where none is.";
        let name = "quietus_queue_oldest_due_age_seconds";
        let mut family = self.text.family(name, Kind::Gauge, &format!("{help} {OF_LEDGER}"));
        for (queue, target, age) in ages {
            family.sample(&[("queue", queue), ("target", target)], age);
        }
    }

    /// Of all targets of the configuration, also where nothing is wrong.
    fn breakers(&mut self, monitor: &Monitor, gauges: &Gauges) {
        let state = |name: &crate::subject::TargetName| {
            let health = gauges.targets.iter().find(|health| health.target == *name);
            match health.map(|health| &health.state) {
                Some(TargetState::Open { needs_person, tries, .. }) => (true, *needs_person, u64::from(*tries)),
                Some(TargetState::Closed) | None => (false, false, 0),
            }
        };
        let all: Vec<_> = monitor.targets.iter().map(|name| (name.to_string(), state(name))).collect();
        let mut family = self.text.family(
            "quietus_breaker_open",
            Kind::Gauge,
            &format!("Whether a target's circuit breaker is open: it is not called but to try it. {OF_LEDGER}"),
        );
        all.iter().for_each(|(target, (open, ..))| family.sample(&[("target", target)], *open));
        let mut family = self.text.family(
            "quietus_breaker_needs_person",
            Kind::Gauge,
            &format!("Whether a target whose breaker is open will hardly heal by itself. {OF_LEDGER}"),
        );
        all.iter().for_each(|(target, (_, person, _))| family.sample(&[("target", target)], *person));
        let mut family = self.text.family(
            "quietus_breaker_tries",
            Kind::Gauge,
            &format!("How often a target whose breaker is open was tried in vain. {OF_LEDGER}"),
        );
        all.iter().for_each(|(target, (.., tries))| family.sample(&[("target", target)], *tries));
    }

    fn receipts(&mut self, gauges: &Gauges) {
        self.by("quietus_receipts", "Receipts in the ledger, by verdict.", "verdict", &gauges.verdicts);
        let help = "Receipts that have moved to archives.";
        self.one("quietus_receipts_archived", help, gauges.archived_receipts);
        let help = "Incomplete receipts that nobody has acknowledged.";
        self.one("quietus_receipts_unacknowledged", help, gauges.incomplete);
        self.one("quietus_receipts_head", "The newest receipt's number; it never goes back.", gauges.head);
    }

    fn records(&mut self, gauges: &Gauges) {
        self.one("quietus_sessions", "Sessions in the ledger.", gauges.sessions);
        let help = "Sessions whose consent stayed unknown, by cause.";
        self.by("quietus_sessions_consent_unknown", help, "cause", &gauges.unknown_consents);
        self.one("quietus_quarantine_deliveries", "Deliveries in quarantine.", gauges.quarantined);
        let age = self.age(gauges.oldest_quarantined);
        let help = "For how long the oldest delivery has been in quarantine; 0 where none is.";
        self.text.gauge("quietus_quarantine_oldest_age_seconds", &format!("{help} {OF_LEDGER}"), age);
    }

    fn ledger(&mut self, gauges: &Gauges) {
        let lost = gauges.processes.iter().filter(|process| process.is_lost()).count() as u64;
        let alive = gauges.processes.len() as u64 - lost;
        let states = BTreeMap::from([("alive", alive), ("lost", lost)]);
        self.by("quietus_processes", "Servers on the ledger: alive, or not heard of for 20 s.", "state", &states);
        if let Some(bytes) = gauges.size.bytes {
            self.one("quietus_ledger_bytes", "What the ledger takes of its disk, its log included.", bytes);
        }
        if let Some(bytes) = gauges.size.free_bytes {
            let help = "What is left of the disk of a ledger in a file, for the user of this process.";
            self.gauge("quietus_ledger_disk_free_bytes", help, bytes);
        }
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
