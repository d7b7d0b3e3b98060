//! Looks again, on the dates of `erasing.recheck`, whether what was erased is there again: at a plugin by whom it holds (`erase_again`), at
//! mluvii by the sessions themselves (`sessions`). Nothing is erased by it, and nothing that nobody has seen counts as gone.

mod sessions;
mod shown;

pub(crate) use shown::{Rechecks, ToCome, of, of_one};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::erase_again::{self, ErasedAgain, FoundAgain, Is, is_gone};
use super::{OperationError, Operations, audit};
use crate::attention::looked_at;
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::erasure::recheck::due as date_of;
use crate::erasure::{ErasureId, Recheck, RecheckOutcome};
use crate::ledger::{EndedErasure, EndedMark};
use crate::subject::{InstallationName, Kind, TargetName};
use crate::target::Target;

/// How many erasures are read of the ledger, and written about, at once.
const CHUNK: u32 = 500;

/// So late, somebody is told; and what fails alone and not with others is said to be unclear, and not tried again.
pub(crate) const LATE: SignedDuration = SignedDuration::from_hours(48);

/// Why nobody could look where people erase.
const BY_PEOPLE: &str = "people erase there, and nobody else can look";

/// Why nobody could look for somebody.
const NOT_FOUND_BY: &str = "nothing is kept any more by which they could be found";

/// Why nobody has looked for somebody who could be found elsewhere.
const NOT_TOLD_BY: &str = "this target does not tell whom it holds by what is kept of them";

/// Why nobody is gone by a look that was answered with nobody.
const TOLD_NOBODY: &str = "this target told of nobody at all, which shows nothing";

/// What is there counts for a later erasure of the same person, of which it is told.
const LATER: &str = "later";

/// Where it is looked again: a target, and the installation whose people are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) target: TargetName,
    pub(crate) installation: InstallationName,
}

impl Place {
    /// All that the configuration has.
    pub(crate) fn all(on: &Operations) -> Vec<Self> {
        let settings = &on.settings;
        let targets = if settings.recheck.is_empty() { &[][..] } else { &settings.targets };
        let of = |target: &TargetName| -> Vec<_> {
            let each = settings.installations.iter().map(|of| of.name.clone());
            each.map(|installation| Self { target: target.clone(), installation }).collect()
        };
        targets.iter().flat_map(of).collect()
    }

    /// As it is shown and noted.
    pub(crate) fn named(&self) -> TargetName {
        looked_at(&self.target, &self.installation)
    }

    /// The name under which the target is called.
    pub(crate) fn called(&self) -> TargetName {
        self.target.called_for(&self.installation)
    }
}

/// An erasure that is to be looked for again.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    ended: EndedErasure,
    /// For which date.
    pub(crate) date: Timestamp,
}

impl Due {
    fn recheck(&self, at: &Place, now: Timestamp, (outcome, why): (RecheckOutcome, Option<&str>)) -> Recheck {
        let (erasure, target) = (self.ended.erasure.id, at.target.clone());
        let unsettled = outcome.needs_a_person() && why != Some(LATER);
        let why = why.map(str::to_owned);
        Recheck { erasure, target, due: self.date, looked: now, outcome, why, records: 0, unsettled }
    }

    fn not_looked(&self, at: &Place, now: Timestamp, why: &str) -> Recheck {
        self.recheck(at, now, (RecheckOutcome::NotLooked, Some(why)))
    }
}

/// What came of it, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rechecked {
    pub(crate) by_outcome: BTreeMap<&'static str, u64>,
    /// Requests that are open once more.
    pub(crate) reopened: u64,
}

