//! Raynet's anonymized records stay: all that they can hold of a person is looked at, by their ids. Fields and their forms are
//! those of the person's detail in Raynet's OpenAPI description (<https://github.com/wpify/raynet-sdk>, openapi.json).

use super::standin::Fault;
use super::*;

/// (object, what an anonymization leaves, what is said of it).
fn leftovers() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    vec![
        ("person", "/birthday", json!("1979-06-10"), "birthday"),
        ("person", "/notice", json!("allergic to nuts"), "notice"),
        ("person", "/privateAddress/street", json!("Francouzská 5"), "street"),
        ("person", "/privateAddress/city", json!("Ostrava"), "city"),
        ("person", "/socialNetworkContact/facebook", json!("kapkafb"), "socialNetworkContact"),
        ("person", "/contactInfo/fax", json!("+420 321 987 377"), "fax"),
        ("person", "/contactInfo/www", json!("www.kapka.cz"), "www"),
        ("person", "/contactInfo/otherContact", json!("at her mother's"), "otherContact"),
        ("person", "/contactInfo/tel2", json!("777 123 456"), "tel2"),
        ("person", "/contactInfo/email2", json!("kapka@y.cz"), "email2"),
        ("person", "/customFields", json!({ "VIP_b91d1": true }), "customFields"),
        ("person", "/customFields", json!({ "Rodne_cislo_702": "795610/1234" }), "customFields"),
        ("person", "/photo", json!({ "id": 428, "fileName": "photo.png" }), "photo"),
        ("person", "/tags", json!(["VIP", "her dog's name"]), "tags"),
        ("person", "/maritalStatus", json!({ "id": 78, "value": "Vdaná" }), "maritalStatus"),
        ("person", "/gender", json!("FEMALE"), "gender"),
        ("person", "/salutation", json!("paní Kapková"), "salutation"),
        ("person", "/relationships/0/notice", json!("works from home"), "notice"),
        ("person", "/privateAddress/lat", json!(49.82), "lat"),
        ("person", "/privateAddress/name", json!("her mother's"), "name"),
        ("lead", "/address/lng", json!(18.26), "lng"),
        ("lead", "/regNumber", json!("12345678"), "regNumber"),
        ("lead", "/companyName", json!("Marie Kapková"), "companyName"),
        ("lead", "/topic", json!("Kapková, a new kitchen"), "topic"),
        ("lead", "/tags", json!(["kitchen"]), "tags"),
        ("company", "/addresses/0/address/street", json!("Francouzská 5"), "street"),
        ("company", "/primaryAddress/address/city", json!("Ostrava"), "city"),
        ("company", "/primaryAddress/address/lat", json!(49.82), "lat"),
        ("company", "/regNumber", json!("12345678"), "regNumber"),
        ("company", "/taxNumber", json!("CZ7956101234"), "taxNumber"),
        ("company", "/bankAccount", json!("123456/1111"), "bankAccount"),
        ("company", "/databox", json!("abc1234"), "databox"),
        ("company", "/tags", json!(["VIP"]), "tags"),
        ("lead", "/notice", json!("call after six"), "notice"),
        ("lead", "/address/zipCode", json!("123 00"), "zipCode"),
        ("lead", "/socialNetworkContact/skype", json!("kapkask"), "socialNetworkContact"),
        ("company", "/notice", json!("her dog's name"), "notice"),
        ("company", "/customFields", json!({ "Cislo_klie_cd702": "AB123" }), "customFields"),
        ("company", "/addresses/0/contactInfo/email2", json!("kapka@y.cz"), "email2"),
    ]
}

fn raynet(rows: Vec<Row>) -> StandIn {
    StandIn::start(ALL[2], rows)
}

/// As quietus does it: what is still there is erased in a new round, which is another request and goes on from nothing.
fn by_rounds(host: &TestHost<CrmPurge>) -> Result<Answer, PluginError> {
    let mut last = Answer::residual();
    for round in 1..=3 {
        let request = Request { idempotency_key: format!("round-{round}"), ..ann() };
        last = host.erase(&request)?;
        if last.outcome == Outcome::Erased {
            last = host.verify(&request)?;
        }
        if last.outcome != Outcome::Residual {
            break;
        }
    }
    Ok(last)
}

