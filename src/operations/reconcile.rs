//! Finds sessions that have ended at mluvii and of which nobody told us: mluvii drops what it could not deliver in three tries, and
//! deletes a webhook that fails for three days. What is found goes the way of a delivery. The other way round, sessions that were erased
//! and that mluvii shows again are erased again.

mod enter;
mod forms;
mod pace;
mod past;
mod proof;
mod reappeared;
mod whose;

pub(crate) use enter::is_after;
pub(super) use pace::pace;
pub(crate) use past::{PAST_FROM, Progress, cancel, confirm, jobs, order, work_on};
pub(super) use reappeared::{SeenAgain, is_away, look_after};
pub(crate) use reappeared::{look_at_erased, reappeared_mark, tell_reappeared};

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{InputError, OperationError, Operations, audit};
use crate::audit::{ActResult, Actor};
use crate::event::Event;
use crate::keys::IndexKey;
use crate::mluvii::{EndedSession, MluviiClient, MluviiError, Sweep, Window, paced};
use crate::subject::{Fingerprinter, InstallationName, SessionKey, SourceName, TargetName};
use reappeared::ErasedSession;
use whose::{Whose, whose};

/// Ends that differ by less are one: lists and deliveries may cut times differently.
const SAME_END: SignedDuration = SignedDuration::from_mins(1);

/// Windows are as long, so that what was done is kept when it is stopped.
const WINDOW_MS: i64 = 86_400_000;

/// Why nobody can say it.
pub(crate) const UNCLEAR: &str = "nobody can say yet whether they are of a tenant that a source lists: no delivery has shown so far that \
                                  mluvii's departments are its tenants, or its list shows no department";

/// What is to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) installation: InstallationName,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Whether what is found is only counted.
    pub(crate) dry_run: bool,
    /// Whether it is a part of a comparison of years, which stands in the audit as a whole.
    pub(crate) of_past: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Reconciled {
    /// Sessions that mluvii lists.
    pub(crate) listed: u64,
    /// Those that were known, or had been.
    pub(crate) known: u64,
    /// Those of tenants that are not ours.
    pub(crate) foreign: u64,
    /// Those of which nobody can say yet whether their tenant is ours.
    pub(crate) unclear: u64,
    /// Those that nobody told us of.
    pub(crate) found: u64,
    /// Forms that were submitted in sessions and that nobody told us of.
    pub(crate) forms: u64,
    /// The same by the month in which they ended.
    pub(crate) by_month: BTreeMap<String, u64>,
    /// Those that were erased and that mluvii shows with personal data again.
    pub(crate) reappeared: u64,
    /// Erased ones of which nobody could look whether that is so.
    pub(crate) not_looked_at: u64,
    pub(crate) requests: usize,
    /// When those ended that nobody told us of, by source, where that was after it delivered anything, as of the beginning.
    #[serde(skip)]
    pub(crate) undelivered: BTreeMap<SourceName, Vec<Timestamp>>,
}

/// How far it has come: until when everything is compared.
pub(crate) type Tell<'a> = &'a (dyn Fn(Timestamp) + Sync);

/// A comparison under way.
struct Comparison<'a> {
    on: &'a Operations,
    asked: &'a Asked,
    by: &'a Actor,
    installation: InstallationName,
    client: Arc<MluviiClient>,
    index: IndexKey,
    fingerprinter: Fingerprinter,
    /// Whether departments are tenants there.
    proved: Option<bool>,
    /// When each source delivered last.
    delivered: BTreeMap<SourceName, Timestamp>,
    sweep: Sweep,
    /// Of the list of those that are not anonymized.
    again: Sweep,
    /// Looks at erased sessions that came to nothing.
    in_vain: usize,
    has_begun: bool,
    done: Reconciled,
}

