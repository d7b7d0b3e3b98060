//! What the rules would do with the sessions of a day.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::event::{Event, EventHead};
use crate::ledger::PastCounts;
use crate::mluvii::{EndedSession, Look, LookUp, SessionFacts, Window};
use crate::operations::OperationError;
use crate::operations::reconcile::{Comparison, UNCLEAR, unavailable};
use crate::policy::{Facts, RuleAnswer};

impl Comparison<'_> {
    /// Lists the sessions of a day, reads those of which nobody told us, and asks the rules about them.
    pub(super) async fn look_at_day(&mut self, window: Window) -> Result<PastCounts, OperationError> {
        let client = Arc::clone(&self.client);
        let listed = client.ended(window, &mut self.sweep).await.map_err(unavailable)?;
        self.must_show_what_is_known(window, &listed).await?;
        let mut day = PastCounts::default();
        for session in listed.into_values() {
            self.done.listed += 1;
            let Some(Event { head: event, .. }) = self.unknown(session.clone(), &mut Vec::new()).await?.pop() else {
                continue;
            };
            *day.found.entry(month(session.ended)).or_default() += 1;
            match self.facts(&session).await? {
                Some(facts) => self.ask(&event, &session, &facts, &mut day),
                None => day.unread += 1,
            }
        }
        match self.done.unclear {
            0 => Ok(PastCounts { listed: self.done.listed, foreign: self.done.foreign, ..day }),
            count => Err(OperationError::Conflict(format!("{count} sessions: {UNCLEAR}"))),
        }
    }

    /// What mluvii shows of a session; nothing where it cannot be read.
    async fn facts(&self, session: &EndedSession) -> Result<Option<Box<SessionFacts>>, OperationError> {
        Ok(match self.client.look_up(session.id, Look::default()).await.map_err(unavailable)? {
            LookUp::Found(facts) => Some(facts),
            LookUp::Missing | LookUp::NotUnderstood(_) | LookUp::TooLarge(_) => None,
        })
    }

    /// Asks the rules about a session's end and settling: what forms said is gone.
    fn ask(&self, event: &EventHead, session: &EndedSession, facts: &SessionFacts, day: &mut PastCounts) {
        let record = record_of(event, session, facts);
        let facts = Facts { record: &record, form: None };
        let (mut applying, mut failed) = (Vec::new(), Vec::new());
        for rule in self.on.settings.policy.rules().filter(|rule| rule.on.is_about_the_session()) {
            match rule.asked(&facts) {
                RuleAnswer::Applies => applying.push(rule.name.clone()),
                RuleAnswer::Failed => failed.push(rule.name.clone()),
                RuleAnswer::DoesNotApply | RuleAnswer::NotAsked => {}
            }
        }
        // Nothing is decided on a session, by whatever rule, of which one cannot be evaluated.
        if !failed.is_empty() {
            day.failed += 1;
            failed.into_iter().for_each(|rule| *day.failed_by_rule.entry(rule).or_default() += 1);
            return;
        }
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
