//! English: looking, after another system's restore, whom it holds again.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::sweeping::Sweeping;
use crate::ledger::{Restarted, SweepState};
use crate::operations::erase_again::Is;

pub(in crate::admin::pages::words) const WORDS: Sweeping = Sweeping {
    again_by: "Erased again by",
    asked: "People to be erased again",
    backup_hint: "The day on which the backup was made; rather too early",
    backup_of: "Day of the backup",
    cancel_lead: "No more is done of it. Who was asked for already is erased.",
    confirm_needed: "Tick that it is meant.",
    do_cancel: "Stop looking",
    do_erase: "Erase them again",
    do_look: "Look who is there again",
    erase_lead: "They are erased at this system alone, each with a receipt of their own. What is erased is gone. If others are there by then, nobody is erased.",
    erase_lead_approval: "They are erased at this system alone, each with a receipt of their own, once somebody else has approved it, within a day. What is erased is gone. If others are there by then, nobody is asked for.",
    erase_tick: "They are to be erased there again",
    found_caption: "By the erasure by which each of them was erased",
    found_title: "Who is there again",
    go: "Records to erase",
    kept_since: "Who was erased before {time} is not among them: nothing is kept any more by which they could be found.",
    lead: "Was a backup of a system restored? It may hold people again who were erased there. Here it is asked whom it holds, and who was erased is found among them. Of anybody else nothing is kept.",
    moved: "Last progress",
    new_lead: "At first they are only counted. It can take long, and goes on by itself.",
    new_title: "Look at a system",
    newest: "The newest look at each system",
    nobody: "Nobody who was erased is among them.",
    none: "No system has been looked at so yet.",
    not_erased: "Nobody is erased again",
    not_looked_at: "The system did not tell of all places. What is newer may be there, so nobody is erased:",
    not_ordered: "It was not looked at",
    of: "After a restore: {target}",
    ordered_by: "Ordered by {who}, {time}",
    records: "Records compared",
    since: "Erased since",
    since_wrong: "Enter a day that has begun, such as 2026-11-27.",
    stay: "Records that stay",
    target: "System",
    target_hint: "By its name in the configuration, such as crm; mluvii is compared by itself",
    target_unknown: "There is no system of this name.",
    title: "After a restore",
    why: "The reason:",
    compared: Forms {
        one: "{n} person was erased there since then and can be found again.",
        few: "{n} people were erased there since then and can be found again.",
        other: "{n} people were erased there since then and can be found again.",
    },
    more: Forms {
        one: "And {n} more; the API has all of them.",
        few: "And {n} more; the API has all of them.",
        other: "And {n} more; the API has all of them.",
    },
    not_comparable: Forms {
        one: "{n} other cannot: nothing is kept any more by which they could be.",
        few: "{n} others cannot: nothing is kept any more by which they could be.",
        other: "{n} others cannot: nothing is kept any more by which they could be.",
    },
    not_erased_then: Forms {
        one: "{n} was not erased there then, or kept, and is left alone.",
        few: "{n} were not erased there then, or kept, and are left alone.",
        other: "{n} were not erased there then, or kept, and are left alone.",
    },
    restarts: Forms {
        one: "It has begun from its start {n} time more.",
        few: "It has begun from its start {n} times more.",
        other: "It has begun from its start {n} times more.",
    },
    still_open: Forms {
        one: "{n} more is erased there and still open elsewhere: look again once that has ended.",
        few: "{n} more are erased there and still open elsewhere: look again once these have ended.",
        other: "{n} more are erased there and still open elsewhere: look again once these have ended.",
    },
    would_go: Forms {
        one: "{n} person would be erased again",
        few: "{n} people would be erased again",
        other: "{n} people would be erased again",
    },
    is,
    restarted,
    state,
};

fn is(one: Is) -> &'static str {
    match one {
        Is::Again => "There again",
        Is::Unseen => "Not all was seen: stays",
        Is::UnderWay => "Being erased",
        Is::Held => "Kept by a hold",
        Is::Back => "Came back: stays",
        Is::Undated => "Not known from when: stays",
        Is::Possible => "Possibly them: stays",
    }
}

fn restarted(one: Restarted) -> &'static str {
    match one {
        Restarted::NoCursor => "The system had not said where it could go on.",
        Restarted::CursorRefused => "The system did not go on where it had stopped.",
        Restarted::NotOpened => "What was kept of it does not open.",
        Restarted::Reconfigured => "The configuration has changed since, or the system’s plugin.",
        Restarted::Old => "Who had been found more than a day ago may be a customer again.",
    }
}

fn state(one: SweepState) -> &'static str {
    match one {
        SweepState::Sweeping => "Being compared",
        SweepState::Asking => "Being asked for",
        SweepState::Done => "Done",
        SweepState::Failed => "Given up",
        SweepState::Cancelled => "Cancelled",
    }
}
