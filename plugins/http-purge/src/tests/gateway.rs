//! A gateway before the system that answers 404, a page of HTML or an error document to everything for a while.

use quietus_plugin::ErrorClass;

use super::*;

/// A CRM with one contact of Ann's behind a gateway that answers `reply` from the nth request on, for so many requests.
/// Also tells whether the contact is there.
fn behind(from: usize, count: usize, reply: fn() -> Reply) -> (Server, std::sync::Arc<std::sync::atomic::AtomicBool>) {
    let is_there = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let shared = std::sync::Arc::clone(&is_there);
    let mut met = 0;
    let server = Server::start(move |seen| {
        met += 1;
        if met > from && met <= from.saturating_add(count) {
            return reply();
        }
        let is_there = shared.load(std::sync::atomic::Ordering::SeqCst);
        match seen.method.as_str() {
            _ if seen.target == "/health" => healthy(),
            "GET" if is_there => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
            "GET" => results(json!([])),
            _ if is_there => {
                shared.store(false, std::sync::atomic::Ordering::SeqCst);
                Reply::empty(204)
            }
            _ => Reply::empty(404),
        }
    });
    (server, is_there)
}

#[test]
fn a_gateway_without_the_system_makes_nobody_absent() {
    for reply in [
        || Reply::empty(404),
        || Reply::empty(410),
        || Reply::json(404, &json!({ "results": [] })),
        || Reply::text(200, "<!DOCTYPE html><html>please log in</html>"),
        || Reply::json(200, &json!({ "error": { "code": 7 }, "results": [] })),
        || Reply::json(200, &json!({ "success": false, "results": [] })),
        || Reply::empty(204),
        || Reply::empty(200),
    ] {
        let (server, _) = behind(0, usize::MAX, reply);
        let mut settings = crm();
        settings["erase"][0]["paging"] = json!({ "cursor": { "path": "$.next", "query": "at" } });
        for settings in [crm(), settings] {
            let plugin = plugin(&server, settings);
            let dry = Request { dry_run: true, ..ann() };
            for answer in [erase(&plugin, &ann()), erase(&plugin, &dry), verify(&plugin, ann())] {
                assert_eq!(answer.expect_err("nobody has looked").class, ErrorClass::Retryable);
            }
        }
    }
}

#[test]
fn wherever_a_gateway_begins_and_ends_the_answer_is_true() {
    for from in 0..5 {
        for count in [1, 2, 3, 10] {
            let (server, is_there) = behind(from, count, || Reply::empty(404));
            let plugin = plugin(&server, crm());
            let answer = (0..20).find_map(|_| erase(&plugin, &ann()).ok()).expect("an answer in the end");
            assert!(!is_there.load(std::sync::atomic::Ordering::SeqCst), "from {from} for {count}: {answer:?}");
            assert_eq!(answer, Answer::erased().count("contacts", 1), "from {from} for {count}");
        }
    }
}

#[test]
fn a_page_or_an_error_with_a_success_erases_nothing() {
    for reply in [
        || Reply::text(200, "\n<html>maintenance</html>"),
        || Reply::text(200, "<!DOCTYPE html>"),
        || Reply::json(200, &json!({ "success": false })),
        || Reply::json(200, &json!({ "errors": ["busy"] })),
    ] {
        let (server, is_there) = behind(1, 1, reply);
        let plugin = plugin(&server, crm());
        assert_eq!(erase(&plugin, &ann()).expect_err("not done").class, ErrorClass::Retryable);
        assert!(is_there.load(std::sync::atomic::Ordering::SeqCst));
        assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 1)));
    }
    let (server, _) = behind(1, 1, || Reply::json(200, &json!({ "success": true, "error": null, "errors": [] })));
    assert_eq!(erase(&plugin(&server, crm()), &ann()), Ok(Answer::erased().count("contacts", 1)));
}

#[test]
fn a_look_by_the_status_alone_needs_a_control() {
    let mut settings = crm();
    settings["erase"] = json!([{ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" }]);
    settings["verify"] = json!([{ "name": "look", "method": "GET", "url": "/people/{{email}}" }]);
    settings["health"] = health_step();
    let all = Server::start(|_| Reply::empty(404));
    let one = Server::start(|seen| if seen.target == "/health" { healthy() } else { Reply::empty(404) });
    for (server, expected) in [(&all, Err(ErrorClass::Retryable)), (&one, Ok(Answer::absent()))] {
        let plugin = plugin(server, settings.clone());
        assert_eq!(erase(&plugin, &ann()).map_err(|error| error.class), expected);
        assert_eq!(verify(&plugin, ann()).map_err(|error| error.class), expected);
    }
}
