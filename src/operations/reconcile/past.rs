//! The years before quietus: what the rules would do with the sessions of that time is found out and shown, and done once a person confirms
//! it. A server does it, a day at a time, at half of the rate that the installation allows; how far it has come stands in the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Asked, Comparison, WINDOW_MS, charge, reconcile, unavailable};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::event::EventHead;
use crate::ledger::{ByMonth, PastJob, PastState, QueueName, StoredPastJob};
use crate::mluvii::{EndedSession, Look, LookUp, SessionFacts, Window, counted};
use crate::operations::{OperationError, Operations, audit};
use crate::policy::{Facts, RuleAnswer};
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
        let text = format!("job {} of {mluvii} is not over; see `quietus reconcile status`, `confirm` and `cancel`", open.id);
        return Err(OperationError::Conflict(text));
    }
    let job = PastJob {
        mluvii,
        since: asked.from,
        until: asked.to,
        state: PastState::Looking,
        come: asked.from,
        listed: 0,
        found: ByMonth::new(),
        would_erase: ByMonth::new(),
        by_rule: BTreeMap::new(),
        unread: 0,
        foreign: 0,
        entered: 0,
        rules: on.settings.policy.digest().clone(),
        reason: None,
    };
    let id = on.ledger.add_past_job(&job).await?;
    audit::noted(&*on.ledger, entry(id, &job, by, ActResult::Begun)).await;
    Ok(id)
}

/// Has done what was shown. Not where rules have changed since: nobody has seen what they would do.
pub(crate) async fn confirm(on: &Operations, id: i64, by: &Actor) -> Result<(), OperationError> {
    let mut stored = one(on, id).await?;
    if stored.job.state != PastState::Shown {
        let text = format!("job {id} does not wait to be confirmed; see `quietus reconcile status`");
        return Err(OperationError::Conflict(text));
    }
    if stored.job.rules != on.settings.policy.digest().clone() {
        let text = format!("the rules have changed since job {id} was shown, so nobody has seen what they would do: cancel it, and order it anew");
        return Err(OperationError::Conflict(text));
    }
    stored.job.state = PastState::Entering;
    stored.job.come = stored.job.since;
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
    entry.with("would_erase", job.would_erase.values().sum::<u64>()).with("entered", job.entered)
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
        PastState::Entering => enter(on, &mut stored.job, by, stop).await,
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
    let Some(window) = next_day(job) else {
        job.state = PastState::Shown;
        return Ok(());
    };
    // All of it is asked of the same rules.
    let rules = on.settings.policy.digest().clone();
    if rules != job.rules {
        *job = PastJob { come: job.since, rules, ..emptied(job) };
        return Ok(());
    }
    let asked = Asked {
        installation: job.mluvii.clone(),
        from: job.come,
        to: end_of(window),
        dry_run: true,
        of_past: true,
    };
    let mut comparison = Comparison::begin(on, &asked, by).await?;
    let looked = stop.run_until_cancelled(comparison.look_at_day(window)).await;
    comparison.charge().await;
    let Some(day) = looked.transpose()? else { return Ok(()) };
    job.listed += comparison.done.listed;
    job.foreign += comparison.done.foreign;
    job.unread += day.unread;
    add(&mut job.found, day.found);
    add(&mut job.would_erase, day.would_erase);
    for (rule, by_month) in day.by_rule {
        add(job.by_rule.entry(rule).or_default(), by_month);
    }
    job.come = end_of(window);
    Ok(())
}

fn emptied(job: &PastJob) -> PastJob {
    PastJob {
        listed: 0,
        found: ByMonth::new(),
        would_erase: ByMonth::new(),
        by_rule: BTreeMap::new(),
        unread: 0,
        foreign: 0,
        ..job.clone()
    }
}

fn add(all: &mut ByMonth, more: ByMonth) {
    for (month, count) in more {
        *all.entry(month).or_default() += count;
    }
}

