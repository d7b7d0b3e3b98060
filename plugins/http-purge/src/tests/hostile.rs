//! Identifiers are what a stranger typed into a form.

use percent_encoding::percent_decode_str;
use quietus_plugin::ErrorClass;

use super::*;

/// Each value in each place.
fn everywhere() -> Value {
    json!({ "kinds": ["odd"], "erase": [{
        "name": "delete", "method": "POST", "url": "/people/{{odd}}/purge", "query": { "q": "is '{{odd|odata}}'", "r": "{{odd}}" },
        "body": { "json": { "id": "{{odd}}", "deep": [{ "text": "<{{odd}}>" }] } },
    }] })
}

#[track_caller]
fn check(value: &str) {
    let server = Server::start(|_| Reply::empty(204));
    erase(&plugin(&server, everywhere()), &request(&[("odd", value)])).expect("an answer");
    let seen = server.seen();
    let [seen] = seen.as_slice() else { panic!("one request, not {}", seen.len()) };
    let (path, query) = seen.target.split_once('?').expect("a query");
    let segments: Vec<_> = path.split('/').collect();
    assert_eq!(segments.len(), 4, "{path}");
    assert_eq!((segments[1], segments[3]), ("people", "purge"));
    assert_eq!(decoded(segments[2]), value);
    let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let expected = [("q", format!("is '{}'", value.replace('\'', "''"))), ("r", value.to_owned())];
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| (name, decoded(value))).collect();
    assert_eq!(pairs, expected);
    assert_eq!(seen.json(), json!({ "id": value, "deep": [{ "text": format!("<{value}>") }] }));
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

#[test]
fn no_value_breaks_out_of_its_place() {
    check("ann@x.cz");
    check("\"}, \"id\": \"*");
    check("' or 1 eq 1 or 'a' eq 'a");
    check("..a/b..");
    check("%2e%2e.%2f");
    check("a/b?c=d&e=f#g");
    check("x\r\nX-Evil: 1\r\n\r\nDELETE / HTTP/1.1");
    check("{{item}} {{secret.token}} {{");
    check("\u{0}\u{7f}\u{202e}Žofie 🦀");
    check("+ +");
    check(&"x".repeat(10_000));
}

#[test]
fn a_value_that_would_address_something_else_is_refused() {
    let values = [
        ".",
        "..",
        "../x",
        "x/..",
        "x/../y",
        "..\\x",
        "x\\..",
        "./x",
        "%2e%2e%2f",
        "%252E%252e",
        "%2e%2E%5Cx",
        "x%25252f..",
    ];
    for value in values {
        let server = Server::start(|_| Reply::empty(204));
        let error = erase(&plugin(&server, everywhere()), &request(&[("odd", value)])).expect_err("refused");
        assert_eq!(error.class, ErrorClass::Permanent);
        assert!(server.lines().is_empty());
    }
    let dotted = json!({ "kinds": ["odd"], "erase": [{ "name": "delete", "method": "DELETE", "url": "/x/.{{odd}}" }] });
    let server = Server::start(|_| Reply::empty(204));
    let error = erase(&plugin(&server, dotted), &request(&[("odd", ".a/.")])).expect_err("refused");
    assert_eq!((error.class, server.lines().len()), (ErrorClass::Permanent, 0));
}

#[test]
fn a_header_takes_no_control_characters() {
    let step =
        json!({ "name": "delete", "method": "DELETE", "url": "/people/{{odd}}", "headers": { "X-Person": "{{odd}}" } });
    let server = Server::start(|_| Reply::empty(204));
    let plugin = plugin(&server, json!({ "kinds": ["odd"], "erase": [step] }));
    let error = erase(&plugin, &request(&[("odd", "ann\r\nX-Evil: 1")])).expect_err("refused");
    assert!(error.message.contains("`odd`") && !error.message.contains("Evil"), "{}", error.message);
    assert!(server.lines().is_empty());
}

#[test]
fn ids_from_the_system_are_no_more_trusted_than_people() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" => results(json!([{ "id": "../admin", "email": "ann@x.cz" }, { "id": "a/b?x", "email": "ann@x.cz" }])),
        _ => Reply::empty(204),
    });
    assert_eq!(erase(&plugin(&server, crm()), &ann()).expect_err("the first").class, ErrorClass::Permanent);
    assert_eq!(server.lines()[1..], ["DELETE /contacts/a%2Fb%3Fx"]);
}

#[test]
fn a_link_to_another_host_is_not_followed() {
    for link in ["http://evil.example/contacts", "//evil.example/contacts", "http://127.0.0.1:1.evil.example/"] {
        let server = Server::start(move |_| Reply::json(200, &json!({ "results": [], "next": link })));
        let mut settings = crm();
        settings["erase"][0]["paging"] = json!({ "next": { "path": "$.next" } });
        let error = erase(&plugin(&server, settings), &ann()).expect_err("refused");
        assert!(error.message.contains("leads elsewhere"), "{}", error.message);
    }
}

#[test]
fn a_look_alike_is_somebody_else() {
    #[track_caller]
    fn check(searched: &str, there: &'static str, expected: Outcome) {
        let server = Server::start(move |seen| match seen.method.as_str() {
            "GET" => results(json!([{ "id": 1, "email": there }])),
            _ => Reply::empty(204),
        });
        let answer = erase(&plugin(&server, crm()), &request(&[("email", searched)])).expect("an answer");
        assert_eq!(answer.outcome, expected, "{searched} {there}");
        let deletes = server.lines().iter().any(|line| line.starts_with("DELETE"));
        assert_eq!(deletes, expected == Outcome::Erased, "{searched} {there}");
    }
    check("kate@x.cz", "KATE@X.CZ", Outcome::Erased);
    check("\u{17d}ofie@x.cz", "\u{17e}OFIE@x.cz", Outcome::Erased);
    check("kate@x.cz", "\u{212a}ate@x.cz", Outcome::Absent);
    check("\u{212a}ate@x.cz", "kate@x.cz", Outcome::Absent);
    check("iva@x.cz", "\u{131}va@x.cz", Outcome::Absent);
    check("iva@x.cz", "\u{130}va@x.cz", Outcome::Absent);
    check("i\u{307}va@x.cz", "\u{130}va@x.cz", Outcome::Absent);
    check("zofie@x.cz", "\u{17d}ofie@x.cz", Outcome::Absent);
    check("sam@x.cz", "\u{17f}am@x.cz", Outcome::Absent);
    check("\u{3c9}@x.cz", "\u{2126}@x.cz", Outcome::Absent);
    // Nothing in it says why the search has found it.
    check("ann@x.cz", "ann@x.c", Outcome::Unverifiable);
}
