//! What is said of a request's plan, its approval and its answer.

words! {
    /// Words of what becomes of a request.
    Requesting:
    texts {
        answer_certificate, answer_letter, answer_remains, answer_where, answers_caption, answers_not_kept, approved_to_run, certificate_of, for_authority, for_person, not_asked_paused, not_settled, perhaps, reasons_of_either, reasons_not_theirs, reasons_theirs, unknown_asker_title, unknown_asker_way, waits_for_your_approval,
    }
    counts { contacts_found }
    of {}
    with {}
}