/// Has the sessions of a day decided on.
async fn enter(on: &Operations, job: &mut PastJob, by: &Actor, stop: &CancellationToken) -> Result<(), OperationError> {
    let Some(window) = next_day(job) else {
        job.state = PastState::Done;
        return Ok(());
    };
    let to = Timestamp::from_millisecond(window.to).unwrap_or(job.until);
    let asked = Asked { installation: job.mluvii.clone(), from: job.come, to, dry_run: false, of_past: true };
    let done = reconcile(on, &asked, by, &|_| {}, stop).await?;
    job.entered += done.found;
    job.come = end_of(window);
    Ok(())
}

/// Whether what was entered is not decided on yet.
async fn is_waited_for(on: &Operations, installation: &InstallationName) -> Result<bool, OperationError> {
    let gauges = on.ledger.gauges(&[QueueName::Decide(installation.clone())], Duration::MAX).await?;
    Ok(gauges.inbox.due + gauges.queues.iter().map(|queue| queue.due).sum::<u64>() > WAITING_MAX)
}

/// What rules would do with the sessions of a day.
#[derive(Default)]
struct Day {
    found: ByMonth,
    would_erase: ByMonth,
    by_rule: BTreeMap<String, ByMonth>,
    unread: u64,
}

impl Comparison<'_> {
    async fn look_at_day(&mut self, window: Window) -> Result<Day, OperationError> {
        let client = std::sync::Arc::clone(&self.client);
        let listed = client.ended(window, &mut self.sweep).await.map_err(unavailable)?;
        self.must_show_what_is_known(window, &listed).await?;
        let mut day = Day::default();
        for session in listed.into_values() {
            self.done.listed += 1;
            let Some(event) = self.unknown(session.clone(), &mut Vec::new()).await? else { continue };
            *day.found.entry(month(session.ended)).or_default() += 1;
            match self.facts(&session).await? {
                Some(facts) => self.ask(&event, &session, &facts, &mut day),
                None => day.unread += 1,
            }
        }
        match self.done.unclear {
            0 => Ok(day),
            count => Err(OperationError::Conflict(format!("{count} sessions: {}", super::UNCLEAR))),
        }
    }

    /// What mluvii shows of a session; nothing where it cannot be read.
    async fn facts(&self, session: &EndedSession) -> Result<Option<Box<SessionFacts>>, OperationError> {
        tokio::time::sleep(self.pause).await;
        let (looked, calls) = counted(self.client.look_up(session.id, Look::default())).await;
        charge(self.on, &self.installation, calls).await;
        Ok(match looked.map_err(unavailable)? {
            LookUp::Found(facts) => Some(facts),
            LookUp::Missing | LookUp::NotUnderstood(_) | LookUp::TooLarge(_) => None,
        })
    }

    /// Asks the rules about a session's end and settling: what forms said is gone.
    fn ask(&self, event: &EventHead, session: &EndedSession, facts: &SessionFacts, day: &mut Day) {
        let record = record_of(event, session, facts);
        let facts = Facts { record: &record, form: None };
        let rules = self.on.settings.policy.rules().filter(|rule| rule.on.is_about_the_session());
        let applying: Vec<_> =
            rules.filter(|rule| rule.answer(&facts).answer == RuleAnswer::Applies).map(|rule| rule.name.clone()).collect();
        let month = month(session.ended);
        if !applying.is_empty() {
            *day.would_erase.entry(month.clone()).or_default() += 1;
        }
        for rule in applying {
            *day.by_rule.entry(rule).or_default().entry(month.clone()).or_default() += 1;
        }
    }
}

/// As it would be once it has settled.
fn record_of(event: &EventHead, session: &EndedSession, facts: &SessionFacts) -> ConsentRecord {
    let version = facts.consent_version.clone();
    let state = if version.is_some() { ConsentState::Given } else { ConsentState::Absent };
    ConsentRecord {
        source: Some(event.source.clone()),
        tenant: facts.department,
        guest: facts.guest.clone(),
        channel: facts.channel.clone(),
        session_source: facts.source.clone(),
        started: facts.started,
        ended: Some(session.ended),
        end_told: true,
        settled: Some(session.ended),
        reconciled: true,
        consent: Consent {
            state,
            version,
            origin: Some(Consent::SHOWN_BY_SESSION.to_owned()),
            since: facts.started,
            ..Consent::default()
        },
        ..ConsentRecord::new(event.session.clone())
    }
}

fn month(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}
