//! English: many requests from a spreadsheet.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::import::Import;

pub(in crate::admin::pages::words) const WORDS: Import = Import {
    bad_cell: "Column {column} is wrong",
    bad_length: "It has {is} columns, and the first line has {should}",
    bad_text: "It is no readable text",
    by_column: "As the column came says",
    by_line: "What came of each line",
    came_hint: "Where a line does not say it itself",
    came_not_said: "Choose how the requests came, or add a column came.",
    column_internal: "Column {column} holds numbers that mluvii gives out. They name no person: remove it.",
    column_unknown: "Column {column} has no name that is known. The names stand below.",
    columns_lead: "The first line names the columns. At least one says whom it is about: name, email, phone, or another kind of the configuration. Others are number, came (letter, email, phone, in-person, form), received (such as 2026-11-03), verified (document, known-contact), mluvii (the company) and targets. Commas, semicolons or tabs part them.",
    columns_title: "Which columns there can be",
    columns_unreadable: "The first line names no columns.",
    do_import: "Enter these requests",
    entered_as: "Entered:",
    further: "Enter further ones",
    give_again: "Give the same lines again later: what is entered already is recognised.",
    lead: "Copy the lines from a spreadsheet, with the names of the columns in the first one. Each line becomes a request.",
    line: "Line",
    line_unreadable: "Line {line} cannot be read. A quotation mark may be missing.",
    lines: "Lines",
    lines_are_gone: "The lines are kept nowhere, so the field is empty again. Nothing was entered.",
    names_nobody: "Lines are counted as in the spreadsheet; what stood there is kept nowhere",
    no_lines: "Paste the lines, with the names of the columns in the first one.",
    nobody_named: "No column says whom a request is about. Add one such as name, email or phone.",
    number_taken: "The number is another request's, open or ended: nobody was entered. Give the line another number",
    one_of: "Write one of these words: {words}.",
    results_lead: "Who gives the same lines again enters nobody a second time, as long as their request is open.",
    title: "Many requests at once",
    was_there: "There already:",
    entered: Forms {
        one: "{n} request is entered",
        few: "{n} requests are entered",
        other: "{n} requests are entered",
    },
    lines_hint: Forms { one: "At most {n} at once", few: "At most {n} at once", other: "At most {n} at once" },
    refused: Forms {
        one: "{n} line was not entered.",
        few: "{n} lines were not entered.",
        other: "{n} lines were not entered.",
    },
    stopped: Forms {
        one: "{n} line was not looked at any more",
        few: "{n} lines were not looked at any more",
        other: "{n} lines were not looked at any more",
    },
    there: Forms {
        one: "{n} line is of a request that was there already.",
        few: "{n} lines are of requests that were there already.",
        other: "{n} lines are of requests that were there already.",
    },
    too_many: Forms {
        one: "There are more lines than {n}. Paste fewer at once.",
        few: "There are more lines than {n}. Paste fewer at once.",
        other: "There are more lines than {n}. Paste fewer at once.",
    },
};
