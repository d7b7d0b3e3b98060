//! Salesforce: contacts and person accounts, and what belongs to them if it is asked for, by a deletion into the Recycle Bin.
//! Deleting past the bin needs a permission that is off by default, and is left to Salesforce's own tools.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm>,
//! <https://help.salesforce.com/s/articleView?id=000382207&type=1>,
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_guidelines_personaccounts.htm>,
//! <https://developer.salesforce.com/docs/atlas.en-us.230.0.api_rest.meta/api/headers_api_usage.htm>

mod belongings;
mod rights;
mod soql;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::Value;

use super::traits::{Follow, Holds, Keeps, List, OwnKeys, Question, Right, Shown, Traits, Vendor, days};
use crate::choice::{By, Erasure, Visibility};
use crate::engine::{Object, Place, Record, Search, Wanted};
use belongings::BELONGINGS;
use soql::Conditions;

pub(super) const TRAITS: Traits = Traits {
    name: "Salesforce",
    base_url: None,
    // Limited by the day alone, for all applications of an organization together.
    rate: 5.0,
    search_rate: 5.0,
    erasures: &[Erasure::Delete],
    related: &["person_accounts", "leads", "tasks", "events", "notes", "cases", "emails", "files", "attachments"],
    verify_after: days(16),
    keeps: &[Keeps {
        what: "Salesforce keeps what is deleted in the Recycle Bin for up to 15 days, by its documentation",
        of: |_| true,
        gone_after: days(16),
    }],
    not_looked: &[
        "numbers in other fields than Phone, MobilePhone, HomePhone and OtherPhone, such as Fax and AssistantPhone",
        "texts, custom fields, comments and Chatter posts of other records that name the person",
        "field history (such as ContactHistory) and the Field Audit Trail",
        "cases of no record of the person that keep what came by form or e-mail (SuppliedName, SuppliedEmail, SuppliedPhone)",
        "sandboxes, exports, backups and installed packages",
    ],
    own_keys: &["api_version", "visibility"],
};

const CONTACT: Object = Object { path: "Contact", count: "contacts", id: "/Id" };
const ACCOUNT: Object = Object { path: "Account", count: "person accounts", id: "/Id" };
const LEAD: Object = Object { path: "Lead", count: "leads", id: "/Id" };
const ADDRESSES: &[Place] = &[Place::At("/Email")];
const CONTACT_NUMBERS: &[Place] =
    &[Place::At("/Phone"), Place::At("/MobilePhone"), Place::At("/HomePhone"), Place::At("/OtherPhone")];
const LEAD_NUMBERS: &[Place] = &[Place::At("/Phone"), Place::At("/MobilePhone")];
const ACCOUNT_ADDRESSES: &[Place] = &[Place::At("/PersonEmail")];
const ACCOUNT_NUMBERS: &[Place] = &[
    Place::At("/Phone"),
    Place::At("/PersonMobilePhone"),
    Place::At("/PersonHomePhone"),
    Place::At("/PersonOtherPhone"),
];
/// What the ids of the records begin with that people are looked for in.
const PREFIXES: [(&str, &Object); 3] = [("003", &CONTACT), ("001", &ACCOUNT), ("00Q", &LEAD)];

/// The limit is one of 24 hours, rolling.
const PAUSE: Duration = Duration::from_secs(15 * 60);
const SOME_HIDDEN: &str = "records that are not shared with the user of the credentials (`visibility = \"trusted\"`)";

/// To follow a number.
const ACCOUNT_STAYS: &str = "person accounts are the person's, and stay (`person_accounts` in `related`)";
/// To follow a number.
const LEAD_STAYS: &str = "leads are the person's, and stay (`leads` in `related`)";

pub(super) struct Salesforce {
    /// `/services/data/v62.0`
    root: String,
    by: Vec<By>,
    visibility: Visibility,
    /// Whether this organization has person accounts. Their fields are not known to others.
    has_person_accounts: AtomicBool,
}

/// A kind of record that holds people.
struct People {
    object: &'static Object,
    addresses: &'static [Place],
    numbers: &'static [Place],
    and: &'static str,
}

pub(super) fn make(own: &OwnKeys) -> Result<Salesforce, String> {
    Ok(Salesforce {
        root: format!("/services/data/{}", own.version("v62.0")?),
        by: own.by.clone(),
        visibility: own.visibility.unwrap_or_default(),
        has_person_accounts: AtomicBool::new(false),
    })
}

