//! What would be decided on a session that ended long ago and that is told of now: at its end, and when it settles. A comparison of the past
//! shows it before it does anything, so it is weighed by the same function as a decision is.

use std::time::Duration;

use jiff::Timestamp;

use super::evaluate::{Cause, Evaluation, Known, known, look_for};
use super::look_up::Seen;
use super::settings::SettlingSettings;
use crate::consent::UnknownCause;
use crate::event::EventHead;
use crate::keys::IndexKey;
use crate::ledger::{LedgerError, Records, SessionView};
use crate::mluvii::{Look, SessionFacts};
use crate::policy::{Demand, Policy, RuleFailed, Trigger};
use crate::subject::{Fingerprinter, Params};

/// What foreseeing needs beside a session.
pub(crate) struct Foresight<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) settling: &'a SettlingSettings,
    pub(crate) params: &'a Params,
    pub(crate) fingerprinter: &'a Fingerprinter,
    pub(crate) index: &'a IndexKey,
    pub(crate) sessions_kept_for: Option<Duration>,
    pub(crate) four_eyes: bool,
    pub(crate) now: Timestamp,
}

/// A session as it was looked up.
pub(crate) type LookedUp = Result<Box<SessionFacts>, UnknownCause>;

impl Foresight<'_> {
    /// What is to be read of a session.
    pub(crate) fn look(&self) -> Look {
        // The same as when it settles.
        Look { params: self.policy.listens(Trigger::FormSubmitted), activity: None }
    }

    /// What the rules would demand of the session whose end an event tells.
    pub(crate) async fn demands(
        &self,
        records: &(impl Records + ?Sized),
        event: &EventHead,
        looked_up: LookedUp,
    ) -> Result<Result<Vec<Demand>, RuleFailed>, LedgerError> {
        Ok(match known(records, event, self.now, self.sessions_kept_for).await? {
            Known::Outdated => Ok(Vec::new()),
            Known::Session(view) => self.demanded(event, view, looked_up),
        })
    }

    fn demanded(
        &self,
        event: &EventHead,
        view: Option<SessionView>,
        looked_up: LookedUp,
    ) -> Result<Vec<Demand>, RuleFailed> {
        let (key, erased_at) = (&event.session, view.as_ref().and_then(|view| view.erased_at));
        let settled = match looked_up {
            Ok(facts) => Seen::Read(facts),
            Err(cause) => Seen::Unknown(cause),
        };
        let ended = match look_for(self.policy, event, view.as_ref()) {
            None => Seen::NotLooked,
            Some(look) => without_forms(&settled, look),
        };
        let at_end = self.evaluation(self.now).weigh(key, view.as_ref(), Cause::Event(event, None), &ended)?;
        let settle_at = at_end.session.settle_at;
        let mut demands: Vec<_> = at_end.demands.into_iter().map(|demanded| demanded.demand).collect();
        if let Some(settle_at) = settle_at {
            let view = SessionView::after(at_end.session, erased_at);
            let evaluation = self.evaluation(self.now.max(settle_at));
            let settling = evaluation.weigh(key, Some(&view), Cause::Settle, &settled)?;
            demands.retain(|demand| !settling.rules_no_longer.contains(&demand.rule));
            demands.extend(settling.demands.into_iter().map(|demanded| demanded.demand));
        }
        Ok(demands)
    }

    pub(super) fn evaluation(&self, now: Timestamp) -> Evaluation<'_> {
        let Self { policy, settling, params, fingerprinter, index, four_eyes, .. } = *self;
        Evaluation { policy, settling, params, fingerprinter, index, four_eyes, now }
    }
}

/// What a look shows that does not ask for forms.
fn without_forms(seen: &Seen, look: Look) -> Seen {
    match seen {
        Seen::Read(facts) if !look.params => Seen::Read(Box::new(SessionFacts { forms: None, ..(**facts).clone() })),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
