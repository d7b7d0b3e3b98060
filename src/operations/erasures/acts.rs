//! What is done about erasures that are in the ledger.

use crate::audit::{Act, Actor, AuditRow, NotApart, Object};
use crate::erasure::recheck::{ERASED_AGAIN, has_lapsed};
use crate::erasure::{Erasure, ErasureId, ErasureState, Step, Subject};
use crate::ledger::{AuditRange, Cursor, ErasureCursor, ErasureFilter, PAGE_MAX, Page, ParkedMark, Stopped};
use crate::operations::accounts::{Asker, Passwords, why_not};
use crate::operations::{ApprovalRefused, NotApproved, OperationError, Operations, audit};
use crate::policy::REQUEST;
use crate::subject::TargetName;
use serde_json::Value;
use std::collections::BTreeSet;

/// Lists erasures. The filter may name an installation by its source.
pub(crate) async fn list(
    on: &Operations,
    mut filter: ErasureFilter,
) -> Result<Page<Erasure, ErasureCursor>, OperationError> {
    if let Some(installation) = &mut filter.installation {
        *installation = on.installation(installation)?.name.clone();
    }
    Ok(on.ledger.erasures(&filter).await?)
}

/// Shows one erasure and its steps.
pub(crate) async fn show(on: &Operations, id: ErasureId) -> Result<Erasure, OperationError> {
    on.ledger.erasure(id).await?.ok_or_else(|| OperationError::NotFound(format!("there is no erasure {id}")))
}

/// Rows of the audit that are shown of one erasure, the newest of them: each retry is one.
const ORDERS_MAX: u32 = 100;

/// What was ordered of an erasure, the oldest first, as far as the ledger's audit still has it.
pub(crate) async fn ordered(on: &Operations, id: ErasureId) -> Result<Vec<AuditRow>, OperationError> {
    let of_it = AuditRange { object: Some(Object::erasure(id)), ..AuditRange::all(Cursor::NEWEST, ORDERS_MAX) };
    let mut rows = on.ledger.audit(&of_it).await?.items;
    rows.reverse();
    Ok(rows)
}

/// Approves an erasure that waits for it: it begins when its time has come. `seen` is the version of it that was shown.
pub(crate) async fn approve(on: &Operations, id: ErasureId, seen: &str, by: &Actor) -> Result<(), OperationError> {
    let refused = |why| not_approved(id, why);
    let erasure = show(on, id).await?;
    // Of one that is over, who has asked for it may not be known any more, and matters no more.
    if erasure.state == ErasureState::Requested {
        if let Some(why) = why_not_by(on, &erasure, by).await? {
            return Err(refused(NotApproved::NotApart(why)));
        }
        if has_lapsed(erasure.rules.iter().map(String::as_str), erasure.created, on.ledger.clock().await?.now) {
            return Err(refused(NotApproved::Lapsed));
        }
    }
    if on.ledger.approve_erasure(id, Some(seen), by).await? {
        return Ok(());
    }
    let waits = on.ledger.erasure(id).await?.is_some_and(|erasure| erasure.state == ErasureState::Requested);
    Err(refused(if waits { NotApproved::Changed } else { NotApproved::NotWaiting }))
}

fn not_approved(id: ErasureId, why: NotApproved) -> OperationError {
    OperationError::NotApproved(Box::new(ApprovalRefused { what: format!("erasure {id}"), why }))
}

/// Why `by` does not approve an erasure: they have asked for it, or have joined it, also by a consent that they have written down as
/// withdrawn; or it is not known that they have not. `None` where they may.
pub(crate) async fn why_not_by(
    on: &Operations,
    erasure: &Erasure,
    by: &Actor,
) -> Result<Option<NotApart>, OperationError> {
    if !on.settings.four_eyes {
        return Ok(None);
    }
    let asked = AuditRange {
        act: Some(Act::RequestErasure),
        object: Some(Object::erasure(erasure.id)),
        ..AuditRange::all(Cursor::OLDEST, PAGE_MAX)
    };
    let asked: Vec<Asker> = audit::all(on, asked).await?.iter().map(Asker::of).collect();
    if let Some(why) = why_not(on, by, &asked).await? {
        return Ok(Some(why));
    }
    if is_asker_forgotten(&erasure.rules, &asked) {
        return Ok(Some(NotApart::AskerForgotten));
    }
    match erasure.rules.iter().any(|rule| !is_by_hand(rule)) {
        true => withdrawn_by(on, erasure, by).await,
        false => Ok(None),
    }
}

/// Whether somebody has asked for it by name, beside what rules demand.
pub(crate) fn asked_by_hand(erasure: &Erasure) -> bool {
    erasure.rules.iter().any(|rule| is_by_hand(rule))
}

fn is_by_hand(rule: &str) -> bool {
    rule == REQUEST || rule.starts_with(ERASED_AGAIN)
}

