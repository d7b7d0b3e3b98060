//! Queries in SOQL.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm>

use quietus_plugin::http::Request;

use crate::engine::{LastPage, Next, Object, Place, SEARCH, Search, Wanted, tail_pattern};

/// What people are found by.
pub(super) struct Conditions {
    /// Where what is looked for stands.
    pub(super) places: &'static [Place],
    /// One of these must hold.
    pub(super) any: String,
}

impl Conditions {
    pub(super) fn of(wanted: &Wanted, addresses: &'static [Place], numbers: &'static [Place]) -> Option<Self> {
        let mut all = Vec::new();
        let places = match wanted {
            Wanted::Email { spellings, around_plus, .. } => {
                for field in addresses.iter().copied().map(field) {
                    all.extend(spellings.iter().map(|address| format!("{field} = {}", quoted(address))));
                    let around = around_plus.iter().map(|(before, after)| between(before, after));
                    all.extend(around.map(|pattern| format!("{field} LIKE {pattern}")));
                }
                addresses
            }
            Wanted::Phone { number, .. } => {
                // Numbers are kept as they were typed.
                let pattern = quoted(&tail_pattern(number));
                all.extend(numbers.iter().copied().map(field).map(|field| format!("{field} LIKE {pattern}")));
                numbers
            }
            Wanted::Id(_) => return None,
        };
        Some(Self { places, any: all.join(" OR ") })
    }
}

/// `resource`: `query`, or `queryAll`, which finds what is archived or deleted, too.
pub(super) fn search(root: &str, object: &'static Object, resource: &str, soql: String) -> Search {
    let path = format!("{root}/{resource}");
    let next = Next::Link { next: "/nextRecordsUrl", last: LastPage::Says("/done", true) };
    Search::new(object, "/records", next, move |_| Request::get(path.clone()).query("q", &soql).paced_as(SEARCH))
}

/// All of an object in the order of their ids, or those behind one of them. `and`: a condition behind ` AND `, or nothing.
pub(super) fn list(fields: &str, object: &str, and: &str, after: Option<&str>, most: u32) -> String {
    let behind = after.map(|id| format!("Id > {}", quoted(id)));
    let kind = and.strip_prefix(" AND ").map(str::to_owned);
    let conditions: Vec<_> = behind.into_iter().chain(kind).collect();
    let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!("SELECT {fields} FROM {object}{condition} ORDER BY Id LIMIT {most}")
}

/// The field that a place is.
pub(super) fn field(place: Place) -> &'static str {
    &place.at()[1..]
}

/// A text in SOQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", escaped(text))
}

/// A LIKE pattern in SOQL, with anything between two texts.
fn between(before: &str, after: &str) -> String {
    let literal = |text: &str| escaped(text).replace('%', "\\%").replace('_', "\\_");
    format!("'{}%{}'", literal(before), literal(after))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
