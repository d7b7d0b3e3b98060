//! Dynamics 365 (Dataverse): contacts, and what belongs to them if it is asked for. What goes with a contact, and what keeps it
//! from being deleted, is asked of the environment. The audit log keeps the values of what is deleted, so that the history of
//! all that goes can be erased, too.
//!
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/reference/entities/contact>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/auditing/delete-audit-data>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/query-throttling>

mod environment;
mod odata;
mod privileges;
mod secured;
mod tables;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quietus_plugin::http::{Request, Response, percent};
use quietus_plugin::{PluginError, Writes};
use serde_json::{Value, json};

use super::traits::{Blocker, Follow, Keeps, List, OwnKeys, Question, Right, Shown, Traits, Vendor, days, read_by};
use crate::choice::{By, Erasure, Visibility};
use crate::engine::{LastPage, Next, Object, Place, Record, SEARCH, Search, Wanted};
use environment::Environment;
use odata::columns;
use tables::{BELONGINGS, CONTACT, HISTORIES, LEAD};

pub(super) const TRAITS: Traits = Traits {
    name: "Dynamics 365",
    base_url: None,
    // 6,000 requests in 5 minutes, half of which is left to others.
    rate: 10.0,
    search_rate: 10.0,
    erasures: &[Erasure::Delete],
    related: &["leads", "opportunities", "emails", "phonecalls", "tasks", "appointments", "notes", "audit_history"],
    verify_after: Duration::from_secs(5),
    keeps: &[Keeps {
        what: "Dataverse keeps deleted rows for up to 30 days where its recycle bin is on, by Microsoft's documentation",
        of: |_| true,
        gone_after: days(31),
    }],
    not_looked: &[
        "numbers in other columns than telephone1 to telephone3 and mobilephone, such as business2, home2, callback, \
         assistantphone, managerphone, pager, fax and those of addresses (address1_telephone1)",
        "participants of activities with others (activityparty), which stay, with the address that was used, when a contact is \
         deleted",
        "texts and columns of your own of other rows that name the person",
        "rows that Dataverse deletes in turn with what goes with a contact, such as an e-mail's attachments, and their audit \
         history",
        "exports, backups, the search index and systems that Dataverse is synchronized with",
        "rows that were deleted before and can still be restored where the recycle bin is on",
    ],
    own_keys: &["api_version", "visibility"],
};

const ADDRESSES: &[Place] = &[Place::At("/emailaddress1"), Place::At("/emailaddress2"), Place::At("/emailaddress3")];
const NUMBERS: &[Place] =
    &[Place::At("/telephone1"), Place::At("/telephone2"), Place::At("/telephone3"), Place::At("/mobilephone")];
/// What the audit log holds.
const AUDIT: Object = Object { path: "audits", count: "audit entries", id: "/auditid" };

/// Where an answer says where its list goes on.
const LINK: &str = "/@odata.nextLink";
/// Rows on one page of a list.
const LIST_MAX: u32 = 5000;

/// A query is throttled for some time: in general, for a wildcard at its beginning, for a computed column, for other issues.
const THROTTLED: [u32; 4] = [0x8004_8544, 0x8004_8644, 0x8004_8744, 0x8004_8745];
/// Other rows refer to a row, and their relationship restricts deletion.
const ASSOCIATED: u32 = 0x8004_0227;
const AUDIT_OFF: &str = "audit entries of rows of tables whose auditing is off now";
const SOME_HIDDEN: &str = "rows that the roles of the application user do not show, and columns that are secured from it \
                           (`visibility = \"trusted\"`)";

pub(super) struct Dynamics {
    /// `/api/data/v9.2`
    root: String,
    by: Vec<By>,
    visibility: Visibility,
    environment: Mutex<Arc<Environment>>,
}

pub(super) fn make(own: &OwnKeys) -> Result<Dynamics, String> {
    Ok(Dynamics {
        root: format!("/api/data/{}", own.version("v9.2")?),
        by: own.by.clone(),
        visibility: own.visibility.unwrap_or_default(),
        environment: Mutex::default(),
    })
}

