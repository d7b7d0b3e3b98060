//! Raynet: lists with filters and offsets, anonymization and deletion; nothing is answered without the instance's name.

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, PAGE, Row, State, World};

pub(super) const KIND: Kind = Kind {
    name: "raynet",
    people: "persons",
    config: || json!({ "instance": "my-crm" }),
    id: |n| n.to_string(),
    answer,
    writes: |asked| asked.method != "GET",
};

fn answer(world: &mut World, asked: &Asked) -> Reply {
    if asked.seen.header("x-instance-name") != Some("my-crm") {
        return world.not_understood(asked);
    }
    match (asked.method, asked.path().as_slice()) {
        ("GET", ["api", "v2", object, ""]) => list(world, object, asked),
        ("GET", ["api", "v2", object, id, ""]) => match world.get(object, number(id)) {
            Some(row) if row.state != State::Gone => Reply::json(200, &json!({ "success": true, "data": record(row) })),
            _ => Reply::json(404, &json!({ "type": "EntityNotFound" })),
        },
        ("POST", ["api", "v2", object, id, "anonymize", ""]) => removed(world, object, id, State::Anonymized),
        ("DELETE", ["api", "v2", object, id, ""]) => removed(world, object, id, State::Gone),
        _ => world.not_understood(asked),
    }
}

fn list(world: &mut World, object: &str, asked: &Asked) -> Reply {
    let mut found = Vec::new();
    for (name, value) in &asked.query {
        match name.rsplit_once('[') {
            Some((_, "LIKE_NOCASE]")) if value.contains('%') => found.extend(world.by_pattern(object, value)),
            Some((_, "EQ]" | "LIKE_NOCASE]")) => found.extend(world.by_email(object, value, State::Live)),
            _ if name == "fulltext" => found.extend(world.by_text(object, value)),
            _ if matches!(name.as_str(), "limit" | "offset") => {}
            _ => return world.not_understood(asked),
        }
    }
    let page: Vec<_> = found.iter().skip(number(asked.query("offset")) as usize).take(PAGE).map(record).collect();
    Reply::json(200, &json!({ "success": true, "totalCount": found.len(), "data": page }))
}

fn removed(world: &mut World, object: &str, id: &str, to: State) -> Reply {
    match world.remove(object, number(id), to) {
        true => Reply::json(200, &json!({ "success": true })),
        false => Reply::json(404, &json!({ "type": "EntityNotFound" })),
    }
}

fn record(row: &Row) -> Value {
    let mut contact = json!({ "email": null, "email2": null, "tel1": "", "tel2": null });
    if row.state == State::Live {
        contact = json!({
            "email": row.emails.first(), "email2": row.emails.get(1), "tel1": row.phones.first(), "tel2": row.phones.get(1),
        });
    }
    match row.object {
        "company" => json!({ "id": row.n, "primaryAddress": { "contactInfo": contact } }),
        _ => json!({ "id": row.n, "contactInfo": contact }),
    }
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_default()
}
