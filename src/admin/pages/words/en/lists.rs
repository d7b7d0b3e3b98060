//! English: what lists say of what they show, and of trying a selection again.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::lists::Lists;

pub(in crate::admin::pages::words) const WORDS: Lists = Lists {
    about_guest: "A guest, {company}",
    about_person: "A person, {company}",
    about_session: "Session {session}",
    back_to_list: "Back to the list",
    do_filter: "Show these",
    do_retry_these: "Try those that are ticked again",
    longest_due_first: "The longest due first",
    look_at_them: "Look at what needs somebody now",
    more_filters: "Combine filters",
    needs_person: "Needs somebody",
    nothing_to_retry: "Nothing of this list is parked, so there is nothing to try again.",
    not_retried_caption: "Which were not, and why",
    parked_since: "Something else of it needs somebody now than was shown, so nothing of it was tried. Look at it again.",
    retried_lead: "Their systems are called again as soon as it is their turn. What fails once more comes back to the list with its reason.",
    retry_many_lead: "Of each one, everything that needs somebody is taken up again. Look at the causes first, as the same answer is likely otherwise. Untick what is to stay as it is.",
    retry_these: "Try these again",
    rule: "Rule",
    stuck: "Step that is stuck",
    ticked_are_retried: "Those that are ticked are tried again, and no others",
    time: "Time",
    time_any: "Any",
    time_due: "Due and not over",
    time_late: "Late",
    which_erasures: "Which erasures",
    without_filters: "Show all of them",
    not_retried: Forms {
        one: "{n} erasure was left as it is",
        few: "{n} erasures were left as they are",
        other: "{n} erasures were left as they are",
    },
    not_shown: Forms {
        one: "{n} further erasure of the list needs somebody and was not shown",
        few: "{n} further erasures of the list need somebody and were not shown",
        other: "{n} further erasures of the list need somebody and were not shown",
    },
    not_shown_at_least: Forms {
        one: "At least {n} further erasure of the list needs somebody and was not shown",
        few: "At least {n} further erasures of the list need somebody and were not shown",
        other: "At least {n} further erasures of the list need somebody and were not shown",
    },
    not_tried: Forms {
        one: "{n} further erasure was not tried any more, because the server could not go on",
        few: "{n} further erasures were not tried any more, because the server could not go on",
        other: "{n} further erasures were not tried any more, because the server could not go on",
    },
    only_first: Forms {
        one: "There are more: {n} is named here. The others follow afterwards.",
        few: "There are more: {n} are named here. The others follow afterwards.",
        other: "There are more: {n} are named here. The others follow afterwards.",
    },
    retried: Forms {
        one: "{n} erasure is taken up again",
        few: "{n} erasures are taken up again",
        other: "{n} erasures are taken up again",
    },
    retry_count: Forms {
        one: "{n} erasure can be tried again",
        few: "{n} erasures can be tried again",
        other: "{n} erasures can be tried again",
    },
};
