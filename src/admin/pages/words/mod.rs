//! All words of the pages, each language in a file of its own: a company that says it otherwise changes one file. A sentence is one key
//! with what stands in it in braces, and nothing is glued together: word order is each language's own. The compiler holds that both
//! languages have every key.

mod cs;
mod en;

use self::consents::ConsentsWords;
use self::giving::GivingWords;
use self::letters::LettersWords;
use self::rules::RulesWords;
use crate::access::{PasswordRefused, Role};
use crate::admin::problem::Code;
use crate::attention::{self, DelayCode, Severity};
use crate::audit::{Act, ActResult};
use crate::consent::ConsentState;
use crate::erasure::confirmation::LinkState;
use crate::erasure::{ErasureState, Outcome, RecheckOutcome, Stage, Verdict};
use crate::hold::HoldReason;
use crate::language::{Lang, typography};
use crate::operations::tasks::{Said, TaskState};
use crate::request::{Came, ChosenBecause, ClosedBecause, ExtendedBecause, RejectedBecause, RequestState, VerifiedBy};

/// A sentence with a number, `{n}`, in the forms that whole numbers have: one, two to four in Czech, and all others (CLDR's `many` is of
/// fractions, which nothing here counts).
pub(super) struct Forms {
    one: &'static str,
    few: &'static str,
    other: &'static str,
}

impl Forms {
    pub(super) fn of(&self, lang: Lang, number: u64) -> String {
        let form = match number {
            1 => self.one,
            2..=4 => self.few,
            _ => self.other,
        };
        bound(lang, &form.replace("{n}", &lang.number(number)))
    }
}

/// A sentence with what stands in it, which stays as it is.
pub(super) fn filled(lang: Lang, sentence: &str, values: &[(&str, &str)]) -> String {
    let mut text = bound(lang, sentence);
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

fn bound(lang: Lang, text: &str) -> String {
    match lang {
        Lang::Cs => typography::czech(text),
        Lang::En => typography::english(text),
    }
}

pub(super) fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Cs => &cs::WORDS,
        Lang::En => &en::WORDS,
    }
}

/// All words of one language, or those of some pages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: texts { $($text:ident),+ $(,)? } counts { $($count:ident),* $(,)? }
     of { $($of:ident: $kind:ty),* $(,)? } with { $($with:ident: $what:ty),* $(,)? }) => {
        $(#[$doc])*
        pub(in crate::admin::pages) struct $name {
            $(pub(in crate::admin::pages) $text: &'static str,)+
            $(pub(in crate::admin::pages) $count: $crate::admin::pages::words::Forms,)*
            $(pub(in crate::admin::pages) $of: fn($kind) -> &'static str,)*
            $(pub(in crate::admin::pages) $with: $what,)*
        }

        #[cfg(test)]
        impl $name {
            pub(super) fn texts(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($text), self.$text)),+]
            }

            pub(super) fn counts(&self) -> Vec<(&'static str, &$crate::admin::pages::words::Forms)> {
                vec![$((stringify!($count), &self.$count)),*]
            }
        }
    };
}

mod approving;
mod consents;
mod demanding;
mod explained;
mod giving;
mod holding;
mod import;
mod letters;
mod lists;
mod muting;
mod noting;
mod operating;
mod places;
mod records;
mod requesting;
mod rules;
mod starting;
mod sweeping;
mod task_links;
mod timeline;
mod told;
mod unseen;

/// Words of one noun, which stand in files of their own.
macro_rules! of_both {
    ($($name:ident: $words:ident),+ $(,)?) => {
        $(
            pub(super) fn $name(lang: Lang) -> &'static $name::$words {
                match lang {
                    Lang::Cs => &cs::$name::WORDS,
                    Lang::En => &en::$name::WORDS,
                }
            }
        )+
    };
}

pub(super) use operating::Operating;

of_both!(
    approving: Approving, demanding: Demanding, explained: Explained, holding: Holding, import: Import, lists: Lists, muting: Muting,
    noting: Noting, operating: Operating, places: Places, records: Records, requesting: Requesting, starting: Starting,
    sweeping: Sweeping, task_links: TaskLinks, timeline: Timeline, unseen: Unseen,
);

/// What an act of the audit is called.
pub(super) fn act(lang: Lang, one: Act) -> &'static str {
    match lang {
        Lang::Cs => cs::acted::act(one),
        Lang::En => en::acted::act(one),
    }
}

