//! The ids that the system knows the person by, for other systems that are asked after it.

mod refused;

use quietus_plugin::ErrorClass::{self, NeedsOperator, Permanent, Retryable};
use quietus_plugin::Found;

use super::*;

/// The CRM of [`crm`], whose ids other systems are told; with more settings of that step.
fn telling(more: Value) -> Value {
    let mut step = json!({
        "name": "contacts", "method": "GET", "url": "/contacts", "query": { "email": "{{email}}" },
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "returns": "crm_id",
        "match": { "path": "$.email", "equals": "{{email}}", "ignore_case": true },
    });
    step.as_object_mut().expect("a step").extend(more.as_object().cloned().expect("an object"));
    let mut settings = crm();
    settings["find"] = json!([step]);
    settings
}

fn ids(values: &[&str]) -> Found {
    values.iter().fold(Found::nothing(), |found, value| found.identifier("crm_id", *value))
}

/// What is told where a search for Ann is answered so; nobody else is there.
fn told(more: Value, answer: impl Fn() -> Reply + Send + 'static) -> Result<Found, PluginError> {
    let server = Server::start(move |seen| match seen.target.contains("ann%40x.cz") {
        true => answer(),
        false => results(json!([])),
    });
    let found = plugin(&server, telling(more)).find(ann());
    assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
    found
}

/// A contact of Ann's that also has this.
fn contact(more: &Value) -> Value {
    let mut contact = json!({ "email": "ann@x.cz" });
    contact.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    contact
}

#[track_caller]
fn fails(found: Result<Found, PluginError>, class: ErrorClass, part: &str) {
    let error = found.expect_err("it is not nothing");
    assert_eq!(error.class, class, "{error}");
    assert!(error.message.contains("step `contacts`") && error.message.contains(part), "{error}");
    assert!(!error.message.contains("ann@") && !error.message.contains("K-"), "{error}");
}

#[test]
fn the_ids_of_the_persons_results_are_told_and_none_of_look_alikes() {
    let server = with_contacts();
    let plugin = plugin(&server, telling(json!({})));
    assert_eq!(plugin.find(ann()), Ok(ids(&["1", "2"])));
    assert_eq!(server.lines(), ["GET /contacts?email=ann%40x.cz"], "it is asked for this only");
    assert_eq!(told(json!({}), || results(json!([]))), Ok(Found::nothing()), "the answer shows that there is nobody");
}

#[test]
fn each_id_is_told_once_as_it_came() {
    let both = || results(json!([contact(&json!({ "id": 7 })), contact(&json!({ "id": "7" }))]));
    assert_eq!(told(json!({}), both), Ok(ids(&["7"])));
    let largest = || results(json!([contact(&json!({ "id": u64::MAX })), contact(&json!({ "id": "007" }))]));
    assert_eq!(told(json!({}), largest), Ok(ids(&["007", "18446744073709551615"])));
    let listed = json!({ "extract": { "ids": "$.ids[*]" } });
    assert_eq!(told(listed, || results(json!([contact(&json!({ "ids": [1, 2] }))]))), Ok(ids(&["1", "2"])));
}