impl Vendor for Dynamics {
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        let (places, filter) = match wanted {
            Wanted::Email { spellings, around_plus, .. } => {
                (ADDRESSES, odata::by_address(ADDRESSES, spellings, around_plus.as_ref()))
            }
            Wanted::Phone { number, forms } => (NUMBERS, odata::by_number(NUMBERS, number, forms)),
            Wanted::Id(_) => return Vec::new(),
        };
        // The addresses come beside a number in any case: they tell whose it is.
        let addresses = if places == ADDRESSES { &[] } else { ADDRESSES };
        let mut searches = Vec::new();
        for object in objects(related) {
            let select: Vec<_> = columns(places).chain(columns(addresses)).chain([&object.id[1..]]).collect();
            let search = self.search(object, &select.join(","), filter.clone());
            let search = search.exact(places).addressed(ADDRESSES);
            searches.push(match wanted {
                // `eq` compares whole values.
                Wanted::Email { around_plus: None, .. } => search.whole(),
                Wanted::Phone { .. } => search.in_order(),
                _ => search,
            });
        }
        searches
    }

    fn lists(&self, shown: &Shown, related: &[&str]) -> Vec<List> {
        let mut lists = Vec::new();
        for object in objects(related) {
            let places = shown.places(ADDRESSES, NUMBERS);
            let mut select: Vec<_> = columns(&places).chain([&object.id[1..], "createdon", "modifiedon"]).collect();
            select.extend(shown.names.then_some("fullname"));
            let rows = Request::get(format!("{}/{}", self.root, object.path));
            // The order has to be of something that no two rows have in common.
            let first = rows.query("$select", &select.join(",")).query("$orderby", &object.id[1..]);
            // Each page is asked for by the same headers; a link is taken as it is.
            let page = move |_: Option<&str>, most: u32| {
                first.clone().header("Prefer", &format!("odata.maxpagesize={}", most.min(LIST_MAX)))
            };
            lists.push(List {
                object,
                page: Box::new(page),
                follow: Follow::Link { next: LINK, context: "/@odata.context" },
                items: "/value",
                addresses: ADDRESSES,
                numbers: NUMBERS,
                names: &["/fullname"],
                created: "/createdon",
                changed: "/modifiedon",
            });
        }
        lists
    }

    fn hides_some(&self) -> Option<&'static str> {
        (self.visibility == Visibility::Trusted).then_some(SOME_HIDDEN)
    }

    fn places(&self, related: &[&str]) -> Vec<&'static str> {
        objects(related).into_iter().map(|object| object.count).collect()
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
        self.visibility == Visibility::Trusted
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        if person.object != &CONTACT {
            return Vec::new();
        }
        let wanted = BELONGINGS.iter().filter(|belonging| related.contains(&belonging.word));
        wanted.filter_map(|belonging| self.linked(&belonging.object, belonging.column, person)).collect()
    }

    fn carried(&self, person: &Record) -> Vec<Search> {
        let environment = self.environment();
        let with = environment.going_with(person.object);
        with.filter_map(|relation| self.linked(relation.table.rows, &relation.column, person)).collect()
    }

    fn blockers(&self, person: &Record) -> Vec<Blocker> {
        let environment = self.environment();
        let mut blockers = Vec::new();
        for relation in environment.blocking(person.object) {
            if let Some(search) = self.linked(relation.table.rows, &relation.column, person) {
                blockers.push(Blocker { search, what: relation.blocks() });
            }
        }
        blockers
    }

    fn traces(&self, record: &Record, related: &[&str]) -> Vec<Record> {
        let is_wanted = related.contains(&"audit_history");
        let table = tables::of_rows(record.object).filter(|table| is_wanted && self.environment().is_audited(table));
        table.map(|table| Record { object: table.history, id: record.id.clone() }).into_iter().collect()
    }

    fn trace(&self, path: &str, id: &str) -> Option<Record> {
        let table = tables::named(path).filter(|_| self.is_id(id))?;
        Some(Record { object: table.history, id: id.to_owned() })
    }

    /// The log's entry of a deletion holds what was deleted.
    fn trace_left(&self, trace: &Record) -> Option<Search> {
        self.linked(&AUDIT, "objectid", trace)
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        if record.object.count != HISTORIES {
            return Request::delete(self.row(record), writes);
        }
        let mut target = json!({ "@odata.type": format!("Microsoft.Dynamics.CRM.{}", record.object.path) });
        target[&record.object.id[1..]] = json!(record.id);
        Request::post(format!("{}/DeleteRecordChangeHistory", self.root), writes).json(&json!({ "Target": target }))
    }

    fn question(&self, related: &[&str], answers: &[Value]) -> Option<Question> {
        environment::question(&self.root, &self.by, related, answers)
    }

    fn learn(&self, related: &[&str], answers: &[Value]) -> Result<(), PluginError> {
        let environment = Environment::of(&self.by, related, answers)?;
        environment.check(self.visibility, related)?;
        *self.environment.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(environment);
        Ok(())
    }

    fn not_looked(&self, related: &[&str]) -> Vec<String> {
        let not_searched = tables::UNLESS.iter().filter(|(word, _)| !related.contains(word));
        let mut places: Vec<String> = not_searched.map(|(_, what)| (*what).to_owned()).collect();
        places.extend(related.contains(&"audit_history").then(|| AUDIT_OFF.to_owned()));
        places.extend(self.environment().not_shown());
        places.extend(self.hides_some().map(str::to_owned));
        places
    }

    fn numbers_not_found(&self) -> Option<&'static str> {
        Some(tables::LATER_NUMBERS)
    }

    fn keeps(&self, _: &Keeps) -> bool {
        self.environment().may_have_bin
    }

    /// Throttled queries and rows that others refer to are told by codes, with whatever status.
    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        let document: Value = answer.json().ok()?;
        match odata::error_code(document.pointer("/error/code")?)? {
            code if THROTTLED.contains(&code) => Some(PluginError::rate_limited(answer.retry_after())),
            ASSOCIATED => {
                let text = "other rows refer to it by a relationship that restricts deletion (CannotDeleteDueToAssociation), \
                            such as feedback; delete or reassign these first";
                Some(PluginError::permanent(text))
            }
            _ => None,
        }
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
        let all: Vec<_> =
            [&CONTACT.id[1..]].into_iter().chain(columns(&read_by(&self.by, ADDRESSES, NUMBERS))).collect();
        rights.push(read(&CONTACT, "prvReadContact", &all.join(",")));
        if related.contains(&"leads") {
            rights.push(read(&LEAD, "prvReadLead", &LEAD.id[1..]));
        }
        for belonging in BELONGINGS.iter().filter(|belonging| related.contains(&belonging.word)) {
            rights.push(read(&belonging.object, belonging.reads, &belonging.object.id[1..]));
        }
        rights
    }
}

