//! Writes that were done and not answered: the next attempt tells of them, and counts none twice.

use quietus_plugin::ErrorClass;

use super::*;

/// A CRM with three contacts of Ann's, whose second DELETE is answered by `fault` when it was done.
fn losing(fault: fn() -> Reply) -> Server {
    let mut contacts = vec![1, 2, 3];
    let mut deletes = 0;
    Server::start(move |seen| {
        if seen.method == "GET" {
            return results(contacts.iter().map(|id| json!({ "id": id, "email": "ann@x.cz" })).collect());
        }
        contacts.retain(|id| seen.target != format!("/contacts/{id}"));
        deletes += 1;
        if deletes == 2 { fault() } else { Reply::empty(204) }
    })
}

/// As `crm()`, with little patience.
fn hasty() -> Value {
    let mut settings = crm();
    settings["timeout"] = json!("300ms");
    settings
}

#[test]
fn what_was_done_without_an_answer_is_counted_once() {
    for fault in [|| Reply::HangUp, || Reply::Silence, || Reply::empty(500), || Reply::empty(408)] {
        let server = losing(fault);
        let plugin = plugin(&server, hasty());
        assert_eq!(erase(&plugin, &ann()).expect_err("not answered").class, ErrorClass::Retryable);
        assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 3)));
        assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 3)), "the answer was lost, too");
        let other = Request { idempotency_key: "k-2".into(), ..ann() };
        assert_eq!(erase(&plugin, &other), Ok(Answer::absent()));
    }
}

#[test]
fn what_was_refused_or_never_sent_is_not_counted() {
    let mut asked = 0;
    let server = Server::start(move |_| {
        asked += 1;
        Reply::empty(if asked == 1 { 429 } else { 404 })
    });
    let step = json!({ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" });
    let plugin = plugin(&server, json!({ "erase": [step] }));
    assert_eq!(erase(&plugin, &ann()).expect_err("limited").class, ErrorClass::RateLimited);
    assert_eq!(erase(&plugin, &ann()).expect("an answer").outcome, Outcome::Unverifiable);
}

#[test]
fn a_lost_write_without_a_search_is_not_called_erased_because_nothing_is_there() {
    let mut asked = 0;
    let server = Server::start(move |seen| {
        asked += 1;
        match asked {
            1 | 3 => Reply::HangUp,
            _ if seen.target == "/health" => healthy(),
            _ => Reply::empty(404),
        }
    });
    let step = json!({ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" });
    let blind = plugin(&server, json!({ "erase": [step] }));
    assert_eq!(erase(&blind, &ann()).expect_err("not answered").class, ErrorClass::Retryable);
    assert_eq!(erase(&blind, &ann()).expect("an answer").outcome, Outcome::Unverifiable, "a gateway says so, too");
    let health = health_step();
    let controlled = plugin(&server, json!({ "erase": [step], "health": health }));
    assert_eq!(erase(&controlled, &ann()).expect_err("not answered").class, ErrorClass::Retryable);
    let answer = erase(&controlled, &ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts.len()), (Outcome::Unverifiable, 0), "nobody has seen it there");
}

#[test]
fn what_must_be_kept_after_all_is_not_counted() {
    let mut deletes = 0;
    let server = Server::start(move |seen| {
        deletes += u32::from(seen.method == "DELETE");
        match deletes {
            0 => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
            1 if seen.method == "DELETE" => Reply::HangUp,
            1 => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
            _ => Reply::empty(451),
        }
    });
    let plugin = plugin(&server, crm());
    assert_eq!(erase(&plugin, &ann()).expect_err("not answered").class, ErrorClass::Retryable);
    let answer = erase(&plugin, &ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts.is_empty()), (Outcome::Retained, true));
}

#[test]
fn a_list_that_is_shorter_the_next_time_counts_no_item_twice() {
    let mut messages = vec!["a", "b", "c"];
    let mut posts = 0;
    let server = Server::start(move |seen| {
        if seen.method == "GET" {
            return results(messages.iter().map(|id| json!({ "id": id, "email": "ann@x.cz" })).collect());
        }
        posts += 1;
        messages.truncate(if posts == 1 { 1 } else { 0 });
        Reply::empty(if posts == 1 { 502 } else { 204 })
    });
    let mut settings = crm();
    settings["erase"][1] = json!({ "name": "delete", "method": "POST", "url": "/batchDelete", "count": "messages",
        "body": { "json": { "ids": "{{find.ids}}" } } });
    let plugin = plugin(&server, settings);
    assert_eq!(erase(&plugin, &ann()).expect_err("not answered").class, ErrorClass::Retryable);
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("messages", 3)));
}
