//! Pipedrive: persons, by the deletion that becomes permanent after 30 days. Deals, notes, activities and leads stay unless
//! they are asked for.
//!
//! <https://github.com/pipedrive/client-nodejs> (v1 and v2), <https://developers.pipedrive.com/docs/api/v1/Persons>,
//! <https://developers.pipedrive.com/changelog/post/permanent-deletion-logic-for-6-core-entities>,
//! <https://developers.pipedrive.com/changelog/post/breaking-change-archived-deals-and-leads-will-not-be-returned-in-existing-endpoints-and-will-not-be-editable>,
//! <https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting>

use quietus_plugin::Writes;
use quietus_plugin::http::Request;
use serde_json::Value;

use super::traits::{
    Follow, Holds, Keeps, List, NOBODY, OwnKeys, Right, Shown, Traits, Vendor, days, is_number, unless,
};
use crate::choice::Erasure;
use crate::engine::{LastPage, Next, Object, Place, Record, SEARCH, Search, Wanted, tail};

pub(super) const TRAITS: Traits = Traits {
    name: "Pipedrive",
    base_url: Some("https://api.pipedrive.com"),
    // 20 requests in 2 s on the smallest plan; ten searches in 2 s.
    rate: 10.0,
    search_rate: 5.0,
    erasures: &[Erasure::Delete],
    related: &["deals", "activities", "notes", "leads"],
    verify_after: days(31),
    // Of notes and leads, Pipedrive does not say it.
    keeps: &[Keeps {
        what: "Pipedrive keeps persons, deals and activities that are deleted for 30 days, by its changelog",
        of: |count| [&PERSON, &DEAL, &ARCHIVED_DEAL, &ACTIVITY].iter().any(|object| object.count == count),
        gone_after: days(31),
    }],
    not_looked: &[
        "mail threads, files, call logs and projects",
        "deals in which the person is a participant, and not the contact person",
        "custom fields, and texts of other records that name the person",
        "records that the user of the credentials may not see",
        "persons that were deleted before and can still be restored, unless they are looked for by id",
    ],
    own_keys: &[],
};

const UNLESS: [(&str, &str); 4] = [
    ("deals", "deals of the person"),
    ("activities", "activities of the person"),
    ("notes", "notes on the person"),
    ("leads", "leads of the person"),
];
const PARTICIPANTS: &str = "activities in which the person is another participant than the primary one";
/// What Pipedrive's documentation does not say is not said.
const UNKNOWN: &str = "whether Pipedrive keeps notes and leads that are deleted, and how long";

const PERSON: Object = Object { path: "/api/v2/persons", count: "persons", id: "/id" };
const DEAL: Object = Object { path: "/api/v2/deals", count: "deals", id: "/id" };
/// What is archived may be refused: it cannot be edited through the API.
const ARCHIVED_DEAL: Object = Object { path: "/api/v2/deals", count: "archived deals", id: "/id" };
const ACTIVITY: Object = Object { path: "/api/v2/activities", count: "activities", id: "/id" };
const NOTE: Object = Object { path: "/v1/notes", count: "notes", id: "/id" };
const LEAD: Object = Object { path: "/v1/leads", count: "leads", id: "/id" };
const ARCHIVED_LEAD: Object = Object { path: "/v1/leads", count: "archived leads", id: "/id" };

const EMAILS: &[Place] = &[Place::List("/emails")];
const PHONES: &[Place] = &[Place::List("/phones")];
/// How version 2 goes on.
const CURSOR: &str = "/additional_data/next_cursor";
const BY_CURSOR: Next = Next::Cursor { next: CURSOR, last: LastPage::Null };
/// Where version 1 says whether there are more: of notes, and of leads, of which Pipedrive's own client has it one level above.
const MORE: &[&str] =
    &["/additional_data/pagination/more_items_in_collection", "/additional_data/more_items_in_collection"];
/// Values of `exact_match`: the whole text, or a part of it.
const EXACT: &str = "true";
const WITHIN: &str = "false";
/// The permissions to delete whose names Pipedrive publishes; that of persons is not among them.
const DELETES: [(&str, &str); 3] =
    [("deals", "can_delete_deals"), ("activities", "can_delete_activities"), ("leads", "can_delete_leads")];

