//! HubSpot: contacts, by the permanent deletion for privacy laws. That is asked for by the record's id alone: with an
//! address that HubSpot does not know, it would block the address.
//!
//! <https://github.com/HubSpot/HubSpot-public-api-spec-collection> (CRM/Contacts, Associations and Objects, 2026-03),
//! <https://developers.hubspot.com/docs/api/crm/search>, <https://developers.hubspot.com/docs/api/usage-details>,
//! <https://developers.hubspot.com/docs/api-reference/error-handling>

use std::time::Duration;

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::{Value, json};

use super::traits::{Follow, Keeps, List, NOBODY, OwnKeys, Right, Shown, Traits, Vendor, days, is_number, unless};
use crate::choice::Erasure;
use crate::engine::{LastPage, Next, Object, Place, Record, SEARCH, Search, Wanted, tail};

pub(super) const TRAITS: Traits = Traits {
    name: "HubSpot",
    base_url: Some("https://api.hubapi.com"),
    // 100 requests in 10 s on the smallest plan, 190 on larger ones. Five searches per second are the account's, all
    // applications together.
    rate: 10.0,
    search_rate: 4.0,
    // A plain deletion only archives for 90 days, so it is not offered.
    erasures: &[Erasure::Anonymize],
    related: &["notes", "calls", "emails", "meetings", "tasks", "deals", "tickets"],
    verify_after: Duration::from_secs(60),
    keeps: &[
        Keeps {
            what: "HubSpot completes a permanent deletion within 30 days, by its knowledge base",
            of: |count| count == CONTACT.count,
            gone_after: days(31),
        },
        Keeps {
            what: "HubSpot blocks the primary and the additional addresses of a contact that is permanently deleted for its \
                   user interface and for imports, without an end, by its knowledge base",
            of: |count| count == CONTACT.count,
            gone_after: Duration::MAX,
        },
        Keeps {
            what: "HubSpot keeps archived objects for 90 days, by its knowledge base",
            of: |count| ARCHIVED.iter().any(|object| object.count == count),
            gone_after: days(91),
        },
    ],
    not_looked: &[
        "contacts that were archived before: the search of HubSpot does not find them",
        "addresses and numbers in other properties of contacts than email, hs_additional_emails, phone and mobilephone, such as \
         work_email and fax; companies and custom objects",
        "texts of other records that name the person",
    ],
    own_keys: &["api_version"],
};

/// What is left of an activity that is linked with a contact, when that is deleted.
const UNLESS: [(&str, &str); 7] = [
    (
        "notes",
        "notes that are linked with the contact: HubSpot unlinks them, and keeps those that others are linked with",
    ),
    ("calls", "calls that are linked with the contact: HubSpot unlinks and keeps them"),
    (
        "emails",
        "e-mails that are linked with the contact: HubSpot unlinks them, and keeps those that others are linked with",
    ),
    ("meetings", "meetings that are linked with the contact: HubSpot unlinks and keeps them"),
    ("tasks", "tasks that are linked with the contact: HubSpot unlinks and keeps them"),
    ("deals", "deals that are linked with the contact"),
    ("tickets", "tickets that are linked with the contact"),
];

const CONTACT: Object = Object { path: "contacts", count: "contacts", id: "/id" };
/// Other objects can only be archived.
const ARCHIVED: [Object; 7] = [
    Object { path: "notes", count: "archived notes", id: "/toObjectId" },
    Object { path: "calls", count: "archived calls", id: "/toObjectId" },
    Object { path: "emails", count: "archived emails", id: "/toObjectId" },
    Object { path: "meetings", count: "archived meetings", id: "/toObjectId" },
    Object { path: "tasks", count: "archived tasks", id: "/toObjectId" },
    Object { path: "deals", count: "archived deals", id: "/toObjectId" },
    Object { path: "tickets", count: "archived tickets", id: "/toObjectId" },
];
const ADDRESSES: &[Place] = &[Place::At("/properties/email"), Place::Split("/properties/hs_additional_emails", ';')];
const NUMBERS: &[Place] = &[Place::At("/properties/phone"), Place::At("/properties/mobilephone")];

const CURSOR: &str = "/paging/next/after";
const LAST: LastPage = LastPage::Without("/paging");

/// Filter groups of one search: HubSpot's guide says five, its API description six.
const GROUPS_MAX: usize = 5;
/// Contacts on one page of a list.
const LIST_MAX: u32 = 100;
/// After a 423, which HubSpot answers for records that it is busy with.
const BUSY_PAUSE: Duration = Duration::from_secs(2);
/// After a 477, which it answers while it moves an account, where it does not say for how long.
const MOVING_PAUSE: Duration = Duration::from_secs(15 * 60);

pub(super) struct HubSpot {
    /// The path of all objects, in one version.
    root: String,
}

pub(super) fn make(own: &OwnKeys) -> Result<HubSpot, String> {
    Ok(HubSpot { root: format!("/crm/objects/{}", own.dated("2026-03")?) })
}