/// Why `by` does not approve what rules demand of sessions whose consent they have written down as withdrawn: when these settle, nobody
/// but them has had it demanded.
async fn withdrawn_by(on: &Operations, erasure: &Erasure, by: &Actor) -> Result<Option<NotApart>, OperationError> {
    let installation = erasure.subject.installation();
    // Of a person, it is known only later which sessions go: any may be one.
    let sessions: Option<BTreeSet<i64>> = match &erasure.subject {
        Subject::Session(key) => Some([key.session.0].into()),
        Subject::Guest { digest, .. } => {
            let of_guest = on.ledger.sessions_of_guest(installation, *digest).await?;
            Some(of_guest.iter().map(|view| view.record.session.session.0).collect())
        }
        Subject::Person { .. } => None,
    };
    let is_of_it = |row: &AuditRow| match row.statement.details.get("sessions").and_then(Value::as_array) {
        Some(named) => {
            sessions.as_ref().is_none_or(|own| named.iter().filter_map(Value::as_i64).any(|one| own.contains(&one)))
        }
        // There were more than are named.
        None => true,
    };
    let mut withdrawals = AuditRange {
        act: Some(Act::WithdrawConsent),
        object: Some(Object::sessions_of(&installation.0)),
        ..AuditRange::all(Cursor::OLDEST, PAGE_MAX)
    };
    // Who was looked at already, with what they had then.
    let mut written: Vec<Asker> = Vec::new();
    let mut passwords = Passwords::default();
    loop {
        let page = on.ledger.audit(&withdrawals).await?;
        let done = page.items.iter().filter(|row| row.statement.is_done());
        let found: Vec<Asker> = done.filter(|row| is_of_it(row)).map(Asker::of).collect();
        for asker in passwords.distinct(on, &found).await? {
            if written.contains(&asker) {
                continue;
            }
            if let Some(why) = why_not(on, by, std::slice::from_ref(&asker)).await? {
                return Ok(Some(NotApart::Withdrawn { by: asker.actor, why: Box::new(why) }));
            }
            written.push(asker);
        }
        let Some(next) = page.next else { return Ok(None) };
        withdrawals.cursor = next;
    }
}

/// Whether nobody knows any more who has asked for an erasure by these rules. What a rule demands, nobody has asked for.
fn is_asker_forgotten(rules: &[String], asked: &[Asker]) -> bool {
    asked.is_empty() && rules.iter().any(|rule| is_by_hand(rule))
}

/// Rejects an erasure that waits for approval: nothing is erased, and its identifiers are destroyed.
pub(crate) async fn reject(on: &Operations, id: ErasureId, by: &Actor) -> Result<(), OperationError> {
    if on.ledger.reject_erasure(id, by).await? {
        return Ok(());
    }
    Err(not_done(on, id, "it does not wait for approval").await)
}

/// What a retried erasure asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retried {
    /// Targets that must not be asked twice, and are asked to erase once more.
    pub(crate) asked_once_more: Vec<TargetName>,
}

/// Retries what is parked of an erasure. One that waits for its time is left: beginning it is another decision ([`begin`]).
pub(crate) async fn retry_parked(on: &Operations, id: ErasureId, by: &Actor) -> Result<Retried, OperationError> {
    must_have_begun(on, id).await?;
    retry(on, id, by).await
}

/// What came of retrying what was shown of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetriedShown {
    Retried,
    /// Something else of it is parked than was shown, so that it is left.
    ParkedSince,
}

/// The same of what was shown as parked, and of nothing that was parked after that.
pub(crate) async fn retry_shown(
    on: &Operations,
    id: ErasureId,
    seen: &ParkedMark,
    by: &Actor,
) -> Result<RetriedShown, OperationError> {
    must_have_begun(on, id).await?;
    if on.ledger.retry_erasure(id, Some(seen), by).await? {
        return Ok(RetriedShown::Retried);
    }
    match on.ledger.parked_marks(&[id]).await?.get(&id) {
        Some(now) if now != seen => Ok(RetriedShown::ParkedSince),
        _ => Err(not_done(on, id, "nothing of it is parked any more").await),
    }
}

/// Erasures, each with what is parked of it. What is parked is read first: what comes after that may be shown, and is then no part of it.
pub(crate) async fn with_marks(
    on: &Operations,
    all: &[ErasureId],
) -> Result<Vec<(Erasure, ParkedMark)>, OperationError> {
    let mut marks = on.ledger.parked_marks(all).await?;
    let erasures = on.ledger.erasures_named(all).await?.into_iter();
    Ok(erasures.filter_map(|erasure| marks.remove(&erasure.id).map(|mark| (erasure, mark))).collect())
}

