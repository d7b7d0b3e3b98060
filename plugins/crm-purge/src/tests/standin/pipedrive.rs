//! Pipedrive: search of persons, deletion into 30 days of "deleted", and the lists of what is linked with a person; version
//! 2 with cursors, version 1 with positions. As Pipedrive's own clients have it
//! (<https://github.com/pipedrive/client-nodejs>, src/versions/v1 and v2): with `exact_match`, "only full exact matches
//! against the given term are returned. It is not case sensitive" (v2/api/persons-api.ts); of activities, `person_id` is
//! the primary participant's (v2/api/activities-api.ts).

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, Row, State, World};

pub(super) const KIND: Kind = Kind {
    name: "pipedrive",
    people: "persons",
    config: || json!({}),
    id: |n| n.to_string(),
    answer,
    writes: |asked| asked.method == "DELETE",
};

/// Stands in place of the addresses of what was archived.
pub(in crate::tests) const ARCHIVED: &[&str] = &["archived"];

fn answer(world: &mut World, asked: &Asked) -> Reply {
    match (asked.method, asked.path().as_slice()) {
        ("GET", ["api", "v2", "persons", "search"]) => {
            let term = asked.query("term");
            let found = match asked.query("fields") {
                "email" if asked.query("exact_match") == "true" => world.by_whole_email("person", term, State::Live),
                "email" => world.by_email("person", term, State::Live),
                _ => world.by_text("person", term),
            };
            let items = found.iter().map(|row| json!({ "result_score": 0.3, "item": item(row) })).collect();
            let (items, cursor) = cursored(world, asked, items);
            Reply::json(200, &json!({ "success": true, "data": { "items": items }, "additional_data": cursor }))
        }
        ("GET", ["api", "v2", "persons"])
            if !asked.query("cursor").is_empty() && !world.knows(asked.query("cursor")) =>
        {
            Reply::json(400, &json!({ "success": false, "error": "Parameter cursor is invalid" }))
        }
        ("GET", ["api", "v2", "persons"]) if asked.query("limit") != "1" => {
            let all = world.those("person", State::Live, |_| true).iter().map(listed_person).collect();
            let (data, cursor) = cursored(world, asked, all);
            world.listed(json!({ "success": true, "data": data, "additional_data": cursor }))
        }
        ("GET", ["api", "v2", "persons"]) => Reply::json(200, &json!({ "success": true, "data": [] })),
        ("GET", ["api", "v2", "persons", id]) => match world.get("person", number(id)) {
            Some(row) if row.state != State::Gone => {
                let data = json!({ "id": row.n, "is_deleted": row.state == State::Bin });
                Reply::json(200, &json!({ "success": true, "data": data }))
            }
            _ => Reply::json(404, &json!({ "success": false, "error": "Person not found" })),
        },
        ("GET", ["api", "v2", object @ ("deals" | "activities")]) => {
            let all = listed(world, singular(object), asked, &[]);
            let (data, cursor) = cursored(world, asked, all);
            Reply::json(200, &json!({ "success": true, "data": data, "additional_data": cursor }))
        }
        ("GET", ["v1", object @ ("notes" | "leads")]) => {
            let mut all = listed(world, singular(object), asked, &[]);
            let start = number(asked.query("start")) as usize;
            let more = all.len() > start + super::PAGE;
            all = all.into_iter().skip(start).take(super::PAGE).collect();
            let next = more.then_some(start + super::PAGE);
            let pagination = json!({ "more_items_in_collection": more, "next_start": next });
            let data = if all.is_empty() { Value::Null } else { json!(all) };
            Reply::json(200, &json!({ "success": true, "data": data, "additional_data": { "pagination": pagination } }))
        }
        ("GET", ["v1", "users", "me"]) => Reply::json(200, &json!({ "success": true, "data": { "id": 1234 } })),
        ("GET", ["v1", "users", "1234", "permissions"]) => {
            let permissions = world.permissions.clone().unwrap_or_else(|| json!({ "can_delete_deals": true }));
            Reply::json(200, &json!({ "success": true, "data": permissions }))
        }
        ("GET", [.., object, "archived"]) => {
            let data = listed(world, singular(object), asked, ARCHIVED);
            let end = match *object {
                "leads" => json!({ "start": 0, "limit": 100, "more_items_in_collection": false }),
                _ => json!({ "next_cursor": null }),
            };
            Reply::json(200, &json!({ "success": true, "data": data, "additional_data": end }))
        }
        ("DELETE", [.., object, id]) => {
            let n = number(id);
            let is_archived = world.get(singular(object), n).is_some_and(|row| row.emails == ARCHIVED);
            if let Some(status) = world.archived_refusal.filter(|_| is_archived) {
                let said = json!({ "success": false, "error": "Archived items cannot be edited" });
                return Reply::json(status, &said);
            }
            if !world.remove(singular(object), n, State::Bin) {
                return Reply::json(404, &json!({ "success": false, "error": "not found" }));
            }
            Reply::json(200, &json!({ "success": true, "data": { "id": n } }))
        }
        _ => world.not_understood(asked),
    }
}

fn cursored(world: &mut World, asked: &Asked, all: Vec<Value>) -> (Vec<Value>, Value) {
    let (items, cursor) = match asked.query("cursor") {
        "" => world.page(all),
        cursor => world.next_page(number(cursor) as usize),
    };
    (items, json!({ "next_cursor": cursor.map(|cursor| cursor.to_string()) }))
}

/// What is linked with a person: archived or not.
fn listed(world: &World, object: &str, asked: &Asked, mark: &[&str]) -> Vec<Value> {
    let rows = world.linked(object, number(asked.query("person_id")));
    rows.iter().filter(|row| row.emails == mark).map(|row| json!({ "id": row.n })).collect()
}

fn item(row: &Row) -> Value {
    json!({ "id": row.n, "type": "person", "emails": row.emails, "phones": row.phones, "custom_fields": [] })
}

/// As the list has it: each address with its label.
fn listed_person(row: &Row) -> Value {
    let labelled =
        |values: &[&str]| values.iter().map(|value| json!({ "value": value, "label": "work" })).collect::<Vec<_>>();
    json!({
        "id": row.n, "name": format!("Person {}", row.n), "emails": labelled(&row.emails), "phones": labelled(&row.phones),
        "add_time": "2026-01-01T00:00:00Z", "update_time": "2026-02-01T00:00:00Z",
    })
}

fn singular(object: &str) -> &str {
    match object {
        "persons" => "person",
        "activities" => "activity",
        other => other.trim_end_matches('s'),
    }
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_default()
}
