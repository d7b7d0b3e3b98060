//! What is said of links to tasks.

words! {
    /// Words of links by which somebody without an account answers a task.
    TaskLinks:
    texts { do_make, lead, made_lead, made_link, made_once, made_title, needs_address, not_now, title, to_task, until }
    counts {}
    of {}
    with {}
}
