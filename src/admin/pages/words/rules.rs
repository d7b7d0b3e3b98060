//! The words of the rules' pages.

use crate::ledger::RuleState;
use crate::policy::Trigger;
use crate::subject::Scope;

words! {
    /// What is said of rules.
    RulesWords:
    texts {
        after, also_beside, always, at_once, by_itself, by_session_and_rule, by_link, by_person, change_lead, condition, confirm_lead, damaged,
        decided, decides, do_confirm, do_reject, do_try, failed, lead, less, more, month, none, not_judged, not_seen,
        not_tried, not_yours, nothing_to_say, on, only_reject, reject_lead, rule, since, state_head, title, together,
        tried_lead, tried_less, tried_more, tried_of, tried_title, tried_would, trial_lead, trial_title, version, versions,
        waits_lead, waits_title, what, where_, within, would, would_short, judged_by, configured, no_such_version,
    }
    counts { days_after, hours_after, minutes_after, seconds_after, last_days }
    of { scope: Scope, state: RuleState, trigger: Trigger }
    with {}
}
