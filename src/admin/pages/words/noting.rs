//! What is said of noting that incomplete receipts were seen, and of the file with all receipts.

words! {
    /// Words of that.
    Noting:
    texts { back, do_download, file_lead, file_title, lead, noted_lead, nothing_new, title }
    counts { do_note, noted }
    of {}
    with {}
}
