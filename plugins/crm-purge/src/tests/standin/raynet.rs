//! Raynet: lists with filters and offsets, anonymization and deletion; nothing is answered without the instance's name. Filters,
//! fields and errors are those of Raynet's own OpenAPI description (<https://github.com/wpify/raynet-sdk>, openapi.json): a
//! detail shows each field, also without a value, except for custom fields; leads have no filter `rowInfo.rowAccess`, and an
//! unknown filter is answered 400.

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
            Some(row) if row.state != State::Gone => {
                Reply::json(200, &json!({ "success": "true", "data": record(world, row) }))
            }
            _ => Reply::json(404, &json!({ "type": "EntityNotFound" })),
        },
        ("POST", ["api", "v2", object, id, "anonymize", ""]) => removed(world, object, id, State::Anonymized),
        ("DELETE", ["api", "v2", object, id, ""]) => removed(world, object, id, State::Gone),
        _ => world.not_understood(asked),
    }
}

fn list(world: &mut World, object: &str, asked: &Asked) -> Reply {
    let how = ["limit", "offset", "sortColumn", "sortDirection", "dateFormat", "rowInfo.rowAccess[EQ]"];
    let is_list = asked.query.keys().all(|name| how.contains(&name.as_str()));
    let mut found = match is_list {
        true => world.those(object, State::Live, |_| true),
        false => Vec::new(),
    };
    let only_invalid = asked.query("rowInfo.rowAccess[EQ]") == "INVALID";
    for (name, value) in &asked.query {
        match name.rsplit_once('[') {
            Some(("rowInfo.rowAccess", _)) if object != "lead" => {}
            Some(("contactInfo.email" | "contactInfo.email2", comparison)) if object != "company" => {
                found.extend(by_email(world, object, comparison, value));
            }
            Some(("primaryAddress-contactInfo.email" | "primaryAddress-contactInfo.email2", comparison))
                if object == "company" =>
            {
                found.extend(by_email(world, object, comparison, value));
            }
            None if name == "fulltext" => found.extend(world.by_text(object, value)),
            None if how.contains(&name.as_str()) => {}
            _ => {
                world.not_understood(asked);
                return Reply::json(400, &json!({ "message": "Unsupported filter column ..." }));
            }
        }
    }
    let is_listed = |n: &u32| world.invalid.contains(n) == only_invalid || (world.lists_invalid && !only_invalid);
    found.retain(|row| is_listed(&row.n));
    // In no order that anybody could rely on, unless one is asked for.
    match (asked.query("sortColumn"), asked.query("sortDirection")) {
        ("id", "ASC") => found.sort_by_key(|row| row.n),
        _ if is_list => found.reverse(),
        _ => {}
    }
    let limit = asked.query("limit").parse::<usize>().map_or(PAGE, |limit| limit.min(PAGE));
    let page = found.iter().skip(number(asked.query("offset")) as usize).take(limit);
    let mut page: Vec<_> = page.map(|row| record(world, row)).collect();
    // "Datum a čas … v časové zóně uživatele. Přidáním parametru dateFormat=ISO8601 lze ovlivnit výstupní formát" (openapi.json).
    let created = match asked.query("dateFormat") {
        "ISO8601" => "2026-01-01T01:00:00.000+01:00",
        _ => "2026-01-01 01:00",
    };
    page.iter_mut().for_each(|record| record["rowInfo.createdAt"] = json!(created));
    Reply::json(200, &json!({ "success": "true", "totalCount": found.len(), "data": page }))
}

/// `EQ` and `LIKE` compare the whole value; `%` is a wildcard of the latter, and so may `_` be: its description does not say.
fn by_email(world: &World, object: &str, comparison: &str, value: &str) -> Vec<Row> {
    match comparison {
        "LIKE_NOCASE]" if value.contains('%') => world.by_pattern(object, value),
        "LIKE_NOCASE]" if world.underscore_is_any => world.by_letters(object, value),
        "EQ]" => world.those(object, State::Live, |row| row.emails.contains(&value)),
        _ => world.by_whole_email(object, value, State::Live),
    }
}

fn removed(world: &mut World, object: &str, id: &str, to: State) -> Reply {
    let was_anonymized = world.get(object, number(id)).is_some_and(|row| row.state == State::Anonymized);
    match world.remove(object, number(id), to) || was_anonymized {
        true => Reply::empty(200),
        false => Reply::json(404, &json!({ "type": "EntityNotFound" })),
    }
}

fn record(world: &World, row: &Row) -> Value {
    let is_live = row.state == State::Live;
    let shown = |values: &[&'static str], n: usize| values.get(n).filter(|_| is_live).copied();
    let contact = json!({
        "email": shown(&row.emails, 0), "email2": shown(&row.emails, 1),
        "tel1": shown(&row.phones, 0), "tel1Type": null, "tel2": shown(&row.phones, 1), "tel2Type": null,
        "www": null, "fax": null, "otherContact": null, "doNotSendMM": false,
    });
    let networks = ["facebook", "googleplus", "twitter", "linkedin", "pinterest", "instagram", "skype", "youtube"];
    let networks: Value = networks.map(|name| (name.to_owned(), Value::Null)).into_iter().collect();
    let street = json!({ "city": null, "country": null, "countryCode": null, "province": null, "street": null,
        "zipCode": null });
    let mut record = json!({
        "id": row.n, "lastName": if is_live { "Kapka" } else { "Anonymous" }, "socialNetworkContact": networks,
        "customFields": null, "rowInfo.rowAccess": null, "rowInfo.rowState": null, "notice": null, "tags": [],
        "attachments": [], "firstName": "Person", "rowInfo.updatedAt": null,
    });
    if world.invalid.contains(&row.n) {
        record["rowInfo.rowAccess"] = json!("INVALID");
    }
    match row.object {
        "company" => {
            let office = json!({ "id": 2, "address": street, "contactInfo": contact });
            record["birthday"] = Value::Null;
            record["logo"] = Value::Null;
            record["person"] = json!(true);
            for name in ["salutation", "regNumber", "taxNumber", "taxNumber2", "bankAccount", "databox"] {
                record[name] = Value::Null;
            }
            record["addresses"] = json!([office]);
            record["primaryAddress"] = office;
        }
        "lead" => {
            record["contactInfo"] = contact;
            record["address"] = street;
            for name in ["topic", "companyName", "regNumber"] {
                record[name] = Value::Null;
            }
        }
        _ => {
            record["contactInfo"] = contact;
            record["privateAddress"] = street;
            record["birthday"] = Value::Null;
            record["photo"] = Value::Null;
            record["relationships"] = json!([{ "id": 1, "notice": null, "primary": true, "type": "support" }]);
            for name in ["salutation", "maritalStatus", "gender"] {
                record[name] = Value::Null;
            }
        }
    }
    if row.state == State::Anonymized {
        for (at, value) in &world.leftovers {
            let (parent, name) = at.rsplit_once('/').expect("a pointer");
            record.pointer_mut(parent).expect("shown")[name] = value.clone();
        }
    }
    record
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_default()
}
