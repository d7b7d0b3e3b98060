//! Whose a result is that a search has found.

use super::*;

fn by(kind: &str, typed: &str, found: Value) -> Result<Answer, PluginError> {
    let server = {
        let mut found = vec![json!({ "id": 1, "value": found })];
        Server::start(move |seen| match seen.method.as_str() {
            "GET" => results(json!(found)),
            _ => {
                found.clear();
                Reply::empty(204)
            }
        })
    };
    let mut settings = crm();
    settings["erase"][0]["query"] = json!({ "q": format!("{{{{{kind}}}}}") });
    settings["erase"][0]["match"] = json!({ "path": "$.value", "equals": format!("{{{{{kind}}}}}") });
    settings["verify"] = json!([]);
    let request = Request { region: "CZ".parse().ok(), ..request(&[(kind, typed)]) };
    erase(&plugin(&server, settings), &request)
}

#[track_caller]
fn check(kind: &str, typed: &str, found: Value, expected: Outcome) {
    let shown = found.to_string();
    assert_eq!(by(kind, typed, found).expect("an answer").outcome, expected, "{typed} {shown}");
}

#[test]
fn a_value_is_the_same_by_its_normal_form() {
    check("email", "ann@x.cz", json!("ANN@X.cz."), Outcome::Erased);
    check("email", "ann@příklad.cz", json!("ann@xn--pklad-zsa96e.cz"), Outcome::Erased);
    check("email", "kate@x.cz", json!("\u{212a}ate@x.cz"), Outcome::Absent);
    check("phone", "777 123 456", json!("00420 (0) 777123456"), Outcome::Erased);
    check("phone", "777 123 456", json!("+421 777 123 456"), Outcome::Absent);
    check("name", "Ing. Ann Nováková", json!("NOVAKOVA Ann"), Outcome::Erased);
    check("name", "Ann Nováková", json!("Jan Novák"), Outcome::Absent);
    check("guest_id", "g-7", json!("G-7"), Outcome::Absent);
}

#[test]
fn a_result_that_does_not_show_its_value_needs_a_person() {
    for hidden in [Value::Null, json!(""), json!(" "), json!("a***@x.cz"), json!("Ann: ann@x.cz"), json!({})] {
        let answer = by("email", "ann@x.cz", hidden.clone()).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Unverifiable, "{hidden}");
        assert!(answer.reason.is_some_and(|reason| reason.contains("`find`") && reason.contains("`match`")));
        assert_eq!(answer.not_looked_at.len(), 1);
    }
    check("guest_id", "g-7", Value::Null, Outcome::Unverifiable);
}

#[test]
fn a_masked_value_is_nobodys_whatever_is_looked_for_by() {
    check("guest_id", "g-7", json!("g**"), Outcome::Unverifiable);
    check("phone", "777 123 456", json!("######456"), Outcome::Unverifiable);
    // A masked value that is typed into a form would match everybody who is shown so.
    check("guest_id", "g**", json!("g**"), Outcome::Unverifiable);
    check("email", "a***@x.cz", json!("a***@x.cz"), Outcome::Unverifiable);
}

#[test]
fn a_structure_in_place_of_a_value_is_nobodys() {
    let among = |value: Value| {
        let mut settings = crm();
        settings["erase"][0]["match"] = json!({ "path": "$.emails[*]", "equals": "{{email}}" });
        settings["verify"] = json!([]);
        let found = json!([{ "id": 1, "emails": ["joann@x.cz", value] }]);
        let server = Server::start(move |_| results(found.clone()));
        erase(&plugin(&server, settings), &request(&[("email", "ann@x.cz")])).expect("an answer").outcome
    };
    for hidden in [json!({ "hidden": true }), json!(true), json!(["ann@x.cz"])] {
        assert_eq!(among(hidden.clone()), Outcome::Unverifiable, "{hidden}");
    }
    assert_eq!(among(Value::Null), Outcome::Absent, "there is no second address");
}

#[test]
fn a_result_whose_id_is_null_is_not_passed_over() {
    let mut settings = crm();
    settings["erase"][0] = json!({
        "name": "find", "method": "GET", "url": "/contacts", "query": { "q": "{{email}}" },
        "extract": { "ids": "$.results[*].id" }, "match": "trust_search",
    });
    settings["verify"] = json!([]);
    let server = Server::start(|_| results(json!([{ "id": null }])));
    let error = erase(&plugin(&server, settings), &request(&[("email", "ann@x.cz")])).expect_err("it would stay");
    assert!(
        error.message.contains("`$.results[*].id`") || error.message.contains("`$['results'][*]['id']`"),
        "{error}"
    );
}

