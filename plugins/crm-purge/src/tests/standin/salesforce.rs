//! Salesforce: SOQL of the few shapes that are expected, and no others; the Recycle Bin; links to further pages; person accounts,
//! whose contacts cannot be deleted by themselves; descriptions of objects, which do not show what the user may not see.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_guidelines_personaccounts.htm> (a person account is
//! an account and a contact, of which `PersonContactId` and `AccountId` tell),
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm> (status codes),
//! <https://github.com/simple-salesforce/simple-salesforce/blob/master/simple_salesforce/api.py> (paths, pages, errors as lists).

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, PAGE, Row, State, World, literals};

pub(in super::super) const KIND: Kind = Kind {
    name: "salesforce",
    people: "contacts",
    config: || json!({}),
    id: |n| format!("0030000000{n:05}AAA"),
    answer,
    writes: |asked| asked.method == "DELETE",
};

/// As Salesforce writes times.
const CREATED: &str = "2026-01-01T00:00:00.000+0000";

/// The id of a person account.
pub(in super::super) fn account(n: u32) -> String {
    format!("0010000000{n:05}AAA")
}

fn answer(world: &mut World, asked: &Asked) -> Reply {
    let path = asked.path();
    let ["services", "data", "v62.0", path @ ..] = path.as_slice() else { return world.not_understood(asked) };
    match (asked.method, path) {
        ("GET", ["limits"]) => Reply::json(200, &json!({ "DailyApiRequests": {} })),
        ("GET", ["query", "gone"]) => {
            world.not_understood(asked);
            refused(400, "INVALID_QUERY_LOCATOR")
        }
        ("GET", ["query", cursor]) => {
            let page = world.next_page(cursor.trim_start_matches("01g-").parse().unwrap_or_default());
            records(page)
        }
        ("GET", ["query"]) if asked.query("q") == "SELECT PermissionsViewAllData FROM UserPermissionAccess" => {
            let sees_all = !world.switches.hides_rows;
            Reply::json(200, &json!({ "done": true, "records": [{ "PermissionsViewAllData": sees_all }] }))
        }
        ("GET", ["query"]) if asked.query("q").contains(" ORDER BY Id LIMIT ") => {
            listed(world, asked.query("q")).unwrap_or_else(|| world.not_understood(asked))
        }
        ("GET", [resource @ ("query" | "queryAll")]) => {
            match select(world, asked.query("q"), *resource == "queryAll") {
                Some(found) => {
                    let page = world.page(found);
                    records(page)
                }
                None => world.not_understood(asked),
            }
        }
        ("GET", ["sobjects", object, "describe"]) => described(world, object),
        ("GET", ["sobjects", object, id]) => match live(world, object, id) {
            Some(row) if fields_are_known(world, object, asked.query("fields")) => {
                Reply::json(200, &record(world, row, object))
            }
            Some(_) => refused(400, "INVALID_FIELD"),
            None => gone(),
        },
        ("DELETE", ["sobjects", object, id]) => match live(world, object, id).cloned() {
            Some(row) if row.object == "person_account" && *object == "Contact" => {
                refused(400, "INVALID_PERSON_ACCOUNT_OPERATION")
            }
            Some(row) if world.remove(row.object, row.n, State::Bin) => Reply::empty(204),
            _ => gone(),
        },
        _ => world.not_understood(asked),
    }
}

/// The live row that has this id in this object.
fn live<'w>(world: &'w World, object: &str, id: &str) -> Option<&'w Row> {
    one(world, object, id, State::Live)
}

/// The row that has this id in this object: a person account is in two of them.
fn one<'w>(world: &'w World, object: &str, id: &str, state: State) -> Option<&'w Row> {
    let is_it = |row: &&Row| row.state == state && row.n == number(id);
    let is_account = id.starts_with("001");
    let named = match object {
        "Account" if !is_account => return None,
        "Contact" if is_account => return None,
        "Account" => &["person_account", "account"][..],
        "Contact" => &["person", "person_account"][..],
        _ => std::slice::from_ref(word(object)?),
    };
    world.rows.iter().filter(is_it).find(|row| named.contains(&row.object))
}

fn fields_are_known(world: &World, object: &str, fields: &str) -> bool {
    let fields: Vec<_> = fields.split(',').collect();
    fields.iter().all(|field| field.is_empty() || all_fields(world, object).contains(field))
}

