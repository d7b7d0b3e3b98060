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

/// RFC 5322 allows `*`, `#` and `?` in a local part, and systems put them in place of what they do not show.
#[test]
fn a_mask_is_nobodys_whoever_has_typed_the_same() {
    for masked in [
        "a*n@x.cz",
        "*@x.cz",
        "a#n@x.cz",
        "a?n@x.cz",
        "a??n@x.cz",
        "a...n@x.cz",
        "a\u{2588}\u{2588}n@x.cz",
        "a\u{ff0a}n@x.cz",
    ] {
        check("email", masked, json!(masked), Outcome::Unverifiable);
        check("email", "ann@x.cz", json!(masked), Outcome::Unverifiable);
    }
}

/// Ann may be found by a secondary address, which a result does not show.
#[test]
fn a_result_of_a_search_that_shows_nothing_it_can_be_found_by_needs_a_person() {
    for (kind, typed, other, expected) in [
        ("email", "ann@x.cz", "eve@y.cz", Outcome::Unverifiable),
        ("email", "ann@x.cz", "ann@y.cz", Outcome::Unverifiable),
        ("email", "ann@x.cz", "joann@x.cz", Outcome::Absent),
        ("email", "ann@x.cz", "ann@x.cz.example", Outcome::Absent),
        ("phone", "777 123 456", "602 111 222", Outcome::Unverifiable),
        ("phone", "777 123 456", "+421 777 123 456", Outcome::Absent),
        ("name", "Ann Nováková", "Eve Dvořáková", Outcome::Unverifiable),
        ("guest_id", "g-7", "x-9", Outcome::Unverifiable),
        ("guest_id", "g-7", "g-77", Outcome::Absent),
    ] {
        check(kind, typed, json!(other), expected);
    }
    // A list that nobody was asked for by is of everybody.
    let everybody = results(json!([{ "id": 1, "email": "eve@y.cz" }, { "id": 2, "email": "bob@y.cz" }]));
    let mut settings = crm();
    settings["erase"][0]["query"] = json!({ "limit": "100" });
    settings["verify"] = json!([]);
    let mut all = Some(everybody);
    let server = Server::start(move |_| all.take().unwrap_or_else(|| Reply::empty(500)));
    assert_eq!(erase(&plugin(&server, settings), &ann()).expect("an answer").outcome, Outcome::Absent);
}

#[test]
fn an_entry_of_a_list_that_does_not_show_the_named_field_needs_a_person() {
    let among = |path: &str, emails: Value| {
        let mut settings = crm();
        settings["erase"][0]["match"] = json!({ "path": path, "equals": "{{email}}" });
        settings["verify"] = json!([]);
        let mut found = vec![json!({ "id": 1, "emails": emails })];
        let server = Server::start(move |seen| match seen.method.as_str() {
            "GET" => results(json!(found)),
            _ => {
                found.clear();
                Reply::empty(204)
            }
        });
        erase(&plugin(&server, settings), &ann()).expect("an answer").outcome
    };
    let joann = json!({ "value": "joann@x.cz" });
    for path in ["$.emails[*].value", "$.emails[*]['value']", "$.emails[?@.type != 'old'].value", "$.emails.*.value"] {
        for hidden in
            [json!({ "value": null }), json!({ "value": "" }), json!({ "value": " " }), json!({ "type": "work" })]
        {
            assert_eq!(among(path, json!([joann, hidden])), Outcome::Unverifiable, "{path} {hidden}");
            assert_eq!(among(path, json!([{ "value": "ann@x.cz" }, hidden])), Outcome::Erased, "{path} {hidden}");
        }
        assert_eq!(among(path, json!([joann, joann])), Outcome::Absent, "{path}");
    }
    for hidden in [json!({ "value": null }), json!({ "value": "" })] {
        assert_eq!(among("$.emails..value", json!([joann, hidden])), Outcome::Unverifiable, "{hidden}");
    }
    assert_eq!(among("$.emails[*]", json!(["joann@x.cz", null])), Outcome::Absent, "there is no second address");
}