#[test]
fn a_result_without_its_id_is_an_error_and_not_nothing() {
    let odd = [
        json!({}),
        json!({ "id": null }),
        json!({ "id": "" }),
        json!({ "id": true }),
        json!({ "id": 1.5 }),
        json!({ "id": { "value": 7 } }),
        json!({ "id": [7] }),
    ];
    for odd in odd {
        let all = json!([contact(&odd), contact(&json!({ "id": "K-1" }))]);
        fails(told(json!({}), move || results(all.clone())), Permanent, "where `extract` leads");
    }
    // Digits were lost.
    let large = || Reply::text(200, r#"{ "results": [{ "email": "ann@x.cz", "id": 18446744073709551616 }] }"#);
    fails(told(json!({}), large), Permanent, "where `extract` leads");
    let blank = || results(json!([contact(&json!({ "id": "  " }))]));
    fails(told(json!({}), blank), Permanent, "a blank text");
    let long = || results(json!([contact(&json!({ "id": "x".repeat(Found::VALUE_BYTES_MAX + 1) }))]));
    fails(told(json!({}), long), Permanent, "more than 1024 bytes");
}

#[test]
fn whoever_cannot_be_asked_has_not_said_that_there_is_nothing() {
    for (answer, class, part) in [
        ((|| Reply::json(200, &json!({}))) as fn() -> Reply, Retryable, "no `$.results`"),
        (|| Reply::json(200, &json!({ "contacts": [] })), Retryable, "no `$.results`"),
        (|| results(json!("none")), Retryable, "is no list"),
        (|| results(json!({ "error": "overloaded" })), Retryable, "is no list"),
        (|| Reply::json(200, &json!({ "success": false, "results": [] })), Retryable, "did not work"),
        (|| Reply::text(200, "<html>please log in</html>"), Retryable, "a page of HTML"),
        (|| Reply::text(200, ""), Retryable, "not JSON"),
        (|| Reply::empty(204), Retryable, "not JSON"),
        (|| Reply::empty(302).with("Location", "/login"), Permanent, "a redirect, which is not followed"),
        (|| Reply::empty(401), NeedsOperator, "status 401"),
        (|| Reply::empty(403), Permanent, "status 403"),
        (|| Reply::empty(404), Retryable, "nobody has looked"),
        (|| Reply::empty(500), Retryable, "status 500"),
    ] {
        fails(told(json!({}), answer), class, part);
    }
    let limited = told(json!({}), || Reply::empty(429).with("Retry-After", "7")).expect_err("later");
    assert_eq!((limited.class, limited.retry_after_ms), (ErrorClass::RateLimited, Some(7_000)));
}

#[test]
fn a_find_that_fails_keeps_nobody_from_erasing_here() {
    let server = with_contacts();
    let plugin = plugin(&server, telling(json!({ "extract": { "ids": "$.crm_id" } })));
    fails(plugin.find(ann()), Permanent, "where `extract` leads");
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 2)));
}

#[test]
fn more_values_than_one_person_has_are_several_people_and_nobody_is_told_any() {
    let people = |count: u64| {
        let all: Value = (1..=count).map(|id| contact(&json!({ "id": format!("K-{id}") }))).collect();
        move || results(all.clone())
    };
    assert_eq!(told(json!({}), people(5)).map(|found| found.identifiers.len()), Ok(5));
    fails(told(json!({}), people(6)), Permanent, "`values_max` allows (5)");
    fails(told(json!({ "values_max": 1 }), people(2)), Permanent, "`values_max` allows (1)");
}

#[test]
fn that_a_result_has_none_is_believed_where_that_may_be_and_the_result_shows_it() {
    let may_lack = |path: &str| json!({ "extract": { "cards": path }, "may_lack": true });
    for none in [json!({ "card": null }), json!({ "card": "" }), json!({ "card": " " })] {
        let alone = json!([contact(&none)]);
        assert_eq!(told(may_lack("$.card"), move || results(alone.clone())), Ok(Found::nothing()), "{none}");
        let others = json!([contact(&none), contact(&json!({ "card": "K-1" }))]);
        assert_eq!(told(may_lack("$.card"), move || results(others.clone())), Ok(ids(&["K-1"])), "{none}");
    }
    let listed = || results(json!([contact(&json!({ "cards": [] }))]));
    assert_eq!(told(may_lack("$.cards[*].no"), listed), Ok(Found::nothing()));
    // A misspelt path and another shape of the result look the same.
    for (path, odd) in [
        ("$.card", json!({})),
        ("$.card", json!({ "card": false })),
        ("$.card", json!({ "card": {} })),
        ("$.cards[*].no", json!({})),
        ("$.cards[*].no", json!({ "cards": [{ "no": null }] })),
        ("$.cards[*].no", json!({ "cards": "" })),
    ] {
        let all = json!([contact(&odd)]);
        fails(told(may_lack(path), move || results(all.clone())), Permanent, "where `extract` leads");
    }
}

