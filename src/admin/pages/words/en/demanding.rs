//! English: having a session or a guest erased by hand.

use crate::admin::pages::words::demanding::Demanding;

pub(in crate::admin::pages::words) const WORDS: Demanding = Demanding {
    ask_lead: "It begins as soon as its sessions have settled, and a receipt says what was done. What is erased is gone.",
    ask_lead_approval: "It begins once somebody else has approved it and its sessions have settled, and a receipt says what was done. What is erased is gone.",
    ask_needed: "Tick that it is meant.",
    ask_tick: "This is to be erased",
    ask_title: "Have it erased",
    do_ask: "Have it erased",
    do_foresee: "See what would go",
    foreseen: "What would be erased",
    foreseen_lead: "Nothing is erased yet. It is found out anew when the erasure begins.",
    guest_hint: "All sessions of this guest go, everywhere",
    lead: "Without a rule, such as of a test conversation. What a person asks for is entered as their request, so that it is known how it came and whose it is:",
    not_asked: "Nothing is asked for",
    nothing_named: "Name a session or a guest.",
    only_one: "Name a session or a guest, not both.",
    session_hint: "Only this session goes, everywhere",
    title: "Erase a session or a guest",
    unsettled: "It waits for sessions that have not settled, until {until} at the latest.",
};
