//! Answers that show that there is more than was read: whoever is there is not gone.

use super::*;

/// A system whose list has these, with what it says of pages beside it.
fn with(found: &Value, beside: &Value) -> Server {
    let mut page = json!({ "results": found });
    page.as_object_mut().expect("an object").extend(beside.as_object().cloned().expect("an object"));
    showing(page)
}

fn showing(page: Value) -> Server {
    Server::start(move |seen| match seen.method.as_str() {
        "GET" => Reply::json(200, &page),
        _ => Reply::empty(204),
    })
}

/// Its results by this path, in both steps that look.
fn by(items: &str) -> Value {
    let mut settings = crm();
    settings["erase"][0]["items"] = json!(items);
    settings["verify"][0]["items"] = json!(items);
    settings
}

fn with_paging(paging: &Value) -> Value {
    let mut settings = crm();
    settings["erase"][0]["paging"] = paging.clone();
    settings["verify"][0]["paging"] = paging.clone();
    settings
}

#[track_caller]
fn is_cut(server: &Server, settings: Value) {
    let plugin = plugin(server, settings);
    for answer in [plugin.dry_run(ann()), plugin.erase(ann()), plugin.verify(ann())] {
        let answer = answer.expect("an answer");
        assert_eq!(answer.outcome, Outcome::Unverifiable, "{answer:?}");
        assert!(answer.not_looked_at.concat().contains("nobody has read the rest"), "{answer:?}");
    }
}

#[track_caller]
fn is_all(server: &Server, settings: Value) {
    let plugin = plugin(server, settings);
    for answer in [plugin.dry_run(ann()), plugin.erase(ann()), plugin.verify(ann())] {
        let answer = answer.expect("an answer");
        assert_eq!((answer.outcome, answer.not_looked_at.len()), (Outcome::Absent, 0), "{answer:?}");
    }
}

#[test]
fn a_page_that_shows_that_there_are_others_is_not_absent() {
    for sign in [
        json!({ "next": "/contacts?page=2" }),
        json!({ "next": 2 }),
        json!({ "next": { "href": "/contacts?page=2" } }),
        json!({ "paging": { "next": { "after": "7" } } }),
        json!({ "paging": { "cursors": { "next_cursor": "7" } } }),
        json!({ "pages": { "next": { "starting_after": "7" } } }),
        json!({ "_links": { "next": { "href": "/contacts?page=2" } } }),
        json!({ "links": [{ "rel": "self", "href": "/contacts" }, { "rel": "next", "href": "/contacts?page=2" }] }),
        json!({ "links": [{ "rel": ["next", "last"], "href": "/contacts?page=2" }] }),
        json!({ "link": [{ "relation": "next", "url": "/contacts?page=2" }] }),
        json!({ "meta": { "next_page": 2 } }),
        json!({ "meta": { "current_page": 1, "last_page": 3 } }),
        json!({ "meta": { "pagination": { "total": "143" } } }),
        json!({ "response_metadata": { "next_cursor": "dXNlcjpVMDYxTkZUVDI=" } }),
        json!({ "@odata.nextLink": "https://crm.example/contacts?$skiptoken=7" }),
        json!({ "odata.nextLink": "contacts?$skiptoken=7" }),
        json!({ "info": { "more_records": true } }),
        json!({ "pageInfo": { "hasNextPage": true, "endCursor": "7" } }),
        json!({ "last": false, "number": 0 }),
        json!({ "totalPages": 3, "number": 0 }),
        json!({ "search": { "state": { "nextPageToken": "7" } } }),
        json!({ "has_more": true, "next": null }),
    ] {
        is_cut(&with(&json!([]), &sign), crm());
        // Somebody else's, who fills the page.
        is_cut(&with(&json!([{ "id": 1, "email": "joann@x.cz" }]), &sign), crm());
    }
    let linked = Server::start(|_| results(json!([])).with("Link", "</contacts?page=2>; rel=\"next\""));
    is_cut(&linked, crm());
}