impl Vendor for Salesforce {
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        self.people(wanted, related, "query", "")
    }

    /// By ids and not by the links of a long query: those belong to a session, end after a while, and there are ten of them at once.
    fn lists(&self, shown: &Shown, related: &[&str]) -> Vec<List> {
        let mut lists = Vec::new();
        for People { object, addresses, numbers, and } in self.kinds(related) {
            let mut fields = vec!["Id", "CreatedDate", "LastModifiedDate"];
            fields.extend(shown.places(addresses, numbers).into_iter().map(soql::field));
            if shown.names {
                fields.extend(["FirstName", "LastName"]);
            }
            let (path, fields) = (format!("{}/query", self.root), fields.join(", "));
            let page = move |after: Option<&str>, most: u32| {
                Request::get(path.clone()).query("q", &soql::list(&fields, object.path, and, after, most))
            };
            lists.push(List {
                object,
                page: Box::new(page),
                follow: Follow::Id { total: "/totalSize", done: "/done" },
                items: "/records",
                addresses,
                numbers,
                names: &["/FirstName", "/LastName"],
                created: "/CreatedDate",
                changed: "/LastModifiedDate",
            });
        }
        lists
    }

    fn hides_some(&self) -> Option<&'static str> {
        (self.visibility == Visibility::Trusted).then_some(SOME_HIDDEN)
    }

    fn bin(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        if let Wanted::Id(id) = wanted {
            let object = self.person(id.clone()).object;
            let soql = format!("SELECT Id FROM {} WHERE Id = {} AND IsDeleted = true", object.path, soql::quoted(id));
            return vec![soql::search(&self.root, object, "queryAll", soql)];
        }
        self.people(wanted, related, "queryAll", " AND IsDeleted = true")
    }

    fn places(&self, related: &[&str]) -> Vec<&'static str> {
        self.kinds(related).iter().map(|kind| kind.object.count).collect()
    }

    fn is_id(&self, id: &str) -> bool {
        let is_known = PREFIXES.iter().any(|(prefix, _)| id.starts_with(prefix));
        is_known && matches!(id.len(), 15 | 18) && id.bytes().all(|b| b.is_ascii_alphanumeric())
    }

    /// Ids of 18 letters are those of 15 with a checksum.
    fn same_id(&self, a: &str, b: &str) -> bool {
        a.get(..15) == b.get(..15)
    }

    fn person(&self, id: String) -> Record {
        let known = PREFIXES.iter().find(|(prefix, _)| id.starts_with(prefix));
        Record { object: known.map_or(&CONTACT, |(_, object)| object), id }
    }

    fn look(&self, record: &Record) -> Request {
        let fields = match (self.has_person_accounts(), record.object.path) {
            (true, "Contact") => "Id,AccountId,IsPersonAccount",
            (true, "Account") => "Id,IsPersonAccount",
            _ => "Id",
        };
        self.sobject(Request::get, record).query("fields", fields)
    }

    /// A person account's contact is a part of it, and an account of no person is nobody's.
    fn holds(&self, object: &Object, record: &Value, _: Erasure) -> Holds {
        let is_account = *object == ACCOUNT;
        match record.get("IsPersonAccount").and_then(Value::as_bool) {
            Some(is_persons) if is_account == is_persons => Holds::Somebody,
            Some(true) => {
                let account = record["AccountId"].as_str().filter(|id| self.is_id(id));
                account.map_or(Holds::Unknown, |id| Holds::Within(self.person(id.to_owned())))
            }
            None if !is_account && (*object == LEAD || !self.has_person_accounts()) => Holds::Somebody,
            _ => Holds::Unknown,
        }
    }

    fn needs_person(&self, object: &Object, related: &[&str]) -> Option<&'static str> {
        match object.path {
            "Account" if !related.contains(&"person_accounts") => Some(ACCOUNT_STAYS),
            "Lead" if !related.contains(&"leads") => Some(LEAD_STAYS),
            _ => None,
        }
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        let mut searches = Vec::new();
        for belonging in BELONGINGS.iter().filter(|belonging| related.contains(&belonging.word)) {
            for condition in belonging.of(person) {
                // Tasks and events of more than a year ago are archived, and only `queryAll` finds them.
                let soql = format!(
                    "SELECT {} FROM {} WHERE {condition} AND IsDeleted = false",
                    belonging.field(),
                    belonging.from
                );
                searches.push(soql::search(&self.root, &belonging.object, "queryAll", soql));
            }
        }
        searches
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        self.sobject(|path| Request::delete(path, writes), record)
    }

    fn question(&self, _: &[&str], answers: &[Value]) -> Option<Question> {
        self.questions(answers.first()).into_iter().nth(answers.len())
    }

    fn learn(&self, related: &[&str], answers: &[Value]) -> Result<(), PluginError> {
        let has = rights::check(&self.by, self.visibility, related, answers)?;
        self.has_person_accounts.store(has, Ordering::Relaxed);
        Ok(())
    }

    fn not_looked(&self, related: &[&str]) -> Vec<String> {
        let of = |belonging: &belongings::Belonging| belonging.not_looked(related.contains(&belonging.word));
        let mut places: Vec<String> = BELONGINGS.iter().filter_map(of).map(str::to_owned).collect();
        if !related.contains(&"leads") {
            places.push(belongings::LEADS.to_owned());
        }
        places.extend(self.hides_some().map(str::to_owned));
        places
    }

    fn used_up(&self, answer: &Response) -> Option<Duration> {
        let usage =
            answer.header("sforce-limit-info")?.split(',').find_map(|part| part.trim().strip_prefix("api-usage="))?;
        let (used, limit) = usage.split_once('/')?;
        (used.parse::<u64>().ok()? >= limit.parse().ok()?).then_some(PAUSE)
    }

    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        let errors: Value = answer.json().ok()?;
        rights::refusal(errors.pointer("/0/errorCode")?.as_str()?)
    }

    fn health(&self) -> Request {
        Request::get(format!("{}/limits", self.root))
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let mut rights = vec![Right::to("use the API (API Enabled)", self.health())];
        rights.extend(rights::described(&self.root, &self.by, related));
        rights
    }
}

