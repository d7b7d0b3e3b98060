//! `quietus status`: what is under way, and whether something needs a person.

use jiff::Timestamp;
use serde::Serialize;

use super::deployment::Deployment;
use super::exit::{Exit, Failure};
use super::out::{self, BAD, GOOD, Out};
use crate::erasure::ErasureState;
use crate::ledger::{Counts, ProcessView, TargetHealth, TargetState};
use crate::span::Span;
use crate::subject::TargetName;

/// Say what is under way and what needs a person (exit code 1 when something does)
#[derive(clap::Args)]
pub(super) struct Status {}

/// What is shown.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    counts: Counts,
    targets: Vec<TargetHealth>,
    processes: Vec<ProcessReport>,
    /// Empty when nothing needs a person.
    needs_a_person: Vec<String>,
}

/// From where on something needs a person, as the configuration says.
struct Limits {
    deadline: Span,
    unknown_share_max: f64,
}

/// A process on the ledger.
#[derive(Serialize)]
struct ProcessReport {
    #[serde(flatten)]
    process: ProcessView,
    lost: bool,
}

impl Status {
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        let ledger = &deployment.ledger;
        let (counts, targets, processes) = (ledger.counts().await?, ledger.targets().await?, ledger.processes().await?);
        let limits = Limits {
            deadline: deployment.config.erasing.deadline,
            unknown_share_max: deployment.config.settling.unknown_share_max,
        };
        let needs_a_person = needs(&counts, &targets, &limits, Timestamp::now());
        let reported = |process: ProcessView| ProcessReport { lost: process.is_lost(), process };
        let processes = processes.into_iter().map(reported).collect();
        let report = Report { counts, targets, processes, needs_a_person };
        if out.is_json() {
            out.json(&report)?;
        } else {
            report.write(out)?;
        }
        Ok(Exit::when(report.needs_a_person.is_empty()))
    }
}

impl Report {
    fn write(&self, out: &mut Out) -> std::io::Result<()> {
        let counts = &self.counts;
        out.line(format_args!("sessions    {} known, {} settling", counts.sessions, counts.sessions_settling))?;
        out.line(format_args!("events      {} waiting, {} quarantined", counts.events_waiting, counts.quarantined))?;
        let states = ErasureState::ALL.map(|state| format!("{} {}", counts.erasures_in(state), state.as_str()));
        out.line(format_args!("erasures    {}", states.join(", ")))?;
        let since = counts.oldest_due.map(|due| format!(", the oldest since {}", out::time(due)));
        out.line(format_args!("due now     {}{}", counts.overdue, since.unwrap_or_default()))?;
        let verdicts = counts.verdicts.iter().filter(|(_, count)| **count > 0);
        let verdicts: Vec<_> = verdicts.map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let verdicts = if verdicts.is_empty() { String::new() } else { format!(" ({})", verdicts.join(", ")) };
        out.line(format_args!("receipts    {}{verdicts}", counts.receipts))?;
        if let Some(unknown) = unknown(counts) {
            out.line(format_args!("consent     of {unknown}"))?;
        }
        if counts.foreign_sessions > 0 {
            out.line(format_args!("foreign     {} sessions of other tenants, forgotten", counts.foreign_sessions))?;
        }
        for health in &self.targets {
            out.line(format_args!(
                "{:<11} {} since {}",
                health.target,
                in_words(&health.state),
                out::time(health.since)
            ))?;
        }
        self.write_processes(out)?;
        for need in &self.needs_a_person {
            out.marked(BAD, "✗", need)?;
        }
        if self.needs_a_person.is_empty() {
            out.marked(GOOD, "✓", "nothing needs a person")?;
        }
        Ok(())
    }
}

impl Report {
    fn write_processes(&self, out: &mut Out) -> std::io::Result<()> {
        if self.processes.is_empty() {
            return out.line("processes   none");
        }
        out.line(format_args!("processes   {}", self.processes.len()))?;
        let row = |ProcessReport { process, lost }: &ProcessReport| {
            let holds = process.holds.iter().map(|(queue, count)| format!("{queue}: {count}")).collect::<Vec<_>>();
            let holds = if holds.is_empty() { "nothing".to_owned() } else { holds.join(", ") };
            let state = if *lost { format!("silent for {} s", process.silent_s) } else { "works".to_owned() };
            [
                process.number.to_string(),
                process.place.clone(),
                process.version.clone(),
                out::time(process.since),
                state,
                holds,
            ]
        };
        out.table(["PROCESS", "PLACE", "VERSION", "SINCE", "STATE", "HOLDS"], self.processes.iter().map(row))
    }
}