#[test]
fn all_pages_are_read_or_nothing_is_told() {
    fn paged(last: fn() -> Reply) -> Result<Found, PluginError> {
        let server = Server::start(move |seen| match seen.target.as_str() {
            "/contacts?email=ann%40x.cz" => {
                Reply::json(200, &json!({ "results": [contact(&json!({ "id": 1 }))], "next": "/contacts?page=2" }))
            }
            "/contacts?page=2" => last(),
            _ => results(json!([])),
        });
        let settings = telling(json!({ "paging": { "next": { "path": "$.next", "pages_max": 3 } } }));
        plugin(&server, settings).find(ann())
    }
    let second = || Reply::json(200, &json!({ "results": [contact(&json!({ "id": 2 }))], "next": null }));
    assert_eq!(paged(second), Ok(ids(&["1", "2"])));
    fails(paged(|| Reply::empty(500)), Retryable, "status 500");
    fails(paged(|| Reply::text(200, "<html>please log in</html>")), Retryable, "a page of HTML");
    fails(paged(|| Reply::json(200, &json!({ "next": null }))), Retryable, "no `$.results`");
    fails(
        paged(|| Reply::json(200, &json!({ "results": [], "next": "/contacts?page=2" }))),
        Permanent,
        "same one again",
    );
    fails(
        paged(|| Reply::json(200, &json!({ "results": [], "next": "https://evil.example/" }))),
        Permanent,
        "leads elsewhere",
    );
    for early in [json!({ "has_more": true }), json!({ "meta": { "total": 3 } })] {
        let by_offset = json!({ "paging": { "offset": { "query": "at", "limit": 1 } } });
        let server = Server::start(move |seen| {
            let is_first = seen.target.contains("at=0");
            let found = if is_first { json!([contact(&json!({ "id": 1 }))]) } else { json!([]) };
            let mut page = json!({ "results": found });
            page.as_object_mut().expect("an object").extend(early.as_object().cloned().expect("an object"));
            Reply::json(200, &page)
        });
        fails(plugin(&server, telling(by_offset)).find(ann()), Permanent, "the pages end before all");
    }
    // The system passes over the offset and gives its first page for ever.
    let offset = json!({ "paging": { "offset": { "query": "at", "limit": 1, "pages_max": 3 } } });
    fails(told(offset, || results(json!([contact(&json!({ "id": 1 }))]))), Permanent, "more than 3 pages");
}

#[test]
fn a_page_that_shows_that_there_are_others_is_not_all() {
    let signs = [
        json!({ "next": "/contacts?page=2" }),
        json!({ "next_page": 2 }),
        json!({ "has_more": true }),
        json!({ "paging": { "next": { "after": "7" } } }),
        json!({ "_links": { "next": { "href": "/contacts?page=2" } } }),
        json!({ "meta": { "pagination": { "total": 143 } } }),
        json!({ "additional_data": { "pagination": { "more_items_in_collection": true } } }),
        json!({ "@odata.nextLink": "https://crm.example/contacts?$skiptoken=7" }),
    ];
    let with = |sign: &Value, found: Value| {
        let mut page = json!({ "results": found });
        page.as_object_mut().expect("an object").extend(sign.as_object().cloned().expect("an object"));
        told(json!({}), move || Reply::json(200, &page))
    };
    for sign in signs {
        for found in [json!([contact(&json!({ "id": 1 }))]), json!([])] {
            fails(with(&sign, found), Permanent, "one page of several");
        }
    }
    let linked =
        || results(json!([])).with("Link", "</contacts?page=1>; rel=\"prev\", </contacts?page=3>; rel=\"next\"");
    fails(told(json!({}), linked), Permanent, "one page of several");
    for sign in [
        json!({ "next": null, "next_cursor": "", "has_more": false, "total": 1, "page": 1 }),
        json!({ "links": { "next": "/contacts?page=2" }, "meta": { "has_more": false } }),
        json!({ "links": [], "meta": { "total": 0 } }),
    ] {
        assert_eq!(with(&sign, json!([contact(&json!({ "id": 1 }))])), Ok(ids(&["1"])), "{sign}");
    }
    let last = || results(json!([])).with("Link", "</contacts?page=1>; rel=\"first\"");
    assert_eq!(told(json!({}), last), Ok(Found::nothing()));
}

#[test]
fn the_members_of_one_record_are_no_signs_of_pages() {
    let settings = json!({ "url": "/contacts/{{email}}", "query": {}, "lookup": true, "items": "$" });
    let mut settings = telling(settings);
    settings["health"] = health_step();
    let server = Server::start(|seen| match seen.target.as_str() {
        "/health" => healthy(),
        "/contacts/ann%40x.cz" => Reply::json(200, &contact(&json!({ "id": 7, "total": 900, "next": "visit" }))),
        _ => Reply::empty(404),
    });
    let plugin = plugin(&server, settings);
    assert_eq!(plugin.find(ann()), Ok(ids(&["7"])));
    assert_eq!(plugin.find(request(&[("email", "eve@x.cz")])), Ok(Found::nothing()), "with `health` as its control");
}