impl Salesforce {
    fn has_person_accounts(&self) -> bool {
        self.has_person_accounts.load(Ordering::Relaxed)
    }

    /// The kinds of records that people are searched in. Of a person account, the contact is not searched itself.
    fn kinds(&self, related: &[&str]) -> Vec<People> {
        let mut kinds = vec![People { object: &CONTACT, addresses: ADDRESSES, numbers: CONTACT_NUMBERS, and: "" }];
        if self.has_person_accounts() {
            kinds[0].and = " AND IsPersonAccount = false";
            kinds.push(People {
                object: &ACCOUNT,
                addresses: ACCOUNT_ADDRESSES,
                numbers: ACCOUNT_NUMBERS,
                and: " AND IsPersonAccount = true",
            });
        }
        if related.contains(&"leads") {
            kinds.push(People { object: &LEAD, addresses: ADDRESSES, numbers: LEAD_NUMBERS, and: "" });
        }
        kinds
    }

    fn people(&self, wanted: &Wanted, related: &[&str], resource: &str, and: &str) -> Vec<Search> {
        let mut searches = Vec::new();
        for People { object, addresses, numbers, and: and_kind } in self.kinds(related) {
            let Some(Conditions { places, any }) = Conditions::of(wanted, addresses, numbers) else { continue };
            // The addresses come beside a number in any case: they tell whose it is.
            let mut fields = vec!["Id"];
            fields.extend(addresses.iter().copied().map(soql::field));
            fields.extend(places.iter().filter(|place| !addresses.contains(place)).copied().map(soql::field));
            let soql = format!("SELECT {} FROM {} WHERE ({any}){and_kind}{and}", fields.join(", "), object.path);
            let search = soql::search(&self.root, object, resource, soql).exact(places).addressed(addresses);
            searches.push(match wanted {
                // `=` compares whole values.
                Wanted::Email { around_plus: None, .. } => search.whole(),
                Wanted::Phone { .. } => search.in_order(),
                _ => search,
            });
        }
        searches
    }

    fn sobject(&self, request: impl FnOnce(String) -> Request, record: &Record) -> Request {
        request(format!("{}/sobjects/{}", self.root, record.object.path)).segment(&record.id)
    }

    /// What the contacts of this organization are like, whether all of them are seen, and what person accounts are like where
    /// there are any.
    fn questions(&self, contacts: Option<&Value>) -> Vec<Question> {
        let mut questions = vec![rights::describes(&self.root, &CONTACT)];
        if contacts.is_some_and(rights::has_person_accounts) {
            questions.push(rights::describes(&self.root, &ACCOUNT));
        }
        if self.visibility == Visibility::All {
            questions.push(rights::sees_all(&self.root));
        }
        questions
    }
}

/// All that the receipt may say of what is not looked at, is kept, or stays.
#[cfg(test)]
pub(super) fn sentences() -> Vec<&'static str> {
    let mut all = vec![belongings::LEADS, SOME_HIDDEN, ACCOUNT_STAYS, LEAD_STAYS];
    all.extend(TRAITS.not_looked);
    all.extend(TRAITS.keeps.iter().map(|keeps| keeps.what));
    all.extend(
        BELONGINGS
            .iter()
            .flat_map(|belonging| [false, true].map(|is_searched| belonging.not_looked(is_searched)))
            .flatten(),
    );
    all
}
