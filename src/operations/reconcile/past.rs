//! The years before quietus: what the rules would do with the sessions of that time is found out and shown, and done once a person confirms
//! it. A server does it, a day at a time, at half of the rate that the installation allows; how far it has come stands in the ledger.

mod day;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::pace::pace;
use super::{Asked, Comparison, WINDOW_MS, tell_reappeared};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::ledger::{PastCounts, PastJob, PastState, QueueName, StoredPastJob};
use crate::mluvii::{Window, paced};
use crate::operations::{OperationError, Operations, audit};
use crate::subject::InstallationName;

/// A time that is longer is compared in the background, and shown first.
pub(crate) const PAST_FROM: SignedDuration = SignedDuration::from_hours(31 * 24);

/// While so many events wait to be decided on, no more are entered: what is delivered now would wait behind them.
const WAITING_MAX: u64 = 1_000;

/// What came of a piece of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is more to do.
    More,
    /// Others wait for what was entered so far.
    Wait,
    /// Nothing more is to be done now: it waits for a person, is over, or somebody has changed it.
    Nothing,
}

/// What was ordered, the newest first.
pub(crate) async fn jobs(on: &Operations) -> Result<Vec<StoredPastJob>, OperationError> {
    Ok(on.ledger.past_jobs().await?)
}

/// Orders to find out what a comparison of a time would come to. Returns the job's number.
pub(crate) async fn order(on: &Operations, asked: &Asked, by: &Actor) -> Result<i64, OperationError> {
    let mluvii = on.installation(&asked.installation)?.name.clone();
    // Wrong keys, or a client that cannot be made, are told at once.
    drop((on.client(&mluvii)?, on.keys().await?));
    if let Some(open) = jobs(on).await?.iter().find(|open| open.job.mluvii == mluvii && !open.job.state.is_over()) {
        let text =
            format!("job {} of {mluvii} is not over; see `quietus reconcile status`, `confirm` and `cancel`", open.id);
        return Err(OperationError::Conflict(text));
    }
    let job = PastJob {
        mluvii,
        since: asked.from,
        until: asked.to,
        state: PastState::Looking,
        come: asked.from,
        counts: PastCounts::default(),
        shown: None,
        entered: 0,
        days: BTreeMap::new(),
        done: PastCounts::default(),
        day: None,
        again: None,
        decides: decides(on, &asked.installation)?,
        reason: None,
    };
    let id = on.ledger.add_past_job(&job).await?;
    audit::noted(&*on.ledger, entry(id, &job, by, ActResult::Begun)).await;
    Ok(id)
}

/// Has done what was shown, and no more: at `shown`, as it is shown again where mluvii answers otherwise meanwhile. Not where rules have
/// changed since, or whatever else decides: nobody has seen what they would do.
pub(crate) async fn confirm(on: &Operations, id: i64, shown: Timestamp, by: &Actor) -> Result<(), OperationError> {
    let mut stored = one(on, id).await?;
    if stored.job.state != PastState::Shown {
        let text = format!("job {id} does not wait to be confirmed; see `quietus reconcile status`");
        return Err(OperationError::Conflict(text));
    }
    if stored.job.shown != Some(shown) {
        let text =
            format!("job {id} was shown again meanwhile, with other numbers: look at it once more, and confirm those");
        return Err(OperationError::Conflict(text));
    }
    if stored.job.decides != decides(on, &stored.job.mluvii)? {
        let text = format!(
            "the rules have changed since job {id} was shown, or how mluvii is read, whose sessions are ours or who a person is, so nobody has seen \
             what would be done: cancel it, and order it anew"
        );
        return Err(OperationError::Conflict(text));
    }
    stored.job.state = PastState::Entering;
    stored.job.come = stored.job.since;
    stored.job.again = None;
    change(on, stored, by).await
}

/// Has no more done of it. What was entered is decided on.
pub(crate) async fn cancel(on: &Operations, id: i64, by: &Actor) -> Result<(), OperationError> {
    // A server that works on it saves how far it has come meanwhile.
    for _ in 0..3 {
        let mut stored = one(on, id).await?;
        if stored.job.state.is_over() {
            return Err(OperationError::Conflict(format!("job {id} is over")));
        }
        stored.job.state = PastState::Cancelled;
        stored.job.days.clear();
        if let done @ Ok(()) = change(on, stored, by).await {
            return done;
        }
    }
    Err(OperationError::Conflict(format!("job {id} was changed meanwhile; try again")))
}

