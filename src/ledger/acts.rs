//! What is written of each order into the audit: the same in every backend. Ids, names of the configuration and numbers only.

use super::{Archived, NewPause, QuarantineId, RotatedKey, Stopped};
use crate::attention::{Attention, ClockDoubt, Code, MuteEnd};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Detail, Object};
use crate::erasure::{ErasureId, NewErasure};
use crate::hold::{HoldId, NewHold};
use crate::receipt::{ChainName, Checkpoint, Gap};
use crate::subject::TargetName;

/// Receipts that are named in a row; of more only their count is written.
const RECEIPTS_NAMED_MAX: usize = 100;

/// `actual` is the erasure that the request is now, or has joined.
pub(super) fn requested(by: &Actor, asked: &NewErasure, actual: ErasureId) -> AuditEntry {
    let result = if actual == asked.id { ActResult::Done } else { ActResult::Joined };
    let targets: Vec<&str> = asked.targets.iter().map(|target| &*target.0).collect();
    AuditEntry::new(by, Act::RequestErasure, Object::erasure(actual), result)
        .with_word("installation", asked.subject.installation())
        .with_word("scope", asked.subject.scope().as_str())
        .with_word("targets", targets.join(","))
}

/// An act on one erasure, which changed something or did not.
pub(super) fn on_erasure(by: &Actor, act: Act, id: ErasureId, changed: bool) -> AuditEntry {
    AuditEntry::new(by, act, Object::erasure(id), ActResult::when(changed))
}

/// With how many calls were under way.
pub(super) fn stopped(by: &Actor, id: ErasureId, stopped: &Stopped) -> AuditEntry {
    let entry = on_erasure(by, Act::StopErasure, id, *stopped != Stopped::Not);
    match stopped {
        Stopped::AfterCalls(called) => entry.with("under_way", called.len() as u64),
        Stopped::NotBegun | Stopped::AtOnce | Stopped::Not => entry,
    }
}

/// What is held is not said: only of what kind it is, and why.
pub(super) fn held(by: &Actor, hold: &NewHold) -> AuditEntry {
    let entry = AuditEntry::new(by, Act::AddHold, Object::hold(&hold.id.to_string()), ActResult::Done)
        .with_word("installation", &hold.installation)
        .with_word("on", hold.on.kind())
        .with_word("reason", hold.reason.as_str());
    match hold.until {
        Some(until) => entry.with_word("until", until),
        None => entry,
    }
}

pub(super) fn lifted(by: &Actor, id: HoldId, lifted: bool) -> AuditEntry {
    AuditEntry::new(by, Act::LiftHold, Object::hold(&id.to_string()), ActResult::when(lifted))
}

pub(super) fn retried_work(by: &Actor, count: u64) -> AuditEntry {
    AuditEntry::new(by, Act::RetryWork, Object::work(), ActResult::when(count > 0)).with("count", count)
}

pub(super) fn resumed(by: &Actor, target: &TargetName, resumed: bool) -> AuditEntry {
    AuditEntry::new(by, Act::ResumeTarget, Object::target(target), ActResult::when(resumed))
}

pub(super) fn paused(by: &Actor, pause: &NewPause) -> AuditEntry {
    let entry = AuditEntry::new(by, Act::PauseTarget, Object::target(&pause.target), ActResult::Done)
        .with_word("reason", pause.reason.as_str());
    match pause.until {
        Some(until) => entry.with_word("until", until),
        None => entry,
    }
}

/// Those that were not acknowledged before.
pub(super) fn acknowledged(by: &Actor, sequences: &[u64]) -> AuditEntry {
    let count = sequences.len() as u64;
    let result = ActResult::when(count > 0);
    let entry = AuditEntry::new(by, Act::AcknowledgeReceipts, Object::receipts(), result).with("count", count);
    if sequences.len() > RECEIPTS_NAMED_MAX {
        return entry;
    }
    let mut sequences = sequences.to_vec();
    sequences.sort_unstable();
    entry.with("receipts", Detail::Numbers(sequences))
}

/// `doubt` is what was doubted of it.
pub(super) fn accepted_clock(by: &Actor, doubt: Option<&ClockDoubt>) -> AuditEntry {
    let entry = AuditEntry::new(by, Act::AcceptClock, Object::clock(), ActResult::when(doubt.is_some()));
    let Some(ClockDoubt { fault, expected, found }) = doubt else { return entry };
    entry.with_word("fault", fault.as_str()).with_word("expected", expected).with_word("found", found)
}

/// A name that no rule has may be anything that somebody has typed, so it is not written.
pub(super) fn judged_rule(by: &Actor, act: Act, name: &str, version: &str, done: bool) -> AuditEntry {
    if !done {
        return AuditEntry::new(by, act, Object::rules(), ActResult::when(false));
    }
    AuditEntry::new(by, act, Object::rule(name), ActResult::when(true)).with_word("version", version)
}

/// Both keys are named, so that who reads the audit can follow from one to the other.
pub(super) fn rotated(by: &Actor, rotated: &RotatedKey, changed: bool) -> AuditEntry {
    AuditEntry::new(by, Act::RotateKey, Object::keys(), ActResult::when(changed))
        .with_word("key", rotated.kind)
        .with_word("from", &rotated.from)
        .with_word("to", &rotated.to)
}

/// What was lost, as numbers of receipts.
pub(super) fn accepted_gap(by: &Actor, gap: &Gap, accepted: bool) -> AuditEntry {
    AuditEntry::new(by, Act::AcceptLedger, Object::ledger(), ActResult::when(accepted))
        .with("after", gap.after)
        .with("last", gap.last)
}

/// Which records, and in which file they are.
pub(super) fn archived(by: &Actor, checkpoint: &Checkpoint, archived: Archived) -> AuditEntry {
    let (act, object) = match checkpoint.chain {
        ChainName::Receipts => (Act::ArchiveReceipts, Object::receipts()),
        ChainName::Audit => (Act::ArchiveAudit, Object::audit()),
    };
    AuditEntry::new(by, act, object, ActResult::when(archived == Archived::Done))
        .with("first", checkpoint.first)
        .with("last", checkpoint.last)
        .with_word("file", &checkpoint.file)
        .with_word("sha256", &checkpoint.sha256)
}

pub(super) fn dropped(by: &Actor, id: QuarantineId, dropped: bool) -> AuditEntry {
    // A number of nothing may be any number that somebody has typed, so it is not written.
    let object = if dropped { Object::quarantined(id.0) } else { Object::quarantine() };
    AuditEntry::new(by, Act::DropQuarantined, object, ActResult::when(dropped))
}

pub(super) fn muted(by: &Actor, shown: &Attention, end: MuteEnd) -> AuditEntry {
    let object = Object::attention(shown.code.as_str(), &shown.object);
    let entry = AuditEntry::new(by, Act::MuteAttention, object, ActResult::Done);
    match end {
        MuteEnd::Changed => entry.with_word("until", "changed"),
        MuteEnd::At(until) => entry.with_word("until", until),
        MuteEnd::Never => entry,
    }
}

pub(super) fn unmuted(by: &Actor, code: Code, object: &Object, unmuted: bool) -> AuditEntry {
    // What was not muted may be anything that somebody has typed, so it is not written.
    let object = if unmuted { Object::attention(code.as_str(), object) } else { Object::attentions(code.as_str()) };
    AuditEntry::new(by, Act::UnmuteAttention, object, ActResult::when(unmuted))
}