impl Vendor for HubSpot {
    fn find(&self, wanted: &Wanted, _: &[&str]) -> Vec<Search> {
        let mut groups = Vec::new();
        let places = match wanted {
            Wanted::Email { spellings, around_plus, .. } => {
                for address in spellings {
                    let address = address.to_lowercase();
                    groups.push(filter("email", "EQ", &address));
                    // A wildcard there.
                    if !address.contains('*') {
                        groups.push(filter("hs_additional_emails", "CONTAINS_TOKEN", &address));
                    }
                }
                if let Some((before, after)) = around_plus.as_ref().filter(|(before, _)| !before.contains('*')) {
                    groups.push(filter("email", "CONTAINS_TOKEN", &format!("{before}*{after}").to_lowercase()));
                }
                ADDRESSES
            }
            Wanted::Phone { number, forms } => {
                // HubSpot's own searchable forms hold no country code.
                let end = format!("*{}", tail(number));
                groups.push(filter("hs_searchable_calculated_phone_number", "CONTAINS_TOKEN", &end));
                groups.push(filter("hs_searchable_calculated_mobile_number", "CONTAINS_TOKEN", &end));
                groups.push(filter("phone", "EQ", &forms[0]));
                groups.push(filter("mobilephone", "EQ", &forms[0]));
                NUMBERS
            }
            Wanted::Id(_) => return Vec::new(),
        };
        let searches = groups.chunks(GROUPS_MAX);
        searches.map(|groups| self.search(groups.to_vec()).exact(places).addressed(ADDRESSES)).collect()
    }

    fn lists(&self, shown: &Shown, _: &[&str]) -> Vec<List> {
        let mut properties = vec!["hs_object_id"];
        properties.extend(shown.places(ADDRESSES, NUMBERS).iter().map(|place| &place.at()["/properties/".len()..]));
        if shown.names {
            properties.extend(["firstname", "lastname"]);
        }
        let first = self.objects(Request::get, CONTACT.path).query("properties", &properties.join(","));
        let page = move |after: Option<&str>, most: u32| {
            let page = first.clone().query("limit", &most.min(LIST_MAX).to_string());
            after.map_or(page.clone(), |after| page.query("after", after))
        };
        vec![List {
            object: &CONTACT,
            page: Box::new(page),
            follow: Follow::Cursor { next: CURSOR, last: LAST },
            items: "/results",
            addresses: ADDRESSES,
            numbers: NUMBERS,
            names: &["/properties/firstname", "/properties/lastname"],
            created: "/createdAt",
            changed: "/updatedAt",
        }]
    }

    fn places(&self, _: &[&str]) -> Vec<&'static str> {
        vec![CONTACT.count]
    }

    fn is_id(&self, id: &str) -> bool {
        is_number(id)
    }

    fn person(&self, id: String) -> Record {
        Record { object: &CONTACT, id }
    }

    fn look(&self, record: &Record) -> Request {
        self.objects(Request::get, CONTACT.path).segment(&record.id).query("properties", "email")
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        let mut searches = Vec::new();
        for object in ARCHIVED.iter().filter(|object| related.contains(&object.path)) {
            let contact = self.objects(Request::get, CONTACT.path).segment(&person.id);
            let first = contact.segment("associations").segment(object.path).query("limit", "500");
            searches.push(Search::new(object, "/results", Next::Cursor { next: CURSOR, last: LAST }, move |after| {
                after.map_or(first.clone(), |after| first.clone().query("after", after))
            }));
        }
        searches
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        if record.object == &CONTACT {
            let request = self.objects(|path| Request::post(path, writes), CONTACT.path);
            return request.segment("gdpr-delete").json(&json!({ "objectId": record.id }));
        }
        self.objects(|path| Request::delete(path, writes), record.object.path).segment(&record.id)
    }

    fn not_looked(&self, related: &[&str]) -> Vec<String> {
        unless(related, &UNLESS)
    }

    /// Here, "locked" is no hold, and neither is what is moved for good.
    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        let pause = match answer.status() {
            423 => BUSY_PAUSE,
            477 => MOVING_PAUSE,
            _ => return None,
        };
        Some(PluginError::rate_limited(Some(answer.retry_after().unwrap_or(pause))))
    }

    fn health(&self) -> Request {
        self.objects(Request::get, CONTACT.path).query("limit", "1")
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let contacts = "read contacts (crm.objects.contacts.read)";
        let nobody = self.search(vec![filter("email", "EQ", NOBODY)]);
        let search = Right::to("search contacts (crm.objects.contacts.read)", (nobody.page)(None));
        let mut rights = vec![Right::to(contacts, self.health()), search];
        for object in ARCHIVED.iter().filter(|object| related.contains(&object.path)) {
            let scope = match object.path {
                "deals" => "crm.objects.deals.read",
                "tickets" => "tickets",
                "emails" => "sales-email-read",
                _ => "crm.objects.contacts.read",
            };
            let request = self.objects(Request::get, object.path).query("limit", "1");
            rights.push(Right::to(format!("read {} ({scope})", object.path), request));
        }
        rights
    }
}

impl HubSpot {
    fn objects(&self, method: impl Fn(String) -> Request, kind: &str) -> Request {
        method(format!("{}/{kind}", self.root))
    }

    /// Contacts that are let through by one of the groups.
    fn search(&self, groups: Vec<Value>) -> Search {
        let request = Request::search(format!("{}/contacts/search", self.root)).paced_as(SEARCH);
        Search::new(&CONTACT, "/results", Next::Cursor { next: CURSOR, last: LAST }, move |after| {
            let mut body = json!({
                "filterGroups": groups,
                "properties": ["email", "hs_additional_emails", "phone", "mobilephone"],
                "limit": 200,
            });
            if let Some(after) = after {
                body["after"] = json!(after);
            }
            request.clone().json(&body)
        })
    }
}

/// One condition, as a group of its own: groups are alternatives.
fn filter(property: &str, operator: &str, value: &str) -> Value {
    json!({ "filters": [{ "propertyName": property, "operator": operator, "value": value }] })
}