fn in_words(state: &TargetState) -> String {
    match state {
        TargetState::Closed => "works".to_owned(),
        TargetState::Open { until, reason } => format!("paused until {} ({reason})", out::time(*until)),
        TargetState::Parked { reason } => format!("is parked ({reason})"),
    }
}

/// What needs a person, each with the command that helps.
fn needs(counts: &Counts, targets: &[TargetHealth], limits: &Limits, now: Timestamp) -> Vec<String> {
    let mut needs = Vec::new();
    for health in targets {
        if let TargetState::Parked { reason } = &health.state {
            // Before anything is decided there may be no erasure to name.
            let again = if is_mluvii(&health.target) { "--undecided" } else { "ID" };
            needs.push(format!(
                "target {} is parked: {reason}; mend it, then `quietus erasures retry {again}`",
                health.target
            ));
        }
    }
    for (target, steps) in &counts.parked_steps {
        needs.push(format!("{steps} parked at {target}: quietus erasures list --state parked"));
    }
    let parked = counts.erasures_in(ErasureState::Parked);
    if parked > 0 && counts.parked_steps.is_empty() {
        needs.push(format!("{parked} erasures are parked: quietus erasures list --state parked"));
    }
    let requested = counts.erasures_in(ErasureState::Requested);
    if requested > 0 {
        needs.push(format!(
            "{requested} erasures wait for a person's approval: quietus erasures list --state requested, then approve ID or \
             reject ID"
        ));
    }
    if counts.incomplete_unacknowledged > 0 {
        needs.push(format!(
            "{} receipts are incomplete: quietus receipts list --verdict incomplete, then quietus receipts acknowledge",
            counts.incomplete_unacknowledged
        ));
    }
    needs.extend(unknown_consents(counts, limits.unknown_share_max));
    if counts.parked_work > 0 {
        needs.push(format!("{} could not be decided on: quietus erasures retry --undecided", counts.parked_work));
    }
    if counts.quarantined > 0 {
        needs.push(format!("{} deliveries could not be read: quietus quarantine list", counts.quarantined));
    }
    let deadline = limits.deadline;
    if let Some(oldest) = counts.oldest_due.filter(|due| due.saturating_add(deadline.get()).is_ok_and(|end| end < now))
    {
        needs
            .push(format!("something is due since {}, longer than `erasing.deadline` ({deadline})", out::time(oldest)));
    }
    needs
}

/// Whether a target is mluvii, whatever the installation: no plugin has a `/` in its name.
fn is_mluvii(target: &TargetName) -> bool {
    target.0.split('/').next() == Some(TargetName::MLUVII)
}

/// Sessions whose consent stayed unknown, where they are more than single ones: something is wrong at mluvii, or with what
/// is known of it.
fn unknown_consents(counts: &Counts, share_max: f64) -> Option<String> {
    let count: u64 = counts.unknown_consents.values().sum();
    let too_many = count as f64 > share_max * counts.sessions as f64;
    unknown(counts).filter(|_| too_many).map(|unknown| format!("the consent of {unknown}"))
}

