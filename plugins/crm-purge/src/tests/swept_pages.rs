//! A page that is not what was asked for is an error and never the end of a list; asked for once more, the list goes on, and nobody is
//! left out.

use super::sweeping::{expected, first, page, plugin, rest, values};
use super::*;

const EMAIL: [&str; 1] = ["email"];

/// Records of these numbers, as a list has them, with nothing but ids.
pub(super) fn bare_records(kind: &Kind, numbers: &[u32]) -> Value {
    let record = |n: &u32| match kind.name {
        "salesforce" => json!({ "Id": (kind.id)(*n) }),
        "dynamics" => json!({ "contactid": (kind.id)(*n) }),
        _ => json!({ "id": n }),
    };
    numbers.iter().map(record).collect()
}

/// In place of a second page, where the first one had the numbers 11 and 12.
fn wrong(kind: &Kind) -> Vec<(&'static str, Reply)> {
    let ok = |body: Value| Reply::json(200, &body);
    let of = |numbers: &[u32]| bare_records(kind, numbers);
    let mut all = vec![
        ("a login page", Reply::text(200, "<html>Who are you?</html>")),
        ("a way to a login page", Reply::empty(302).with("Location", "https://login.example/")),
        ("no list", ok(json!({}))),
        ("nothing", Reply::empty(404)),
        ("a firewall's page", Reply::text(403, "<html>Not you</html>")),
        ("a gateway's page", Reply::text(400, "<!DOCTYPE html><html>Bad Request</html>")),
        ("a failure", Reply::text(500, "no")),
        ("another failure", Reply::text(503, "later")),
        ("a cut answer", Reply::text(200, "{ \"value\": [")),
    ];
    all.extend(match kind.name {
        "salesforce" => vec![
            ("none of as many as it says", ok(json!({ "totalSize": 4, "done": true, "records": [] }))),
            ("none, and not all", ok(json!({ "totalSize": 4, "done": false, "records": [] }))),
            ("none, without whether it is all", ok(json!({ "totalSize": 0, "records": [] }))),
            ("none, without how many", ok(json!({ "done": true, "records": [] }))),
            ("the page before", ok(json!({ "totalSize": 2, "done": true, "records": of(&[11, 12]) }))),
            ("null in place of a list", ok(json!({ "totalSize": 0, "done": true, "records": null }))),
            ("a query that was given up", Reply::json(400, &json!([{ "errorCode": "QUERY_TIMEOUT" }]))),
            ("no id", ok(json!({ "totalSize": 1, "done": true, "records": [{ "Email": "joann@x.cz" }] }))),
            ("an id of another form", ok(json!({ "totalSize": 1, "done": true, "records": [{ "Id": "13" }] }))),
        ],
        "dynamics" => {
            let of_table = |table: &str, value: Value, link: Value| {
                let context = format!("https://example.crm4.dynamics.com/api/data/v9.2/$metadata#{table}(contactid)");
                let mut body = json!({ "@odata.context": context, "value": value });
                if link != json!("none") {
                    body["@odata.nextLink"] = link;
                }
                Reply::json(200, &body)
            };
            let none = || json!("none");
            vec![
                ("none, without of what", ok(json!({ "value": [] }))),
                ("null in place of a list", of_table("contacts", Value::Null, none())),
                ("none of another table", of_table("contactsold", json!([]), none())),
                ("a link that is none", of_table("contacts", json!([]), Value::Null)),
                ("an empty link", of_table("contacts", json!([]), json!(""))),
                (
                    "a link to another host",
                    of_table("contacts", json!([]), json!("https://evil.example/api/data/v9.2/contacts?$skiptoken=1")),
                ),
                (
                    "a link to another table",
                    of_table("contacts", json!([]), json!("/api/data/v9.2/accounts?$skiptoken=1")),
                ),
                ("the page before", of_table("contacts", of(&[11, 12]), none())),
                ("one twice", of_table("contacts", of(&[13, 13]), none())),
            ]
        }
        "raynet" => {
            let counted = |total: u32, numbers: &[u32]| {
                ok(json!({ "success": "true", "totalCount": total, "data": bare_records(kind, numbers) }))
            };
            vec![
                ("none of as many as it says", counted(6, &[])),
                ("only what was there", counted(6, &[12])),
                ("as many as there are, without how many", ok(json!({ "success": "true", "data": of(&[12, 13]) }))),
                ("more than it says", counted(2, &[12, 13])),
                ("another order", counted(6, &[12, 16, 13])),
                ("one twice", counted(6, &[12, 13, 13])),
                ("null in place of a list", ok(json!({ "success": "true", "totalCount": 2, "data": null }))),
                ("none, and that it did not work", ok(json!({ "success": "false", "totalCount": 2, "data": [] }))),
            ]
        }
        "hubspot" => vec![
            ("the page before", ok(json!({ "results": of(&[11, 12]) }))),
            ("null in place of a list", ok(json!({ "results": null }))),
        ],
        _ => {
            let end = json!({ "next_cursor": null });
            let with = |data: Value| ok(json!({ "success": true, "data": data, "additional_data": end }));
            vec![("the page before", with(of(&[11, 12]))), ("null in place of a list", with(Value::Null))]
        }
    });
    all
}

/// The next request is answered so, and all behind it by the vendor.
pub(super) fn answer_next(standin: &StandIn, reply: Reply) {
    let mut reply = Some(reply);
    standin.world().before = Some(Box::new(move |_, _| reply.take()));
}

