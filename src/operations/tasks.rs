//! Tasks: what people were asked to erase where nothing else can, and what they say of it. A task is a step that somebody has taken in
//! hand; what they say is taken in as a report on it is, and only as their word.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::error::REASON_CHARS_MAX;
use super::{InputError, OperationError, Operations};
use crate::attention::time;
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::deadline::days_left;
use crate::erasure::{
    Answer, Erasure, ErasureId, Evidence, Outcome, ReportState, Reportable, Step, StepState, Subject, TaskId,
};
use crate::hold::HeldBy;
use crate::ledger::{LedgerError, sealing};
use crate::subject::{GuestId, Identifiers, InstallationName, TargetName, Whom};

/// Erasures of one place that are looked at together.
const PAGE: u32 = 1_000;

/// A task that is open.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OpenTask {
    pub(crate) id: TaskId,
    pub(crate) target: TargetName,
    pub(crate) erasure: ErasureId,
    pub(crate) mluvii: InstallationName,
    /// Since when its erasure is under way.
    pub(crate) since: Option<Timestamp>,
    /// Until when it is to be done; gone with that time.
    pub(crate) deadline: Option<Timestamp>,
    /// How many days that are; 0 on the last one.
    pub(crate) days_left: Option<i32>,
    pub(crate) state: TaskState,
    /// The holds that keep its erasure now: whoever has it is to wait, also where they were asked before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) held: Vec<HeldBy>,
    /// Whom it is about, free of personal data.
    pub(crate) subject: String,
    /// What is to be done, as the configuration says it now.
    pub(crate) text: String,
    #[serde(skip)]
    of: Reportable,
}

/// Where an open task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TaskState {
    Open,
    /// Nobody has confirmed it in time.
    Late,
    /// Somebody has said that it is still there.
    Residual,
}

impl TaskState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Late => "late",
            Self::Residual => "residual",
        }
    }

    /// `None` where nobody is asked: not yet, or not any more.
    fn of(step: &Step) -> Option<Self> {
        match &step.state {
            StepState::UnderWay { report: ReportState::Awaited { .. }, .. } => Some(Self::Open),
            StepState::Parked { outcome: Outcome::Residual, .. } => Some(Self::Residual),
            StepState::Parked { .. } => Some(Self::Late),
            StepState::UnderWay { .. } | StepState::Planned | StepState::WaitsForFinds | StepState::Over { .. } => None,
        }
    }
}

/// What somebody says of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Erased,
    Absent,
    /// A law or duty keeps it, which the reason names.
    Retained,
    /// It is still there.
    Residual,
}

impl Said {
    pub(crate) const ALL: [Self; 4] = [Self::Erased, Self::Absent, Self::Retained, Self::Residual];

    pub(crate) fn as_str(self) -> &'static str {
        self.outcome().as_str()
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Erased => Outcome::Erased,
            Self::Absent => Outcome::Absent,
            Self::Retained => Outcome::Retained,
            Self::Residual => Outcome::Residual,
        }
    }

    /// What it is worth: nobody but who says so has seen that anything is gone.
    fn attested(self) -> Outcome {
        match self {
            Self::Erased | Self::Absent => Outcome::Unverifiable,
            Self::Retained | Self::Residual => self.outcome(),
        }
    }
}

/// Whom a task is about. Personal data in memory.
#[derive(Debug)]
pub(crate) struct Revealed {
    pub(crate) task: OpenTask,
    pub(crate) identifiers: Identifiers,
    pub(crate) guests: Vec<GuestId>,
    /// The session, where it is about one.
    pub(crate) session: Option<String>,
}

/// All open tasks, or those at one place; the oldest of each place first.
pub(crate) async fn list(on: &Operations, target: Option<&TargetName>) -> Result<Vec<OpenTask>, OperationError> {
    if let Some(name) = target.filter(|name| !on.settings.manual.contains_key(*name)) {
        let known = on.settings.manual.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(InputError::UnknownTarget { name: name.to_string(), known }.into());
    }
    let mut tasks = Vec::new();
    for (place, text) in on.settings.manual.iter().filter(|(name, _)| target.is_none_or(|target| target == *name)) {
        let mut beyond = Some(None);
        while let Some(after) = beyond {
            let (page, next) = page(on, place, text, after, PAGE).await?;
            tasks.extend(page);
            beyond = next.map(Some);
        }
    }
    Ok(tasks)
}

