//! Dynamics 365 (Dataverse): contacts, and what belongs to them if it is asked for. The audit log keeps the values of what
//! is deleted, so that its history of a record can be erased, too.
//!
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/query/filter-rows>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/auditing/delete-audit-data>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/query-throttling>

use std::time::Duration;

use quietus_plugin::http::{Request, Response, percent};
use quietus_plugin::{PluginError, Writes};
use serde_json::{Value, json};

use super::traits::{OwnKeys, Right, Traits, Vendor};
use crate::choice::Erasure;
use crate::engine::{Next, Object, Place, Record, SEARCH, Search, Wanted, tail_pattern};

pub(super) const TRAITS: Traits = Traits {
    name: "Dynamics 365",
    base_url: None,
    // 6,000 requests in 5 minutes, half of which is left to others.
    rate: 10.0,
    search_rate: 10.0,
    erasures: &[Erasure::Delete],
    related: &["leads", "opportunities", "emails", "phonecalls", "tasks", "appointments", "notes", "audit_history"],
    verify_after: Duration::from_secs(5),
    keeps: &[],
    not_looked: &[],
    own_keys: &["api_version"],
};

const CONTACT: Object = Object { path: "contacts", count: "contacts", id: "/contactid" };
const LEAD: Object = Object { path: "leads", count: "leads", id: "/leadid" };
/// Words of the configuration, what they are, and the column that holds the contact's id.
const BELONGINGS: [(&str, Object, &str); 6] = [
    (
        "opportunities",
        Object { path: "opportunities", count: "opportunities", id: "/opportunityid" },
        "_parentcontactid_value",
    ),
    ("emails", Object { path: "emails", count: "emails", id: "/activityid" }, "_regardingobjectid_value"),
    ("phonecalls", Object { path: "phonecalls", count: "phonecalls", id: "/activityid" }, "_regardingobjectid_value"),
    ("tasks", Object { path: "tasks", count: "tasks", id: "/activityid" }, "_regardingobjectid_value"),
    ("appointments", Object { path: "appointments", count: "appointments", id: "/activityid" }, "_regardingobjectid_value"),
    ("notes", Object { path: "annotations", count: "notes", id: "/annotationid" }, "_objectid_value"),
];
const CONTACT_HISTORY: Object = Object { path: "contact", count: "audit histories", id: "/contactid" };
const LEAD_HISTORY: Object = Object { path: "lead", count: "audit histories", id: "/leadid" };
const ADDRESSES: &[Place] = &[Place::At("/emailaddress1"), Place::At("/emailaddress2"), Place::At("/emailaddress3")];
const NUMBERS: &[Place] =
    &[Place::At("/telephone1"), Place::At("/telephone2"), Place::At("/telephone3"), Place::At("/mobilephone")];

/// A query is throttled for some time: in general, for a wildcard at its beginning, for a computed column, for other issues.
const THROTTLED: [u32; 4] = [0x8004_8544, 0x8004_8644, 0x8004_8744, 0x8004_8745];

pub(super) struct Dynamics {
    /// `/api/data/v9.2`
    root: String,
}

pub(super) fn make(own: &OwnKeys) -> Result<Dynamics, String> {
    Ok(Dynamics { root: format!("/api/data/{}", own.version("v9.2")?) })
}

