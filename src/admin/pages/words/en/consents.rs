//! English, of consents.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::consents::ConsentsWords;
use crate::consent::{CameBy, UnknownCause};
use crate::operations::consent::Left;
use crate::subject::Scope;

pub(super) const WORDS: ConsentsWords = ConsentsWords {
    all_companies: "All companies",
    approval_to_come: "Somebody has to approve the erasure before anything is erased.",
    as_shown: "As mluvii shows it",
    at_settling: "Later, when nothing more is expected of the session:",
    at_settling_now: "Within minutes, as the session is looked at again:",
    begins_at_once: "It begins at once.",
    begins_on_approval: "It begins as soon as a person approves it.",
    begins_then: "It begins {time}.",
    by_form: "A form: {form}",
    by_rule: "A rule without a form",
    came_needed: "Choose how the withdrawal came.",
    company_needed: "Choose the company.",
    day: "Said on",
    day_hint: "What was given after that day stands. Now, if it is left empty.",
    day_wrong: "Enter a day that is not in the future.",
    decide_lead: "Nothing is done by that: it is shown once more with what you have decided.",
    decide_title: "Decide about single sessions",
    demand: "The rule {rule} erases {scope} at: {targets}.",
    demands: "What the rules demand by it",
    done_lead: "It is written down with how it came. Consents of sessions that were not shown are as they were.",
    done_title: "The withdrawal is written down",
    do_see: "See what it would do",
    do_withdraw: "Write the withdrawal down",
    earliest_first: "The newest first",
    ended: "Ended",
    ends: "Whose consent ends",
    expired: "What was typed of the person is good for 15 minutes, in the session in which it was typed. Search for the person again.",
    export_csv: "Download as CSV",
    export_json: "Download as JSON lines",
    export_lead: "Which session shows which consent, now and before. It names nobody. The last line of JSON says that it is all; a last row that begins with “damaged” says of how many sessions nothing can be said.",
    export_title: "All consents as a file",
    find_lead: "A person’s consents are found under people, by what the person is known by.",
    find_title: "One session",
    how: "By what",
    lead: "Which consent a session shows, now and before, and how it ended.",
    leave: "Leave as they are",
    left_title: "What stays as it is",
    left_why: "Why it stays",
    needs_approval: "A person has to approve it first.",
    no_demands: "Nothing: no rule asks for it.",
    not_read: "mluvii does not show the session, so that an erasure by it may reach less.",
    nobody_title: "Nobody is named",
    nothing_ends: "There is no consent that the withdrawal would end.",
    now: "Now",
    number: "Number of the session",
    number_hint: "As mluvii counts it, such as 4711.",
    number_wrong: "A session’s number has digits alone.",
    of_person: "Withdrawal of a person’s consents",
    of_session: "Consent of session {number}",
    search_again: "Search for the person",
    shown_lead: "Nothing has changed yet. What is done is what stands here and nothing else: where something of it has changed meanwhile, it is refused.",
    shown_title: "What the withdrawal would do",
    started: "Began",
    state: "Consent",
    take: "Possibly the person’s: take those that are",
    tenant: "Department",
    title: "Consents",
    to_person: "To people",
    unread: "Not read",
    version: "Version of the text",
    when: "Since",
    withdraw_lead: "A person withdraws a consent in a letter or a call, and mluvii hears nothing of it: write it down. What the rules would then demand is shown first.",
    withdraw_of_person: "Withdraw the consents",
    withdraw_title: "Withdraw the consent",
    would_do: "What would be done",
    sessions_end: Forms {
        one: "The consent of {n} session ends.",
        few: "The consents of {n} sessions end.",
        other: "The consents of {n} sessions end.",
    },
    erasures_demanded: Forms {
        one: "The rules demand {n} erasure by it at once.",
        few: "The rules demand {n} erasures by it at once.",
        other: "The rules demand {n} erasures by it at once.",
    },
    erasures_to_come: Forms {
        one: "The rules demand {n} erasure by it as soon as the session has settled; then it is here:",
        few: "The rules demand {n} erasures by it as soon as the sessions have settled; then they are here:",
        other: "The rules demand {n} erasures by it as soon as the sessions have settled; then they are here:",
    },
    came,
    cause,
    left,
    scope,
};

fn came(one: CameBy) -> &'static str {
    match one {
        CameBy::Letter => "Told to an officer in a letter",
        CameBy::Phone => "Told to an officer in a call",
        CameBy::Email => "Told to an officer in an e-mail",
        CameBy::InPerson => "Told to an officer in person",
    }
}

fn cause(one: UnknownCause) -> &'static str {
    match one {
        UnknownCause::NotFound => "mluvii does not know the session",
        UnknownCause::NotUnderstood => "mluvii’s answers could not be understood",
    }
}

fn left(one: Left) -> &'static str {
    match one {
        Left::Possible => "It is only possibly the person’s. Decide about it below.",
        Left::Excluded => "It was excluded.",
        Left::NotGiven => "No consent is given that a withdrawal could end, or it was given afterwards.",
    }
}

/// What a rule erases, as the object of a sentence.
fn scope(one: Scope) -> &'static str {
    match one {
        Scope::Session => "this session",
        Scope::Guest => "all sessions of the guest",
        Scope::Person => "all that is found of the person",
    }
}
