//! English: why a session was erased, or was not.

use crate::admin::pages::words::explained::Explained;
use crate::policy::{RuleAnswer, Trigger};

pub(in crate::admin::pages::words) const WORDS: Explained = Explained {
    applied: "Applied",
    by_facts: "By these facts",
    company_needed: "Choose the company whose session it is.",
    consent_seen: "Consent that the rules saw",
    did_not_apply: "Did not apply",
    event: "Event",
    events_are_remembered: "Events are remembered for a while only, without what they said. One that says no more than to look again is gone once somebody has looked.",
    events_none: "No event about it is remembered.",
    events_title: "Events that came",
    explain: "Why a session was erased, or was not",
    explain_lead: "What was decided about a session when, by which rule and consent, and what today’s rules would decide.",
    fact_fields: "{name} has {n} fields",
    fact_is: "{name} is {value}",
    fact_not_there: "{name} is not there",
    fact_there: "{name} is there",
    facts_now: "What is known of it now",
    happened: "Happened",
    look_up: "Explain it",
    nav: "Explain a session",
    not_asked_again: "These cannot be asked again: what a form said is gone, and a change of the consent is over.",
    not_ended: "Nothing is decided: the session has not ended, as far as is known.",
    not_found: "Nothing is kept of this session",
    not_known_which: "Others did not apply; which is not known, as the rules have changed since",
    now_title: "What today’s rules would decide",
    on_event: "When",
    older_gone: "There may have been older decisions; nothing is kept of them.",
    received: "Came",
    session_field: "Session",
    session_hint: "The number that mluvii gives it, such as 4711. Without one, all are listed",
    session_number_wrong: "Enter the number of a session, such as 4711.",
    settled: "Settled",
    then_none: "No rule was asked yet.",
    then_title: "What was decided",
    erased: "Erased",
    erased_by_others: "None of these has erased it. With a session it is not kept which erasure of a person did, once that is over: it stands with the person and with their request.",
    erasures_none: "No erasure of it or its guest is known.",
    erasures_title: "What came of it",
    ended: "Ended",
    damaged: "Its record is damaged: nothing can be said of it",
    day_field: "Begun by",
    day_hint: "The list begins about there: it is in the order of numbers",
    day_wrong: "Enter a day.",
    sessions_none: "A session stands here once mluvii has told of it.",
    sessions_title: "Sessions",
    show: "Show",
    answer,
    trigger,
};

fn answer(one: RuleAnswer) -> &'static str {
    match one {
        RuleAnswer::Applies => "Applies",
        RuleAnswer::DoesNotApply => "Does not apply",
        RuleAnswer::Failed => "Cannot be evaluated: a person has to look",
        RuleAnswer::NotAsked => "Is not asked at this event",
    }
}

fn trigger(one: Trigger) -> &'static str {
    match one {
        Trigger::SessionEnded => "The session ended",
        Trigger::SessionSettled => "The session settled",
        Trigger::FormSubmitted => "A form, or what came with the session",
        Trigger::ConsentChanged => "The consent changed",
    }
}
