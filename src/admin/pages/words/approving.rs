//! What is said of approvals: what is approved, and why somebody does not.

words! {
    /// Words of approvals.
    Approving:
    texts {
        asker_forgotten, changed, changed_title, demanded_by_rule, demanded_from, demanded_identifiers, demanded_lead, demanded_title, erasure_by_nobody, erasure_by_somebody_else, erasure_way_out, forgotten, given, given_both, given_both_way, lapsed, no_account, no_account_way, not_waiting, nothing_shows, own, password_way, password_way_asker, unknown_approver, version, withdrawn,
    }
    counts {}
    of {}
    with {}
}