/// The oldest open tasks of each place, at most so many of each, and whether there are more.
pub(crate) async fn oldest(on: &Operations, most: u32) -> Result<(Vec<OpenTask>, bool), OperationError> {
    let (mut tasks, mut is_cut) = (Vec::new(), false);
    for (place, text) in &on.settings.manual {
        let (page, next) = page(on, place, text, None, most).await?;
        tasks.extend(page);
        is_cut |= next.is_some();
    }
    Ok((tasks, is_cut))
}

/// A part of all open tasks: those of so many erasures beyond `after`, the oldest first, whichever place they are of; and beyond which erasure
/// others may be.
pub(crate) async fn part(
    on: &Operations,
    after: Option<ErasureId>,
    most: u32,
) -> Result<(Vec<OpenTask>, Option<ErasureId>), OperationError> {
    let mut waiting = Vec::new();
    for (place, text) in &on.settings.manual {
        // One more than is shown says whether there are more.
        waiting.push((place, text, on.ledger.erasures_at(place, after, most.saturating_add(1)).await?));
    }
    let all: BTreeSet<ErasureId> = waiting.iter().flat_map(|(_, _, ids)| ids.iter().copied()).collect();
    let last = all.iter().copied().take(most as usize).next_back();
    let mut tasks = Vec::new();
    for (place, text, mut ids) in waiting {
        // Of one erasure, the tasks of all places stand together.
        ids.retain(|id| Some(*id) <= last);
        tasks.extend(tasks_of(on, place, text, &ids).await?);
    }
    let there_are_more = all.len() > most as usize;
    Ok((tasks, last.filter(|_| there_are_more)))
}

/// The tasks among the erasures that wait at a place beyond `after`, the oldest first, at most so many, and beyond which one others may
/// wait.
async fn page(
    on: &Operations,
    place: &TargetName,
    text: &str,
    after: Option<ErasureId>,
    most: u32,
) -> Result<(Vec<OpenTask>, Option<ErasureId>), OperationError> {
    let ids = on.ledger.erasures_at(place, after, most).await?;
    let tasks = tasks_of(on, place, text, &ids).await?;
    Ok((tasks, last_of(&ids, most)))
}

/// The tasks that these erasures are at a place.
async fn tasks_of(
    on: &Operations,
    place: &TargetName,
    text: &str,
    ids: &[ErasureId],
) -> Result<Vec<OpenTask>, OperationError> {
    let calendar = &on.settings.limits.calendar;
    let today = calendar.day(Timestamp::now());
    let mut tasks = Vec::new();
    for id in ids {
        match on.ledger.erasure(*id).await {
            // It may have ended since.
            Ok(erasure) => tasks.extend(erasure.and_then(|erasure| task(&erasure, place, text))),
            // The others are no worse for it.
            Err(LedgerError::Broken(cause)) => {
                tracing::warn!(erasure = %id, error = format!("{cause:#}"), "an erasure cannot be read, nor its task");
            }
            Err(other) => return Err(other.into()),
        }
    }
    let of: Vec<ErasureId> = tasks.iter().map(|task: &OpenTask| task.erasure).collect();
    let mut keeping = on.ledger.holds_keeping(&of).await?;
    for task in &mut tasks {
        task.held = keeping.remove(&task.erasure).unwrap_or_default();
        task.days_left = task.deadline.map(|deadline| days_left(today, calendar.day(deadline)));
    }
    Ok(tasks)
}

/// The last of a page, if it is full.
fn last_of(ids: &[ErasureId], most: u32) -> Option<ErasureId> {
    ids.last().copied().filter(|_| ids.len() >= most as usize)
}

/// The task that an erasure is at a place, if it is one now.
fn task(erasure: &Erasure, place: &TargetName, text: &str) -> Option<OpenTask> {
    let step = erasure.steps.iter().find(|step| step.target == *place)?;
    let (state, stage) = (TaskState::of(step)?, step.stage()?);
    let of = Reportable::now(erasure.id, stage, step);
    Some(OpenTask {
        id: TaskId::of(&of),
        target: place.clone(),
        erasure: erasure.id,
        mluvii: erasure.subject.installation().clone(),
        since: erasure.begun,
        deadline: step.report_by(),
        days_left: None,
        state,
        held: Vec::new(),
        subject: erasure.subject.key(),
        text: text.to_owned(),
        of,
    })
}