/// Persons on one page of a list.
const LIST_MAX: u32 = 500;

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
                    searches.push(search(address.clone(), "email", EXACT).exact(EMAILS).whole());
                }
                if let Some((before, _)) = around_plus {
                    searches.push(search(before.clone(), "email", WITHIN).exact(EMAILS).part(before));
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

    /// A person is always shown whole.
    fn lists(&self, _: &Shown, _: &[&str]) -> Vec<List> {
        let page = |after: Option<&str>, most: u32| {
            let page = Request::get(PERSON.path).query("limit", &most.min(LIST_MAX).to_string());
            after.map_or(page.clone(), |after| page.query("cursor", after))
        };
        vec![List {
            object: &PERSON,
            page: Box::new(page),
            follow: Follow::Cursor { next: CURSOR, last: LastPage::Null },
            items: "/data",
            addresses: EMAILS,
            numbers: PHONES,
            names: &["/name"],
            created: "/add_time",
            changed: "/update_time",
        }]
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
        if is_deleted { Holds::Recycled } else { Holds::Somebody }
    }

    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search> {
        let of = |object: &'static Object, more: &'static str, next: Next, cursor: &'static str| {
            let id = person.id.clone();
            Search::new(object, "/data", next, move |page| {
                let request =
                    Request::get(format!("{}{more}", object.path)).query("person_id", &id).query("limit", "100");
                page.map_or(request.clone(), |page| request.query(cursor, page))
            })
        };
        let by_cursor = |object, more| of(object, more, BY_CURSOR, "cursor");
        // Where there is none, version 1 writes `null`.
        let by_start = |object, more| of(object, more, Next::Counted { more: MORE }, "start").or_null();
        let mut searches = Vec::new();
        for word in related {
            match *word {
                "deals" => searches.extend([by_cursor(&DEAL, ""), by_cursor(&ARCHIVED_DEAL, "/archived")]),
                "activities" => searches.push(by_cursor(&ACTIVITY, "")),
                "notes" => searches.push(by_start(&NOTE, "")),
                "leads" => searches.extend([by_start(&LEAD, ""), by_start(&ARCHIVED_LEAD, "/archived")]),
                _ => {}
            }
        }
        searches
    }

    fn erase(&self, record: &Record, _: Erasure, writes: Writes<'_>) -> Request {
        Request::delete(record.object.path, writes).segment(&record.id)
    }

    fn not_looked(&self, related: &[&str]) -> Vec<String> {
        let mut places = unless(related, &UNLESS);
        if related.contains(&"activities") {
            places.push(PARTICIPANTS.to_owned());
        }
        if related.contains(&"notes") || related.contains(&"leads") {
            places.push(UNKNOWN.to_owned());
        }
        places
    }

    fn health(&self) -> Request {
        Request::get(PERSON.path).query("limit", "1")
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let search = (search(NOBODY.to_owned(), "email", EXACT).page)(None);
        let mut rights = vec![
            Right::to("read persons (contacts:read)", self.health()),
            Right::to("search persons (contacts:read or search:read)", search),
        ];
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
        let deletes: Vec<_> = DELETES.into_iter().filter(|(word, _)| related.contains(word)).collect();
        if !deletes.is_empty() {
            let me = Right::informing(Request::get("/v1/users/me"));
            rights.push(me.then(move |me| permissions(me, deletes.clone())));
        }
        rights
    }
}

/// What this user may delete.
fn permissions(me: &Value, deletes: Vec<(&'static str, &'static str)>) -> Option<Right> {
    let id = me.pointer("/data/id")?.as_u64()?;
    let request = Request::get("/v1/users").segment(&id.to_string()).segment("permissions");
    Some(Right::informing(request).shown_by(move |answer| {
        let denied = deletes.iter().find(|(_, word)| answer["data"][*word] == false)?;
        Some(format!("delete {} ({})", denied.0, denied.1))
    }))
}

fn search(term: String, field: &'static str, exact_match: &'static str) -> Search {
    let page = move |cursor: Option<&str>| {
        let request = Request::get("/api/v2/persons/search").query("term", &term).query("fields", field);
        let request = request.query("exact_match", exact_match).query("limit", "100").paced_as(SEARCH);
        cursor.map_or(request.clone(), |cursor| request.query("cursor", cursor))
    };
    let search = Search::new(&PERSON, "/data/items", BY_CURSOR, page);
    search.within("/item").addressed(EMAILS)
}
