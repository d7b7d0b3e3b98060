//! Dynamics 365: OData filters of the few shapes that are expected, and no others; absolute links to further pages; the
//! audit history of a record.

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, Row, State, World, literals};

pub(super) const KIND: Kind = Kind {
    name: "dynamics",
    people: "contacts",
    config: || json!({}),
    id: |n| format!("00000000-0000-0000-0000-{n:012}"),
    answer,
    writes: |asked| asked.method != "GET",
};

fn answer(world: &mut World, asked: &Asked) -> Reply {
    let path = asked.path();
    let ["api", "data", "v9.2", resource] = path.as_slice() else { return world.not_understood(asked) };
    match (asked.method, resource.split_once('(')) {
        ("GET", None) if *resource == "WhoAmI" => Reply::json(200, &json!({ "UserId": (KIND.id)(9) })),
        ("POST", None) if *resource == "DeleteRecordChangeHistory" => {
            let target = &asked.seen.json()["Target"];
            let (object, id) = match target["@odata.type"].as_str() {
                Some("Microsoft.Dynamics.CRM.contact") => ("person", &target["contactid"]),
                Some("Microsoft.Dynamics.CRM.lead") => ("lead", &target["leadid"]),
                _ => return world.not_understood(asked),
            };
            let id = id.as_str().map_or(0, number);
            if world.get(object, id).is_none() {
                return gone();
            }
            for row in world.rows.iter_mut().filter(|row| row.object == "history" && row.owner == id) {
                row.state = State::Gone;
            }
            Reply::json(200, &json!({ "DeletedEntriesCount": 4 }))
        }
        ("GET", None) => {
            let page = match asked.query("$skiptoken") {
                "" if asked.query("$top") == "1" => (Vec::new(), None),
                "" => match select(world, resource, asked.query("$filter")) {
                    Some(found) => world.page(found.iter().map(record).collect()),
                    None => return world.not_understood(asked),
                },
                cursor => world.next_page(cursor.parse().unwrap_or_default()),
            };
            let mut body = json!({ "@odata.context": "…", "value": page.0 });
            if let Some(cursor) = page.1 {
                let host = asked.seen.header("host").unwrap_or_default();
                body["@odata.nextLink"] =
                    json!(format!("http://{host}/api/data/v9.2/{resource}?%24skiptoken={cursor}"));
            }
            Reply::json(200, &body)
        }
        ("GET", Some((set, id))) => match world.get(word(set), number(id)) {
            Some(row) if row.state == State::Live => Reply::json(200, &record(row)),
            _ => gone(),
        },
        ("DELETE", Some((set, id))) => {
            if world.remove(word(set), number(id), State::Gone) {
                Reply::empty(204)
            } else {
                gone()
            }
        }
        _ => world.not_understood(asked),
    }
}

fn select(world: &World, set: &str, filter: &str) -> Option<Vec<Row>> {
    let (skeleton, literals) = literals(filter, '\'')?;
    if let Some((_, id)) = skeleton.split_once("_value eq ") {
        return Some(world.linked(word(set), number(id)));
    }
    let mut literals = literals.iter();
    let mut found: Vec<Row> = Vec::new();
    for alternative in skeleton.split(" or ") {
        let literal = literals.next()?;
        let rows = match alternative {
            "emailaddress1 eq ?" | "emailaddress2 eq ?" | "emailaddress3 eq ?" => {
                world.by_whole_email(word(set), literal, State::Live)
            }
            "(startswith(emailaddress1,?) and endswith(emailaddress1,?))"
            | "(startswith(emailaddress2,?) and endswith(emailaddress2,?))"
            | "(startswith(emailaddress3,?) and endswith(emailaddress3,?))" => {
                world.by_pattern(word(set), &format!("{literal}%{}", literals.next()?))
            }
            "contains(telephone1,?)"
            | "contains(telephone2,?)"
            | "contains(telephone3,?)"
            | "contains(mobilephone,?)" => world.by_phone(word(set), literal, State::Live),
            _ => return None,
        };
        found.extend(rows.into_iter().filter(|row| found.iter().all(|known| known.n != row.n)).collect::<Vec<_>>());
    }
    literals.next().is_none().then_some(found)
}

fn record(row: &Row) -> Value {
    let mut record = json!({
        "@odata.etag": "W/\"1\"",
        "emailaddress1": row.emails.first(), "emailaddress2": row.emails.get(1),
        "emailaddress3": null, "telephone1": row.phones.first(), "telephone2": null, "telephone3": null,
        "mobilephone": row.phones.get(1),
    });
    let key = match row.object {
        "person" => "contactid",
        "lead" => "leadid",
        "opportunity" => "opportunityid",
        "note" => "annotationid",
        _ => "activityid",
    };
    record[key] = json!((KIND.id)(row.n));
    record
}

fn gone() -> Reply {
    Reply::json(404, &json!({ "error": { "code": "0x80040217", "message": "does not exist" } }))
}

fn word(set: &str) -> &'static str {
    match set {
        "contacts" => "person",
        "leads" => "lead",
        "opportunities" => "opportunity",
        "emails" => "email",
        "phonecalls" => "phonecall",
        "tasks" => "task",
        "appointments" => "appointment",
        "annotations" => "note",
        _ => "unknown",
    }
}

fn number(id: &str) -> u32 {
    id.trim_end_matches(')').rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or_default()
}
