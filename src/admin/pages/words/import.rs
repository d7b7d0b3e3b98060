//! What the page says that takes many requests at once.

words! {
    /// Words of many requests from a spreadsheet.
    Import:
    texts {
        bad_cell, bad_length, bad_text, by_column, by_line, came_hint, came_not_said, column_internal, column_unknown,
        columns_lead, columns_title, columns_unreadable, do_import, entered_as, further, give_again, lead, line,
        line_unreadable, lines, lines_are_gone, names_nobody, one_of, no_lines, nobody_named, number_taken, results_lead, title, was_there,
    }
    counts { entered, lines_hint, refused, stopped, there, too_many }
    of {}
    with {}
}
