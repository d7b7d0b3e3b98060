//! `quietus status`: what is under way, and whether something needs a person.

use serde::Serialize;

use super::attention::unknown_consents;
use super::exit::{Exit, Failure};
use super::out::{self, BAD, DOUBTFUL, GOOD, Out};
use crate::attention::{Attention, Severity, sentence};
use crate::erasure::ErasureState;
use crate::ledger::{Counts, ProcessView, RetentionSettings, TargetHealth, TargetState};
use crate::operations::Operations;
use crate::operations::status;

/// Say what is under way and what needs a person (exit code 1 when something does)
#[derive(clap::Args)]
pub(super) struct Status {}

/// What is shown in JSON.
#[derive(Serialize)]
struct StatusJson<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    retention: &'a RetentionSettings,
    targets: &'a [TargetHealth],
    processes: Vec<ProcessJson<'a>>,
    attention: &'a [Attention],
    /// A sentence for each of them on which a person has to act.
    needs_a_person: Vec<String>,
}

/// A process on the ledger.
#[derive(Serialize)]
struct ProcessJson<'a> {
    #[serde(flatten)]
    process: &'a ProcessView,
    lost: bool,
}

impl Status {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let status = status::status(on).await?;
        if out.is_json() {
            json(&status, out)?;
        } else {
            write(&status, out)?;
        }
        Ok(Exit::when(!status.needs_a_person()))
    }
}

fn json(status: &status::Status, out: &mut Out) -> std::io::Result<()> {
    let shown = |process| ProcessJson { lost: ProcessView::is_lost(process), process };
    let needs = status.attention.iter().filter(|found| found.needs_a_person());
    out.json(&StatusJson {
        counts: &status.counts,
        retention: &status.retention,
        targets: &status.targets,
        processes: status.processes.iter().map(shown).collect(),
        attention: &status.attention,
        needs_a_person: needs.map(sentence).collect(),
    })
}

fn write(status: &status::Status, out: &mut Out) -> std::io::Result<()> {
    write_counts(&status.counts, out)?;
    write_expired(&status.counts, &status.retention, out)?;
    for health in &status.targets {
        out.line(format_args!("{:<11} {}", health.target, in_words(&health.state)))?;
    }
    write_processes(&status.processes, out)?;
    // What was muted is in `quietus attention list`.
    for found in status.attention.iter().filter(|found| found.muted.is_none()) {
        match found.severity {
            Severity::Notice => out.marked(DOUBTFUL, "!", sentence(found))?,
            Severity::Attention | Severity::Urgent => out.marked(BAD, "✗", sentence(found))?,
        }
    }
    let muted = status.attention.iter().filter(|found| found.muted.is_some()).count();
    if muted > 0 {
        out.line(format_args!("muted       {muted}: quietus attention list"))?;
    }
    if !status.needs_a_person() {
        let but = if muted > 0 { " but what is muted" } else { "" };
        out.marked(GOOD, "✓", format_args!("nothing needs a person{but}"))?;
    }
    Ok(())
}

fn write_counts(counts: &Counts, out: &mut Out) -> std::io::Result<()> {
    out.line(format_args!("sessions    {} known, {} settling", counts.sessions, counts.sessions_settling))?;
    out.line(format_args!("events      {} waiting, {} quarantined", counts.events_waiting, counts.quarantined))?;
    let states = ErasureState::ALL.map(|state| format!("{} {}", counts.erasures_in(state), state.as_str()));
    out.line(format_args!("erasures    {}", states.join(", ")))?;
    let since = counts.oldest_due.map(|due| format!(", the oldest since {}", out::time(due)));
    out.line(format_args!("due now     {}{}", counts.overdue, since.unwrap_or_default()))?;
    let verdicts = counts.verdicts.iter().filter(|(_, count)| **count > 0);
    let verdicts: Vec<_> = verdicts.map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let verdicts = if verdicts.is_empty() { String::new() } else { format!(" ({})", verdicts.join(", ")) };
    let archived = match counts.archived_receipts {
        0 => String::new(),
        archived => format!("; {archived} more in archives"),
    };
    out.line(format_args!("receipts    {}{verdicts}{archived}", counts.receipts))?;
    if let Some(unknown) = unknown_consents(counts) {
        out.line(format_args!("consent     of {unknown}"))?;
    }
    if counts.foreign_sessions > 0 {
        out.line(format_args!("foreign     {} sessions of other tenants, forgotten", counts.foreign_sessions))?;
    }
    Ok(())
}

