//! One evaluation of all rules: what the triggers say about consent, and then what the rules demand. Workers, tests of rules and
//! trials of a new configuration call the same functions, so that a test that passes says how it will be decided.

use jiff::Timestamp;

use super::facts::{Facts, Trigger};
use super::problem::RuleFailed;
use super::rules::{Demand, Policy};
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::event::Form;

/// A trigger, and what it is about.
pub(crate) struct Fired<'f> {
    pub(crate) trigger: Trigger,
    pub(crate) form: Option<&'f Form>,
    /// From when a rule's `after` counts.
    pub(crate) since: Timestamp,
    /// When a form was filled in, by its own word.
    pub(crate) said: Option<Timestamp>,
}

/// A demand, and the form that caused it, if one did.
pub(crate) struct Demanded<'f> {
    pub(crate) demand: Demand,
    pub(crate) form: Option<&'f Form>,
}

impl Policy {
    /// The record after the consent rules of all triggers, which are asked one after another: each sees what the ones
    /// before it said.
    pub(crate) fn said(&self, record: &ConsentRecord, triggers: &[Fired<'_>]) -> Result<ConsentRecord, RuleFailed> {
        let mut record = record.clone();
        for fired in triggers {
            let facts = Facts { record: &record, form: fired.form };
            if let Some(state) = self.consent(fired.trigger, &facts)? {
                record.turn_to(said_by(record.consent.clone(), state, fired));
            }
        }
        Ok(record)
    }

    /// What the rules demand at all triggers, and at the change of the consent that these may have caused.
    pub(crate) fn demands<'f>(
        &self,
        triggers: &[Fired<'f>],
        record: &ConsentRecord,
        consent_before: ConsentState,
        now: Timestamp,
    ) -> Result<Vec<Demanded<'f>>, RuleFailed> {
        let mut demands = Vec::new();
        for fired in triggers {
            let facts = Facts { record, form: fired.form };
            for demand in self.decide(fired.trigger, &facts, fired.since)? {
                demands.push(Demanded { demand, form: fired.form });
            }
        }
        if record.consent.state != consent_before {
            let changed = self.decide(Trigger::ConsentChanged, &Facts { record, form: None }, now)?;
            demands.extend(changed.into_iter().map(|demand| Demanded { demand, form: None }));
        }
        Ok(demands)
    }
}

/// What was said later stands, in whatever order forms arrive.
fn said_by(consent: Consent, state: ConsentState, fired: &Fired<'_>) -> Consent {
    let said = fired.said.or(Some(fired.since));
    if !consent.is_shown_by_session() && consent.since > said {
        return consent;
    }
    Consent {
        state,
        version: consent.version,
        origin: Some(fired.form.map_or_else(|| Consent::SAID_BY_RULE.to_owned(), |form| form.origin.clone())),
        form_id: fired.form.and_then(|form| form.id),
        since: said,
        cause: None,
    }
}
