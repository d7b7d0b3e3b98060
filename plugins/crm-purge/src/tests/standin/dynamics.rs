//! Dynamics 365: OData filters of the few shapes that are expected, and no others; absolute links to further pages; the
//! definitions of tables with their cascades, the user's privileges, and the audit history of a record.
//!
//! <https://github.com/MicrosoftDocs/powerapps-docs/blob/main/powerapps-docs/developer/data-platform/reference/entities/contact.md>
//! (relationships), <https://github.com/MicrosoftDocs/powerapps-docs/blob/main/powerapps-docs/developer/data-platform/wildcard-characters.md>,
//! and beside them `auditing/delete-audit-data.md`, `auditing/retrieve-audit-data.md`, `restore-deleted-records.md` and
//! `webapi/compose-http-requests-handle-errors.md` (405 for `CannotDeleteDueToAssociation`).

mod definitions;

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::{Asked, Kind, Row, State, World, literals};

pub(in super::super) const KIND: Kind = Kind {
    name: "dynamics",
    people: "contacts",
    config: || json!({}),
    id: |n| format!("00000000-0000-0000-0000-{n:012}"),
    answer,
    writes: |asked| asked.method != "GET",
};

fn answer(world: &mut World, asked: &Asked) -> Reply {
    let path = asked.path();
    let ["api", "data", "v9.2", path @ ..] = path.as_slice() else { return world.not_understood(asked) };
    match (asked.method, path) {
        ("GET", ["WhoAmI"]) => Reply::json(200, &json!({ "UserId": (KIND.id)(9) })),
        ("GET", [user, function]) if user.starts_with("systemusers(") => definitions::of_user(world, function),
        ("GET", [path]) if path.starts_with("EntityDefinitions") => match definitions::told(world, path, asked) {
            Some(told) => Reply::json(200, &told),
            None => world.not_understood(asked),
        },
        ("GET", ["recyclebinconfigs"]) => definitions::bins(world, asked.query("fetchXml")),
        ("POST", ["DeleteRecordChangeHistory"]) => match erase_history(world, &asked.seen.json()["Target"]) {
            Some(reply) => reply,
            None => world.not_understood(asked),
        },
        ("GET", [set]) if !set.contains('(') => {
            let is_list = !asked.query("$orderby").is_empty();
            if is_list && !is_one_page_of_a_list(asked) {
                return world.not_understood(asked);
            }
            let page = match asked.query("$skiptoken") {
                "" if asked.query("$top") == "1" => (Vec::new(), None),
                "" if is_list => {
                    let rows = world.those(word(set, ""), State::Live, |_| true);
                    world.page(rows.iter().map(|row| selected(row, asked.query("$select"))).collect())
                }
                "" => match select(world, set, asked.query("$filter")) {
                    Some(found) => world.page(found.iter().map(record).collect()),
                    None => return world.not_understood(asked),
                },
                cursor if !world.knows(cursor) => {
                    let error = json!({ "code": "0x80041129", "message": "The paging cookie is not valid any more." });
                    return Reply::json(400, &json!({ "error": error }));
                }
                cursor => world.next_page(cursor.parse().unwrap_or_default()),
            };
            let host = asked.seen.header("host").unwrap_or_default();
            let context = format!("http://{host}/api/data/v9.2/$metadata#{set}({})", asked.query("$select"));
            let mut body = json!({ "@odata.context": context, "value": page.0 });
            if let Some(cursor) = page.1 {
                let query = asked.seen.target.split_once('?').map_or("", |(_, query)| query);
                let query = query.split("&%24skiptoken=").next().unwrap_or_default();
                let link = format!("http://{host}/api/data/v9.2/{set}?{query}&%24skiptoken={cursor}");
                body["@odata.nextLink"] = json!(link);
            }
            if is_list { world.listed(body) } else { Reply::json(200, &body) }
        }
        ("GET", [row]) => match row.split_once('(').and_then(|(set, id)| world.get(word(set, ""), number(id))) {
            Some(row) if row.state == State::Live => Reply::json(200, &record(row)),
            _ => gone(),
        },
        ("DELETE", [row]) => {
            row.split_once('(').map_or_else(gone, |(set, id)| delete(world, word(set, ""), number(id)))
        }
        _ => world.not_understood(asked),
    }
}

/// In the order of a primary key, and with its size said beside each page.
fn is_one_page_of_a_list(asked: &Asked) -> bool {
    let prefers = asked.seen.header("prefer").and_then(|prefer| prefer.strip_prefix("odata.maxpagesize="));
    let is_size = prefers.is_some_and(|size| size.parse::<u32>().is_ok_and(|size| (1..=5000).contains(&size)));
    is_size && definitions::IDS.contains(&asked.query("$orderby"))
}

/// The columns that were asked for.
fn selected(row: &Row, select: &str) -> Value {
    let mut record = record(row);
    let select: Vec<_> = select.split(',').collect();
    let is_shown = |name: &str| name.starts_with('@') || select.contains(&name);
    record.as_object_mut().expect("an object").retain(|name, _| is_shown(name));
    record
}