/// How many sessions have an unknown consent, and why; nothing when none has.
fn unknown(counts: &Counts) -> Option<String> {
    let unknown: u64 = counts.unknown_consents.values().sum();
    if unknown == 0 {
        return None;
    }
    let cause = |(cause, count): (&&'static str, &u64)| {
        let words = match *cause {
            "not_found" => "mluvii answers 404 for them",
            "not_understood" => {
                "mluvii's answers about them are not understood; see `mluvii.nulls` and `quietus mluvii probe`"
            }
            other => other,
        };
        format!("{count}: {words}")
    };
    let causes: Vec<_> = counts.unknown_consents.iter().filter(|(_, count)| **count > 0).map(cause).collect();
    Some(format!("{unknown} of {} sessions stayed unknown ({})", counts.sessions, causes.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { deadline: Span::from_secs(60), unknown_share_max: 0.05 }
    }

    fn counts() -> Counts {
        Counts { oldest_due: Some(Timestamp::UNIX_EPOCH), ..Counts::default() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn what_is_due_needs_a_person_only_after_the_deadline() {
        assert!(needs(&counts(), &[], &limits(), at(60)).is_empty());
        insta::assert_snapshot!(needs(&counts(), &[], &limits(), at(61)).join("\n"), @"something is due since 1970-01-01T00:00:00Z, longer than `erasing.deadline` (1m)");
    }

    #[test]
    fn what_is_parked_or_quarantined_needs_a_person() {
        let mut counts = Counts { parked_work: 2, quarantined: 1, ..Counts::default() };
        counts.erasures.insert("parked", 1);
        let at_crm = |state| TargetHealth { target: crate::subject::TargetName("crm".into()), state, since: at(0) };
        let targets =
            [at_crm(TargetState::Parked { reason: "the token was refused".into() }), at_crm(TargetState::Closed)];
        insta::assert_snapshot!(needs(&counts, &targets, &limits(), at(0)).join("\n"), @"
        target crm is parked: the token was refused; mend it, then `quietus erasures retry ID`
        1 erasures are parked: quietus erasures list --state parked
        2 could not be decided on: quietus erasures retry --undecided
        1 deliveries could not be read: quietus quarantine list
        ");
    }

    #[test]
    fn what_waits_for_approval_and_what_is_incomplete_needs_a_person() {
        let mut counts = Counts { incomplete_unacknowledged: 2, ..Counts::default() };
        counts.erasures.insert("requested", 3);
        insta::assert_snapshot!(needs(&counts, &[], &limits(), at(0)).join("\n"), @"
        3 erasures wait for a person's approval: quietus erasures list --state requested, then approve ID or reject ID
        2 receipts are incomplete: quietus receipts list --verdict incomplete, then quietus receipts acknowledge
        ");
    }

    #[test]
    fn unknown_consents_need_a_person_above_their_share_and_by_cause() {
        let unknown = |sessions, not_found| Counts {
            sessions,
            unknown_consents: [("not_found", not_found), ("not_understood", 1)].into(),
            ..Counts::default()
        };
        assert!(needs(&unknown(100, 4), &[], &limits(), at(0)).is_empty());
        insta::assert_snapshot!(needs(&unknown(100, 5), &[], &limits(), at(0)).join("\n"), @"the consent of 6 of 100 sessions stayed unknown (5: mluvii answers 404 for them; 1: mluvii's answers about them are not understood; see `mluvii.nulls` and `quietus mluvii probe`)");
    }

    #[test]
    fn unknown_consents_and_foreign_sessions_are_shown_however_few_they_are() {
        let shown = |counts| {
            let report = Report { counts, targets: Vec::new(), processes: Vec::new(), needs_a_person: Vec::new() };
            let (mut out, captured) = Out::captured(false);
            report.write(&mut out).expect("written");
            let text = captured.text();
            let lines = text.lines().filter(|line| line.starts_with("consent") || line.starts_with("foreign"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let unknown_consents = [("not_found", 1), ("not_understood", 0)].into();
        let some = Counts { sessions: 1_000_000, unknown_consents, foreign_sessions: 2, ..Counts::default() };
        assert!(needs(&some, &[], &limits(), at(0)).is_empty());
        insta::assert_snapshot!(shown(some), @"
        consent     of 1 of 1000000 sessions stayed unknown (1: mluvii answers 404 for them)
        foreign     2 sessions of other tenants, forgotten
        ");
        assert_eq!(shown(Counts::default()), "");
    }

    #[test]
    fn a_parked_mluvii_of_any_installation_is_set_going_with_what_is_undecided() {
        let health = |name: &str| TargetHealth {
            target: TargetName(name.into()),
            state: TargetState::Parked { reason: "the client was refused".into() },
            since: at(0),
        };
        for name in ["mluvii", "mluvii/acme"] {
            let needs = needs(&Counts::default(), &[health(name)], &limits(), at(0));
            assert!(needs[0].ends_with("`quietus erasures retry --undecided`"), "{needs:?}");
        }
    }
}
