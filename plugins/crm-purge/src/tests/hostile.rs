//! Identifiers are what a stranger typed into a form.

use super::*;

/// Values that would match more than themselves, or break out, where they are pasted.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "*",
        "%",
        "_",
        "*@x.cz",
        "%@x.cz",
        "_______@x.cz",
        "%@%",
        "ann@x.cz%",
        "ann@x.cz*",
        "ann@%",
        "?nn@x.cz",
        "' OR Email != '",
        "ann@x.cz' OR '1'='1",
        "x' or emailaddress1 ne 'y@x.cz",
        "\\' OR Email LIKE '%@x.cz",
        "\\",
        "ann@x.cz\\",
        "\"}]}],\"query\":\"@x.cz",
        "ann@x.cz\r\nX-Evil: 1\r\n\r\nDELETE /api/v2/persons/11 HTTP/1.1",
        "ann@x.cz\n",
        "ann@x.cz\0",
        "ann@x.cz&exact_match=false&term=a@x.cz",
        "ann@x.cz&limit=0",
        "../../persons/11@x.cz",
        "*)(uid=*))(|(uid=*",
        "\u{202e}zc.x@nna",
        "ann@x.cz\u{202e}",
        "a\u{301}nn@x.cz",
        "ann@x.cz\u{301}",
        "\u{212a}ate@x.cz",
        "{{7*7}}@x.cz",
        "<script>@x.cz",
        "ann@x.cz;joan@x.cz",
        "ann@x.cz,joan@x.cz",
        "7",
        "777",
        "%777%",
        "*777123456",
        "+",
        "++++++++",
        "000000",
        "777123456 OR 1=1",
        "(0)(0)(0)",
    ]
    .map(String::from)
    .into();
    values.push(format!("{}@x.cz", "a".repeat(10_000)));
    values.push("7".repeat(10_000));
    values.push(format!("{}@x.cz", "'".repeat(200)));
    values
}

#[test]
fn no_value_breaks_out_or_matches_more_than_itself() {
    for_all(|kind| {
        let rows = vec![
            person(11, &["joann@x.cz"], &["777 123 456"]),
            person(12, &["bob@x.cz"], &["000000777"]),
            person(13, &["kate@x.cz"], &["+420 606 777 777"]),
        ];
        let standin = StandIn::start(kind, rows);
        let config =
            json!({ "by": ["email", "phone", "id"], "related": related::all(kind.name), "plus_addressing": "same" });
        for value in values() {
            for of_kind in ["email", "phone", "crm_id"] {
                let host = host_with(&standin, config.clone());
                let request = [(of_kind, value.as_str())];
                let answer = host.erase(request).expect("an answer");
                assert!(matches!(answer.outcome, Outcome::Absent | Outcome::Unverifiable), "{} {value}", kind.name);
                let said = format!("{:?}", host.log());
                assert!(value.len() < 3 || !said.contains(&value), "{said}");
            }
        }
        assert_eq!((standin.writes(), standin.live("person").len()), (0, 3), "{}", kind.name);
        assert_eq!(standin.world().malformed, [""; 0], "{}", kind.name);
    });
}

#[test]
fn no_stranger_stops_the_queue_with_a_wildcard() {
    for_all(|kind| {
        let rows = (1..=60).map(|n| person(n, &["joann@x.cz"], &["777 123 456"])).collect();
        let standin = StandIn::start(kind, rows);
        standin.world().underscore_is_any = true;
        let host = host_with(&standin, json!({ "by": ["email", "phone"], "plus_addressing": "same" }));
        for wildcard in ["*@x.cz", "j*@x.cz", "%@x.cz", "_____@x.cz", "?????@x.cz", "*+x@x.cz", "%+x@x.cz"] {
            let answer = host.erase([("email", wildcard), ("phone", "***")]);
            assert_eq!(bare(answer), Ok(Answer::absent()), "{} {wildcard}", kind.name);
        }
    });
}

/// Raynet's OpenAPI description (<https://github.com/wpify/raynet-sdk>) has `%` in `LIKE_NOCASE` stand for any text, and does not say
/// whether `_` stands for any letter.
#[test]
fn raynet_finds_an_address_with_an_underscore_however_it_is_written_and_nobody_elses() {
    for underscore_is_any in [false, true] {
        for plus_addressing in ["distinct", "same"] {
            let rows = vec![
                person(1, &["First_Last@X.cz"], &[]),
                person(2, &["first.last@x.cz"], &[]),
                person(3, &["firstxlast@x.cz"], &[]),
                person(4, &["first_last@y.cz"], &[]),
                person(5, &["First_Last+shop@x.cz"], &[]),
            ];
            let standin = StandIn::start(ALL[2], rows);
            standin.world().underscore_is_any = underscore_is_any;
            let host = host_with(&standin, json!({ "plus_addressing": plus_addressing }));
            let is_same = plus_addressing == "same";
            counted(host.erase([("email", "first_last@x.cz")]), Outcome::Erased, "persons", 1 + u64::from(is_same));
            let left: &[u32] = if is_same { &[2, 3, 4] } else { &[2, 3, 4, 5] };
            assert_eq!(standin.live("person"), left, "{underscore_is_any} {plus_addressing}");
        }
    }
}