/// What refers to a contact goes with it, or keeps it from going.
fn delete(world: &mut World, object: &str, n: u32) -> Reply {
    let relations = if object == "person" { definitions::relations(world) } else { Vec::new() };
    let of = |deletes: &str| -> Vec<&'static str> {
        let those = relations.iter().filter(|(.., does)| *does == deletes);
        those.map(|(_, table, column, _)| word(definitions::set_of(table), column)).collect()
    };
    let is_referred_to = of("Restrict").iter().any(|object| !world.linked(object, n).is_empty());
    if is_referred_to && world.get(object, n).is_some_and(|row| row.state == State::Live) {
        let text = "The object you tried to delete is associated with another object and cannot be deleted.";
        return Reply::json(405, &json!({ "error": { "code": "0x80040227", "message": text } }));
    }
    if !world.remove(object, n, State::Gone) {
        return gone();
    }
    if !world.lazy {
        let goes = of("Cascade");
        let mut gone = vec![n];
        for row in world.rows.iter_mut().filter(|row| row.owner == n && goes.contains(&row.object)) {
            row.state = State::Gone;
            gone.push(row.n);
        }
        let logged = gone.into_iter().filter(|_| world.switches.logs_deletions).map(logged).collect::<Vec<_>>();
        world.rows.extend(logged);
    }
    Reply::empty(204)
}

/// The log's entry of a deletion.
fn logged(owner: u32) -> Row {
    Row { object: "history", n: 900 + owner, emails: Vec::new(), phones: Vec::new(), owner, state: State::Live }
}

fn erase_history(world: &mut World, target: &Value) -> Option<Reply> {
    let table = target["@odata.type"].as_str()?.strip_prefix("Microsoft.Dynamics.CRM.")?;
    let object = word(definitions::set_of(table), "");
    let id = number(target[definitions::id_of(table)].as_str()?);
    let Some(row) = world.get(object, id) else { return Some(gone()) };
    if world.switches.history_ends_with_row && row.state != State::Live {
        return Some(gone());
    }
    let of_it = world.rows.iter_mut().filter(|row| row.object == "history" && row.owner == id);
    of_it.for_each(|row| row.state = State::Gone);
    Some(Reply::json(200, &json!({ "DeletedEntriesCount": 4 })))
}

fn select(world: &World, set: &str, filter: &str) -> Option<Vec<Row>> {
    let (skeleton, literals) = literals(filter, '\'')?;
    if let Some((column, id)) = skeleton.split_once("_value eq ") {
        return Some(world.linked(word(set, column.strip_prefix('_')?), number(id)));
    }
    let mut literals = literals.iter();
    let mut found: Vec<Row> = Vec::new();
    for alternative in skeleton.split(" or ") {
        let literal = literals.next()?;
        let object = word(set, "");
        let rows = match alternative {
            "emailaddress1 eq ?" | "emailaddress2 eq ?" | "emailaddress3 eq ?" => {
                world.by_whole_email(object, literal, State::Live)
            }
            "startswith(emailaddress1,?)" | "startswith(emailaddress2,?)" | "startswith(emailaddress3,?)" => {
                world.those(object, State::Live, |row| row.emails.iter().any(|email| is_like(email, literal)))
            }
            "startswith(telephone1,?)"
            | "startswith(telephone2,?)"
            | "startswith(telephone3,?)"
            | "startswith(mobilephone,?)" => {
                world.those(object, State::Live, |row| row.phones.iter().any(|phone| is_like(phone, literal)))
            }
            _ => return None,
        };
        found.extend(rows.into_iter().filter(|row| found.iter().all(|known| known.n != row.n)).collect::<Vec<_>>());
    }
    literals.next().is_none().then_some(found)
}

/// `startswith`, with Dataverse's wildcards: `%`, `_` and sets in brackets.
fn is_like(text: &str, pattern: &str) -> bool {
    fn fits(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => true,
            ['%', rest @ ..] => (0..=text.len()).any(|from| fits(&text[from..], rest)),
            ['[', one, ']', rest @ ..] => text.first() == Some(one) && fits(&text[1..], rest),
            ['_', rest @ ..] => !text.is_empty() && fits(&text[1..], rest),
            [one, rest @ ..] => text.first() == Some(one) && fits(&text[1..], rest),
        }
    }
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    assert!(!pattern.starts_with('%'), "a wildcard at the beginning is throttled for all");
    fits(&letters(text), &letters(pattern))
}

fn record(row: &Row) -> Value {
    let mut record = json!({
        "@odata.etag": "W/\"1\"",
        "emailaddress1": row.emails.first(), "emailaddress2": row.emails.get(1),
        "emailaddress3": null, "telephone1": row.phones.first(), "telephone2": null, "telephone3": null,
        "mobilephone": row.phones.get(1), "fullname": format!("Person {}", row.n),
        "createdon": "2026-01-01T00:00:00Z", "modifiedon": "2026-02-01T00:00:00Z",
    });
    for key in definitions::IDS {
        record[key] = json!((KIND.id)(row.n));
    }
    record
}

fn gone() -> Reply {
    Reply::json(404, &json!({ "error": { "code": "0x80040217", "message": "does not exist" } }))
}

/// What a table's rows are here; of feedback it depends on which column is meant.
fn word(set: &str, column: &str) -> &'static str {
    match (set, column) {
        ("contacts", _) => "person",
        ("leads", _) => "lead",
        ("opportunities", _) => "opportunity",
        ("emails", _) => "email",
        ("phonecalls", _) => "phonecall",
        ("tasks", _) => "task",
        ("appointments", _) => "appointment",
        ("annotations", _) => "note",
        ("audits", _) => "history",
        ("connections", "record2id") => "connection_to",
        ("connections", _) => "connection",
        ("feedback", "createdbycontact") => "feedback_by",
        ("feedback", "createdonbehalfbycontact") => "feedback_for",
        ("feedback", _) => "feedback",
        ("socialactivities", _) => "socialactivity",
        ("recurringappointmentmasters", _) => "recurring",
        ("customeraddresses", _) => "address",
        ("cr1_bookings", _) => "booking",
        ("new_contactguestsurveyanswerforms", _) => "form",
        ("new_contactguestsurveyanswersheets", _) => "sheet",
        _ => "unknown",
    }
}

fn number(id: &str) -> u32 {
    id.trim_end_matches(')').rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or_default()
}
