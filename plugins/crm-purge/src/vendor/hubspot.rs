//! HubSpot: contacts, by the permanent deletion for privacy laws. That is asked for by the record's id alone: with an
//! address that HubSpot does not know, it would block the address.
//!
//! <https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/basic/post-crm-v3-objects-contacts-gdpr-delete>,
//! <https://developers.hubspot.com/docs/api/crm/search>, <https://developers.hubspot.com/docs/api/usage-details>,
//! <https://developers.hubspot.com/docs/api-reference/error-handling>

use std::time::Duration;

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::{Value, json};

use super::traits::{Keeps, OwnKeys, Right, Traits, Vendor, days, is_number};
use crate::choice::Erasure;
use crate::engine::{Next, Object, Place, Record, SEARCH, Search, Wanted, tail};

pub(super) const TRAITS: Traits = Traits {
    name: "HubSpot",
    base_url: Some("https://api.hubapi.com"),
    // 100 requests in 10 s on the smallest plan, 190 on larger ones; four searches per second.
    rate: 10.0,
    search_rate: 4.0,
    // A plain deletion only archives for 90 days, so it is not offered.
    erasures: &[Erasure::Anonymize],
    related: &["notes", "calls", "emails", "meetings", "tasks", "deals", "tickets"],
    verify_after: Duration::from_secs(60),
    keeps: &[
        Keeps {
            what: "HubSpot completes a permanent deletion within 30 days",
            of: |count| count == CONTACT.count,
            gone_after: days(31),
        },
        Keeps {
            what: "HubSpot keeps archived objects for 90 days",
            of: |count| ARCHIVED.iter().any(|object| object.count == count),
            gone_after: days(91),
        },
    ],
    not_looked: &[],
    own_keys: &[],
};

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

/// After a 423, which HubSpot answers for records that it is busy with.
const BUSY_PAUSE: Duration = Duration::from_secs(2);
/// After a 477, which it answers while it moves an account, where it does not say for how long.
const MOVING_PAUSE: Duration = Duration::from_secs(15 * 60);

pub(super) struct HubSpot;

pub(super) fn make(_: &OwnKeys) -> Result<HubSpot, String> {
    Ok(HubSpot)
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
        // HubSpot takes five groups at most.
        groups.chunks(5).map(|groups| search(groups.to_vec()).exact(places).addressed(ADDRESSES)).collect()
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
        Request::get("/crm/v3/objects/contacts").segment(&record.id).query("properties", "email")
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        let mut searches = Vec::new();
        for object in ARCHIVED.iter().filter(|object| related.contains(&object.path)) {
            let id = person.id.clone();
            searches.push(Search::new(object, "/results", Next::Cursor("/paging/next/after"), move |after| {
                let request = Request::get("/crm/v4/objects/contacts").segment(&id).segment("associations");
                let request = request.segment(object.path).query("limit", "500");
                after.map_or(request.clone(), |after| request.query("after", after))
            }));
        }
        searches
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        if record.object == &CONTACT {
            return Request::post("/crm/v3/objects/contacts/gdpr-delete", writes).json(&json!({ "objectId": record.id }));
        }
        Request::delete("/crm/v3/objects", writes).segment(record.object.path).segment(&record.id)
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
        Request::get("/crm/v3/objects/contacts").query("limit", "1")
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let mut rights = vec![Right::to("read contacts (crm.objects.contacts.read)", self.health())];
        for object in ARCHIVED.iter().filter(|object| related.contains(&object.path)) {
            let scope = match object.path {
                "deals" => "crm.objects.deals.read",
                "tickets" => "tickets",
                "emails" => "sales-email-read",
                _ => "crm.objects.contacts.read",
            };
            let request = Request::get("/crm/v3/objects").segment(object.path).query("limit", "1");
            rights.push(Right::to(format!("read {} ({scope})", object.path), request));
        }
        rights
    }
}

/// One condition, as a group of its own: groups are alternatives.
fn filter(property: &str, operator: &str, value: &str) -> Value {
    json!({ "filters": [{ "propertyName": property, "operator": operator, "value": value }] })
}

/// Contacts that are let through by one of the groups.
fn search(groups: Vec<Value>) -> Search {
    Search::new(&CONTACT, "/results", Next::Cursor("/paging/next/after"), move |after| {
        let mut body = json!({
            "filterGroups": groups,
            "properties": ["email", "hs_additional_emails", "phone", "mobilephone"],
            "limit": 100,
        });
        if let Some(after) = after {
            body["after"] = json!(after);
        }
        Request::search("/crm/v3/objects/contacts/search").json(&body).paced_as(SEARCH)
    })
}
