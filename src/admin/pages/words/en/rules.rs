//! English, of rules.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::rules::RulesWords;
use crate::ledger::RuleState;
use crate::policy::Trigger;
use crate::subject::Scope;

pub(super) const WORDS: RulesWords = RulesWords {
    after: "How long after",
    also_beside: "no longer a rule",
    always: "always",
    at_once: "at once",
    by_itself: "Nobody: it begins by itself",
    by_link: "The link that is mailed to the address of the form, or a person who approves it",
    by_person: "A person, who approves each erasure",
    by_session_and_rule: "The numbers above are by session, the table is by rule: what one rule no longer demands, another one may.",
    change_lead: "A rule is changed in the configuration. What changed rules would do is tried on the command line, before they are put in place: quietus rules try --rules FILE.",
    condition: "If",
    configured: "The rules at work",
    confirm_lead: "What this version demands begins when its time has come, also what has waited so far. What is erased cannot be restored.",
    damaged: "Damaged in the ledger, so that nothing can be said of them",
    decided: "Decided",
    decides: "Who decides",
    do_confirm: "Let it begin",
    do_reject: "Reject it",
    do_try: "Try the rules",
    failed: "A rule could not be evaluated: they would need a person",
    judged_by: "Sessions by which it was judged",
    lead: "What decides by itself that something is erased.",
    less: "Less",
    more: "More",
    month: "Month",
    no_such_version: "The version of the rule is missing from the form.",
    none: "No rule is configured: nothing is erased by itself.",
    not_judged: "It was not judged by any session.",
    not_seen: "No server has worked by this version yet.",
    not_tried: "Not tried, as what forms said is not kept: {rules}.",
    not_yours: "Officers and approvers decide about it.",
    nothing_to_say: "No rule has decided anything about these sessions, and none would.",
    on: "When",
    only_reject: "The rule has changed since, so that this version can only be rejected. What it demanded waits until then.",
    reject_lead: "What this version alone demands is cancelled, what waits now and what comes later. What else demands it goes on. Then change the rule.",
    rule: "Rule",
    since: "Since",
    state_head: "State",
    title: "Rules",
    together: "The same, with other rules that are new or wait",
    trial_lead: "Every session that ended in the time is read, and the rules at work are tried on it. Nothing is changed. With many sessions it takes a while.",
    trial_title: "What they did, and would do",
    tried_lead: "What rules have decided about sessions, beside what the rules at work would decide. Nothing was changed.",
    tried_less: "Decided to be erased, and would not be",
    tried_more: "Would be erased, and was not decided",
    tried_of: "Sessions that ended in the time",
    tried_title: "What the rules did, and would do",
    tried_would: "They would erase",
    version: "Version",
    versions: "Versions by which servers have worked",
    waits_lead: "They are new or have changed, and would erase much. What they demand waits until a person has looked at it.",
    waits_title: "Rules that wait for a person",
    what: "Erases",
    where_: "Where",
    within: "Sessions that ended in",
    would: "Those of them that it would have erased",
    would_short: "Would erase",
    days_after: Forms { one: "after {n} day", few: "after {n} days", other: "after {n} days" },
    hours_after: Forms { one: "after {n} hour", few: "after {n} hours", other: "after {n} hours" },
    minutes_after: Forms { one: "after {n} minute", few: "after {n} minutes", other: "after {n} minutes" },
    seconds_after: Forms { one: "after {n} second", few: "after {n} seconds", other: "after {n} seconds" },
    last_days: Forms { one: "the last {n} day", few: "the last {n} days", other: "the last {n} days" },
    scope,
    state,
    trigger,
};

fn scope(one: Scope) -> &'static str {
    match one {
        Scope::Session => "The one session",
        Scope::Guest => "All sessions of the guest",
        Scope::Person => "All that is found of the person",
    }
}

fn state(one: RuleState) -> &'static str {
    match one {
        RuleState::InForce => "In force",
        RuleState::Waiting => "Waits for a person",
        RuleState::Rejected => "Rejected",
    }
}

fn trigger(one: Trigger) -> &'static str {
    match one {
        Trigger::SessionEnded => "A session has ended",
        Trigger::SessionSettled => "A session has ended, and nothing more is expected of it",
        Trigger::FormSubmitted => "A form was sent or cancelled",
        Trigger::ConsentChanged => "A consent is another than before",
    }
}
