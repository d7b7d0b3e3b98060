//! What the page says that explains what was decided about a session.

use crate::policy::{RuleAnswer, Trigger};

words! {
    /// Words of why a session was erased, or was not.
    Explained:
    texts {
        applied, by_facts, company_needed, consent_seen, did_not_apply, event, events_are_remembered, events_none, events_title, fact_fields, fact_is, fact_not_there, fact_there, explain,
        explain_lead, facts_now, happened, look_up, nav, not_asked_again, not_ended, not_found, not_known_which, now_title, on_event,
        older_gone, received, session_field, session_hint, session_number_wrong, settled, then_none, then_title, erased, erased_by_others,
        erasures_none, erasures_title, ended, damaged, day_field, day_hint, day_wrong, sessions_none, sessions_title, show,
    }
    counts {}
    of { answer: RuleAnswer, trigger: Trigger }
    with {}
}
