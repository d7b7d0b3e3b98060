//! What is said of having a session or a guest erased by hand.

words! {
    /// Words of that.
    Demanding:
    texts {
        ask_lead, ask_lead_approval, ask_needed, ask_tick, ask_title, do_ask, do_foresee, foreseen, foreseen_lead,
        guest_hint, lead, not_asked, nothing_named, only_one, session_hint, title, unsettled,
    }
    counts {}
    of {}
    with {}
}
