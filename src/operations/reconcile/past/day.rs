//! What the rules would do with the sessions of a day.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::consent::UnknownCause;
use crate::event::{Event, EventHead};
use crate::ledger::PastCounts;
use crate::mluvii::{EndedSession, LookUp, Window};
use crate::operations::OperationError;
use crate::operations::reconcile::reappeared::ErasedSession;
use crate::operations::reconcile::whose::{Whose, whose};
use crate::operations::reconcile::{Comparison, UNCLEAR, unavailable};
use crate::policy::{Demand, RuleFailed};
use crate::subject::Scope;
use crate::worker::{Foresight, LookedUp};

/// A day as it was looked at.
pub(super) struct Day {
    pub(super) counts: PastCounts,
    /// The events of the sessions of which nobody told us.
    pub(super) missing: Vec<Event>,
    /// Sessions that were erased.
    pub(super) erased: Vec<ErasedSession>,
}

impl Comparison<'_> {
    /// Lists the sessions of a day, reads those of which nobody told us, and asks the rules about them.
    pub(super) async fn look_at_day(&mut self, window: Window) -> Result<Day, OperationError> {
        let client = Arc::clone(&self.client);
        let listed = client.ended(window, &mut self.sweep).await.map_err(unavailable)?;
        self.must_show_what_is_known(window, &listed).await?;
        let now = self.on.ledger.clock().await?.now;
        let mut day = Day { counts: PastCounts::default(), missing: Vec::new(), erased: Vec::new() };
        for session in listed.into_values() {
            self.done.listed += 1;
            // The end alone: forms of the past are not asked for.
            let Some(event) = self.unknown(session.clone(), &mut day.erased).await?.pop() else { continue };
            self.look_at_one(&session, &event.head, now, &mut day.counts).await?;
            day.missing.push(event);
        }
        match self.done.unclear {
            0 => {
                day.counts.listed = self.done.listed;
                day.counts.foreign += self.done.foreign;
                Ok(day)
            }
            count => Err(OperationError::Conflict(format!("{count} sessions: {UNCLEAR}"))),
        }
    }

    /// Counts what would be decided on a session.
    async fn look_at_one(
        &self,
        session: &EndedSession,
        event: &EventHead,
        now: Timestamp,
        day: &mut PastCounts,
    ) -> Result<(), OperationError> {
        let installation = self.on.installation(&self.installation)?;
        let foresight = Foresight {
            policy: &self.on.settings.policy,
            settling: &self.on.settings.settling,
            params: &installation.params,
            fingerprinter: &self.fingerprinter,
            index: &self.index,
            sessions_kept_for: self.on.settings.retention.sessions.limit(),
            four_eyes: self.on.settings.four_eyes,
            now,
        };
        let looked_up = self.client.look_up(session.id, foresight.look()).await.map_err(unavailable)?;
        let looked_up = match looked_up {
            LookUp::Found(facts) => Some(Ok(facts)),
            LookUp::Missing => Some(Err(UnknownCause::NotFound)),
            LookUp::NotUnderstood(_) => Some(Err(UnknownCause::NotUnderstood)),
            // Nothing is decided on it.
            LookUp::TooLarge(_) => None,
        };
        let whose = looked_up.as_ref().map_or(Whose::Unclear, |looked_up| self.whose(event, looked_up));
        if whose == Whose::Foreign {
            day.foreign += 1;
            return Ok(());
        }
        *day.found.entry(month(session.ended)).or_default() += 1;
        day.unread += u64::from(!matches!(looked_up, Some(Ok(_))) || whose == Whose::Unclear);
        let Some(looked_up) = looked_up.filter(|_| whose != Whose::Unclear) else { return Ok(()) };
        count(foresight.demands(&*self.on.ledger, event, looked_up).await?, session.ended, day);
        Ok(())
    }

    /// Whose a session is, by what its look-up shows.
    fn whose(&self, event: &EventHead, looked_up: &LookedUp) -> Whose {
        let source = self.on.settings.sources.iter().find(|source| source.name == *event.source.0);
        let department = looked_up.as_ref().ok().and_then(|facts| facts.department);
        match (source, department) {
            // Nothing is decided on it.
            (Some(source), None) if !source.tenants.is_empty() => Whose::Unclear,
            (Some(source), department) => whose(&[source], department, self.proved),
            (None, _) => Whose::Unclear,
        }
    }
}

fn count(demands: Result<Vec<Demand>, RuleFailed>, ended: Timestamp, day: &mut PastCounts) {
    let month = month(ended);
    let demands = match demands {
        Ok(demands) => demands,
        // Nothing is decided on a session, by whatever rule, of which one cannot be evaluated.
        Err(RuleFailed { rule, .. }) => {
            day.failed += 1;
            *day.failed_by_rule.entry(rule).or_default() += 1;
            return;
        }
    };
    if !demands.is_empty() {
        *day.would_erase.entry(month.clone()).or_default() += 1;
    }
    let mut counted = Vec::new();
    for demand in demands {
        if demand.scope != Scope::Session {
            day.reach_further.insert(demand.rule.clone());
        }
        if !counted.contains(&demand.rule) {
            *day.by_rule.entry(demand.rule.clone()).or_default().entry(month.clone()).or_default() += 1;
            counted.push(demand.rule);
        }
    }
}

fn month(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}
