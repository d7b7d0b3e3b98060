//! English: what has happened to an erasure, and what is next.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::timeline::Timeline;

pub(in crate::admin::pages::words) const WORDS: Timeline = Timeline {
    approved_then: "Approved",
    ask_people_again: "People erase there. Ask them what is left and why, then give them the task once more. That takes up everything of this erasure that needs somebody.",
    asked_to_erase: "Asked to erase",
    begun_then: "Begun: it was found which sessions it reaches, and its systems are called",
    belongs_to: "What belongs to it",
    by_content_after: "something came after an erasure",
    by_erased_again: "found again in a system after erasure {id}",
    by_request: "a person’s request",
    by_shown_again: "mluvii shows it again after an erasure",
    cancelled_then: "Ended: cancelled or rejected",
    changed_nothing: "It came too late and changed nothing.",
    demanded: "Demanded by {rules}",
    do_ask_again: "Give the task once more",
    ended_then: "Over: every system has its result, and the receipt is written",
    goes_on_by_itself: "Nobody has to do anything: it goes on by itself.",
    kept_by_hold: "Kept by a hold",
    last_answer: "Answered last",
    look_then_retry: "Look in the system for the cause, then try again. That takes up everything of this erasure that needs somebody.",
    next_here: "Next:",
    officer_sees_to_task: "An officer sees to the task, or those who were given it.",
    operator_asks_again: "An operator gives the task once more.",
    operator_retries: "An operator looks in the system for the cause, and tries again.",
    operator_sees_to_target: "An operator sees to the system.",
    receipt_in_archive: "Receipt {number} is in an archive.",
    report_or_person: "Nobody has to do anything until then. Without a report, it needs somebody afterwards.",
    see_target: "Look at the system",
    see_tasks: "See to the task",
    sent_unanswered: "Asked to erase. What became of that is not known, and it must not be asked twice.",
    step_begun: "The erasure began",
    waits_for_people: "Waits for people",
    was_stopped: "Stopped by somebody: nothing more is asked of it",
    what_happened: "What has happened",
    what_is_kept: "The ledger keeps how many attempts of what is under way there were and what was answered last, not the time of each.",
    still_there: Forms {
        one: "It was still there after {n} demand",
        few: "It was still there after {n} demands",
        other: "It was still there after {n} demands",
    },
    ordered,
};

/// Acts on an erasure, by their words in the audit; nothing of what nobody knows.
fn ordered(act: &str) -> &'static str {
    match act {
        "erasure.request" => "Asked for: {who}.",
        "erasure.approve" => "Approved: {who}.",
        "erasure.reject" => "Rejected: {who}.",
        "erasure.confirm" => "Confirmed by the link that was mailed: {who}.",
        "erasure.retry" => "Taken up again: {who}.",
        "erasure.cancel" => "Cancelled: {who}.",
        "erasure.stop" => "Stopped: {who}.",
        "erasure.reopen" => "Begun because something was shown again: {who}.",
        "task.done" => "A task was answered: {who}.",
        "task.reveal" => "Whom a task is about was looked at: {who}.",
        "task.link" => "A link to a task was made: {who}.",
        _ => "",
    }
}