#[test]
fn the_object_that_holds_the_list_speaks_of_its_pages() {
    is_cut(&showing(json!({ "data": { "items": [], "next": "/contacts?page=2" } })), by("$.data.items[*]"));
    is_cut(&showing(json!({ "data": { "items": [], "total": 7 } })), by("$.data.items[*]"));
    is_cut(&showing(json!({ "d": { "results": [], "__next": "https://crm.example/x" } })), by("$.d.results[*]"));
    let graph = json!({ "data": { "contacts": { "nodes": [], "pageInfo": { "hasNextPage": true } } } });
    is_cut(&showing(graph), by("$.data.contacts.nodes[*]"));
}

#[test]
fn what_is_on_the_page_goes_all_the_same() {
    let server = with(&json!([{ "id": 1, "email": "ann@x.cz" }]), &json!({ "meta": { "next_page": 2 } }));
    let plugin = plugin(&server, crm());
    let answer = plugin.erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Unverifiable, 1), "{answer:?}");
    assert!(answer.reason.as_ref().is_some_and(|reason| reason.contains("step `find`")), "{answer:?}");
    assert_eq!(plugin.verify(ann()).expect("an answer").outcome, Outcome::Residual);
}

#[test]
fn what_leads_nowhere_or_is_no_word_of_pages_changes_nothing() {
    for sign in [
        json!({}),
        json!({ "next": null, "next_page": "", "nextPageToken": null, "has_more": false, "total": 0, "page": 1 }),
        json!({ "next": { "href": null } }),
        json!({ "_links": { "self": { "href": "/contacts" }, "next": { "href": "" } } }),
        json!({ "links": [{ "rel": "prev", "href": "/contacts" }, { "rel": "last", "href": "/contacts" }] }),
        json!({ "links": { "next": "/contacts?page=2" }, "meta": { "has_more": false } }),
        json!({ "last": true, "totalPages": 1, "totalElements": 0 }),
        json!({ "pageInfo": { "hasNextPage": false, "endCursor": "7" } }),
        json!({ "account": { "total": 900, "next": "a visit", "pages": 7 } }),
    ] {
        is_all(&with(&json!([]), &sign), crm());
    }
    // Members of the results are their own data.
    let joann =
        json!({ "id": 1, "email": "joann@x.cz", "next": "a visit", "next_page": 7, "has_more": true, "total": 900 });
    is_all(&with(&json!([joann]), &json!({ "total": 1 })), crm());
    is_all(&with(&json!({ "1": joann }), &json!({})), crm());
}

/// A path that leads to nothing looks like the last page.
#[test]
fn pages_that_end_before_what_the_system_says_are_not_all() {
    for paging in
        [json!({ "next": { "path": "$.next" } }), json!({ "cursor": { "path": "$.cursor", "query": "cursor" } })]
    {
        for sign in [
            json!({ "meta": { "next_page": 2 } }),
            json!({ "links": { "next": "/contacts?page=2" } }),
            json!({ "has_more": true }),
            json!({ "total": 7 }),
        ] {
            is_cut(&with(&json!([]), &sign), with_paging(&paging));
        }
        is_all(&with(&json!([]), &json!({ "meta": { "next_page": null }, "total": 0 })), with_paging(&paging));
    }
    // Until a page is empty, whatever it says of a next one; but not before all.
    let offset = json!({ "offset": { "query": "at", "limit": 10 } });
    is_all(&with(&json!([]), &json!({ "next": "/contacts?at=10" })), with_paging(&offset));
    is_cut(&with(&json!([]), &json!({ "total": 7 })), with_paging(&offset));
}

#[test]
fn null_in_place_of_a_list_says_that_there_is_none_where_the_operator_says_so() {
    let server = showing(json!({ "results": null }));
    let error = plugin(&server, crm()).verify(ann()).expect_err("no list");
    assert!(error.class == quietus_plugin::ErrorClass::Retryable && error.message.contains("`sparse`"), "{error}");
    let mut settings = crm();
    settings["erase"][0]["sparse"] = json!(true);
    settings["verify"][0]["sparse"] = json!(true);
    is_all(&server, settings);
}