#[test]
fn what_an_anonymization_leaves_needs_a_person_until_it_is_gone() {
    for (object, at, value, said) in leftovers() {
        // At once, where the next look is far away, and by the next look else.
        for verify_after in ["2d", "5s"] {
            let standin = raynet(vec![Row { object, ..person(1, &["ann@x.cz"], &[]) }]);
            standin.world().leftovers = vec![(at, value.clone())];
            let config = json!({ "related": ["leads", "companies"], "verify_after": verify_after });
            let host = host_with(&standin, config);
            // It is not found by its address any more; a person who retries without having acted is told the same.
            let first = Request { idempotency_key: "round-1".into(), ..ann() };
            for answer in [by_rounds(&host), host.verify(&first), host.erase(&first)] {
                let error = answer.expect_err("it still shows something");
                assert_eq!(error.class, ErrorClass::Permanent, "{at}: {error}");
                assert!(error.message.contains(&format!("still show: {said};")), "{at}: {error}");
                assert!(!error.message.contains("kapka"), "{error}");
            }
            assert_eq!(standin.writes(), 1, "{at}: once");
            // Somebody empties the field.
            standin.world().leftovers.clear();
            assert_eq!(host.erase(&first).expect("an answer").outcome, Outcome::Erased, "{at}");
            assert_eq!(bare(host.verify(&first)), Ok(Answer::absent()), "{at}");
            assert_eq!(standin.world().malformed, [""; 0]);
        }
    }
}

/// The id leads to it in each round; what it shows is told all the same.
#[test]
fn what_an_anonymization_leaves_is_told_of_a_record_that_an_id_leads_to() {
    let standin = raynet(vec![person(1, &["ann@x.cz"], &[])]);
    standin.world().leftovers = vec![("/birthday", json!("1979-06-10"))];
    let host = host_with(&standin, json!({ "by": ["id"] }));
    let first = [("crm_id", "1")];
    counted(host.erase(first), Outcome::Erased, "persons", 1);
    let error = host.verify(first).expect_err("it still shows something");
    assert!(error.class == ErrorClass::Permanent && error.message.contains("still show: birthday;"), "{error}");
    standin.world().leftovers.clear();
    assert_eq!(bare(host.verify(first)), Ok(Answer::absent()));
}

/// What was refused is as it was, and is looked for anew: the row may be somebody else's by then.
#[test]
fn a_record_that_was_refused_and_changed_hands_stays() {
    for reply in [|| Reply::empty(403), || Reply::empty(423), || Reply::empty(451), || Reply::empty(400)] {
        let standin = raynet(vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().before = Some(Box::new(move |_, write| write.then(reply)));
        let host = host(&standin);
        let refused = host.erase(ann());
        assert!(refused.as_ref().map_or(true, |answer| answer.outcome == Outcome::Retained), "{refused:?}");
        standin.world().before = None;
        standin.world().rows[0].emails = vec!["bob@x.cz"];
        for _ in 0..2 {
            assert_eq!(bare(host.erase(ann())), Ok(Answer::absent()));
        }
        assert_eq!((standin.writes(), standin.live("person")), (1, vec![1]));
    }
}

/// Whether it was done, nobody knows; that it is still Ann's, neither.
#[test]
fn a_record_whose_anonymization_was_not_answered_and_that_changed_hands_needs_a_person() {
    let standin = raynet(vec![person(1, &["ann@x.cz"], &[])]);
    standin.world().before = Some(Box::new(|_, write| write.then_some(Reply::HangUp)));
    let host = host(&standin);
    assert_eq!(host.erase(ann()).expect_err("cut off").class, ErrorClass::Retryable);
    standin.world().before = None;
    standin.world().rows[0].emails = vec!["bob@x.cz"];
    for answer in [host.erase(ann()), host.verify(ann())] {
        let error = answer.expect_err("a person is needed");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("still show: email;"), "{error}");
    }
    assert_eq!(standin.live("person"), [1]);
}