/// Refuses one that waits, or is over.
async fn must_have_begun(on: &Operations, id: ErasureId) -> Result<(), OperationError> {
    match show(on, id).await?.state {
        // Neither comes to be scheduled again.
        ErasureState::Erasing | ErasureState::Verifying | ErasureState::Parked => Ok(()),
        ErasureState::Scheduled => Err(OperationError::Conflict(format!(
            "erasure {id}: it waits for its time; whoever wants it to go now begins it"
        ))),
        ErasureState::Requested | ErasureState::Done | ErasureState::Cancelled => {
            Err(OperationError::Conflict(format!("erasure {id}: it is not parked")))
        }
    }
}

/// Begins a scheduled erasure now.
pub(crate) async fn begin(on: &Operations, id: ErasureId, by: &Actor) -> Result<(), OperationError> {
    if show(on, id).await?.state != ErasureState::Scheduled {
        return Err(OperationError::Conflict(format!("erasure {id}: it does not wait for its time")));
    }
    retry(on, id, by).await.map(drop)
}

/// Retries what is parked of an erasure; begins a scheduled one now.
pub(crate) async fn retry(on: &Operations, id: ErasureId, by: &Actor) -> Result<Retried, OperationError> {
    // Before: the order takes the marks away.
    let before = on.ledger.erasure(id).await?;
    if on.ledger.retry_erasure(id, None, by).await? {
        let steps = before.into_iter().flat_map(|erasure| erasure.steps);
        let once_more = steps.filter(Step::erases_once_more_if_retried).map(|step| step.target);
        return Ok(Retried { asked_once_more: once_more.collect() });
    }
    Err(not_done(on, id, "it is neither parked nor scheduled").await)
}

/// Cancels an erasure that has not begun; closes a parked one, with a receipt that says so.
pub(crate) async fn cancel(on: &Operations, id: ErasureId, by: &Actor) -> Result<(), OperationError> {
    if on.ledger.cancel_erasure(id, by).await? {
        return Ok(());
    }
    Err(not_done(on, id, "it is under way or over").await)
}

/// Stops an erasure: no further call begins, and its receipt says what was done and what was not. Returns the targets whose
/// calls are still under way.
pub(crate) async fn stop(on: &Operations, id: ErasureId, by: &Actor) -> Result<Stopped, OperationError> {
    match on.ledger.stop_erasure(id, by).await? {
        Stopped::Not => {
            Err(not_done(on, id, "it is over; what its receipt names as not erased needs an erasure of its own").await)
        }
        stopped => Ok(stopped),
    }
}

/// What was retried of what could not be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UndecidedRetried {
    /// mluvii was out, and is called again.
    pub(crate) mluvii_resumed: bool,
    /// Events and sessions.
    pub(crate) work: u64,
}

/// Retries the events and sessions that could not be decided on, and lets mluvii be called again, which is needed for
/// that: what is undecided waits while mluvii is out.
pub(crate) async fn retry_undecided(on: &Operations, by: &Actor) -> Result<UndecidedRetried, OperationError> {
    let mluvii_resumed = resume_mluvii(on, by).await?;
    let work = on.ledger.retry_parked(by).await?;
    if !mluvii_resumed && work == 0 {
        return Err(OperationError::Conflict("nothing is parked".into()));
    }
    Ok(UndecidedRetried { mluvii_resumed, work })
}

async fn resume_mluvii(on: &Operations, by: &Actor) -> Result<bool, OperationError> {
    let installations = on.settings.installations.iter();
    let called: Vec<_> = installations.map(|installation| TargetName::mluvii_of(&installation.name)).collect();
    let mut resumed = false;
    for health in on.ledger.targets().await? {
        // Only mluvii: deciding calls nothing else, and a plugin is out for a reason of its own.
        if called.contains(&health.target) {
            resumed |= on.ledger.resume_target(&health.target, by).await?;
        }
    }
    Ok(resumed)
}

/// Why an act on an erasure was refused by the ledger. What is read here may be newer than the refusal.
async fn not_done(on: &Operations, id: ErasureId, why: &str) -> OperationError {
    match show(on, id).await {
        Ok(_) => OperationError::Conflict(format!("erasure {id}: {why}")),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_approves_what_was_asked_for_by_hand_where_it_is_not_known_by_whom() {
        let is_forgotten = |rule: &str, asked: &[Asker]| is_asker_forgotten(&[rule.to_owned()], asked);
        let again = format!("{ERASED_AGAIN} after e-01");
        for rule in [REQUEST, again.as_str()] {
            assert!(!is_forgotten(rule, &[Asker::now(&Actor::cli("bob"))]), "{rule}");
            assert!(is_forgotten(rule, &[]), "{rule}");
        }
        assert!(!is_forgotten("consent withdrawn", &[]), "nobody has asked for what a rule demands");
        assert!(NotApart::AskerForgotten.to_string().contains("no longer"));
    }
}
