//! What lists say of what they show, and of trying a selection again.

words! {
    /// Words of lists.
    Lists:
    texts {
        about_guest, about_person, about_session, back_to_list, do_filter, do_retry_these, longest_due_first, look_at_them, more_filters, needs_person, nothing_to_retry,
        not_retried_caption, parked_since, retried_lead, retry_many_lead, retry_these, rule, stuck, ticked_are_retried, time, time_any, time_due,
        time_late, which_erasures, without_filters,
    }
    counts { not_retried, not_shown, not_shown_at_least, not_tried, only_first, retried, retry_count }
    of {}
    with {}
}
