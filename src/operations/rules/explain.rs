//! Why a session was erased, or was not. What was decided then is told by what was kept of it; what would be decided now is asked
//! anew, of what the consent record says today. The two are kept apart.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::consent::ConsentState;
use crate::erasure::Erasure;
use crate::ledger::{SeenEvent, SessionView};
use crate::operations::{OperationError, Operations};
use crate::policy::{Evaluated, Facts, Policy, Rule, RuleAsked, Trigger};
use crate::subject::{SessionKey, SourceName};

/// All that is known of what was decided on a session.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) session: String,
    /// When it ended, and settled for the first time since.
    pub(crate) ended: Option<Timestamp>,
    pub(crate) settled: Option<Timestamp>,
    pub(crate) erased: Option<Timestamp>,
    /// What the consent record says today.
    pub(crate) facts: Vec<String>,
    /// What was kept of each evaluation, the oldest first.
    pub(crate) then: Vec<PastEvaluation>,
    /// Whether there may have been older ones, of which nothing is kept.
    pub(crate) there_may_be_older: bool,
    /// Of the session and its guest, and of persons that are under way and reach it; the oldest first.
    pub(crate) erasures: Vec<Erasure>,
    /// What today's rules about the session answer, asked about today's facts.
    pub(crate) now: Vec<RuleAsked>,
    /// Rules that cannot be asked again: what a form said is gone, and a change of the consent is over.
    pub(crate) not_asked_again: Vec<RuleAsked>,
}

/// One evaluation, by what was kept of it.
#[derive(Debug, Serialize)]
pub(crate) struct PastEvaluation {
    pub(crate) at: Timestamp,
    pub(crate) on: Trigger,
    /// The consent that the rules saw.
    pub(crate) consent: ConsentState,
    pub(crate) applied: Vec<String>,
    /// The others that were asked; known only where the rules are still the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) did_not_apply: Option<Vec<String>>,
}

/// Explains what was decided on a session. The key may name its installation by a source.
pub(crate) async fn explain(on: &Operations, key: &SessionKey) -> Result<Explanation, OperationError> {
    let key = on.session_key(key)?;
    let Some(view) = on.ledger.session(&key).await? else { return Err(unknown(on, &key).await?) };
    let erasures = on.ledger.erasures_of(&key, view.record.guest_digest).await?;
    Ok(Explanation::of(&on.settings.policy, view, erasures))
}

/// How long before its beginning and after its settling events about a session are looked for: clocks differ.
const AROUND: SignedDuration = SignedDuration::from_hours(1);

/// For how long before now they are looked for where nobody knows when the session was.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// The events about a session that were taken, the newest first, as far as they are remembered. The key may name its installation by a source.
pub(crate) async fn events(on: &Operations, key: &SessionKey) -> Result<Vec<SeenEvent>, OperationError> {
    let key = on.session_key(key)?;
    let Some(view) = on.ledger.session(&key).await? else { return Err(unknown(on, &key).await?) };
    let now = Timestamp::now();
    let record = &view.record;
    let begin = record.started.or(record.ended).unwrap_or_else(|| now.saturating_sub(LATELY).unwrap_or(now));
    let end = record.settled.or(view.settle_at).unwrap_or(now).max(record.ended.unwrap_or(begin));
    let from = begin.saturating_sub(AROUND).unwrap_or(begin);
    let to = end.saturating_add(AROUND).unwrap_or(end);
    let sources = on.settings.sources.iter().filter(|source| source.mluvii.as_ref() == Some(&key.installation));
    let sources: Vec<_> = sources.map(|source| SourceName(source.name.as_str().into())).collect();
    let mut seen = on.ledger.events_of_session(&sources, key.session, from, to).await?;
    let epoch = Timestamp::UNIX_EPOCH;
    seen.extend(on.ledger.events_of_session(&sources, key.session, epoch, epoch).await?);
    seen.sort_by_key(|event| std::cmp::Reverse(event.received));
    Ok(seen)
}

/// Why nothing can be said of a session.
pub(in crate::operations) async fn unknown(
    on: &Operations,
    key: &SessionKey,
) -> Result<OperationError, OperationError> {
    let what = match on.ledger.tombstone(key).await? {
        None => format!("the session {key} is not in the ledger"),
        Some(tombstone) => {
            let erased = if tombstone.erased { "it had been erased" } else { "it had not been erased" };
            format!(
                "the record of the session {key} is gone because of its age, and what was decided with it; {erased}"
            )
        }
    };
    Ok(OperationError::NotFound(what))
}

impl Explanation {
    /// Whether it was erased, and by none of these erasures: of a person's that is over, nothing is kept with the sessions.
    pub(crate) fn is_erased_by_others(&self) -> bool {
        self.erased.is_some() && !self.erasures.iter().any(|erasure| erasure.begun.is_some())
    }

    fn of(policy: &Policy, view: SessionView, erasures: Vec<Erasure>) -> Self {
        let record = &view.record;
        let facts = Facts { record, form: None };
        let asked = |on: Trigger| on.is_about_the_session() && record.ended.is_some();
        let answer = |rule: &Rule| if asked(rule.on) { rule.answer(&facts) } else { rule.not_asked() };
        let (now, not_asked_again) =
            policy.rules().map(answer).partition(|rule: &RuleAsked| rule.on.is_about_the_session());
        Self {
            session: record.session.to_string(),
            ended: record.ended,
            settled: record.settled,
            erased: view.erased_at,
            facts: facts.all(),
            there_may_be_older: Evaluated::may_be_more(&view.evaluated),
            then: view.evaluated.iter().map(|one| PastEvaluation::of(policy, one)).collect(),
            erasures,
            now,
            not_asked_again,
        }
    }
}

impl PastEvaluation {
    fn of(policy: &Policy, kept: &Evaluated) -> Self {
        let others = || {
            let asked = policy.rules().filter(|rule| rule.on == kept.on && !kept.applied.contains(&rule.name));
            asked.map(|rule| rule.name.clone()).collect()
        };
        Self {
            at: kept.at(),
            on: kept.on,
            consent: kept.consent,
            applied: kept.applied.clone(),
            did_not_apply: (kept.rules == *policy.digest()).then(others),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::sample;

    #[test]
    fn that_something_else_has_erased_it_is_said_only_where_no_erasure_here_can_have() {
        let begun = sample::session(Vec::new());
        let waits = Erasure { begun: None, ..begun.clone() };
        let is_said = |erased: Option<Timestamp>, erasures: Vec<Erasure>| {
            let explained = Explanation {
                session: "acme/7".into(),
                ended: None,
                settled: None,
                erased,
                facts: Vec::new(),
                then: Vec::new(),
                there_may_be_older: false,
                erasures,
                now: Vec::new(),
                not_asked_again: Vec::new(),
            };
            explained.is_erased_by_others()
        };
        let erased = Some(Timestamp::UNIX_EPOCH);
        assert!(is_said(erased, Vec::new()) && is_said(erased, vec![waits.clone()]));
        // One that is still being looked at again may have done it.
        assert!(!is_said(erased, vec![waits.clone(), begun]));
        assert!(!is_said(None, vec![waits]));
    }
}
