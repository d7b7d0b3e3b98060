//! Salesforce: contacts, and what belongs to them if it is asked for, by a deletion into the Recycle Bin. Deleting past the
//! bin needs a permission that is off by default, and is left to Salesforce's own tools.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm>,
//! <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm>,
//! <https://help.salesforce.com/s/articleView?id=000382207&type=1>,
//! <https://developer.salesforce.com/docs/atlas.en-us.230.0.api_rest.meta/api/headers_api_usage.htm>

use std::time::Duration;

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::Value;

use super::traits::{Keeps, OwnKeys, Right, Traits, Vendor, days};
use crate::choice::Erasure;
use crate::engine::{Next, Object, Place, Record, SEARCH, Search, Wanted, tail_pattern};

pub(super) const TRAITS: Traits = Traits {
    name: "Salesforce",
    base_url: None,
    // Limited by the day alone, for all applications of an organization together.
    rate: 5.0,
    search_rate: 5.0,
    erasures: &[Erasure::Delete],
    related: &["leads", "tasks", "events", "notes", "cases"],
    verify_after: days(16),
    keeps: &[Keeps {
        what: "Salesforce keeps what is deleted in the Recycle Bin for up to 15 days",
        of: |_| true,
        gone_after: days(16),
    }],
    not_looked: &[],
    own_keys: &["api_version"],
};

const CONTACT: Object = Object { path: "Contact", count: "contacts", id: "/Id" };
const LEAD: Object = Object { path: "Lead", count: "leads", id: "/Id" };
/// Words of the configuration, what they are, and the field that holds the contact's id.
const BELONGINGS: [(&str, Object, &str); 4] = [
    ("tasks", Object { path: "Task", count: "tasks", id: "/Id" }, "WhoId"),
    ("events", Object { path: "Event", count: "events", id: "/Id" }, "WhoId"),
    ("notes", Object { path: "Note", count: "notes", id: "/Id" }, "ParentId"),
    ("cases", Object { path: "Case", count: "cases", id: "/Id" }, "ContactId"),
];
const ADDRESSES: &[Place] = &[Place::At("/Email")];
const CONTACT_NUMBERS: &[Place] =
    &[Place::At("/Phone"), Place::At("/MobilePhone"), Place::At("/HomePhone"), Place::At("/OtherPhone")];
const LEAD_NUMBERS: &[Place] = &[Place::At("/Phone"), Place::At("/MobilePhone")];

/// The limit is one of 24 hours, rolling.
const PAUSE: Duration = Duration::from_secs(15 * 60);

pub(super) struct Salesforce {
    /// `/services/data/v62.0`
    root: String,
}

pub(super) fn make(own: &OwnKeys) -> Result<Salesforce, String> {
    Ok(Salesforce { root: format!("/services/data/{}", own.version("v62.0")?) })
}

impl Vendor for Salesforce {
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        self.people(wanted, related, "query", "")
    }

    fn bin(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        self.people(wanted, related, "queryAll", " AND IsDeleted = true")
    }

    fn places(&self, related: &[&str]) -> Vec<&'static str> {
        let mut places = vec![CONTACT.count];
        if related.contains(&"leads") {
            places.push(LEAD.count);
        }
        places
    }

    fn is_id(&self, id: &str) -> bool {
        matches!(id.len(), 15 | 18) && id.bytes().all(|b| b.is_ascii_alphanumeric())
    }

    /// Ids of 18 letters are those of 15 with a checksum.
    fn same_id(&self, a: &str, b: &str) -> bool {
        a.get(..15) == b.get(..15)
    }

    fn person(&self, id: String) -> Record {
        Record { object: &CONTACT, id }
    }

    fn look(&self, record: &Record) -> Request {
        self.sobject(Request::get, record).query("fields", "Id")
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        if person.object != &CONTACT {
            return Vec::new();
        }
        let mut searches = Vec::new();
        for (_, object, field) in BELONGINGS.iter().filter(|(word, ..)| related.contains(word)) {
            // Tasks and events of more than a year ago are archived, and only `queryAll` finds them.
            let condition = format!("{field} = {} AND IsDeleted = false", quoted(&person.id));
            searches.push(self.soql(object, "queryAll", format!("SELECT Id FROM {} WHERE {condition}", object.path)));
        }
        searches
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        self.sobject(|path| Request::delete(path, writes), record)
    }

    fn used_up(&self, answer: &Response) -> Option<Duration> {
        let usage = answer.header("sforce-limit-info")?.split(',').find_map(|part| part.trim().strip_prefix("api-usage="))?;
        let (used, limit) = usage.split_once('/')?;
        (used.parse::<u64>().ok()? >= limit.parse().ok()?).then_some(PAUSE)
    }

    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        let errors: Value = answer.json().ok()?;
        match errors.pointer("/0/errorCode")?.as_str()? {
            "REQUEST_LIMIT_EXCEEDED" => Some(PluginError::rate_limited(Some(PAUSE))),
            "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" => Some(PluginError::retryable("Salesforce is busy with the record")),
            "QUERY_TIMEOUT" | "INVALID_QUERY_LOCATOR" => Some(PluginError::retryable("Salesforce gave the query up")),
            // Of the whole organization, unlike other refusals with a 403.
            "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => {
                Some(PluginError::needs_operator("Salesforce's API is disabled for this organization"))
            }
            "DELETE_FAILED" => {
                let text = "other records depend on it (DELETE_FAILED); delete these first, or name them in `related`";
                Some(PluginError::permanent(text))
            }
            _ => None,
        }
    }

    fn health(&self) -> Request {
        Request::get(format!("{}/limits", self.root))
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let mut rights = vec![Right::to("use the API (API Enabled)", self.health())];
        let described = |object: &'static Object, fields: &[Place]| {
            let what = format!("see {} (object permission Read on {})", object.count, object.path);
            let request = Request::get(format!("{}/sobjects/{}/describe", self.root, object.path));
            let fields: Vec<_> = fields.iter().copied().map(field).collect();
            Right::to(what, request).shown_by(move |description| lacking(object, description, &fields))
        };
        rights.push(described(&CONTACT, &[ADDRESSES, CONTACT_NUMBERS].concat()));
        if related.contains(&"leads") {
            rights.push(described(&LEAD, &[ADDRESSES, LEAD_NUMBERS].concat()));
        }
        let belongings = BELONGINGS.iter().filter(|(word, ..)| related.contains(word));
        rights.extend(belongings.map(|(_, object, _)| described(object, &[])));
        rights
    }
}