#[test]
fn a_named_field_that_is_null_is_not_passed_over() {
    let with = |found: Value| {
        let mut settings = crm();
        settings["erase"][0]["match"] = json!({ "path": "$['email','email2']", "equals": "{{email}}" });
        settings["verify"] = json!([]);
        let mut found = vec![found];
        let server = Server::start(move |seen| {
            if seen.method == "DELETE" {
                found.clear();
                return Reply::empty(204);
            }
            results(json!(found))
        });
        erase(&plugin(&server, settings), &ann()).expect("an answer").outcome
    };
    assert_eq!(with(json!({ "id": 1, "email": "joann@x.cz", "email2": null })), Outcome::Unverifiable);
    assert_eq!(with(json!({ "id": 1, "email": null, "email2": "joann@x.cz" })), Outcome::Unverifiable);
    for empty in ["", " "] {
        assert_eq!(with(json!({ "id": 1, "email": empty, "email2": "bob@x.cz" })), Outcome::Unverifiable);
        assert_eq!(with(json!({ "id": 1, "email": empty, "email2": "ann@x.cz" })), Outcome::Erased);
    }
    assert_eq!(with(json!({ "id": 1, "email": null, "email2": "ann@x.cz" })), Outcome::Erased);
    assert_eq!(with(json!({ "id": 1, "email": "joann@x.cz", "email2": "jo@x.cz" })), Outcome::Absent);
    assert_eq!(with(json!({ "id": 1, "email": "joann@x.cz" })), Outcome::Absent, "there is no other field");

    // Of several ids, too, one that is null is no lack of one.
    let mut settings = crm();
    settings["erase"][0]["extract"] = json!({ "ids": "$['id','other_id']" });
    let server = Server::start(|_| results(json!([{ "id": 1, "other_id": null, "email": "ann@x.cz" }])));
    assert!(erase(&plugin(&server, settings), &ann()).is_err());
}

#[test]
fn what_no_later_step_has_judged_stays_and_is_told() {
    let search = json!({ "name": "search", "method": "GET", "url": "/contacts", "query": { "q": "{{email}}" },
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "match": "later" });
    let other = json!({ "name": "other", "method": "GET", "url": "/others", "query": { "q": "{{email}}" },
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "match": { "path": "$.email", "equals": "{{email}}" } });
    let judge = json!({ "name": "judge", "method": "GET", "url": "/contacts/{{item}}", "for_each": "search.ids",
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "match": { "path": "$.email", "equals": "{{email}}" } });
    let delete = json!({ "name": "delete", "method": "DELETE", "url": "/contacts/{{item}}", "for_each": "judge.ids" });
    // Its condition does not hold; or it needs a number, and the person has none.
    for (member, value) in [("when", json!("other.ids")), ("headers", json!({ "X-Phone": "{{phone}}" }))] {
        let mut judge = judge.clone();
        judge[member] = value;
        let settings = json!({ "erase": [search, other, judge, delete], "verify": [search, other, judge] });
        let server = Server::start(|seen| match seen.target.starts_with("/others") {
            true => results(json!([])),
            false => results(json!([{ "id": 7, "email": "ann@x.cz" }, { "id": 8, "email": "ann@x.cz" }])),
        });
        let plugin = plugin(&server, settings);
        for answer in [plugin.dry_run(ann()), plugin.erase(ann()), plugin.verify(ann())] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Unverifiable, "{member}: {answer:?}");
            assert!(answer.not_looked_at.concat().contains("2 results of step `search`"), "{member}: {answer:?}");
        }
        assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
    }
}

#[test]
fn what_is_judged_later_is_nobodys_until_then() {
    let search = json!({ "name": "search", "method": "GET", "url": "/contacts", "query": { "q": "{{email}}" },
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "match": "later" });
    let judge = json!({ "name": "judge", "method": "GET", "url": "/contacts/{{item}}/addresses", "for_each": "search.ids",
        "items": "$.results[*]", "extract": { "ids": "$.contact" }, "match": { "path": "$.value", "equals": "{{email}}" } });
    let delete = json!({ "name": "delete", "method": "DELETE", "url": "/contacts/{{item}}", "for_each": "judge.ids" });
    let settings = json!({ "erase": [search, judge, delete], "verify": [search, judge] });
    let server = Server::start(|seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", "/contacts/1/addresses") => {
            results(json!([{ "contact": 1, "value": "other@x.cz" }, { "contact": 1, "value": "ann@x.cz" }]))
        }
        ("GET", "/contacts/2/addresses") => results(json!([{ "contact": 2, "value": "joann@x.cz" }])),
        ("GET", _) => results(json!([{ "id": 1 }, { "id": 2 }])),
        _ => Reply::empty(204),
    });
    assert_eq!(erase(&plugin(&server, settings.clone()), &ann()), Ok(Answer::erased().count("delete", 1)));
    assert!(server.lines().contains(&"DELETE /contacts/1".to_owned()));
    assert!(!server.lines().contains(&"DELETE /contacts/2".to_owned()));
    assert_eq!(verify(&plugin(&server, settings.clone()), ann()), Ok(Answer::residual().count("judge", 1)));

    // Nobody's, and nothing shows whose.
    let server = Server::start(|seen| match seen.target.ends_with("/addresses") {
        true => results(json!([])),
        false => results(json!([{ "id": 3 }])),
    });
    assert_eq!(erase(&plugin(&server, settings.clone()), &ann()).expect("an answer").outcome, Outcome::Unverifiable);

    let mut unjudged = settings.clone();
    unjudged["erase"][2]["for_each"] = json!("search.ids");
    let error = configure("https://crm.example", unjudged).err().expect("refused");
    assert!(error.message.contains("without judging them"), "{error}");
    let mut unused = settings;
    unused["verify"] = json!([unused["verify"][0]]);
    let error = configure("https://crm.example", unused).err().expect("refused");
    assert!(error.message.contains("no later step judges"), "{error}");
}