/// Compares what has ended in a time, and has what was found decided on like a delivery. Where it is to stop, it does so between two
/// windows, or while mluvii is asked; what was entered by then stands in the audit.
pub(crate) async fn reconcile(
    on: &Operations,
    asked: &Asked,
    by: &Actor,
    tell: Tell<'_>,
    stop: &CancellationToken,
) -> Result<Reconciled, OperationError> {
    let mut comparison = Comparison::begin(on, asked, by).await?;
    let compared = paced(pace(on, &comparison.installation)?, comparison.run(tell, stop)).await;
    comparison.done.requests = comparison.sweep.requests + comparison.again.requests;
    if comparison.has_begun {
        let result = if compared.is_ok() { ActResult::Done } else { ActResult::Failed };
        let entry = comparison.audit_entry(result).with("found", comparison.done.found);
        audit::noted(&*on.ledger, entry).await;
    }
    if comparison.done.reappeared > 0 && !asked.dry_run {
        tell_reappeared(on, &comparison.installation, comparison.done.reappeared).await?;
    }
    compared.map(|()| comparison.done)
}

impl<'a> Comparison<'a> {
    async fn begin(on: &'a Operations, asked: &'a Asked, by: &'a Actor) -> Result<Self, OperationError> {
        let installation = on.installation(&asked.installation)?;
        let keys = on.keys().await?;
        Ok(Self {
            on,
            asked,
            by,
            client: on.client(&installation.name)?,
            fingerprinter: on.fingerprinter(&keys, &installation.name),
            index: keys.index,
            proved: on.ledger.installation(&installation.name).await?.tenants_are_departments,
            delivered: on.ledger.last_deliveries().await?,
            installation: installation.name.clone(),
            sweep: Sweep::default(),
            again: Sweep::default(),
            in_vain: 0,
            has_begun: false,
            done: Reconciled::default(),
        })
    }

    async fn run(&mut self, tell: Tell<'_>, stop: &CancellationToken) -> Result<(), OperationError> {
        for window in windows(self.asked.from, self.asked.to) {
            let client = Arc::clone(&self.client);
            let Some(listed) = stop.run_until_cancelled(client.ended(window, &mut self.sweep)).await else {
                return Ok(());
            };
            let is_whole = self.compare(window, listed.map_err(unavailable)?, stop).await?;
            if !is_whole {
                return Ok(());
            }
            // Those that are unclear are not passed over: once it is known whose they are, they are found here again.
            if self.done.unclear == 0 {
                tell(Timestamp::from_millisecond(window.to).unwrap_or(self.asked.to).min(self.asked.to));
            }
        }
        match self.done.unclear {
            0 => Ok(()),
            _ if self.asked.dry_run => Ok(()),
            count => Err(OperationError::Conflict(format!("{count} sessions: {UNCLEAR}"))),
        }
    }

    /// `false` where it was stopped midway.
    async fn compare(
        &mut self,
        window: Window,
        listed: BTreeMap<crate::subject::SessionId, EndedSession>,
        stop: &CancellationToken,
    ) -> Result<bool, OperationError> {
        let Some(shown) = stop.run_until_cancelled(self.must_show_what_is_known(window, &listed)).await else {
            return Ok(false);
        };
        shown?;
        let (mut missing, mut erased) = (Vec::new(), Vec::new());
        for session in listed.into_values() {
            self.done.listed += 1;
            missing.extend(self.unknown(session, &mut erased).await?);
        }
        self.enter(missing).await?;
        self.look_again(window, &erased, stop).await
    }