/// How an act of the audit has ended.
pub(super) fn act_result(lang: Lang, one: ActResult) -> &'static str {
    match lang {
        Lang::Cs => cs::acted::result(one),
        Lang::En => en::acted::result(one),
    }
}

/// Why something was not done, or not read: in English, as it is said, and in Czech.
pub(super) fn details_in_czech() -> &'static [(&'static str, &'static str)] {
    cs::detail::KNOWN
}

/// What is so, and what to do, where something needs a person.
pub(super) fn told(lang: Lang, code: attention::Code) -> told::Told {
    match lang {
        Lang::Cs => cs::told::told(code),
        Lang::En => en::told::told(code),
    }
}

words! {
    /// Every word of one language that several pages have, or an older one.
    Words:
    texts {
        account, account_disabled, account_enabled, account_no_password, accounts, accounts_lead, address_not_confirmed,
        all_companies, all_of_them, another_browser, answered_erased, answered_lead, answered_on, anybody_can_verify,
        approve_erasure_lead, approve_lead, approve_title, approved_by, as_of, ask_lead, asked_on, asked_once_more,
        audit, audit_act, audit_lead, audit_what, audit_who, back_to_request, because, before_erased, begin_keys,
        begin_keys_title, begin_lead, begin_letter, begin_letter_title, begin_webhooks, begin_webhooks_title,
        called_next, came, came_then, cancel_lead, cannot_be_undone, case_number, case_number_hint, certainly_theirs,
        certainly_theirs_lead, certificate, change_password, choose, choose_company, choose_how_it_came, choose_why,
        close_lead, close_menu, close_title, code, companies_seen, company, consent_before, consent_now, consent_text,
        could_not_say, day_in_future, day_wrong, decided_because, decided_not_found, demanded_by, details, do_answered, do_approve, do_ask,
        do_begin, do_cancel, do_enter, do_find, do_hold, do_link, do_plan, do_plan_again, do_reject, do_reject_erasure,
        do_retry, do_run, do_stop, do_task, do_verify, do_withdraw, does_not_run, due_on, due_then, duplicate_lead,
        email, end_it, ended_not_found, ended_ones, ends_at, enter_anyway, enter_lead, entered_by, erased_not_found,
        erasure, erasure_lead, erasure_needs_approval, erasure_of, erasures, erasures_lead, error_in_title,
        excluded_by_decision, expires_at, extend_lead, extend_title, extend_until, extended, filter, find_again,
        find_lead, find_person, for_the_operator, found, from_where, further, guest_number, hint, hold, hold_added,
        hold_case, hold_case_hint, hold_case_wrong, hold_does_not_wait, hold_ends, hold_for_person, hold_has_no_end,
        hold_lift_lead, hold_lift_title, hold_lifted, hold_not_added, hold_nothing_waits, hold_of,
        hold_on, hold_on_guest, hold_on_person, hold_on_rule, hold_on_session, hold_over, hold_reason_needed,
        hold_session, hold_session_hint, hold_session_wrong, hold_under_way, hold_until, hold_until_hint,
        hold_until_wrong, hold_waiting, hold_waits, holds, holds_in_force, holds_lead, how_far, how_it_came,
        how_it_is_known, how_sure, in_archive, included_by_decision, is_duplicate, is_it_genuine, it_goes, it_stays,
        keep_decisions, kind_email, kind_guest, kind_name, kind_phone, kind_session, kind_wrong, known_on,
        last_day_today, late_ones, late_or_soon, link_expires, link_lead, link_mailed, link_over, link_title, link_why,
        list_of_requests, look_again, look_at_it, look_at_lists, look_once_more, looked_again, looked_again_later,
        looked_at, looks_are_audited, looks_caption, main_menu, menu, months, name, named_by, names_nobody,
        needs_attention, needs_somebody, never, new_hold, new_hold_lead, new_password, new_password_again, new_request,
        new_request_lead, newest_first, next, no_names_here, no_turn_to_plan, nobody_named, none_certain, none_here,
        none_on_this_page,
        not_begun, not_comparable, not_entered, not_known, not_known_yet, not_looked_at, not_searched,
        not_searched_mluvii, not_signed_in, not_verified, nothing_has_come, nothing_has_come_lead,
        nothing_needs_you, nothing_read_needs_you, nothing_was_erased, nothing_was_planned, number_wrong, old_password,
        only_after_a_look, open_ones, other_kind, other_kind_hint, other_value, otherwise, own_number, parked_steps,
        password, password_lead, password_not_changed, passwords_differ, people, person_consent, person_erasures,
        person_expired, person_holds, person_lasts, person_none, person_of_search, person_requests, phone,
        phone_needs_country, plan_hash, plan_lead, plan_not_changed, plan_of, plan_says, planned_by, possibly_theirs,
        possibly_theirs_lead, purge_too_late, read_lead, read_the_plan, read_to_run, receipt, receipt_at_best,
        receipt_of, receipts, receipts_lead, received_on, records, refused_after, refused_approved, refused_asked,
        refused_ended, refused_erasing, refused_extended, refused_late, refused_meanwhile, refused_no_plan,
        refused_not_approved, refused_not_asked, refused_not_then, refused_not_verified, refused_no_receipt, refused_nothing_planned, refused_nothing_shown,
        refused_other_plan, refused_same_person, refused_something_held, refused_too_late, refused_verified,
        reject_erasure_lead, reject_lead, reopened_lead, reopened_officer, reopened_operator, reopened_title,
        report_until, request, request_for_person, request_of, requests, requests_lead, result, retry_lead, roles,
        seen_last, session, session_erased, session_of, sessions_caption, sessions_lead, sign_in, sign_in_to, sign_out,
        sign_out_everywhere, signed_in_at, signed_out_by_itself, since_head, since_then, skip, somebody_else,
        somebody_else_title, soon_ones, state, step_answered, step_approved, step_planned, step_received, step_verified,
        stop_lead, stop_refreshing, system, systems, systems_over, systems_over_label, target, target_out,
        target_paused, target_works, targets, targets_lead, task, task_choose, task_done_lead, task_done_title,
        task_law, task_law_hint, task_law_wrong, task_not_done, task_of, task_wait, task_what, tasks, tasks_lead,
        the_case, theirs_erase, these_go, this_session, time_left, times_are_of, to_come, to_first_page,
        to_that_request, today_if_empty, token, token_for, token_used, tokens, too_many_at_once, typed_is_gone,
        under_way, unreached_certain, unreached_excluded, unreached_further, unreached_gone, unreached_never_read,
        unreached_possible, unreached_targets, unreached_unheard, unreached_unheard_accepted, unreached_unread,
        until_head, until_then, until_too_late, user_name, verified_alone, verified_first, verified_lead,
        verified_whole, verify_lead, verify_more_lead, verify_receipt, verify_title, waiting_steps, waits_for_others,
        waits_for_you, what_happened, what_happens, what_happens_where, what_is_known, what_it_waits_for,
        what_people_decided, what_to_do_first, what_waits, what_was_done, what_would_happen, what_you_can_do, when,
        when_and_how, where_nobody_looked, where_nobody_looks, whom, whom_lead, why_address, why_agree, why_demand,
        why_department, why_differ, why_guest_address, why_guest_first, why_guest_fits, why_guest_lost, why_guest_other,
        why_guest_shared, why_listed, why_nothing, why_number, why_read, why_theirs, with_browser, withdraw_lead,
        withdraw_title, work, wrong_password, you_are_here, your_sessions,
    }
    counts {
        accounts_in_all, attempts, days_late, days_left, found_of_person, late_in_all, left_out, months_more,
        most_urgent_only, of_them_late, open_requests, refresh_every, refused_differs, run_lead,
        sessions, sessions_go, signed_in_at_places, things_need_you, things_need_you_at_least, wait_for_others,
        wait_minutes,
    }
    of {
        act: DelayCode, came_by: Came, certainty: &str, chosen_because: ChosenBecause, closed_because: ClosedBecause, consent_state: ConsentState,
        delay: DelayCode, hold_reason: HoldReason, link_state: LinkState, recheck_why: &str, erasure_state: ErasureState, extended_because: ExtendedBecause, outcome: Outcome,
        password_refused: PasswordRefused, recheck: RecheckOutcome, rejected_because: RejectedBecause,
        request_state: RequestState, role: Role, severity: Severity, stage: Stage, task_said: Said, task_state: TaskState, verdict: Verdict,
        verified_by: VerifiedBy, would_be: Outcome,
    }
    with {
        problem: fn(Code) -> (&'static str, &'static str), consents: ConsentsWords, giving: GivingWords, letters: LettersWords,
        rules: RulesWords,
    }
}

#[cfg(test)]
mod tests;
