//! A value is asked for as it was typed, and in the spellings of its normal form.

use super::*;

/// What is asked of a CRM that finds nobody.
fn asked(settings: Value, request: &Request) -> (Answer, Vec<String>) {
    let server = Server::start(|_| results(json!([])));
    let answer = erase(&plugin(&server, settings), request).expect("an answer");
    (answer, server.lines())
}

fn by_phone(matches: Value) -> Value {
    let mut settings = crm();
    settings["erase"][0]["query"] = json!({ "q": "{{phone}}" });
    settings["erase"][0]["match"] = matches;
    settings["verify"] = json!([]);
    settings
}

#[test]
fn a_search_is_made_by_each_spelling_once() {
    let (_, lines) = asked(crm(), &request(&[("email", "Ann <ann@x.cz>"), ("email", "ann@x.cz")]));
    assert_eq!(lines, ["GET /contacts?email=Ann%20%3Cann%40x.cz%3E", "GET /contacts?email=ann%40x.cz"]);
    let (_, lines) = asked(crm(), &request(&[("email", "ann@x.cz, bob@x.cz")]));
    assert_eq!(lines, ["GET /contacts?email=ann%40x.cz", "GET /contacts?email=bob%40x.cz"], "no address has a comma");
}

#[test]
fn a_number_is_asked_for_without_its_country_code_only_where_the_answer_is_judged() {
    let request = Request { region: "CZ".parse().ok(), ..request(&[("phone", "+420777123456")]) };
    let national = |lines: &[String]| lines.iter().any(|line| line == "GET /contacts?q=777123456");
    let (_, lines) = asked(by_phone(json!({ "path": "$.phone", "equals": "{{phone}}" })), &request);
    assert!(national(&lines) && lines.contains(&"GET /contacts?q=%2B420777123456".to_owned()), "{lines:?}");
    let (_, lines) = asked(by_phone(json!("trust_search")), &request);
    assert!(!national(&lines) && lines.contains(&"GET /contacts?q=%2B420777123456".to_owned()), "{lines:?}");
}

#[test]
fn what_was_found_by_two_spellings_is_one_record_and_goes_once() {
    let mut settings = crm();
    settings["erase"][1]["url"] = json!("/contacts/{{item}}/of/{{email}}");
    let mut is_there = true;
    let server = Server::start(move |seen| match seen.method.as_str() {
        "GET" if is_there => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        "GET" => results(json!([])),
        _ => Reply::empty(if std::mem::take(&mut is_there) { 204 } else { 404 }),
    });
    let plugin = plugin(&server, settings);
    let typed = || request(&[("email", "Ann@X.cz")]);
    assert_eq!(plugin.dry_run(typed()).map(bare), Ok(Answer::residual().count("contacts", 1)));
    assert_eq!(verify(&plugin, typed()), Ok(Answer::residual().count("find", 1)));
    assert_eq!(erase(&plugin, &typed()), Ok(Answer::erased().count("contacts", 1)));
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("DELETE")).count(), 1);
}

#[test]
fn what_no_list_tells_apart_is_not_counted_by_each_spelling() {
    let mut settings = crm();
    settings["verify"] = json!([{ "name": "look", "method": "GET", "url": "/people/{{email}}" }]);
    settings["health"] = health_step();
    let server = Server::start(|seen| if seen.target == "/health" { healthy() } else { Reply::empty(200) });
    let answer = verify(&plugin(&server, settings), request(&[("email", "Ann@X.cz"), ("email", "bob@x.cz")]));
    assert_eq!(answer, Ok(Answer::residual().count("look", 2)));
    // Nor is what does not show whose it is.
    let server = Server::start(|_| results(json!([{ "id": 1, "email": null }])));
    let answer = verify(&plugin(&server, crm()), request(&[("email", "Ann@X.cz")])).expect("an answer");
    assert!(answer.not_looked_at.concat().starts_with("1 results of step `find`"), "{answer:?}");
}

#[test]
fn what_is_no_identifier_is_asked_by_nothing_and_told() {
    let (answer, lines) = asked(crm(), &request(&[("email", "n/a"), ("email", "ann@x.cz")]));
    assert_eq!((answer.outcome, lines.len()), (Outcome::Absent, 1), "{lines:?}");
    assert_eq!(answer.not_looked_at, ["1 identifiers that have no form that a record could hold"]);
    // A number that could be of any country.
    let settings = by_phone(json!({ "path": "$.phone", "equals": "{{phone}}" }));
    let (answer, lines) = asked(settings, &request(&[("phone", "777 123 456")]));
    assert_eq!((answer.outcome, lines.len()), (Outcome::Unverifiable, 0), "{lines:?}");
    assert_eq!(answer.not_looked_at.len(), 1);
}