    /// What nobody has told us of a session that is ours: its forms and, last, its end. `erased` takes one that was erased.
    async fn unknown(
        &mut self,
        session: EndedSession,
        erased: &mut Vec<ErasedSession>,
    ) -> Result<Vec<Event>, OperationError> {
        let ledger = &self.on.ledger;
        let key = SessionKey { installation: self.installation.clone(), session: session.id };
        // A later end than the one that was told is news: the conversation went on. One that only a look showed is, too: no rule was
        // asked about it.
        let is_told = |ended: Timestamp| session.ended.duration_since(ended) <= SAME_END;
        let known = ledger.session(&key).await?;
        let tombstone = if known.is_some() { None } else { ledger.tombstone(&key).await? };
        let of_tombstone = tombstone.as_ref().filter(|gone| gone.erased).map(|gone| gone.at);
        let erased_at = known.as_ref().and_then(|known| known.erased_at).or(of_tombstone);
        // What ended after it was erased is another conversation, or went on.
        erased.extend(erased_at.filter(|at| session.ended <= *at).map(|at| (key.clone(), at)));
        let has_ended = known.as_ref().is_some_and(|known| {
            let ended = known.record.ended.filter(|_| known.record.end_told);
            ended.or(known.erased_at).is_some_and(is_told)
        });
        if has_ended || tombstone.is_some_and(|gone| is_told(gone.at)) {
            self.done.known += 1;
            // What was erased has no forms any more, and of what has expired nobody knows which were told.
            let source = known.filter(|known| known.erased_at.is_none()).and_then(|known| known.record.source);
            return match source {
                Some(source) => self.untold_forms(&key, &source, &session).await,
                None => Ok(Vec::new()),
            };
        }
        let sources = self.on.settings.sources.iter();
        let sources: Vec<_> = sources.filter(|source| source.mluvii.as_ref() == Some(&self.installation)).collect();
        match whose(&sources, session.department, self.proved) {
            Whose::Ours(source) => {
                let mut events = self.untold_forms(&key, &source, &session).await?;
                events.push(Event { head: enter::end(key, source, &session, &self.index), form: None });
                return Ok(events);
            }
            Whose::Foreign => self.done.foreign += 1,
            Whose::Unclear => self.done.unclear += 1,
        }
        Ok(Vec::new())
    }
}

/// Under which it is known to all servers when what has ended at a company is compared next, and until when it was.
pub(crate) fn periodic_name(installation: &InstallationName) -> String {
    format!("reconcile/{installation}")
}

/// Counts calls that no claim counts, where the installation has a rate.
pub(crate) async fn charge(on: &Operations, installation: &InstallationName, calls: u32) {
    let rate = on.installation(installation).ok().and_then(|installation| installation.calls_per_s);
    let Some(rate) = rate.filter(|_| calls > 0) else { return };
    if let Err(error) = on.ledger.charge(&TargetName::mluvii_of(installation), calls, rate).await {
        tracing::debug!(error = crate::causes::with_causes(&error), "calls could not be counted");
    }
}

fn unavailable(error: MluviiError) -> OperationError {
    OperationError::Unavailable(error.into())
}

/// Days, the last of which is shorter.
fn windows(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Window> {
    let (first, last) = (from.as_millisecond(), to.as_millisecond());
    let starts = (0..).map(move |day| first.saturating_add(day * WINDOW_MS)).take_while(move |start| *start <= last);
    starts.map(move |start| Window { from: start, to: last.min(start.saturating_add(WINDOW_MS - 1)) })
}

/// The installation that is meant: the only one, where none is named.
pub(crate) fn installation(on: &Operations, named: Option<&str>) -> Result<InstallationName, OperationError> {
    match (named, on.settings.installations.as_slice()) {
        (Some(name), _) => Ok(on.installation(&InstallationName(name.into()))?.name.clone()),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => Err(InputError::SeveralInstallations { known: on.settings.installation_names() }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_days_without_a_gap() {
        let at = |millis| Timestamp::from_millisecond(millis).expect("a time");
        let all: Vec<_> = windows(at(5), at(2 * WINDOW_MS + 7)).map(|window| (window.from, window.to)).collect();
        assert_eq!(all.first(), Some(&(5, WINDOW_MS + 4)));
        assert!(all.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{all:?}");
        assert_eq!(all.last().map(|last| last.1), Some(2 * WINDOW_MS + 7));
        assert_eq!(windows(at(9), at(8)).count(), 0);
    }
}
