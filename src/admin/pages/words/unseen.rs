//! What stands where nobody has seen everything, and where not everything is shown to whoever looks.

words! {
    /// Words of what was not seen, or is not shown.
    Unseen:
    texts { complete_unseen, only_companies, only_companies_home, persons_withheld }
    counts {}
    of {}
    with {}
}