/// What an object's description says that this user may not do. Fields that the user may not see are not in it.
fn lacking(object: &Object, description: &Value, fields: &[&str]) -> Option<String> {
    let path = object.path;
    if description["queryable"] != true {
        return Some(format!("query {path} (object permission Read)"));
    }
    if description["deletable"] != true {
        return Some(format!("delete {path} (object permission Delete)"));
    }
    let is_shown = |name: &str| description["fields"].as_array().into_iter().flatten().any(|field| field["name"] == name);
    let hidden = fields.iter().find(|name| !is_shown(name))?;
    Some(format!("see the field {hidden} of {path} (field-level security)"))
}

impl Salesforce {
    fn people(&self, wanted: &Wanted, related: &[&str], resource: &str, and: &str) -> Vec<Search> {
        let mut objects = vec![(&CONTACT, CONTACT_NUMBERS)];
        if related.contains(&"leads") {
            objects.push((&LEAD, LEAD_NUMBERS));
        }
        let mut searches = Vec::new();
        for (object, numbers) in objects {
            let mut fields = vec!["Id", "Email"];
            let mut conditions = Vec::new();
            let places = match wanted {
                Wanted::Email { spellings, around_plus, .. } => {
                    for address in spellings {
                        conditions.push(format!("Email = {}", quoted(address)));
                    }
                    if let Some((before, after)) = around_plus {
                        conditions.push(format!("Email LIKE {}", between(before, after)));
                    }
                    ADDRESSES
                }
                Wanted::Phone { number, .. } => {
                    // Numbers are kept as they were typed.
                    let pattern = quoted(&tail_pattern(number));
                    for field in numbers.iter().copied().map(field) {
                        fields.push(field);
                        conditions.push(format!("{field} LIKE {pattern}"));
                    }
                    numbers
                }
                Wanted::Id(_) => return Vec::new(),
            };
            let fields = fields.join(", ");
            let conditions = conditions.join(" OR ");
            let soql = format!("SELECT {fields} FROM {} WHERE ({conditions}){and}", object.path);
            let search = self.soql(object, resource, soql).exact(places).addressed(ADDRESSES);
            // `=` compares whole values.
            let is_whole = matches!(wanted, Wanted::Email { around_plus: None, .. });
            searches.push(if is_whole { search.whole() } else { search });
        }
        searches
    }

    fn soql(&self, object: &'static Object, resource: &str, soql: String) -> Search {
        let path = format!("{}/{resource}", self.root);
        Search::new(object, "/records", Next::Link("/nextRecordsUrl"), move |_| {
            Request::get(path.clone()).query("q", &soql).paced_as(SEARCH)
        })
    }

    fn sobject(&self, request: impl FnOnce(String) -> Request, record: &Record) -> Request {
        request(format!("{}/sobjects/{}", self.root, record.object.path)).segment(&record.id)
    }
}

/// The field that a place is.
fn field(place: Place) -> &'static str {
    match place {
        Place::At(at) | Place::Split(at, _) => &at[1..],
    }
}

/// A text in SOQL.
fn quoted(text: &str) -> String {
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