fn all_fields(world: &World, object: &str) -> Vec<&'static str> {
    let mut fields = match object {
        "Account" => vec!["Id", "Phone"],
        _ => vec!["Id", "AccountId", "Email", "Phone", "MobilePhone", "HomePhone", "OtherPhone"],
    };
    fields.extend(["CreatedDate", "LastModifiedDate"]);
    if object != "Account" || world.switches.person_accounts {
        fields.extend(["FirstName", "LastName"]);
    }
    if world.switches.person_accounts && matches!(object, "Account" | "Contact") {
        fields.push("IsPersonAccount");
    }
    if world.switches.person_accounts && object == "Account" {
        fields.extend(["PersonEmail", "PersonMobilePhone", "PersonHomePhone", "PersonOtherPhone"]);
    }
    fields.retain(|field| !world.switches.lacks.contains(field));
    fields
}

fn described(world: &World, object: &str) -> Reply {
    let fields: Vec<_> = all_fields(world, object).iter().map(|name| json!({ "name": name })).collect();
    let may_delete = object != "Account" || !world.switches.lacks.contains(&"delete Account");
    Reply::json(200, &json!({ "name": object, "queryable": true, "deletable": may_delete, "fields": fields }))
}

fn select(world: &World, soql: &str, all: bool) -> Option<Vec<Value>> {
    let (skeleton, literals) = literals(soql, '\\')?;
    let (fields, rest) = skeleton.strip_prefix("SELECT ")?.split_once(" FROM ")?;
    let (object, condition) = rest.split_once(" WHERE ")?;
    let (condition, state) = match (all, condition.rsplit_once(" AND IsDeleted = ")) {
        (true, Some((condition, "true"))) => (condition, State::Bin),
        (true, Some((condition, "false"))) => (condition, State::Live),
        (false, None) => (condition, State::Live),
        _ => return None,
    };
    if let ("Id", "Id = ?", State::Bin, [id]) = (fields, condition, state, literals.as_slice()) {
        return Some(one(world, object, id, state).map(|row| record(world, row, object)).into_iter().collect());
    }
    let (condition, row_object) = match (object, condition.rsplit_once(" AND IsPersonAccount = ")) {
        ("Contact", Some((condition, "false"))) if world.switches.person_accounts => (condition, "person"),
        ("Account", Some((condition, "true"))) if world.switches.person_accounts => (condition, "person_account"),
        ("Account", _) | (_, Some(_)) => return None,
        ("Contact", None) if world.switches.person_accounts => return None,
        _ => (condition, *word(object)?),
    };
    let mut found: Vec<Row> = Vec::new();
    let alternatives: Vec<_> = condition.trim_matches(['(', ')']).split(" OR ").collect();
    if alternatives.len() != literals.len() {
        return None;
    }
    for (alternative, literal) in alternatives.into_iter().zip(&literals) {
        let rows = match alternative {
            "Email = ?" | "PersonEmail = ?" => world.by_whole_email(row_object, literal, state),
            "Email LIKE ?" | "PersonEmail LIKE ?" => world.by_pattern(row_object, literal),
            "Phone LIKE ?"
            | "MobilePhone LIKE ?"
            | "HomePhone LIKE ?"
            | "OtherPhone LIKE ?"
            | "PersonMobilePhone LIKE ?"
            | "PersonHomePhone LIKE ?"
            | "PersonOtherPhone LIKE ?" => {
                world.those(row_object, state, |row| row.phones.iter().any(|phone| is_like(phone, literal)))
            }
            "WhoId = ?"
            | "ParentId = ?"
            | "ContactId = ?"
            | "RelationId = ?"
            | "LinkedEntityId = ?"
            | "AccountId = ?"
            | "WhoId IN (SELECT Id FROM Contact WHERE AccountId = ?"
            | "RelationId IN (SELECT Id FROM Contact WHERE AccountId = ?"
                if all =>
            {
                world.linked(row_object, number(literal))
            }
            _ => return None,
        };
        found.extend(rows.into_iter().filter(|row| found.iter().all(|known| known.n != row.n)).collect::<Vec<_>>());
    }
    let is_known = |field: &&str| {
        matches!(*field, "EmailMessageId" | "ContentDocumentId") || fields_are_known(world, object, field)
    };
    fields
        .split(", ")
        .all(|field| is_known(&field))
        .then(|| found.iter().map(|row| record(world, row, object)).collect())
}