/// How long each kind of records is kept, and how many were deleted since.
fn write_expired(counts: &Counts, retention: &RetentionSettings, out: &mut Out) -> std::io::Result<()> {
    let kinds = retention.by_kind().map(|(kind, kept_for)| match counts.expired.get(kind) {
        Some(expired) if expired.deleted > 0 => format!("{kind} {kept_for} ({} deleted)", expired.deleted),
        _ => format!("{kind} {kept_for}"),
    });
    out.line(format_args!("kept for    {}", kinds.join(", ")))
}

fn write_processes(processes: &[ProcessView], out: &mut Out) -> std::io::Result<()> {
    if processes.is_empty() {
        return out.line("processes   none");
    }
    out.line(format_args!("processes   {}", processes.len()))?;
    let row = |process: &ProcessView| {
        let holds = process.holds.iter().map(|(queue, count)| format!("{queue}: {count}")).collect::<Vec<_>>();
        let holds = if holds.is_empty() { "nothing".to_owned() } else { holds.join(", ") };
        let state = if process.is_lost() { format!("silent for {} s", process.silent_s) } else { "works".to_owned() };
        [
            process.number.to_string(),
            process.place.clone(),
            process.version.clone(),
            out::time(process.since),
            state,
            holds,
        ]
    };
    out.table(["PROCESS", "PLACE", "VERSION", "SINCE", "STATE", "HOLDS"], processes.iter().map(row))
}

fn in_words(state: &TargetState) -> String {
    match state {
        TargetState::Closed => "works".to_owned(),
        TargetState::Open { until, reason, since, .. } => {
            format!("is out since {}, and tried again from {} on ({reason})", out::time(*since), out::time(*until))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Expired;

    #[test]
    fn how_long_records_are_kept_is_shown_with_what_was_deleted() {
        let retention = serde_json::json!({
            "events": "30d", "sessions": "400d", "consents": "forever", "tombstones": "3650d", "erasures": "400d",
            "fingerprints": "1095d", "requests": "1095d", "holds": "1095d", "receipts": "1095d", "audit": "1095d",
        });
        let retention: RetentionSettings = serde_json::from_value(retention).expect("settings");
        let expired = [("sessions", Expired { deleted: 7, ..Expired::default() })].into();
        let (mut out, captured) = Out::captured(false);
        write_expired(&Counts { expired, ..Counts::default() }, &retention, &mut out).expect("written");
        insta::assert_snapshot!(captured.text(), @"kept for    events 30d, sessions 400d (7 deleted), consents forever, tombstones 3650d, erasures 400d, fingerprints 1095d, consent_fingerprints 1095d, requests 1095d, holds 1095d");
    }

    #[test]
    fn unknown_consents_and_foreign_sessions_are_shown_however_few_they_are() {
        let shown = |counts: &Counts| {
            let (mut out, captured) = Out::captured(false);
            write_counts(counts, &mut out).expect("written");
            let text = captured.text();
            let lines = text.lines().filter(|line| line.starts_with("consent") || line.starts_with("foreign"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let unknown_consents = [("not_found", 1), ("not_understood", 0)].into();
        let some = Counts { sessions: 1_000_000, unknown_consents, foreign_sessions: 2, ..Counts::default() };
        insta::assert_snapshot!(shown(&some), @"
        consent     of 1 of 1000000 sessions stayed unknown (1: mluvii answers 404 for them)
        foreign     2 sessions of other tenants, forgotten
        ");
        assert_eq!(shown(&Counts::default()), "");
    }
}