#[test]
fn odd_addresses_match_themselves() {
    let odd = ["o'neil@x.cz", "100%@x.cz", "first_last@x.cz", "\u{17e}ofie@x.cz", "a&b=c$d@x.cz", "\"a b\"@x.cz"];
    for address in odd {
        for_all(|kind| {
            let standin = StandIn::start(kind, vec![person(1, &[address], &[]), person(2, &["other@x.cz"], &[])]);
            counted(host(&standin).erase([("email", address)]), Outcome::Erased, kind.people, 1);
            assert_eq!(standin.live("person"), [2], "{} {address}", kind.name);
        });
    }
}

/// Everybody who is shown so would be the same as who types it.
#[test]
fn an_address_that_looks_masked_is_nobodys() {
    for address in ["*@x.cz", "a*n@x.cz", "a&b=c#d@x.cz"] {
        for_all(|kind| {
            let standin = StandIn::start(kind, vec![person(1, &[address], &[]), person(2, &["other@x.cz"], &[])]);
            let answer = host(&standin).erase([("email", address)]).expect("an answer");
            assert_eq!((answer.outcome, answer.counts.len()), (Outcome::Unverifiable, 0), "{} {address}", kind.name);
            assert_eq!(standin.live("person"), [1, 2], "{} {address}", kind.name);
        });
    }
}

#[test]
fn nothing_to_look_for_is_unverifiable_and_asks_nobody() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let host = host(&standin);
        for nobody in [("name", "Ann"), ("email", " "), ("email", "ann"), ("phone", "777123456")] {
            let request = Request::from([nobody]);
            for answer in [host.erase(&request), host.dry_run(&request), host.verify(&request)] {
                assert_eq!(answer.expect("an answer").outcome, Outcome::Unverifiable, "{nobody:?}");
            }
        }
        assert!(standin.server.lines().is_empty(), "{}", kind.name);
    });
}

#[test]
fn ids_from_the_vendor_are_no_more_trusted_than_people() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let evil = json!({ "id": "../admin", "Id": "../admin", "contactid": "x) or (", "properties": { "email": "ann@x.cz" },
            "emails": ["ann@x.cz"], "contactInfo": { "email": "ann@x.cz" }, "Email": "ann@x.cz", "emailaddress1": "ann@x.cz" });
        let list = json!([evil]);
        let items = json!([{ "item": evil }]);
        let data = if kind.name == "pipedrive" { json!({ "items": items }) } else { list.clone() };
        let page = json!({ "results": list, "records": list, "value": list, "data": data });
        standin.world().before = Some(Box::new(move |seen, _| (!is_question(seen)).then(|| Reply::json(200, &page))));
        let error = host(&standin).erase(ann()).expect_err("refused");
        assert!(error.message.contains("id of no known form"), "{} {error}", kind.name);
        assert_eq!(standin.writes(), 0, "{}", kind.name);
    });
}

#[test]
fn a_link_to_another_host_is_not_followed() {
    for link in ["https://evil.example/services", "//evil.example/"] {
        for_all(|kind| {
            if !matches!(kind.name, "salesforce" | "dynamics") {
                return;
            }
            let standin = StandIn::start(kind, people());
            let records = json!([{ "Id": "x", "Email": "joann@x.cz" }]);
            let first = "joann@x.cz";
            let none = Value::Null;
            let contacts =
                json!([{ "contactid": "x", "emailaddress1": first, "emailaddress2": none, "emailaddress3": none }]);
            let page =
                json!({ "records": records, "value": contacts, "nextRecordsUrl": link, "@odata.nextLink": link });
            standin.world().before =
                Some(Box::new(move |seen, _| (!is_question(seen)).then(|| Reply::json(200, &page))));
            // In a search for parts of addresses, the record is somebody else's.
            let host = host_with(&standin, json!({ "plus_addressing": "same" }));
            let error = host.erase(ann()).expect_err("refused");
            assert!(error.message.contains("leads elsewhere"), "{} {error}", kind.name);
        });
    }
}

#[test]
fn a_search_without_end_needs_a_person() {
    for_all(|kind| {
        let rows = (1..=60).map(|n| person(n, &["ann@x.cz"], &[])).collect();
        let standin = StandIn::start(kind, rows);
        let error = host(&standin).erase(ann()).expect_err("too broad");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("pages"), "{} {error}", kind.name);
        assert_eq!(standin.writes(), 0, "{}", kind.name);
    });
}
