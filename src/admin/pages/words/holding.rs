//! What is said of a hold on a guest, and on what a rule demands.

words! {
    /// Words of that.
    Holding:
    texts { guest, guest_hint, guest_wrong, only_one, rule, rule_hint, rule_unknown }
    counts {}
    of {}
    with {}
}