#[test]
fn a_result_that_needs_a_person_by_the_operators_word_stays() {
    let mut settings = crm();
    let shared = "$.results[?@.shared == true || (@.first == false && @.confirmed == false)]";
    for which in ["erase", "verify"] {
        settings[which][0]["match"]["needs_person"] = json!(shared);
    }
    let mut contacts = vec![
        json!({ "id": 1, "email": "ann@x.cz", "shared": false, "first": true, "confirmed": false }),
        json!({ "id": 2, "email": "ann@x.cz", "shared": true, "first": true, "confirmed": true }),
        json!({ "id": 3, "email": "ann@x.cz", "first": false, "confirmed": false }),
        json!({ "id": 4, "email": "joann@x.cz", "shared": true }),
    ];
    let server = Server::start(move |seen| match seen.method.as_str() {
        "GET" => results(json!(contacts)),
        _ => {
            contacts.retain(|contact| seen.target != format!("/contacts/{}", contact["id"]));
            Reply::empty(204)
        }
    });
    let plugin = plugin(&server, settings);
    let answer = erase(&plugin, &ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Unverifiable, 1), "{answer:?}");
    assert!(
        answer
            .reason
            .is_some_and(|reason| reason.contains("2 results of step `find`") && reason.contains("needs_person"))
    );
    assert_eq!(
        server.lines().iter().filter(|line| line.starts_with("DELETE")).collect::<Vec<_>>(),
        ["DELETE /contacts/1"]
    );
    assert_eq!(verify(&plugin, ann()).expect("an answer").outcome, Outcome::Unverifiable);
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
    assert_eq!(erase(&plugin(&server, settings), &ann()).expect("an answer").outcome, Outcome::Unverifiable);
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
    let mut by_its_id = settings.clone();
    by_its_id["erase"][1]["match"] = json!({ "path": "$.contact", "equals": "{{item}}" });
    let error = configure("https://crm.example", by_its_id).err().expect("refused");
    assert!(error.message.contains("without judging them"), "{error}");
    let mut unused = settings;
    unused["verify"] = json!([unused["verify"][0]]);
    let error = configure("https://crm.example", unused).err().expect("refused");
    assert!(error.message.contains("no later step judges"), "{error}");
}

/// One record that is shared with nobody, or that has gone since it was found, is that record's matter.
#[test]
fn a_candidate_that_cannot_be_looked_at_stops_no_other() {
    let search = json!({ "name": "search", "method": "GET", "url": "/contacts", "query": { "q": "{{email}}" },
        "items": "$.results[*]", "extract": { "ids": "$.id" }, "match": "later" });
    let judge = json!({ "name": "judge", "method": "GET", "url": "/contacts/{{item}}/addresses", "for_each": "search.ids",
        "items": "$.results[*]", "extract": { "ids": "$.contact" }, "match": { "path": "$.value", "equals": "{{email}}" } });
    let delete = json!({ "name": "delete", "method": "DELETE", "url": "/contacts/{{item}}", "for_each": "judge.ids" });
    type Answered = fn() -> Reply;
    let anothers: Answered = || results(json!([{ "contact": null, "value": "ann@x.cz" }]));
    let rows: [(Answered, Option<&str>); 6] = [
        (|| Reply::json(403, &json!({ "error": "Forbidden" })), Some("1 items were refused to step `judge` (403)")),
        (|| Reply::json(422, &json!({ "error": "RecordInvalid" })), Some("1 items were refused to step `judge` (422)")),
        (|| Reply::empty(400), Some("1 items were refused to step `judge` (400)")),
        (anothers, Some("1 results of step `judge` do not show")),
        (|| Reply::empty(404), None),
        (|| Reply::empty(410), None),
    ];
    for (answered, told) in rows {
        for has_health in [false, true] {
            let mut settings = json!({ "erase": [search, judge, delete], "verify": [search, judge] });
            if has_health {
                settings["health"] = health_step();
            }
            let mut left = vec![1, 2];
            let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
                (_, "/health") => healthy(),
                ("GET", "/contacts/1/addresses") => answered(),
                ("GET", "/contacts/2/addresses") => results(json!([{ "contact": 2, "value": "ann@x.cz" }])),
                ("GET", _) => results(left.iter().map(|id| json!({ "id": id })).collect()),
                _ => {
                    left.retain(|id| seen.target != format!("/contacts/{id}"));
                    Reply::empty(204)
                }
            });
            let plugin = plugin(&server, settings);
            match (plugin.erase(ann()), told) {
                (Ok(answer), Some(told)) => {
                    assert_eq!((answer.outcome, answer.counts["delete"]), (Outcome::Unverifiable, 1), "{told}");
                    assert!(answer.reason.is_some_and(|reason| reason.contains(told)), "{told}");
                    assert_eq!(plugin.verify(ann()).expect("an answer").outcome, Outcome::Unverifiable, "{told}");
                }
                // It may have gone meanwhile, or a gateway says so: asked for again, when the others are done.
                (Err(error), None) => assert_eq!(error.class, quietus_plugin::ErrorClass::Retryable, "{error}"),
                (other, _) => panic!("{told:?}: {other:?}"),
            }
            assert!(server.lines().contains(&"DELETE /contacts/2".to_owned()), "{told:?}");
        }
    }
}
