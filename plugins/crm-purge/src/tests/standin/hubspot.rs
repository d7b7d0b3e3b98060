//! HubSpot: search by filters, permanent deletion by id, associations of a contact, archiving of other objects.

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
    match (asked.method, asked.path().as_slice()) {
        ("POST", ["crm", "v3", "objects", "contacts", "search"]) => search(world, &asked.seen.json()),
        ("POST", ["crm", "v3", "objects", "contacts", "gdpr-delete"]) => {
            let body = asked.seen.json();
            if !body["idProperty"].is_null() {
                world.blocked += 1;
            }
            let id = body["objectId"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            Reply::empty(if world.remove("person", id, State::Gone) { 204 } else { 404 })
        }
        ("GET", ["crm", "v3", "objects", _]) => Reply::json(200, &json!({ "results": [] })),
        ("GET", ["crm", "v3", "objects", "contacts", id]) => {
            match world.get("person", id.parse().unwrap_or_default()) {
                Some(row) if row.state == State::Live => Reply::json(200, &contact(row)),
                _ => Reply::json(404, &json!({ "status": "error", "category": "OBJECT_NOT_FOUND" })),
            }
        }
        ("GET", ["crm", "v4", "objects", "contacts", id, "associations", object]) => {
            let rows = world.linked(object.trim_end_matches('s'), id.parse().unwrap_or_default());
            let all = rows.iter().map(|row| json!({ "toObjectId": row.n, "associationTypes": [] })).collect();
            results(match asked.query("after") {
                "" => world.page(all),
                after => world.next_page(after.parse().unwrap_or_default()),
            })
        }
        ("DELETE", ["crm", "v3", "objects", object, id]) => {
            world.remove(object.trim_end_matches('s'), id.parse().unwrap_or_default(), State::Bin);
            Reply::empty(204)
        }
        _ => world.not_understood(asked),
    }
}

fn search(world: &mut World, body: &Value) -> Reply {
    let mut found: Vec<Row> = Vec::new();
    for filter in body["filterGroups"].as_array().into_iter().flatten().map(|group| &group["filters"][0]) {
        let value = filter["value"].as_str().unwrap_or_default();
        let rows = match filter["propertyName"].as_str().unwrap_or_default() {
            "email" | "hs_additional_emails" if filter["operator"] == "CONTAINS_TOKEN" && value.contains('*') => {
                world.by_pattern("person", value)
            }
            "email" | "hs_additional_emails" => world.by_email("person", value, State::Live),
            _ => world.by_phone("person", value, State::Live),
        };
        found.extend(rows.into_iter().filter(|row| found.iter().all(|known| known.n != row.n)).collect::<Vec<_>>());
    }
    results(match body["after"].as_str() {
        None => world.page(found.iter().map(contact).collect()),
        Some(after) => world.next_page(after.parse().unwrap_or_default()),
    })
}

fn results((results, cursor): (Vec<Value>, Option<usize>)) -> Reply {
    let mut body = json!({ "total": 7, "results": results });
    if let Some(cursor) = cursor {
        body["paging"] = json!({ "next": { "after": cursor.to_string(), "link": "?after=…" } });
    }
    Reply::json(200, &body)
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
    })
}
