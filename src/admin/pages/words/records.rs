//! What is said of looking for records: since when, and with which particulars; and of days that are typed.

words! {
    /// Words of that.
    Records:
    texts { day_is_of, detail_no, detail_yes, since }
    counts { and_more }
    of { detail: &str }
    with {}
}
