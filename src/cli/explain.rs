//! `quietus explain`: why a session was erased, or was not.

use super::erasures::awaits_link;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use crate::erasure::Verdict;
use crate::operations::Operations;
use crate::operations::rules::{self, Explanation, PastEvaluation};
use crate::policy::Trigger;
use crate::subject::SessionKey;

/// Explain what was decided on a session: when which rules were asked, with what result, and what followed
///
/// By what was kept with the session's record: of each evaluation its time, event, the consent that the rules saw, and the rules that
/// applied. Those that did not apply are named only where the rules are still the same. Nothing of what a form said is kept. What
/// today's rules would decide on today's record stands apart. Exit code 1 when the session is not in the ledger.
#[derive(clap::Args)]
pub(super) struct Explain {
    /// Such as `acme/4711`: the name of the mluvii installation (or of a source of it), and mluvii's id
    session: String,
}

impl Explain {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let key: SessionKey = self.session.parse().map_err(|wrong: &str| Failure::Usage(wrong.to_owned()))?;
        show(&rules::explain(on, &key).await?, out)?;
        Ok(Exit::Done)
    }
}

fn show(explained: &Explanation, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(explained);
    }
    out.line(format_args!("session   {}", explained.session))?;
    out.line(format_args!("ended     {}", out::time_or_dash(explained.ended)))?;
    out.line(format_args!("settled   {}", out::time_or_dash(explained.settled)))?;
    out.line(format_args!("erased    {}", out::time_or_dash(explained.erased)))?;
    for (index, fact) in explained.facts.iter().enumerate() {
        out.line(format_args!("{}     {fact}", if index == 0 { "facts" } else { "     " }))?;
    }
    then(explained, out)?;
    erasures(explained, out)?;
    now(explained, out)
}

/// What was kept of the evaluations.
fn then(explained: &Explanation, out: &mut Out) -> std::io::Result<()> {
    out.line("\nDecided then, by what was kept of each evaluation:")?;
    if explained.there_may_be_older {
        out.line("  (older ones are not kept)")?;
    }
    if explained.then.is_empty() {
        return out.line("  nothing was kept: no rule was asked yet");
    }
    for PastEvaluation { at, on, consent, applied, did_not_apply } in &explained.then {
        let what = match on {
            // Submitted forms and call parameters are kept under one trigger.
            Trigger::FormSubmitted => " (or call parameters)",
            Trigger::SessionEnded | Trigger::SessionSettled | Trigger::ConsentChanged => "",
        };
        out.line(format_args!("  {}  {}{what}, the consent was {}", out::time(*at), on.as_str(), consent.as_str()))?;
        applied.iter().try_for_each(|rule| out.line(format_args!("    applied: {rule}")))?;
        match did_not_apply {
            Some(others) => others.iter().try_for_each(|rule| out.line(format_args!("    did not apply: {rule}")))?,
            None => out.line("    others did not apply; which, is not known: the rules have changed since")?,
        }
    }
    Ok(())
}

/// What came of it.
fn erasures(explained: &Explanation, out: &mut Out) -> std::io::Result<()> {
    out.line("\nErasures of it and its guest, and of persons that are under way and reach it:")?;
    if explained.is_erased_by_others() {
        out.line("  (what has erased it is not here: of a person's erasure that is over, sessions keep nothing)")?;
    }
    if explained.erasures.is_empty() {
        return out.line("  none");
    }
    for erasure in &explained.erasures {
        let state = if awaits_link(erasure) { "requested, and waits for its link" } else { erasure.state.as_str() };
        let state = erasure.verdict.map_or(state, Verdict::as_str);
        out.line(format_args!("  {}  {state}", erasure.id))?;
        out.line(format_args!(
            "    {}, created {}, due {}",
            erasure.subject.scope().as_str(),
            out::time(erasure.created),
            out::time(erasure.due)
        ))?;
        out.line(format_args!("    by {}", erasure.rules.join(", ")))?;
    }
    Ok(())
}

/// What the rules of today would answer.
fn now(explained: &Explanation, out: &mut Out) -> std::io::Result<()> {
    out.line("\nWhat this configuration would decide now, on the facts above:")?;
    if explained.ended.is_none() {
        out.line("  nothing: it has not ended, as far as is known")?;
    } else {
        explained.now.iter().try_for_each(|rule| out.line(format_args!("  {}", rule.in_words())))?;
    }
    for rule in &explained.not_asked_again {
        out.line(format_args!("  rule `{}` on `{}` cannot be asked again", rule.rule, rule.on.as_str()))?;
    }
    Ok(())
}