/// One open task.
pub(crate) async fn show(on: &Operations, id: &TaskId) -> Result<OpenTask, OperationError> {
    for (place, text) in &on.settings.manual {
        let mut beyond = Some(None);
        while let Some(after) = beyond {
            let (page, next) = page(on, place, text, after, PAGE).await?;
            if let Some(found) = page.into_iter().find(|task| task.id == *id) {
                return Ok(found);
            }
            beyond = next.map(Some);
        }
    }
    Err(OperationError::NotFound(format!("there is no open task {id}; it may have been confirmed")))
}

/// Shows whom a task is about: an act of its own, which the audit names.
pub(crate) async fn reveal(on: &Operations, id: &TaskId, by: &Actor) -> Result<Revealed, OperationError> {
    let task = show(on, id).await?;
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let mut whom = Whom::default();
    for capsule in on.ledger.capsules(task.erasure).await? {
        let opened = capsule.open(task.erasure, &seal);
        whom.extend(opened.map_err(|error| OperationError::Failed(error.into()))?);
    }
    // Before anything is shown: where it cannot be written down, nothing is.
    let entry = AuditEntry::new(by, Act::RevealTask, Object::erasure(task.erasure), ActResult::Done);
    on.ledger.note(entry.with_word("task", &task.id).with_word("target", &task.target)).await?;
    let session = match &on.ledger.erasure(task.erasure).await? {
        Some(Erasure { subject: Subject::Session(key), .. }) => Some(key.to_string()),
        _ => None,
    };
    Ok(Revealed { task, identifiers: whom.identifiers, guests: whom.guests.into_iter().collect(), session })
}

/// Writes down what somebody says of a task.
pub(crate) async fn done(
    on: &Operations,
    id: &TaskId,
    said: Said,
    reason: Option<&str>,
    by: &Actor,
) -> Result<(), OperationError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if said == Said::Retained && reason.is_none() {
        return Err(InputError::RetainedWithoutReason.into());
    }
    if reason.is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX || reason.contains(char::is_control)) {
        return Err(InputError::ReasonTooLong.into());
    }
    let OpenTask { of, .. } = show(on, id).await?;
    let at = on.ledger.clock().await?.now;
    let word = answer(said, reason, by, at);
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let write = || async { on.ledger.confirm_task(&of, &of.seal(&word, &seal), said.outcome(), by).await };
    if sealing(&seal, write).await? {
        return Ok(());
    }
    Err(OperationError::Conflict(format!("the task {id} has been confirmed meanwhile, or is no longer open")))
}

/// What is written of it: who said what, and when.
fn answer(said: Said, reason: Option<&str>, by: &Actor, at: Timestamp) -> Answer {
    let outcome = said.attested();
    let because = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    Answer {
        outcome,
        reason: Some(format!("{by} said so at {}: {}{because}", time(at), said.as_str())),
        counts: BTreeMap::new(),
        verify_after: None,
        // Whatever the configuration says by the time it is taken in: nobody could look there when it was asked for.
        evidence: Evidence { expected: outcome == Outcome::Unverifiable, ..Evidence::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(said: Said, reason: Option<&str>) -> (Outcome, bool, String) {
        let answer = answer(said, reason, &Actor::cli("ann"), Timestamp::UNIX_EPOCH);
        (answer.outcome, answer.evidence.expected, answer.reason.expect("who said so"))
    }

    #[test]
    fn a_full_page_is_followed_by_another_and_any_other_is_the_last() {
        let ids = [1, 2].map(|byte| ErasureId([byte; 16]));
        assert_eq!(last_of(&ids, 2), Some(ids[1]));
        assert_eq!((last_of(&ids, 3), last_of(&[], 2)), (None, None));
    }

    #[test]
    fn that_it_is_gone_is_somebodys_word_and_nothing_more() {
        let word = "cli:ann said so at 1970-01-01T00:00:00Z: erased";
        assert_eq!(said(Said::Erased, None), (Outcome::Unverifiable, true, word.to_owned()));
        let absent = said(Said::Absent, None);
        assert_eq!((absent.0, absent.1), (Outcome::Unverifiable, true));
        assert!(absent.2.ends_with(": absent"), "{}", absent.2);
    }

    #[test]
    fn that_it_is_still_there_is_believed() {
        assert_eq!(said(Said::Residual, None).0, Outcome::Residual);
        let (outcome, expected, reason) = said(Said::Retained, Some("563/1991 Sb., § 31"));
        assert_eq!((outcome, expected), (Outcome::Retained, false));
        assert!(reason.ends_with(": retained (563/1991 Sb., § 31)"), "{reason}");
    }
}
