//! English: what is approved, and why somebody does not.

use crate::admin::pages::words::approving::Approving;

pub(in crate::admin::pages::words) const WORDS: Approving = Approving {
    asker_forgotten: "Who has asked for it is no longer in the audit, so nobody is surely somebody else.",
    changed: "What is demanded of the erasure is not what you have read, so nothing was approved. Read what stands here now.",
    changed_title: "Something has changed since",
    demanded_by_rule: "Rule or order",
    demanded_from: "Not before",
    demanded_identifiers: "Known by",
    demanded_lead: "Each rule or order, what it demands by itself, and by what it knows the person beside the conversation.",
    demanded_title: "What is approved",
    erasure_by_nobody: "Nobody can approve this erasure",
    erasure_by_somebody_else: "Somebody else has to approve the erasure",
    erasure_way_out: "The way out: an approver rejects it, and it is asked for again under an account of somebody’s own. Then a colleague can approve it.",
    forgotten: "Who has given {to} the token or password is no longer in the audit, so nobody is surely somebody else.",
    given: "{giver} has given {to} the token or password, and may have it, too.",
    given_both: "{giver} has given {by} and {asked} the token or password, or has given it to who has, and may have both.",
    given_both_way: "Another operator gives one of them a new one. Where that is {asked}, it is asked for again with it.",
    lapsed: "Whom it is about was found more than a day ago, and may have come back since. Reject it; an operator has the system searched anew.",
    no_account: "It comes from {asked}, an account of the machine, and no account here says who that is. So nobody is surely somebody else.",
    no_account_way: "An operator can give whoever has that account one here, of the name {account}; then it is known who that is.",
    not_waiting: "The erasure does not wait for an approval. Somebody may have decided about it already.",
    nothing_shows: "It comes from {asked}, and nothing shows who that is. So nobody is surely somebody else, and nobody can approve it.",
    own: "You have asked for it yourself ({asked}), and nobody approves their own.",
    password_way: "Have a new one given by an operator who has neither asked for it nor approves it.",
    password_way_asker: "Have a new one given to {to} by an operator who has neither asked for it nor approves it, and have it asked for again with that.",
    unknown_approver: "Nothing shows who {by} is, so that may be whoever has asked for it.",
    version: "Version {version}",
    withdrawn: "{by} has written down that a consent is withdrawn, and it follows from that.",
};
