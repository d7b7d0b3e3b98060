//! Pipedrive: persons, by the deletion that becomes permanent after 30 days. Deals, notes, activities and leads stay unless
//! they are asked for.
//!
//! <https://developers.pipedrive.com/docs/api/v1/Persons>,
//! <https://developers.pipedrive.com/changelog/post/permanent-deletion-logic-for-6-core-entities>,
//! <https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting>

use quietus_plugin::Writes;
use quietus_plugin::http::Request;
use serde_json::Value;

use super::traits::{Holds, Keeps, OwnKeys, Right, Traits, Vendor, days, is_number};
use crate::choice::Erasure;
use crate::engine::{Next, Object, Place, Record, SEARCH, Search, Wanted, tail};

pub(super) const TRAITS: Traits = Traits {
    name: "Pipedrive",
    base_url: Some("https://api.pipedrive.com"),
    // 20 requests in 2 s on the smallest plan; ten searches in 2 s.
    rate: 10.0,
    search_rate: 5.0,
    erasures: &[Erasure::Delete],
    related: &["deals", "activities", "notes", "leads"],
    verify_after: days(31),
    keeps: &[Keeps {
        what: "Pipedrive removes what is deleted for good after 30 days",
        of: |_| true,
        gone_after: days(31),
    }],
    not_looked: &[],
    own_keys: &[],
};

const PERSON: Object = Object { path: "/api/v2/persons", count: "persons", id: "/id" };
const DEAL: Object = Object { path: "/api/v2/deals", count: "deals", id: "/id" };
const ACTIVITY: Object = Object { path: "/api/v2/activities", count: "activities", id: "/id" };
const NOTE: Object = Object { path: "/v1/notes", count: "notes", id: "/id" };
const LEAD: Object = Object { path: "/v1/leads", count: "leads", id: "/id" };

const EMAILS: &[Place] = &[Place::At("/emails")];
const PHONES: &[Place] = &[Place::At("/phones")];
/// Values of `exact_match`: the whole text, or a part of it.
const EXACT: &str = "true";
const WITHIN: &str = "false";

pub(super) struct Pipedrive;

pub(super) fn make(_: &OwnKeys) -> Result<Pipedrive, String> {
    Ok(Pipedrive)
}

impl Vendor for Pipedrive {
    fn find(&self, wanted: &Wanted, _: &[&str]) -> Vec<Search> {
        let mut searches = Vec::new();
        match wanted {
            Wanted::Email { spellings, around_plus, .. } => {
                for address in spellings {
                    searches.push(search(address.clone(), "email", EXACT).exact(EMAILS));
                }
                if let Some((before, _)) = around_plus {
                    searches.push(search(before.clone(), "email", WITHIN).exact(EMAILS));
                }
            }
            Wanted::Phone { number, forms } => {
                searches.push(search(tail(number).to_owned(), "phone", WITHIN).exact(PHONES));
                for form in forms {
                    searches.push(search(form.clone(), "phone", WITHIN).exact(PHONES));
                }
            }
            Wanted::Id(_) => {}
        }
        searches
    }

    fn places(&self, _: &[&str]) -> Vec<&'static str> {
        vec![PERSON.count]
    }

    fn is_id(&self, id: &str) -> bool {
        is_number(id)
    }

    fn person(&self, id: String) -> Record {
        Record { object: &PERSON, id }
    }

    fn look(&self, record: &Record) -> Request {
        Request::get(PERSON.path).segment(&record.id)
    }

    fn looked_at(&self) -> &'static str {
        "/data"
    }

    fn holds(&self, _: &Object, record: &Value, _: Erasure) -> Holds {
        // A record that shows neither is live: only a deleted one has to say what it is.
        let is_deleted = record["is_deleted"] == true || record["active_flag"] == false;
        if is_deleted { Holds::Nobody } else { Holds::Somebody }
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        let of = |object: &'static Object, more: &'static str, at: &'static str, cursor: &'static str| {
            let id = person.id.clone();
            Search::new(object, "/data", Next::Cursor(at), move |page| {
                let request = Request::get(format!("{}{more}", object.path)).query("person_id", &id).query("limit", "100");
                page.map_or(request.clone(), |page| request.query(cursor, page))
            })
        };
        let by_cursor = |object, more| of(object, more, "/additional_data/next_cursor", "cursor");
        let by_start = |object, more| of(object, more, "/additional_data/pagination/next_start", "start");
        let mut searches = Vec::new();
        for word in related {
            match *word {
                "deals" => searches.extend([by_cursor(&DEAL, ""), by_cursor(&DEAL, "/archived")]),
                "activities" => searches.push(by_cursor(&ACTIVITY, "")),
                "notes" => searches.push(by_start(&NOTE, "")),
                "leads" => searches.extend([by_start(&LEAD, ""), by_start(&LEAD, "/archived")]),
                _ => {}
            }
        }
        searches
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        Request::delete(record.object.path, writes).segment(&record.id)
    }

    fn health(&self) -> Request {
        Request::get(PERSON.path).query("limit", "1")
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let mut rights = vec![Right::to("read persons (contacts:read)", self.health())];
        for word in related {
            let (object, scope) = match *word {
                "deals" => (&DEAL, "deals:read"),
                "activities" => (&ACTIVITY, "activities:read"),
                "notes" => (&NOTE, "deals:read"),
                "leads" => (&LEAD, "leads:read"),
                _ => continue,
            };
            let request = Request::get(object.path).query("limit", "1");
            rights.push(Right::to(format!("read {} ({scope})", object.count), request));
        }
        rights
    }
}

fn search(term: String, field: &'static str, exact_match: &'static str) -> Search {
    let page = move |cursor: Option<&str>| {
        let request = Request::get("/api/v2/persons/search").query("term", &term).query("fields", field);
        let request = request.query("exact_match", exact_match).query("limit", "100").paced_as(SEARCH);
        cursor.map_or(request.clone(), |cursor| request.query("cursor", cursor))
    };
    let search = Search::new(&PERSON, "/data/items", Next::Cursor("/additional_data/next_cursor"), page);
    search.within("/item").addressed(EMAILS)
}
