//! What is written of each order into the audit: the same in every backend. Ids, names of the configuration and numbers only.

pub(super) mod accounts;

use std::collections::BTreeSet;

use super::{
    Archived, Decision, DropReason, EnteredAs, NewPause, NewRequest, QuarantineId, RequestChange, RotatedKey, Stopped,
    Withdrawn,
};
use crate::attention::{Attention, ClockDoubt, Code, MuteEnd};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Detail, Object};
use crate::consent::Withdrawal;
use crate::erasure::{ErasureId, NewErasure, Outcome, Recheck, RecheckOutcome, Reportable, TaskId};
use crate::hold::{HoldId, NewHold};
use crate::receipt::{ChainName, Checkpoint, Gap};
use crate::request::{Request, VerifiedBy};
use crate::subject::TargetName;

/// Receipts or sessions that are named in a row; of more only their count is written.
const NAMED_MAX: usize = 100;

/// `actual` is the erasure that the request is now, or has joined.
pub(super) fn requested(by: &Actor, asked: &NewErasure, actual: ErasureId) -> AuditEntry {
    let result = if actual == asked.id { ActResult::Done } else { ActResult::Joined };
    let targets: Vec<&str> = asked.targets.iter().map(|target| &*target.0).collect();
    AuditEntry::new(by, Act::RequestErasure, Object::erasure(actual), result)
        .with_word("installation", asked.subject.installation())
        .with_word("scope", asked.subject.scope().as_str())
        .with_word("targets", targets.join(","))
}

/// An erasure at a target that holds somebody again who was erased by `found`.
pub(super) fn erased_again(by: &Actor, target: &TargetName, found: ErasureId, again: ErasureId) -> AuditEntry {
    AuditEntry::new(by, Act::ReopenErasure, Object::erasure(again), ActResult::Done)
        .with_word("target", target)
        .with_word("after", found)
}

/// `decisions` are of one installation.
pub(super) fn withdrawn(by: &Actor, decisions: &[Decision], withdrawal: Withdrawal, done: &Withdrawn) -> AuditEntry {
    let sessions = decisions.iter().map(|decision| &decision.session.record.session);
    let of = sessions.clone().next().map_or_else(Object::sessions, |key| Object::sessions_of(&key.installation.0));
    let erasures = match done {
        Withdrawn::Done(erasures) => erasures.len() as u64,
        Withdrawn::Stale => 0,
    };
    let result = ActResult::when(matches!(done, Withdrawn::Done(_)));
    let entry = AuditEntry::new(by, Act::WithdrawConsent, of, result)
        .with("count", decisions.len() as u64)
        .with("erasures", erasures)
        .with_word("came", withdrawal.came.as_str())
        .with_word("at", withdrawal.at);
    let mut named: Vec<u64> = sessions.filter_map(|key| u64::try_from(key.session.0).ok()).collect();
    if named.len() > NAMED_MAX {
        return entry;
    }
    named.sort_unstable();
    entry.with("sessions", Detail::Numbers(named))
}

/// The erasures that a withdrawal demands, each as asked for by whoever has written the withdrawal down: by these rows it is known who must
/// not approve it, as of one that is asked for by hand. Nothing of a withdrawal that was not written.
pub(super) fn demanded_by_withdrawal(by: &Actor, decisions: &[Decision], done: &Withdrawn) -> Vec<AuditEntry> {
    let Withdrawn::Done(stand) = done else { return Vec::new() };
    let asked = decisions.iter().flat_map(|decision| &decision.erasures);
    // Many sessions of one guest may demand the same.
    let mut named = BTreeSet::new();
    let each = asked.zip(stand).filter(|(asked, actual)| named.insert((**actual, asked.rule.as_str())));
    each.map(|(asked, actual)| requested(by, asked, *actual).with_word("by", Act::WithdrawConsent.as_str())).collect()
}

