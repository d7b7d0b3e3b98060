//! What is said of all that needs somebody, and of not wanting to be told of some of it.

words! {
    /// Words of that.
    Muting:
    texts {
        acknowledged_by, all_of_it, do_acknowledge, do_mute, do_mute_for_good, do_mute_until, do_retry, do_unmute,
        for_good_lead, for_good_title, lead, mluvii_again, mute_title, muted, muted_by, muted_until, needed, not_muted,
        nothing, retried_lead, title, until, until_hint, until_lead, until_title, until_wrong,
    }
    counts { retried }
    of {}
    with {}
}
