//! English: all that needs somebody, and not wanting to be told of some of it.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::muting::Muting;

pub(in crate::admin::pages::words) const WORDS: Muting = Muting {
    acknowledged_by: "Acknowledged by {who}. It is told again when it is about something else.",
    all_of_it: "All that needs an operator, and what is muted",
    do_acknowledge: "Acknowledge",
    do_mute: "Mute …",
    do_mute_for_good: "Mute for good",
    do_mute_until: "Mute until then",
    do_retry: "Try it again now",
    do_unmute: "Unmute",
    for_good_lead: "Nobody is told of it any more, unless it gets more severe. It stays in this list.",
    for_good_title: "For good",
    lead: "What is muted is still listed, but nobody is alerted to it. It is told again when it gets more severe.",
    mluvii_again: "mluvii was out, and is called again.",
    mute_title: "Mute",
    muted: "Muted",
    muted_by: "Muted by {who}",
    muted_until: "Muted by {who} until {until}",
    needed: "Needs somebody",
    not_muted: "It is not muted",
    nothing: "There is nothing of this.",
    retried_lead: "What fails again comes back to this list.",
    title: "What needs an operator",
    until: "Until the end of",
    until_hint: "A day that is still to come",
    until_lead: "Until then nobody is alerted to it, unless it gets more severe.",
    until_title: "For a time",
    until_wrong: "Enter a day that is still to come, such as 2027-03-31.",
    retried: Forms {
        one: "{n} piece of work is tried again",
        few: "{n} pieces of work are tried again",
        other: "{n} pieces of work are tried again",
    },
};