#[test]
fn an_empty_field_is_nothing_and_a_field_that_is_not_shown_needs_a_person() {
    for value in [json!(null), json!(""), json!(" "), json!({}), json!({ "VIP_b91d1": false }), json!({ "a": null })] {
        let standin = raynet(vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().leftovers = vec![("/customFields", value.clone())];
        let host = host(&standin);
        host.erase(ann()).expect("an answer");
        assert_eq!(bare(host.verify(ann())), Ok(Answer::absent()), "{value}");
    }
    for hidden in [
        "birthday",
        "notice",
        "privateAddress",
        "socialNetworkContact",
        "contactInfo",
        "tags",
        "gender",
        "relationships",
    ] {
        let standin = raynet(vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().after = Some(Box::new(move |seen, write| {
            (!write && seen.target.contains("/person/1/")).then(|| {
                let mut record = json!({ "id": 1, "birthday": null, "notice": null, "privateAddress": null,
                    "socialNetworkContact": null, "tags": [], "salutation": null, "maritalStatus": null, "gender": null,
                    "relationships": [], "contactInfo": { "email": null, "email2": null, "tel1": null,
                    "tel2": null, "www": null, "fax": null, "otherContact": null } });
                record.as_object_mut().expect("an object").remove(hidden);
                Reply::json(200, &json!({ "success": "true", "data": record }))
            })
        }));
        let host = host(&standin);
        host.erase(ann()).expect("an answer");
        assert_eq!(host.verify(ann()).expect("an answer").outcome, Outcome::Unverifiable, "{hidden}");
    }
}

/// Its name may be a person's: it goes, and is told apart from what this erasure has anonymized itself.
#[test]
fn a_record_without_content_that_an_id_leads_to_is_not_absent() {
    let standin = raynet(vec![person(1, &[], &[])]);
    let host = host_with(&standin, json!({ "by": ["id"] }));
    let first = [("crm_id", "1")];
    assert_eq!(bare(host.dry_run(first)), Ok(Answer::residual().count("persons", 1)));
    counted(host.erase(first), Outcome::Erased, "persons", 1);
    assert_eq!((standin.writes(), standin.world().rows[0].state), (1, State::Anonymized));
    let looked = host.verify(first).expect("an answer");
    assert_eq!(looked.outcome, Outcome::Absent);
    assert!(looked.looked_at.contains(&"what was anonymized, by id".to_owned()), "{looked:?}");
}

#[test]
fn a_record_without_content_whose_anonymization_was_not_answered_is_anonymized_again() {
    for was_done in [false, true] {
        let standin = raynet(vec![person(1, &[], &[])]);
        let lost: Fault = Box::new(|_, write| write.then_some(Reply::HangUp));
        match was_done {
            true => standin.world().after = Some(lost),
            false => standin.world().before = Some(lost),
        }
        let host = host_with(&standin, json!({ "by": ["id"] }));
        let first = [("crm_id", "1")];
        assert_eq!(host.erase(first).expect_err("cut off").class, ErrorClass::Retryable);
        standin.world().before = None;
        standin.world().after = None;
        let host = host.restarted().expect("configured");
        counted(host.verify(first), Outcome::Residual, "persons", 1);
        counted(host.erase(first), Outcome::Erased, "persons", 1);
        assert_eq!((standin.writes(), standin.world().rows[0].state), (2, State::Anonymized));
        assert_eq!(bare(host.verify(first)), Ok(Answer::absent()));
    }
}

/// Whether Raynet lists what its users have made invalid without being asked for it, its description does not say: only that
/// it can be asked for, of persons and companies (`rowInfo.rowAccess`).
#[test]
fn what_was_made_invalid_is_found_too() {
    // A number beside an address, where no address of the person is known, is nobody's: it was looked at.
    let by_email = (Request::from([("email", "ann@x.cz")]), Outcome::Erased);
    let by_number = (Request::from([("phone", "777 123 456")]), Outcome::Unverifiable);
    for (wanted, expected) in [by_email, by_number] {
        for object in ["person", "company"] {
            let standin = raynet(vec![Row { object, ..person(1, &["ann@x.cz"], &["777 123 456"]) }]);
            standin.world().invalid = vec![1];
            let more = json!({ "by": ["email", "phone"], "related": ["leads", "companies"] });
            let answer = host_with(&standin, more).erase(czech(wanted.clone())).expect("an answer");
            assert_eq!(answer.outcome, expected, "{object}");
            assert_eq!(standin.world().malformed, [""; 0]);
        }
    }
}