async fn one(on: &Operations, id: i64) -> Result<StoredPastJob, OperationError> {
    let all = on.ledger.past_jobs().await?;
    let missing = || OperationError::NotFound(format!("there is no job {id}; see `quietus reconcile status`"));
    all.into_iter().find(|stored| stored.id == id).ok_or_else(missing)
}

async fn change(on: &Operations, stored: StoredPastJob, by: &Actor) -> Result<(), OperationError> {
    if !on.ledger.save_past_job(&stored).await? {
        return Err(OperationError::Conflict(format!("job {} was changed meanwhile; try again", stored.id)));
    }
    audit::noted(&*on.ledger, entry(stored.id, &stored.job, by, ActResult::Done)).await;
    Ok(())
}

fn entry(id: i64, job: &PastJob, by: &Actor, result: ActResult) -> AuditEntry {
    let state = match job.state {
        PastState::Looking => "looking",
        PastState::Shown => "shown",
        PastState::Entering => "entering",
        PastState::Done => "done",
        PastState::Cancelled => "cancelled",
    };
    let entry = AuditEntry::new(by, Act::ReconcilePast, Object::sessions_of(&job.mluvii.0), result);
    let entry = entry.with("job", id.unsigned_abs()).with_word("state", state);
    entry.with("would_erase", job.counts.would_erase.values().sum::<u64>()).with("entered", job.entered)
}

/// Does a day of it, and writes how far it has come. `stored` is what was read.
pub(crate) async fn work_on(
    on: &Operations,
    mut stored: StoredPastJob,
    by: &Actor,
    stop: &CancellationToken,
) -> Result<Progress, OperationError> {
    let before = stored.job.state;
    let worked = match before {
        PastState::Looking => look(on, &mut stored.job, by, stop).await,
        PastState::Entering if is_waited_for(on, &stored.job.mluvii).await? => return Ok(Progress::Wait),
        PastState::Entering => enter(on, &mut stored, by, stop).await,
        PastState::Shown | PastState::Done | PastState::Cancelled => return Ok(Progress::Nothing),
    };
    if stop.is_cancelled() {
        return Ok(Progress::Nothing);
    }
    stored.job.reason = worked.as_ref().err().map(|error| crate::causes::with_causes(error));
    let is_saved = on.ledger.save_past_job(&stored).await?;
    worked?;
    if is_saved && stored.job.state == PastState::Done {
        audit::noted(&*on.ledger, entry(stored.id, &stored.job, by, ActResult::Done)).await;
    }
    Ok(if is_saved && stored.job.state.is_under_way() { Progress::More } else { Progress::Nothing })
}

/// The next day of a job; nothing where it is over.
fn next_day(job: &PastJob) -> Option<Window> {
    let (from, last) = (job.come.as_millisecond(), job.until.as_millisecond());
    (from < last).then(|| Window { from, to: last.min(from.saturating_add(WINDOW_MS - 1)) })
}

fn end_of(window: Window) -> Timestamp {
    Timestamp::from_millisecond(window.to.saturating_add(1)).unwrap_or(Timestamp::MAX)
}

/// Finds out what rules would do with the sessions of a day.
async fn look(on: &Operations, job: &mut PastJob, by: &Actor, stop: &CancellationToken) -> Result<(), OperationError> {
    // All of it is asked of the same rules.
    if rules_have_changed(on, job)? {
        return Ok(());
    }
    let Some(window) = next_day(job) else {
        // Also where nothing was found: once it is confirmed, it is looked whether mluvii shows again what was erased.
        job.state = PastState::Shown;
        job.shown = Some(on.ledger.clock().await?.now);
        return Ok(());
    };
    let asked =
        Asked { installation: job.mluvii.clone(), from: job.come, to: end_of(window), dry_run: true, of_past: true };
    let mut comparison = Comparison::begin(on, &asked, by).await?;
    let looking = paced(pace(on, &job.mluvii)?, comparison.look_at_day(window));
    let Some(day) = stop.run_until_cancelled(looking).await.transpose()? else { return Ok(()) };
    let would_erase = day.counts.would_erase.values().sum();
    if would_erase > 0 {
        job.days.insert(job.come, would_erase);
    }
    job.counts.add(day.counts);
    job.come = end_of(window);
    Ok(())
}

