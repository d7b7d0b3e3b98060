//! Erasures whose time has come are resolved: wait until everything that could be meant is known, find the sessions, seal
//! what the steps need.

use std::time::Duration;

use jiff::Timestamp;

use super::failure::{Failure, unopened_record};
use super::output::Output;
use super::parts::Worker;
use super::patience::growing_pause;
use super::resolver::{OnUnread, Question, ResolveError, Resolver};
use crate::erasure::recheck::has_lapsed;
use crate::erasure::{Capsule, Subject};
use crate::keys::NotOpened;
use crate::ledger::{EraseWork, Resolution};
use crate::subject::{InstallationName, Whom};

/// The longest pause before an erasure is resolved that waits for a session to settle: it may settle before its limit.
const UNSETTLED_PAUSE_MAX: Duration = Duration::from_secs(60);

/// How long an erasure waits for sessions to settle or to be read, from its own time on.
const UNSETTLED_WAIT_MAX: Duration = Duration::from_secs(24 * 3600);

/// How long an erasure waits for events that came before it to be decided on.
const BACKLOG_WAIT_MAX: Duration = Duration::from_secs(3600);

/// The first pause of an erasure that waits; pauses grow with the time that it has waited.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

impl Worker {
    /// One erasure, from its claim to the sessions that it reaches. Nothing is erased before.
    pub(super) async fn resolve(&self, work: &EraseWork, now: Timestamp) -> Result<Output, Failure> {
        if self.is_rejected(work).await? {
            return Ok(Output::Rejected);
        }
        // However long it has waited, and for what: a server, a target, a hold, an approval.
        if has_lapsed(work.demands.iter().map(|demand| &*demand.rule), work.created, now) {
            return Ok(Output::Lapsed);
        }
        let failed = |error| failed(error, work, now);
        let whom = opened(&work.capsules, |capsule| capsule.open(work.id, &self.seal))
            .map_err(|broken| failed(broken.into()))?;
        let resolver = self.resolver(work.subject.installation())?;
        // Not for ever: a session that mluvii lists and never shows would keep the erasure from beginning.
        let patience = work.begins().saturating_add(self.settling.patience.0).unwrap_or(Timestamp::MAX);
        let on_unread = if now < patience { OnUnread::Wait } else { OnUnread::Count };
        let question =
            Question { subject: &work.subject, whom, selection: &work.selection, targets: &work.targets, on_unread };
        let mut search = resolver.find(question).await.map_err(failed)?;
        // Before mluvii is asked: while the erasure waits, it would be asked about each session again and again.
        if let Some(pause) = wait(work, search.unsettled_until(), now) {
            return Err(Failure::Postponed(pause));
        }
        resolver.search_mluvii(&mut search).await.map_err(failed)?;
        let reach = resolver.identify(search).await.map_err(failed)?;
        let finds = self.finds(work).await?;
        Ok(Output::Resolution(Resolution { finds, ..reach.seal(work.id, &self.seal, &self.index) }))
    }

    fn resolver(&self, installation: &InstallationName) -> Result<Resolver<'_>, Failure> {
        Ok(Resolver {
            ledger: &*self.records,
            mluvii: self.client_of(installation)?,
            person: &self.person,
            fingerprinter: self.fingerprinter_of(installation)?,
            departments: self.departments.get(installation).map_or(&[], Vec::as_slice),
        })
    }
}

/// What an error means for the claim. A session that cannot be read may only be early, as mluvii has answered: all is
/// resolved again, soon at first, then at growing pauses.
fn failed(error: ResolveError, work: &EraseWork, now: Timestamp) -> Failure {
    match error {
        ResolveError::Ledger(error) => error.into(),
        ResolveError::Mluvii(error) => error.into(),
        ResolveError::Unread { .. } => Failure::Early { pause: pause(work, now), why: error.to_string() },
        ResolveError::Capsule(error) => unopened_record(&error),
    }
}

fn pause(work: &EraseWork, now: Timestamp) -> Duration {
    growing_pause(now.duration_since(work.begins()).unsigned_abs(), FIRST_PAUSE, UNSETTLED_PAUSE_MAX)
}

/// What all capsules of an erasure hold.
pub(super) fn opened(
    capsules: &[Capsule],
    open: impl Fn(&Capsule) -> Result<Whom, NotOpened>,
) -> Result<Whom, NotOpened> {
    let mut all = Whom::default();
    for capsule in capsules {
        all.extend(open(capsule)?);
    }
    Ok(all)
}

/// Whether an erasure waits before its sessions are told for good: until they have settled, until every event that came
/// before it is decided on, and until every session that was known before it has been read, for any of these may tell of
/// a further session of the person. An event that cannot be decided on, or a session that never ends, must not keep it
/// for ever.
fn wait(work: &EraseWork, unsettled_until: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let begins = work.begins();
    let within = |limit: Duration| begins.saturating_add(limit).is_ok_and(|end| now < end);
    let pause = pause(work, now);
    if let Some(until) = unsettled_until.filter(|_| within(UNSETTLED_WAIT_MAX)) {
        // Its look may be under way, or be repeated because mluvii does not show it yet: its result may save it.
        let overdue = until <= now;
        return Some(if overdue { pause } else { until.duration_since(now).unsigned_abs().min(UNSETTLED_PAUSE_MAX) });
    }
    if matches!(work.subject, Subject::Session(_)) || work.selection.identifiers_only {
        return None;
    }
    let before = |since: Option<Timestamp>| since.is_some_and(|since| since < begins);
    let behind = before(work.undecided_since) && within(BACKLOG_WAIT_MAX);
    let unread = before(work.unread_since) && within(UNSETTLED_WAIT_MAX);
    (behind || unread).then_some(pause)
}

#[cfg(test)]
mod tests;
