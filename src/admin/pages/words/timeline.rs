//! What an erasure's page says of what has happened and of what is next.

words! {
    /// Words of an erasure's timeline.
    Timeline:
    texts {
        approved_then, ask_people_again, asked_to_erase, begun_then, belongs_to, by_content_after, by_erased_again, by_request, by_shown_again, cancelled_then, changed_nothing, demanded, do_ask_again, ended_then,
        goes_on_by_itself, kept_by_hold, last_answer, look_then_retry, next_here, officer_sees_to_task, operator_asks_again, operator_retries,
        operator_sees_to_target, receipt_in_archive, report_or_person, see_target, see_tasks, sent_unanswered, step_begun,
        waits_for_people, was_stopped, what_happened, what_is_kept,
    }
    counts { still_there }
    of { ordered: &str }
    with {}
}
