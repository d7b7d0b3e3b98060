//! Salesforce: SOQL of the few shapes that are expected, and no others; the Recycle Bin; links to further pages.

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, Row, State, World, literals};

pub(super) const KIND: Kind = Kind {
    name: "salesforce",
    people: "contacts",
    config: || json!({}),
    id: |n| format!("0030000000{n:05}AAA"),
    answer,
    writes: |asked| asked.method == "DELETE",
};

fn answer(world: &mut World, asked: &Asked) -> Reply {
    match (asked.method, asked.path().as_slice()) {
        ("GET", ["services", "data", "v62.0", "limits"]) => Reply::json(200, &json!({ "DailyApiRequests": {} })),
        ("GET", ["services", "data", "v62.0", "query", cursor]) => {
            let page = world.next_page(cursor.trim_start_matches("01g-").parse().unwrap_or_default());
            records(page)
        }
        ("GET", ["services", "data", "v62.0", resource @ ("query" | "queryAll")]) => {
            match select(world, asked.query("q"), *resource == "queryAll") {
                Some(found) => {
                    let page = world.page(found.iter().map(record).collect());
                    records(page)
                }
                None => world.not_understood(asked),
            }
        }
        ("GET", ["services", "data", "v62.0", "sobjects", object, "describe"]) => {
            let fields =
                ["Id", "Email", "Phone", "MobilePhone", "HomePhone", "OtherPhone"].map(|name| json!({ "name": name }));
            Reply::json(200, &json!({ "name": object, "queryable": true, "deletable": true, "fields": fields }))
        }
        ("GET", ["services", "data", "v62.0", "sobjects", object, id]) => match world.get(word(object), number(id)) {
            Some(row) if row.state == State::Live => Reply::json(200, &record(row)),
            _ => gone(),
        },
        ("DELETE", ["services", "data", "v62.0", "sobjects", object, id]) => {
            if world.remove(word(object), number(id), State::Bin) { Reply::empty(204) } else { gone() }
        }
        _ => world.not_understood(asked),
    }
}

fn select(world: &World, soql: &str, all: bool) -> Option<Vec<Row>> {
    let (skeleton, literals) = literals(soql, '\\')?;
    let (object, condition) = skeleton.strip_prefix("SELECT Id")?.split_once(" FROM ")?.1.split_once(" WHERE ")?;
    let (condition, state) = match (all, condition.rsplit_once(" AND IsDeleted = ")) {
        (true, Some((condition, "true"))) => (condition, State::Bin),
        (true, Some((condition, "false"))) => (condition, State::Live),
        (false, None) => (condition, State::Live),
        _ => return None,
    };
    let mut found: Vec<Row> = Vec::new();
    let alternatives: Vec<_> = condition.trim_matches(['(', ')']).split(" OR ").collect();
    if alternatives.len() != literals.len() {
        return None;
    }
    for (alternative, literal) in alternatives.into_iter().zip(&literals) {
        let rows = match alternative {
            "Email = ?" => world.by_whole_email(word(object), literal, state),
            "Email LIKE ?" => world.by_pattern(word(object), literal),
            "Phone LIKE ?" | "MobilePhone LIKE ?" | "HomePhone LIKE ?" | "OtherPhone LIKE ?" => {
                world.by_phone(word(object), literal, state)
            }
            "WhoId = ?" | "ParentId = ?" | "ContactId = ?" if all => world.linked(word(object), number(literal)),
            _ => return None,
        };
        found.extend(rows.into_iter().filter(|row| found.iter().all(|known| known.n != row.n)).collect::<Vec<_>>());
    }
    Some(found)
}

fn records((records, cursor): (Vec<Value>, Option<usize>)) -> Reply {
    let mut body = json!({ "totalSize": 7, "done": cursor.is_none(), "records": records });
    if let Some(cursor) = cursor {
        body["nextRecordsUrl"] = json!(format!("/services/data/v62.0/query/01g-{cursor}"));
    }
    Reply::json(200, &body)
}

fn record(row: &Row) -> Value {
    json!({
        "attributes": { "type": row.object },
        "Id": (KIND.id)(row.n),
        "Email": row.emails.first(),
        "Phone": row.phones.first(),
        "MobilePhone": row.phones.get(1),
        "HomePhone": null,
        "OtherPhone": null,
    })
}

fn gone() -> Reply {
    Reply::json(404, &json!([{ "errorCode": "ENTITY_IS_DELETED", "message": "entity is deleted" }]))
}

fn word(object: &str) -> &'static str {
    match object {
        "Contact" => "person",
        "Lead" => "lead",
        "Task" => "task",
        "Event" => "event",
        "Note" => "note",
        "Case" => "case",
        _ => "unknown",
    }
}

fn number(id: &str) -> u32 {
    id.get(10..15).and_then(|n| n.parse().ok()).unwrap_or_default()
}
