//! A page that is not what was asked for is an error and never the end of a list; asked for once more, the list goes on, and nobody is
//! left out.

use super::sweeping::{expected, page, plugin, rest, values};
use super::*;

const EMAIL: [&str; 1] = ["email"];

/// Records of these numbers, as a list has them, with nothing but ids.
fn bare_records(kind: &Kind, numbers: &[u32]) -> Value {
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
        ("a place that has expired", Reply::json(400, &json!([{ "errorCode": "INVALID_QUERY_LOCATOR" }]))),
        ("a refusal", Reply::json(403, &json!({ "message": "no" }))),
        ("a failure", Reply::text(500, "no")),
        ("a cut answer", Reply::text(200, "{ \"value\": [")),
    ];
    all.extend(match kind.name {
        "salesforce" => vec![
            ("none of as many as it says", ok(json!({ "totalSize": 4, "done": true, "records": [] }))),
            ("none, and not all", ok(json!({ "totalSize": 4, "done": false, "records": [] }))),
            ("none, without whether it is all", ok(json!({ "totalSize": 0, "records": [] }))),
            ("none, without how many", ok(json!({ "done": true, "records": [] }))),
            ("the page before", ok(json!({ "totalSize": 2, "done": true, "records": of(&[11, 12]) }))),
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
                ("the page before", counted(2, &[11, 12])),
                ("others than there were", counted(6, &[13, 14])),
                ("more than it says", counted(2, &[12, 13])),
                ("another order", counted(6, &[12, 16, 13])),
                ("one twice", counted(6, &[12, 13, 13])),
                ("none, and that it did not work", ok(json!({ "success": "false", "totalCount": 2, "data": [] }))),
            ]
        }
        "hubspot" => vec![("the page before", ok(json!({ "results": of(&[11, 12]) })))],
        _ => vec![("the page before", ok(json!({ "success": true, "data": of(&[11, 12]) })))],
    });
    all
}

/// The next request is answered so, and all behind it by the vendor.
fn answer_next(standin: &StandIn, reply: Reply) {
    let mut reply = Some(reply);
    standin.world().before = Some(Box::new(move |_, _| reply.take()));
}

#[test]
fn a_page_that_is_none_is_an_error_and_asked_for_again_the_list_goes_on() {
    for_all(|kind| {
        for (what, reply) in wrong(kind) {
            let standin = StandIn::start(kind, people());
            let plugin = plugin(&standin, json!({}));
            let first = page(&plugin, &EMAIL, None).expect("the first page");
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
        let first = page(&plugin, &EMAIL, None).expect("the first page");
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
        let first = page(&plugin, &EMAIL, None).expect("the first page");
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
        assert!(error.class == ErrorClass::Retryable && error.message.contains("begin anew"), "{error}");
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
        let first = page(&plugin, &EMAIL, None).expect("the first page");
        standin.world().rows.push(person(17, &["zoe@x.cz"], &[]));
        let pages = rest(&plugin, &EMAIL, Some(first)).expect("told");
        let told = values(pages.iter().flat_map(|page| &page.records), "email");
        assert_eq!((told.len(), told.last().map(String::as_str)), (expected(kind).0.len() + 1, Some("zoe@x.cz")));
    }
}

#[test]
fn a_place_in_other_lists_is_not_gone_on_from() {
    for kind in [ALL[2], ALL[3], ALL[4]] {
        let standin = StandIn::start(kind, people());
        let first = page(&plugin(&standin, json!({ "related": ["leads"] })), &EMAIL, None).expect("the first page");
        let error = page(&plugin(&standin, json!({})), &EMAIL, Some(&first)).expect_err("other lists");
        assert!(error.class == ErrorClass::Retryable && error.message.contains("begin anew"), "{error}");
    }
}