/// All of an object in the order of their ids, at most as many as a page has: the locator of more is gone at once, as it is of a session
/// that has ended.
fn listed(world: &World, soql: &str) -> Option<Reply> {
    let (skeleton, literals) = literals(soql, '\\')?;
    let (query, limit) = skeleton.split_once(" ORDER BY Id LIMIT ")?;
    let (fields, rest) = query.strip_prefix("SELECT ")?.split_once(" FROM ")?;
    let (object, condition) = rest.split_once(" WHERE ").unwrap_or((rest, ""));
    let conditions: Vec<_> = condition.split(" AND ").filter(|condition| !condition.is_empty()).collect();
    let (after, conditions) = match (conditions.as_slice(), literals.as_slice()) {
        (["Id > ?", others @ ..], [id]) => (id.as_str(), others),
        (others, []) => ("", others),
        _ => return None,
    };
    let row_object = match (object, conditions, world.switches.person_accounts) {
        ("Contact", [], false) | ("Contact", ["IsPersonAccount = false"], true) => "person",
        ("Account", ["IsPersonAccount = true"], true) => "person_account",
        ("Lead", [], _) => "lead",
        _ => return None,
    };
    let fields: Vec<_> = fields.split(", ").collect();
    if !fields.iter().all(|field| all_fields(world, object).contains(field)) {
        return Some(refused(400, "INVALID_FIELD"));
    }
    let rows = world.those(row_object, State::Live, |_| true);
    let mut all: Vec<_> = rows.iter().map(|row| record(world, row, object)).collect();
    all.retain(|record| record["Id"].as_str().is_some_and(|id| id > after));
    all.sort_by_key(|record| record["Id"].to_string());
    all.truncate(limit.parse().ok()?);
    let total = all.len();
    all.truncate(PAGE);
    let shown = |name: &str| name == "attributes" || fields.contains(&name);
    all.iter_mut().filter_map(Value::as_object_mut).for_each(|record| record.retain(|name, _| shown(name)));
    let mut body = json!({ "totalSize": total, "done": total == all.len(), "records": all });
    if body["done"] == false {
        body["nextRecordsUrl"] = json!("/services/data/v62.0/query/gone");
    }
    Some(Reply::json(200, &body))
}

fn records((records, cursor): (Vec<Value>, Option<usize>)) -> Reply {
    let mut body = json!({ "totalSize": 7, "done": cursor.is_none(), "records": records });
    if let Some(cursor) = cursor {
        body["nextRecordsUrl"] = json!(format!("/services/data/v62.0/query/01g-{cursor}"));
    }
    Reply::json(200, &body)
}

fn record(world: &World, row: &Row, object: &str) -> Value {
    let is_persons = row.object == "person_account";
    if object == "Account" {
        return json!({
            "attributes": { "type": object }, "Id": account(row.n), "IsPersonAccount": is_persons,
            "PersonEmail": row.emails.first(), "Phone": row.phones.first(), "PersonMobilePhone": row.phones.get(1),
            "PersonHomePhone": null, "PersonOtherPhone": null, "FirstName": "Person", "LastName": row.n.to_string(),
            "CreatedDate": CREATED, "LastModifiedDate": "2026-02-01T00:00:00.000+0000",
        });
    }
    let id = (KIND.id)(row.n);
    let mut record = json!({
        "attributes": { "type": object },
        "Id": id, "EmailMessageId": id, "ContentDocumentId": id,
        "Email": row.emails.first(),
        "Phone": row.phones.first(),
        "MobilePhone": row.phones.get(1),
        "HomePhone": null,
        "OtherPhone": null,
        "FirstName": "Person",
        "LastName": row.n.to_string(),
        "CreatedDate": CREATED,
        "LastModifiedDate": "2026-02-01T00:00:00.000+0000",
    });
    if world.switches.person_accounts && object == "Contact" {
        record["IsPersonAccount"] = json!(is_persons);
        record["AccountId"] = if is_persons { json!(account(row.n)) } else { json!("0010000000999999AA") };
    }
    record
}

/// `LIKE`, of whose wildcards only `%` comes in a number's pattern: anything may stand between digits.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('%') => {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| is_like(&text[at..], &pattern[1..]))
        }
        Some(one) => text.strip_prefix(one).is_some_and(|rest| is_like(rest, &pattern[one.len_utf8()..])),
    }
}

fn gone() -> Reply {
    refused(404, "ENTITY_IS_DELETED")
}

fn refused(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!([{ "errorCode": code, "message": "no" }]))
}

fn word(object: &str) -> Option<&'static &'static str> {
    Some(match object {
        "Contact" => &"person",
        "Lead" => &"lead",
        "Task" => &"task",
        "Event" => &"event",
        "Note" => &"note",
        "Case" => &"case",
        "EmailMessage" | "EmailMessageRelation" => &"email",
        "ContentDocument" | "ContentDocumentLink" => &"file",
        "Attachment" => &"attachment",
        _ => return None,
    })
}

fn number(id: &str) -> u32 {
    id.get(10..15).and_then(|n| n.parse().ok()).unwrap_or_default()
}