/// Which number it has; of one that was not entered, the number is any that somebody has typed, and is not written.
pub(super) fn entered_request(by: &Actor, asked: &NewRequest, entered: &EnteredAs) -> AuditEntry {
    let with_installation = |entry: AuditEntry| entry.with_word("installation", &asked.entered.mluvii);
    match entered {
        EnteredAs::New(stored) => {
            let request = &stored.request;
            let entry = AuditEntry::new(by, Act::EnterRequest, object_of(request), ActResult::Done);
            let entry = with_installation(entry).with_word("received", request.term.received);
            let entry = entry.with_word("came", request.came);
            match &request.verified {
                Some(verified) => entry.with_word("verified", verified.how),
                None => entry,
            }
        }
        EnteredAs::Duplicate(number) => {
            let object = Object::request(&asked.entered.mluvii, number);
            with_installation(AuditEntry::new(by, Act::EnterRequest, object, ActResult::Unchanged))
        }
        EnteredAs::NumberTaken => {
            with_installation(AuditEntry::new(by, Act::EnterRequest, Object::requests(), ActResult::Unchanged))
        }
    }
}

pub(super) fn changed_request(by: &Actor, change: &RequestChange, changed: bool) -> AuditEntry {
    let mut entry = AuditEntry::new(by, change.act, object_of(&change.request), ActResult::when(changed));
    for (name, detail) in &change.details {
        entry = entry.with(name, detail.clone());
    }
    entry
}

/// `actual` is the erasure that it is now, or has joined.
pub(super) fn ran_request(by: &Actor, change: &RequestChange, actual: Option<ErasureId>) -> AuditEntry {
    let entry = changed_request(by, change, actual.is_some());
    actual.map_or(entry.clone(), |actual| entry.with_word("erasure", actual))
}

/// What came of looking again at a target, by how many erasures.
pub(super) fn rechecked(by: &Actor, target: &TargetName, looked: &[Recheck]) -> AuditEntry {
    let entry = AuditEntry::new(by, Act::RecheckErasures, Object::target(target), ActResult::Done);
    RecheckOutcome::ALL.into_iter().fold(entry, |entry, outcome| {
        let count = looked.iter().filter(|one| one.outcome == outcome).count() as u64;
        entry.with(outcome.as_str(), count)
    })
}

/// With the erasure after which something was found again.
pub(super) fn reopened_request(by: &Actor, request: &Request) -> AuditEntry {
    let entry = AuditEntry::new(by, Act::ReopenRequest, object_of(request), ActResult::Done);
    match &request.reopened {
        Some(reopened) => entry.with_word("after", reopened.erasure),
        None => entry,
    }
}

fn object_of(request: &Request) -> Object {
    Object::request(&request.mluvii, &request.number)
}

/// An act on one erasure, which changed something or did not.
pub(super) fn on_erasure(by: &Actor, act: Act, id: ErasureId, changed: bool) -> AuditEntry {
    AuditEntry::new(by, act, Object::erasure(id), ActResult::when(changed))
}

/// The link is named by its number: who has used it is whoever has the mailbox, and nobody knows more.
pub(super) fn confirmed(link: i64, id: ErasureId) -> AuditEntry {
    AuditEntry::new(&Actor::link(link), Act::ConfirmErasure, Object::erasure(id), ActResult::Done)
}

/// The same of a request, which is verified by it.
pub(super) fn verified_by_link(link: i64, request: &Request) -> AuditEntry {
    AuditEntry::new(&Actor::link(link), Act::VerifyRequest, object_of(request), ActResult::Done)
        .with_word("verified", VerifiedBy::EmailLink)
}

/// What a person said of a step at a place that people erase from.
pub(super) fn confirmed_task(by: &Actor, of: &Reportable, said: Outcome, taken: bool) -> AuditEntry {
    AuditEntry::new(by, Act::ConfirmTask, Object::erasure(of.erasure), ActResult::when(taken))
        .with_word("task", TaskId::of(of))
        .with_word("target", &of.target)
        .with_word("outcome", said.as_str())
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
    if sequences.len() > NAMED_MAX {
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

pub(super) fn dropped(by: &Actor, id: QuarantineId, why: Option<DropReason>, dropped: bool) -> AuditEntry {
    // A number of nothing may be any number that somebody has typed, so it is not written.
    let object = if dropped { Object::quarantined(id.0) } else { Object::quarantine() };
    let entry = AuditEntry::new(by, Act::DropQuarantined, object, ActResult::when(dropped));
    match why {
        Some(why) => entry.with_word("reason", why.as_str()),
        None => entry,
    }
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
