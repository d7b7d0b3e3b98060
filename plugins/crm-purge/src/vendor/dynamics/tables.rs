//! The tables that are known by themselves, and those that an environment has told of.

use std::sync::{Mutex, PoisonError};

use crate::engine::Object;

pub(super) const CONTACT: Object = Object { path: "contacts", count: "contacts", id: "/contactid" };
pub(super) const LEAD: Object = Object { path: "leads", count: "leads", id: "/leadid" };
/// What counts histories in the audit log.
pub(super) const HISTORIES: &str = "audit histories";

/// One word of `related`.
pub(super) struct Belonging {
    pub(super) word: &'static str,
    /// The table's logical name.
    pub(super) table: &'static str,
    pub(super) object: Object,
    /// The column that holds the contact's id.
    pub(super) column: &'static str,
    /// The privilege to read it.
    pub(super) reads: &'static str,
}

const fn activity(word: &'static str, table: &'static str) -> Belonging {
    let object = Object { path: word, count: word, id: "/activityid" };
    Belonging { word, table, object, column: "regardingobjectid", reads: "prvReadActivity" }
}

pub(super) static BELONGINGS: [Belonging; 6] = [
    Belonging {
        word: "opportunities",
        table: "opportunity",
        object: Object { path: "opportunities", count: "opportunities", id: "/opportunityid" },
        column: "parentcontactid",
        reads: "prvReadOpportunity",
    },
    activity("emails", "email"),
    activity("phonecalls", "phonecall"),
    activity("tasks", "task"),
    activity("appointments", "appointment"),
    Belonging {
        word: "notes",
        table: "annotation",
        object: Object { path: "annotations", count: "notes", id: "/annotationid" },
        column: "objectid",
        reads: "prvReadNote",
    },
];

/// What is said where a word is not in `related`. What goes with a contact anyway is not among it.
pub(super) const UNLESS: [(&str, &str); 3] = [
    ("leads", "leads with the person's address or number (`leads` in `related`)"),
    ("opportunities", "opportunities of the contact (`opportunities` in `related`)"),
    (
        "audit_history",
        "the audit log, which keeps the values of what was erased where auditing is on (`audit_history` in `related`)",
    ),
];

/// No search begins with a wildcard; see `odata::by_number`.
pub(super) const LATER_NUMBERS: &str = "telephone numbers that stand behind other text in their column, such as `home: 777 123 456`";

/// What rows of these tables count as; those of others are named by their table, where its name can name a count.
const COUNTS: [(&str, &str); 17] = [
    ("contact", "contacts"),
    ("lead", "leads"),
    ("opportunity", "opportunities"),
    ("email", "emails"),
    ("phonecall", "phonecalls"),
    ("task", "tasks"),
    ("appointment", "appointments"),
    ("annotation", "notes"),
    ("fax", "faxes"),
    ("letter", "letters"),
    ("chat", "chats"),
    ("socialactivity", "social activities"),
    ("socialprofile", "social profiles"),
    ("recurringappointmentmaster", "recurring appointments"),
    ("connection", "connections"),
    ("customeraddress", "addresses"),
    ("feedback", "feedback"),
];

/// A table of the environment's.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) rows: &'static Object,
    /// The history of one of its rows in the audit log.
    pub(super) history: &'static Object,
}

/// The longest name of a table that a count is named by: with `rows of `, it has 40 letters.
const NAME_MAX: usize = 32;

/// All that were told of, of all environments. Records refer to them for as long as the process lives: there are as many as an
/// environment has tables around its contacts.
static KNOWN: Mutex<Vec<&'static Table>> = Mutex::new(Vec::new());

/// The table of this logical name, whose rows stand in this set and have their ids in this column.
pub(super) fn told(name: &str, set: &str, id: &str) -> &'static Table {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_it = |table: &&&Table| table.name == name && table.rows.path == set && table.rows.id[1..] == *id;
    if let Some(table) = known.iter().find(is_it).copied() {
        return table;
    }
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    // A count is named by few letters: other tables' names go without.
    let is_plain = name.len() <= NAME_MAX && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let counts = COUNTS.iter().find(|(known, _)| *known == name).map(|(_, count)| *count);
    let count =
        counts.unwrap_or_else(|| if is_plain { leak(format!("rows of {name}")) } else { "rows of other tables" });
    let id = leak(format!("/{id}"));
    let rows = Box::leak(Box::new(Object { path: leak(set.to_owned()), count, id }));
    let history = Box::leak(Box::new(Object { path: leak(name.to_owned()), count: HISTORIES, id }));
    let table: &'static Table = Box::leak(Box::new(Table { name: name.to_owned(), rows, history }));
    known.push(table);
    table
}

pub(super) fn of_rows(rows: &Object) -> Option<&'static Table> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|table| table.rows == rows).copied()
}

pub(super) fn named(name: &str) -> Option<&'static Table> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|table| table.name == name).copied()
}
