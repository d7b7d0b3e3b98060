//! HubSpot: search by filters, permanent deletion by id, associations of a contact, archiving of other objects. Paths, members
//! and the forms of ids are those of HubSpot's own description of version 2026-03
//! (<https://github.com/HubSpot/HubSpot-public-api-spec-collection>, PublicApiSpecs/CRM/Contacts/Rollouts/424/2026-03,
//! …/Associations/Rollouts/130902/2026-03, …/Notes/Rollouts/424/2026-03).

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, Row, State, World};

pub(super) const KIND: Kind = Kind {
    name: "hubspot",
    people: "contacts",
    config: || json!({}),
    id: |n| n.to_string(),
    answer,
    writes: |asked| asked.method == "DELETE" || asked.seen.target.ends_with("gdpr-delete"),
};

fn answer(world: &mut World, asked: &Asked) -> Reply {
    let path = asked.path();
    let ["crm", "objects", "2026-03", path @ ..] = path.as_slice() else { return world.not_understood(asked) };
    match (asked.method, path) {
        ("POST", ["contacts", "search"]) => search(world, asked),
        ("POST", ["contacts", "gdpr-delete"]) => {
            let body = asked.seen.json();
            // "If email address is not found, the email address will be added to a blocklist" (contacts.json, gdpr-delete).
            if !body["idProperty"].is_null() {
                world.blocked += 1;
            }
            let id = body["objectId"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            match world.remove("person", id, State::Gone) {
                true => Reply::empty(204),
                false => error(404, "OBJECT_NOT_FOUND"),
            }
        }
        ("GET", ["contacts"]) if !asked.query("properties").is_empty() => {
            if asked.query("limit").parse::<u32>().is_ok_and(|limit| limit > 100) {
                return world.not_understood(asked);
            }
            let (results, cursor) = match asked.query("after") {
                "" => {
                    let all = world.those("person", State::Live, |_| true);
                    world.page(all.iter().map(|row| listed(row, asked.query("properties"))).collect())
                }
                after if !world.knows(after) => return error(400, "VALIDATION_ERROR"),
                after => world.next_page(after.parse().unwrap_or_default()),
            };
            world.listed(paged(json!({ "results": results }), cursor))
        }
        ("GET", [_]) => Reply::json(200, &json!({ "results": [] })),
        ("GET", ["contacts", id]) => match world.get("person", id.parse().unwrap_or_default()) {
            Some(row) if row.state == State::Live => Reply::json(200, &contact(row)),
            _ => error(404, "OBJECT_NOT_FOUND"),
        },
        ("GET", ["contacts", id, "associations", object]) => {
            let rows = world.linked(object.trim_end_matches('s'), id.parse().unwrap_or_default());
            let of = |row: &Row| json!({ "toObjectId": row.n.to_string(), "associationTypes": [] });
            let all = rows.iter().map(of).collect();
            let (results, cursor) = match asked.query("after") {
                "" => world.page(all),
                after => world.next_page(after.parse().unwrap_or_default()),
            };
            Reply::json(200, &paged(json!({ "results": results }), cursor))
        }
        ("DELETE", [object, id]) => {
            world.remove(object.trim_end_matches('s'), id.parse().unwrap_or_default(), State::Bin);
            Reply::empty(204)
        }
        _ => world.not_understood(asked),
    }
}

/// Five groups of filters, 200 results, and the members that the description knows.
fn search(world: &mut World, asked: &Asked) -> Reply {
    let body = asked.seen.json();
    let groups = body["filterGroups"].as_array().cloned().unwrap_or_default();
    let members = ["filterGroups", "properties", "limit", "after", "sorts", "query"];
    let is_known = body.as_object().is_some_and(|body| body.keys().all(|key| members.contains(&key.as_str())));
    if !is_known || !(1..=5).contains(&groups.len()) || body["limit"].as_u64().is_none_or(|limit| limit > 200) {
        return world.not_understood(asked);
    }
    let mut found: Vec<Row> = Vec::new();
    for filter in groups.iter().map(|group| &group["filters"][0]) {
        let value = filter["value"].as_str().unwrap_or_default();
        let operator = filter["operator"].as_str().unwrap_or_default();
        let rows = match (filter["propertyName"].as_str().unwrap_or_default(), operator) {
            (_, "CONTAINS_TOKEN") if value.contains('*') && value.contains('@') => world.by_pattern("person", value),
            ("email", "EQ") => world.by_whole_email("person", value, State::Live),
            ("hs_additional_emails", "CONTAINS_TOKEN") => world.by_email("person", value, State::Live),
            ("phone" | "mobilephone", "EQ")
            | ("hs_searchable_calculated_phone_number" | "hs_searchable_calculated_mobile_number", "CONTAINS_TOKEN") => {
                world.by_phone("person", value)
            }
            _ => return world.not_understood(asked),
        };
        found.extend(rows.into_iter().filter(|row| found.iter().all(|known| known.n != row.n)).collect::<Vec<_>>());
    }
    let (results, cursor) = match body["after"].as_str() {
        None => world.page(found.iter().map(contact).collect()),
        Some(after) => world.next_page(after.parse().unwrap_or_default()),
    };
    Reply::json(200, &paged(json!({ "total": found.len(), "results": results }), cursor))
}

fn paged(mut body: Value, cursor: Option<usize>) -> Value {
    if let Some(cursor) = cursor {
        body["paging"] = json!({ "next": { "after": cursor.to_string(), "link": "?after=…" } });
    }
    body
}

fn error(status: u16, category: &str) -> Reply {
    let correlation = "aeb5f871-7f07-4993-9211-075dc63e7cbf";
    Reply::json(status, &json!({ "category": category, "correlationId": correlation, "message": "resource not found" }))
}

/// The properties that were asked for.
fn listed(row: &Row, properties: &str) -> Value {
    let mut contact = contact(row);
    let wanted: Vec<_> = properties.split(',').collect();
    contact["properties"].as_object_mut().expect("an object").retain(|name, _| wanted.contains(&name.as_str()));
    contact
}

fn contact(row: &Row) -> Value {
    let more = row.emails.iter().skip(1).copied().collect::<Vec<_>>().join(";");
    json!({
        "id": row.n.to_string(),
        "properties": {
            "email": row.emails.first(),
            "hs_additional_emails": if more.is_empty() { Value::Null } else { json!(more) },
            "phone": row.phones.first(),
            "mobilephone": row.phones.get(1),
        },
        "archived": false,
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
    })
}