#[test]
fn what_only_a_person_can_judge_is_more_than_what_was_told() {
    let all = |other: Value| told(json!({}), move || results(json!([contact(&json!({ "id": 1 })), other])));
    assert_eq!(all(json!({ "id": 2, "email": "a***@x.cz" })), Ok(ids(&["1"]).with_more()));
    assert_eq!(all(json!({ "id": 2, "email": null })), Ok(ids(&["1"]).with_more()));
    assert_eq!(all(json!({ "id": 2 })), Ok(ids(&["1"]).with_more()));
    assert_eq!(all(json!({ "id": 2, "email": "joann@x.cz" })), Ok(ids(&["1"])));
    // A search that passes over what it is asked for.
    let others = || results(json!([{ "id": 9, "email": "eve@y.cz" }]));
    assert_eq!(told(json!({}), others), Ok(Found::nothing().with_more()));
    assert_eq!(told(json!({}), || Reply::empty(451)), Ok(Found::nothing().with_more()));
    let settings = telling(json!({ "returns": "email", "extract": { "second": "$.second" } }));
    for (second, expected) in [
        ("a.nn@y.cz", Found::nothing().identifier("email", "a.nn@y.cz")),
        ("a***@y.cz", Found::nothing().with_more()),
        ("n/a", Found::nothing().with_more()),
    ] {
        let server = Server::start(move |_| results(json!([contact(&json!({ "second": second }))])));
        assert_eq!(plugin(&server, settings.clone()).find(ann()), Ok(expected), "{second}");
    }
}

#[test]
fn where_nobody_can_look_it_is_not_said_that_there_is_nothing() {
    let server = with_contacts();
    let one = plugin(&server, telling(json!({})));
    for unknown in [request(&[("phone", "+420777123456")]), request(&[("email", "n/a")])] {
        assert_eq!(one.find(unknown), Ok(Found::nothing().with_more()));
    }
    assert!(server.lines().is_empty(), "{:?}", server.lines());
    // One way of two is enough.
    let mut settings = telling(json!({}));
    let mut second = settings["find"][0].clone();
    second["name"] = json!("by-number");
    second["query"] = json!({ "phone": "{{phone}}", "email": "{{email}}" });
    settings["find"].as_array_mut().expect("steps").push(second);
    assert_eq!(plugin(&server, settings).find(ann()), Ok(ids(&["1", "2"])));
    assert_eq!(plugin(&server, crm()).find(ann()), Ok(Found::nothing()), "nothing is configured");
}

/// Contacts, and the cards that are listed below each; `cards` answers for contact 7.
fn with_cards(cards: fn() -> Reply) -> (Result<Found, PluginError>, Vec<String>) {
    let mut settings = telling(json!({ "returns": null }));
    let step = json!({ "name": "cards", "method": "GET", "url": "/contacts/{{item}}/cards", "for_each": "contacts.ids",
        "items": "$.results[*]", "extract": { "numbers": "$.no" }, "match": "trust_search", "returns": "card_no" });
    settings["find"].as_array_mut().expect("steps").push(step);
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/contacts?email=ann%40x.cz" => results(json!([contact(&json!({ "id": 7 }))])),
        "/contacts/7/cards" => cards(),
        target if target.ends_with("/cards") => Reply::empty(404),
        _ => results(json!([])),
    });
    let found = plugin(&server, settings.clone()).find(ann());
    let nobody = plugin(&server, settings).find(request(&[("email", "eve@x.cz")]));
    assert_eq!(nobody, Ok(Found::nothing()), "whoever is not there has no cards");
    (found, server.lines())
}

#[test]
fn what_belongs_to_what_was_found_is_told_once_another_item_has_shown_nothing() {
    let (found, lines) = with_cards(|| results(json!([{ "no": "A-1" }, { "no": "A-2" }])));
    assert_eq!(found, Ok(Found::nothing().identifier("card_no", "A-1").identifier("card_no", "A-2")));
    assert!(lines.contains(&"GET /contacts/9007199254740991/cards".to_owned()), "{lines:?}");
    assert_eq!(with_cards(|| results(json!([]))).0, Ok(Found::nothing()));
    let gone = with_cards(|| Reply::empty(404)).0.expect_err("a gateway says so to everything");
    assert_eq!(gone.class, Retryable, "{gone}");
    let odd = with_cards(|| results(json!([{ "no": null }]))).0.expect_err("it has no number");
    assert!(odd.class == Permanent && odd.message.contains("step `cards`"), "{odd}");
    assert_eq!(with_cards(|| Reply::empty(403)).0, Ok(Found::nothing().with_more()), "refused for this one alone");
}

#[test]
fn the_search_for_others_is_part_of_health() {
    let server = Server::start(|seen| match seen.target.starts_with("/people") {
        true => Reply::empty(403),
        false => results(json!([])),
    });
    assert_eq!(plugin(&server, telling(json!({}))).health(), Ok(()));
    let error = plugin(&server, telling(json!({ "url": "/people" }))).health().expect_err("red");
    assert!(error.class == NeedsOperator && error.message.contains("may not GET /people (403)"), "{error}");
}
