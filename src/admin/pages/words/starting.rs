//! What the first page says of tasks, of what there is in all, and to who approves before anything has come.

words! {
    /// Words of the first page.
    Starting:
    texts { approver_begin, approver_begin_title, tasks_late_act, tasks_residual_act }
    counts { tasks_late, tasks_oldest, tasks_open, tasks_residual }
    of {}
    with {}
}