/// Whether a date of any erasure has come since `done`, whatever the targets: a few reads of an index.
pub(crate) async fn may_be_due(
    on: &Operations,
    installation: &InstallationName,
    (done, now): (Timestamp, Timestamp),
) -> Result<bool, OperationError> {
    for (after, until) in windows(on, done, now) {
        let next = on.ledger.ended_erasures(installation, EndedMark::before(after), 1).await?;
        if next.first().and_then(|next| next.erasure.ended).is_some_and(|ended| ended <= until) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The erasures that the target has carried out, and whose dates have come since `done`.
pub(crate) async fn due(
    on: &Operations,
    at: &Place,
    (done, now): (Timestamp, Timestamp),
) -> Result<Vec<Due>, OperationError> {
    let mut all = BTreeMap::new();
    for (after, until) in windows(on, done, now) {
        let mut mark = EndedMark::before(after);
        loop {
            let page = on.ledger.ended_erasures(&at.installation, mark, CHUNK).await?;
            let Some((last, ended_at)) = page.last().and_then(|last| Some((last.erasure.id, last.erasure.ended?)))
            else {
                break;
            };
            for ended in page {
                let step = ended.erasure.steps.iter().find(|step| step.target == at.target);
                let Some(ended_at) = ended.erasure.ended.filter(|_| step.is_some_and(is_gone)) else {
                    continue;
                };
                if let Some(date) = date_of(ended_at, &on.settings.recheck, done, now) {
                    all.insert(ended.erasure.id, Due { ended, date });
                }
            }
            if ended_at > until {
                break;
            }
            mark = EndedMark { at: ended_at, erasure: last };
        }
    }
    Ok(all.into_values().collect())
}

/// When those ended whose dates have come since `done`, one window for each span.
fn windows(on: &Operations, done: Timestamp, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let before = |at: Timestamp, span: Duration| at.checked_sub(SignedDuration::try_from(span).ok()?).ok();
    on.settings.recheck.iter().filter_map(move |span| Some((before(done, span.0)?, before(now, span.0)?)))
}

/// Looks again at a target, and writes down what came of it, which is in `done`. An error says why it is to be tried later; nothing is
/// written then, but at mluvii what was looked at on the way, which is not looked at again.
pub(crate) async fn look(
    on: &Operations,
    at: &Place,
    called: &dyn Target,
    due: &[Due],
    by: &Actor,
    done: &mut Rechecked,
) -> Result<(), OperationError> {
    let clock = on.ledger.clock().await?;
    if clock.doubt.is_some() {
        return Err(later("the ledger's clock cannot be right, so that nobody can say what is newer"));
    }
    let now = clock.now;
    if on.ledger.paused_targets().await?.iter().any(|one| one.pause.target == at.called()) {
        return Err(later("it is paused"));
    }
    let object = Object::target(&at.named());
    let begun = AuditEntry::new(by, Act::RecheckErasures, object.clone(), ActResult::Begun);
    // It is written before: somebody reads what a whole system holds.
    on.ledger.note(begun.with("erasures", due.len() as u64)).await?;
    let looked = if at.target.is_mluvii() {
        sessions::look(on, at, due, now, by, done).await
    } else {
        let looked = match on.settings.manual.contains_key(&at.target) {
            true => Ok(due.iter().map(|one| one.not_looked(at, now, BY_PEOPLE)).collect()),
            false => records(on, at, called, due, now).await,
        };
        match looked {
            Ok(looked) => write(on, at, &looked, by, done).await,
            Err(error) => Err(error),
        }
    };
    if looked.is_err() {
        audit::noted(&*on.ledger, AuditEntry::new(by, Act::RecheckErasures, object, ActResult::Failed)).await;
    }
    looked
}

fn later(why: &str) -> OperationError {
    OperationError::Unavailable(anyhow::anyhow!("{why}"))
}

async fn write(
    on: &Operations,
    at: &Place,
    looked: &[Recheck],
    by: &Actor,
    done: &mut Rechecked,
) -> Result<(), OperationError> {
    let now = on.ledger.clock().await?.now;
    let today = on.settings.limits.calendar.day(now);
    for some in looked.chunks(CHUNK as usize) {
        done.reopened += on.ledger.rechecked(&at.named(), some, today, by).await?;
        for one in some {
            *done.by_outcome.entry(one.outcome.as_str()).or_default() += 1;
        }
    }
    Ok(())
}

/// By the records of whom the target holds: one look for all that are due.
async fn records(
    on: &Operations,
    at: &Place,
    called: &dyn Target,
    due: &[Due],
    now: Timestamp,
) -> Result<Vec<Recheck>, OperationError> {
    // What it may not tell is never among its records, and nobody is gone by that.
    let takes = called.takes();
    let is_told = |kind: &Kind| takes.contains(kind) && !kind.is_internal_id();
    let mut looked = Vec::new();
    let mut findable = Vec::new();
    for one in due {
        match erase_again::is_comparable(&one.ended) {
            false => looked.push(one.not_looked(at, now, NOT_FOUND_BY)),
            true if erase_again::is_found_by(&one.ended, is_told) => findable.push(one),
            true => looked.push(one.not_looked(at, now, NOT_TOLD_BY)),
        }
    }
    // Whoever was erased again since is compared, too, and so is not found by what the later erasure was about.
    let Some(since) = findable.iter().filter_map(|one| one.ended.erasure.ended).min() else { return Ok(looked) };
    let prints = findable.iter().flat_map(|one| &one.ended.fingerprints).map(|one| one.fingerprint).collect();
    let seen = match erase_again::look(on, (&at.target, called), &at.installation, (since, now), prints).await {
        Ok(seen) => seen,
        // It cannot be asked at all, as it is configured: that is known, and does not change by waiting.
        Err(OperationError::Conflict(why)) => {
            looked.extend(findable.into_iter().map(|one| one.not_looked(at, now, &why)));
            return Ok(looked);
        }
        Err(error) => return Err(error),
    };
    for one in &findable {
        let found = seen.found.iter().find(|found| found.erasure == one.ended.erasure.id);
        if let (None, Some(why)) = (found, shows_nothing_of(&one.ended, &seen)) {
            looked.push(one.not_looked(at, now, why));
            continue;
        }
        let records = found.map_or(0, |found| found.records + found.kept);
        looked.push(Recheck { records, ..one.recheck(at, now, outcome(one.ended.erasure.id, found, &seen)) });
    }
    looked.extend(others(on, at, &seen, &looked, now).await?);
    Ok(looked)
}

/// Why nothing that was seen could have shown somebody; `None` where the records of a system have some kind of what is kept of them. That
/// a system told of nobody at all shows nothing: a right that is missing looks the same.
fn shows_nothing_of(ended: &EndedErasure, seen: &ErasedAgain) -> Option<&'static str> {
    if seen.records == 0 {
        return Some(TOLD_NOBODY);
    }
    let could = erase_again::is_found_by(ended, |kind| seen.told.contains(kind));
    (!could).then_some(NOT_TOLD_BY)
}

/// What is said of one, of whom something was found or not.
fn outcome(
    erasure: ErasureId,
    found: Option<&FoundAgain>,
    seen: &ErasedAgain,
) -> (RecheckOutcome, Option<&'static str>) {
    let Some(found) = found else {
        if seen.later.contains(&erasure) {
            return (RecheckOutcome::Unclear, Some(LATER));
        }
        return match seen.not_looked_at.is_empty() {
            true => (RecheckOutcome::Gone, None),
            false => (RecheckOutcome::Unclear, Some("unseen")),
        };
    };
    match found.is {
        Is::Again => (RecheckOutcome::Residual, None),
        Is::Held => (RecheckOutcome::Held, None),
        Is::Unseen => (RecheckOutcome::Unclear, Some("unseen")),
        Is::UnderWay => (RecheckOutcome::Unclear, Some("under_way")),
        Is::Back => (RecheckOutcome::Unclear, Some("back")),
        Is::Undated => (RecheckOutcome::Unclear, Some("undated")),
        Is::Possible => (RecheckOutcome::Unclear, Some("possible")),
    }
}

/// Later erasures of the same people, which were not due, and of whom something is certainly there again: what was seen is told, once.
async fn others(
    on: &Operations,
    at: &Place,
    seen: &ErasedAgain,
    looked: &[Recheck],
    now: Timestamp,
) -> Result<Vec<Recheck>, OperationError> {
    let told: BTreeSet<ErasureId> = looked.iter().map(|one| one.erasure).collect();
    let left = seen.found.iter().filter(|found| found.is == Is::Again && !told.contains(&found.erasure));
    let left: Vec<_> = left.collect();
    let known = on.ledger.rechecks(&left.iter().map(|found| found.erasure).collect::<Vec<_>>()).await?;
    let is_known = |found: &&&FoundAgain| {
        // What somebody may look at does not hide what is certain.
        let is_told = |one: &&Recheck| one.unsettled && one.outcome == RecheckOutcome::Residual;
        known.iter().filter(is_told).any(|one| one.erasure == found.erasure && one.target == at.target)
    };
    let left = left.iter().filter(|found| !is_known(found)).map(|found| Recheck {
        erasure: found.erasure,
        target: at.target.clone(),
        due: now,
        looked: now,
        outcome: RecheckOutcome::Residual,
        why: None,
        records: found.records + found.kept,
        unsettled: true,
    });
    Ok(left.collect())
}

#[cfg(test)]
mod tests;
