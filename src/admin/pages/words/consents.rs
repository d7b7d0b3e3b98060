//! The words of the consents' pages.

use crate::consent::{CameBy, UnknownCause};
use crate::operations::consent::Left;
use crate::subject::Scope;

words! {
    /// What is said of consents.
    ConsentsWords:
    texts {
        all_companies, approval_to_come, as_shown, at_settling, at_settling_now, begins_at_once, begins_on_approval, begins_then, by_rule, by_form, came_needed, company_needed, day, day_hint, day_wrong, decide_lead, decide_title,
        demand, demands, done_lead, done_title, do_see, do_withdraw, earliest_first, ends, expired, export_csv, export_json, export_lead,
        export_title, find_lead, find_title, how, lead, leave, left_title, left_why, needs_approval, no_demands, not_read, nobody_title,
        nothing_ends, now, number, number_hint, number_wrong, of_person, of_session, search_again, shown_lead, shown_title,
        started, ended, state, take, tenant, title, to_person, unread, version, when, withdraw_lead, withdraw_title, withdraw_of_person,
        would_do,
    }
    counts { sessions_end, erasures_demanded, erasures_to_come }
    of { came: CameBy, cause: UnknownCause, left: Left, scope: Scope }
    with {}
}