/// What tells the configuration from others in all that decides what becomes of an installation's sessions.
fn decides(on: &Operations, mluvii: &InstallationName) -> Result<String, OperationError> {
    Ok(on.installation(mluvii)?.decides.clone())
}

/// Has what rules would do found out anew where they have changed since: nobody has seen what these would do.
fn rules_have_changed(on: &Operations, job: &mut PastJob) -> Result<bool, OperationError> {
    let now = decides(on, &job.mluvii)?;
    if now == job.decides {
        return Ok(false);
    }
    job.decides = now;
    show_again(
        job,
        "the rules have changed, or how mluvii is read, whose sessions are ours or who a person is".to_owned(),
    );
    Ok(true)
}

/// Has it found out anew, from the beginning, and shown once more.
fn show_again(job: &mut PastJob, why: String) {
    (job.state, job.come, job.shown) = (PastState::Looking, job.since, None);
    (job.counts, job.days, job.done, job.day) = Default::default();
    job.again = Some(why);
}

/// Has the sessions of a day decided on: as long as that is no more than what was shown.
async fn enter(
    on: &Operations,
    stored: &mut StoredPastJob,
    by: &Actor,
    stop: &CancellationToken,
) -> Result<(), OperationError> {
    let job = &mut stored.job;
    let Some(window) = next_day(job) else {
        job.state = PastState::Done;
        job.days.clear();
        return Ok(());
    };
    // They are shown first, and are to be confirmed once more.
    if rules_have_changed(on, job)? {
        return Ok(());
    }
    let to = Timestamp::from_millisecond(window.to).unwrap_or(job.until);
    let asked = Asked { installation: job.mluvii.clone(), from: job.come, to, dry_run: false, of_past: true };
    let mut comparison = Comparison::begin(on, &asked, by).await?;
    let pace = pace(on, &job.mluvii)?;
    let looking = paced(pace, comparison.look_at_day(window));
    let Some(day) = stop.run_until_cancelled(looking).await.transpose()? else { return Ok(()) };
    if let Some(beyond) = reserve(job, day.counts) {
        show_again(job, format!("mluvii shows other sessions than before: {beyond}"));
        return Ok(());
    }
    // Before any of it is entered: where this is killed, what was entered has been counted.
    if !on.ledger.save_past_job(stored).await? {
        return Ok(());
    }
    stored.version += 1;
    let entered = comparison.enter(day.missing).await;
    stored.job.entered += comparison.done.found;
    entered?;
    if !comparison.look_again(window, &day.erased, stop).await? {
        return Ok(());
    }
    if comparison.done.reappeared > 0 {
        tell_reappeared(on, &comparison.installation, comparison.done.reappeared).await?;
    }
    stored.job.day = None;
    stored.job.come = end_of(window);
    Ok(())
}

/// Counts what a day comes to before it is entered; says where that is more than was shown.
fn reserve(job: &mut PastJob, day: PastCounts) -> Option<String> {
    // It was counted by a server that was killed while it entered it, and what is left of it is less.
    if job.day.as_ref().is_some_and(|before| day.beyond(before).is_none()) {
        return None;
    }
    let (would, was) = (day.would_erase.values().sum::<u64>(), job.days.get(&job.come).copied().unwrap_or_default());
    if would > was {
        return Some(format!("{would} sessions of the day from {} on would be erased, and {was} were shown", job.come));
    }
    job.done.add(day.clone());
    job.day = Some(day);
    job.done.beyond(&job.counts)
}

/// Whether what was entered is not decided on yet.
async fn is_waited_for(on: &Operations, installation: &InstallationName) -> Result<bool, OperationError> {
    let gauges = on.ledger.gauges(&[QueueName::Decide(installation.clone())], &on.settings.limits.calendar).await?;
    Ok(gauges.inbox.due + gauges.queues.iter().map(|queue| queue.due).sum::<u64>() > WAITING_MAX)
}