impl Dynamics {
    fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.environment.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn search(&self, object: &'static Object, select: &str, filter: String) -> Search {
        let path = format!("{}/{}", self.root, object.path);
        let select = select.to_owned();
        let next = Next::Link { next: LINK, last: LastPage::Without(LINK) };
        Search::new(object, "/value", next, move |_| {
            Request::get(path.clone()).query("$select", &select).query("$filter", &filter).paced_as(SEARCH)
        })
    }

    /// The rows whose column holds this record's id.
    fn linked(&self, object: &'static Object, column: &str, record: &Record) -> Option<Search> {
        let filter = format!("_{column}_value eq {}", record.id);
        self.is_id(&record.id).then(|| self.search(object, &object.id[1..], filter))
    }

    fn row(&self, record: &Record) -> String {
        format!("{}/{}({})", self.root, record.object.path, percent(&record.id))
    }
}

/// The tables that people are looked for in.
fn objects(related: &[&str]) -> Vec<&'static Object> {
    let mut objects = vec![&CONTACT];
    objects.extend(related.contains(&"leads").then_some(&LEAD));
    objects
}

/// All that the receipt may say of what is not looked at, is kept, or stays.
#[cfg(test)]
pub(super) fn sentences() -> Vec<&'static str> {
    let mut all =
        vec![AUDIT_OFF, SOME_HIDDEN, environment::NOT_SHOWN, tables::LATER_NUMBERS, crate::engine::TRACE_STAYS];
    all.extend(TRAITS.not_looked);
    all.extend(TRAITS.keeps.iter().map(|keeps| keeps.what));
    all.extend(tables::UNLESS.map(|(_, what)| what));
    all
}