#[test]
fn a_page_that_is_none_is_an_error_and_asked_for_again_the_list_goes_on() {
    for_all(|kind| {
        for (what, reply) in wrong(kind) {
            let standin = StandIn::start(kind, people());
            let plugin = plugin(&standin, json!({}));
            let first = first(&plugin, &EMAIL);
            answer_next(&standin, reply);
            let error = page(&plugin, &EMAIL, Some(&first)).expect_err(what);
            // Anything else would say that this vendor has no list, or call for a person.
            assert_eq!(error.class, ErrorClass::Retryable, "{}, {what}: {error}", kind.name);
            let pages = rest(&plugin, &EMAIL, Some(first)).expect("told");
            let told = values(pages.iter().flat_map(|page| &page.records), "email");
            assert_eq!(told, expected(kind).0, "{}, {what}", kind.name);
            assert_eq!(standin.world().malformed, [""; 0], "{}, {what}", kind.name);
        }
    });
}

#[test]
fn a_page_that_is_throttled_is_asked_for_as_late_as_the_vendor_says() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let plugin = plugin(&standin, json!({}));
        let first = first(&plugin, &EMAIL);
        answer_next(&standin, Reply::json(429, &json!({ "message": "slower" })).with("Retry-After", "7"));
        let error = page(&plugin, &EMAIL, Some(&first)).expect_err("too fast");
        assert_eq!((error.class, error.retry_after_ms), (ErrorClass::RateLimited, Some(7_000)), "{}", kind.name);
        let pages = rest(&plugin, &EMAIL, Some(first)).expect("told");
        assert_eq!(values(pages.iter().flat_map(|page| &page.records), "email"), expected(kind).0, "{}", kind.name);
    });
}

#[test]
fn who_is_refused_from_the_beginning_cannot_list_anybody() {
    for kind in [ALL[0], ALL[1], ALL[2]] {
        let standin = StandIn::start(kind, people());
        answer_next(&standin, Reply::json(403, &json!({ "message": "no" })));
        let error = page(&plugin(&standin, json!({})), &EMAIL, None).expect_err("refused");
        assert_eq!(error.class, ErrorClass::Permanent, "{}", kind.name);
    }
}

#[test]
fn nobody_slips_through_a_deletion_while_a_list_is_read() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let plugin = plugin(&standin, json!({}));
        let first = first(&plugin, &EMAIL);
        standin.world().rows[0].state = State::Gone;
        let pages = rest(&plugin, &EMAIL, Some(first));
        let all = expected(kind).0;
        // Only Raynet counts records, of which those behind have moved: the third stands where the second one was.
        if kind.name != "raynet" {
            let pages = pages.expect("told");
            assert_eq!(values(pages.iter().flat_map(|page| &page.records), "email"), all, "{}", kind.name);
            return;
        }
        let error = pages.expect_err("moved");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("begin anew"), "{error}");
        let pages = rest(&plugin, &EMAIL, None).expect("told anew");
        let left: Vec<_> = all.into_iter().filter(|email| email != "joann@x.cz").collect();
        assert_eq!(values(pages.iter().flat_map(|page| &page.records), "email"), left);
    });
}

#[test]
fn whoever_is_added_while_a_list_is_read_by_ids_is_told_too() {
    for kind in [ALL[2], ALL[3]] {
        let standin = StandIn::start(kind, people());
        let plugin = plugin(&standin, json!({}));
        let first = first(&plugin, &EMAIL);
        standin.world().rows.push(person(17, &["zoe@x.cz"], &[]));
        let pages = rest(&plugin, &EMAIL, Some(first)).expect("told");
        let told = values(pages.iter().flat_map(|page| &page.records), "email");
        assert_eq!((told.len(), told.last().map(String::as_str)), (expected(kind).0.len() + 1, Some("zoe@x.cz")));
    }
}

#[test]
fn the_end_of_a_list_is_what_the_vendor_says_of_it_and_nothing_else() {
    let hubspots: [fn(&mut Value); 7] = [
        |page| page["paging"] = Value::Null,
        |page| page["paging"] = json!({}),
        |page| page["paging"] = json!({ "next": null }),
        |page| page["paging"] = json!({ "next": { "after": "" } }),
        |page| page["paging"] = json!({ "next": { "after": 2 } }),
        |page| page["paging"] = json!({ "next": { "after": null } }),
        |page| page["paging"] = json!(true),
    ];
    let pipedrives: [fn(&mut Value); 7] = [
        |page| page["additional_data"] = Value::Null,
        |page| page["additional_data"] = json!({}),
        |page| drop(page.as_object_mut().expect("an object").remove("additional_data")),
        |page| page["additional_data"]["next_cursor"] = json!(""),
        |page| page["additional_data"]["next_cursor"] = json!(2),
        |page| page["additional_data"]["next_cursor"] = json!(true),
        |page| page["additional_data"]["next_cursor"] = json!({}),
    ];
    for (kind, ends) in [(ALL[0], hubspots), (ALL[1], pipedrives)] {
        for (n, end) in ends.into_iter().enumerate() {
            let standin = StandIn::start(kind, people());
            let plugin = plugin(&standin, json!({}));
            let first = first(&plugin, &EMAIL);
            standin.world().repages = Some(end);
            let error = page(&plugin, &EMAIL, Some(&first)).expect_err("no end");
            assert_eq!(error.class, ErrorClass::Retryable, "{} {n}: {error}", kind.name);
            standin.world().repages = None;
            let pages = rest(&plugin, &EMAIL, Some(first)).expect("told");
            let told = values(pages.iter().flat_map(|page| &page.records), "email");
            assert_eq!(told, expected(kind).0, "{} {n}", kind.name);
        }
    }
}
