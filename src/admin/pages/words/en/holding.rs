//! English: a hold on a guest, and on what a rule demands.

use crate::admin::pages::words::holding::Holding;

pub(in crate::admin::pages::words) const WORDS: Holding = Holding {
    guest: "Guest’s id in mluvii",
    guest_hint: "Keeps all sessions of this guest",
    guest_wrong: "Write the guest’s id as mluvii gives it out.",
    only_one: "Name only one of them: a session, a guest, a rule, or a person.",
    rule: "Rule",
    rule_hint: "Keeps whatever this rule demands, by the rule’s name",
    rule_unknown: "No server has worked by a rule of this name.",
};