impl Vendor for Dynamics {
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        let mut objects = vec![&CONTACT];
        if related.contains(&"leads") {
            objects.push(&LEAD);
        }
        let mut conditions = Vec::new();
        let places = match wanted {
            Wanted::Email { spellings, around_plus, .. } => {
                for address in spellings {
                    conditions.extend(columns(ADDRESSES).map(|column| format!("{column} eq {}", quoted(address))));
                }
                if let Some((before, after)) = around_plus {
                    let before = quoted(before);
                    let after = quoted(after);
                    conditions.extend(columns(ADDRESSES).map(|column| {
                        format!("(startswith({column},{before}) and endswith({column},{after}))")
                    }));
                }
                ADDRESSES
            }
            Wanted::Phone { number, .. } => {
                // Numbers are kept as they were typed; `%` is a wildcard here.
                let pattern = quoted(&tail_pattern(number));
                conditions.extend(columns(NUMBERS).map(|column| format!("contains({column},{pattern})")));
                NUMBERS
            }
            Wanted::Id(_) => return Vec::new(),
        };
        let filter = conditions.join(" or ");
        // The addresses come beside a number in any case: they tell whose it is.
        let addresses = if places == ADDRESSES { &[] } else { ADDRESSES };
        let mut searches = Vec::new();
        for object in objects {
            let select: Vec<_> = columns(places).chain(columns(addresses)).chain([&object.id[1..]]).collect();
            let search = self.search(object, &select.join(","), filter.clone());
            let search = search.exact(places).addressed(ADDRESSES);
            // `eq` compares whole values.
            let is_whole = matches!(wanted, Wanted::Email { around_plus: None, .. });
            searches.push(if is_whole { search.whole() } else { search });
        }
        searches
    }

    fn places(&self, related: &[&str]) -> Vec<&'static str> {
        let mut places = vec![CONTACT.count];
        if related.contains(&"leads") {
            places.push(LEAD.count);
        }
        places
    }

    fn is_id(&self, id: &str) -> bool {
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12] && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    }

    fn same_id(&self, a: &str, b: &str) -> bool {
        a.eq_ignore_ascii_case(b)
    }

    fn person(&self, id: String) -> Record {
        Record { object: &CONTACT, id: id.to_ascii_lowercase() }
    }

    fn look(&self, record: &Record) -> Request {
        Request::get(self.row(record)).query("$select", &record.object.id[1..])
    }

    /// Column security shows a column that the user may not read as an empty one.
    fn hides_as_empty(&self) -> bool {
        true
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        if person.object != &CONTACT || !self.is_id(&person.id) {
            return Vec::new();
        }
        let mut searches = Vec::new();
        for (_, object, column) in BELONGINGS.iter().filter(|(word, ..)| related.contains(word)) {
            searches.push(self.search(object, &object.id[1..], format!("{column} eq {}", person.id)));
        }
        searches
    }

    fn traces(&self, person: &Record, related: &[&str]) -> Vec<Record> {
        let object = if person.object == &LEAD { &LEAD_HISTORY } else { &CONTACT_HISTORY };
        let trace = Record { object, id: person.id.clone() };
        related.iter().filter(|word| **word == "audit_history").map(|_| trace.clone()).collect()
    }

    fn trace(&self, path: &str, id: &str) -> Option<Record> {
        let object = [&CONTACT_HISTORY, &LEAD_HISTORY].into_iter().find(|object| object.path == path)?;
        Some(Record { object, id: id.to_owned() })
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        if record.object != &CONTACT_HISTORY && record.object != &LEAD_HISTORY {
            return Request::delete(self.row(record), writes);
        }
        let mut target = json!({ "@odata.type": format!("Microsoft.Dynamics.CRM.{}", record.object.path) });
        target[&record.object.id[1..]] = json!(record.id);
        Request::post(format!("{}/DeleteRecordChangeHistory", self.root), writes).json(&json!({ "Target": target }))
    }

    /// A throttled query is told by a code, with whatever status.
    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        let document: Value = answer.json().ok()?;
        let code = error_code(document.pointer("/error/code")?)?;
        THROTTLED.contains(&code).then(|| PluginError::rate_limited(answer.retry_after()))
    }

    fn health(&self) -> Request {
        Request::get(format!("{}/WhoAmI", self.root))
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let mut rights = vec![Right::to("use the environment: is it an application user with a role?", self.health())];
        let read = |object: &'static Object, privilege: &str, columns: &str| {
            let request = Request::get(format!("{}/{}", self.root, object.path));
            let request = request.query("$select", columns).query("$top", "1");
            Right::to(format!("read {} ({privilege})", object.count), request)
        };
        let all: Vec<_> = [&CONTACT.id[1..]].into_iter().chain(columns(ADDRESSES)).chain(columns(NUMBERS)).collect();
        rights.push(read(&CONTACT, "prvReadContact", &all.join(",")));
        if related.contains(&"leads") {
            rights.push(read(&LEAD, "prvReadLead", &LEAD.id[1..]));
        }
        for (word, object, _) in BELONGINGS.iter().filter(|(word, ..)| related.contains(word)) {
            let privilege = match *word {
                "opportunities" => "prvReadOpportunity",
                "notes" => "prvReadNote",
                _ => "prvReadActivity",
            };
            rights.push(read(object, privilege, &object.id[1..]));
        }
        rights
    }
}

impl Dynamics {
    fn search(&self, object: &'static Object, select: &str, filter: String) -> Search {
        let path = format!("{}/{}", self.root, object.path);
        let select = select.to_owned();
        Search::new(object, "/value", Next::Link("/@odata.nextLink"), move |_| {
            Request::get(path.clone()).query("$select", &select).query("$filter", &filter).paced_as(SEARCH)
        })
    }

    fn row(&self, record: &Record) -> String {
        format!("{}/{}({})", self.root, record.object.path, percent(&record.id))
    }
}

/// An error's code: hexadecimal, or the same 32 bits as a signed number.
fn error_code(code: &Value) -> Option<u32> {
    let signed = |number: i64| i32::try_from(number).ok().map(i32::cast_unsigned);
    match code {
        Value::Number(number) => signed(number.as_i64()?),
        Value::String(text) => match text.trim().to_ascii_lowercase().strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => signed(text.trim().parse().ok()?),
        },
        _ => None,
    }
}

/// The columns that these places are.
fn columns(places: &'static [Place]) -> impl Iterator<Item = &'static str> {
    places.iter().map(|place| match place {
        Place::At(at) | Place::Split(at, _) => &at[1..],
    })
}

/// A text in OData.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
