//! What stands on a page where there is nothing yet, and of the zone in which times are shown.

words! {
    /// Words of empty pages and of the reader's time zone.
    Places:
    texts {
        audit_none, default_zone, no_erasures, no_holds, no_receipts, no_requests, no_tasks, reader_zone, reader_zone_hint,
        reader_zone_lead, set_zone, zone_unknown,
    }
    counts {}
    of {}
    with {}
}
