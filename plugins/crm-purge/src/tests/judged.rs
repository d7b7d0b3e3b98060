//! Whose a record is that a search has found.

use super::*;

fn ann_with_number() -> Request {
    czech(Request::from([("email", "ann@x.cz"), ("phone", "777 123 456")]))
}

#[test]
fn a_record_with_other_addresses_is_somebody_elses_although_the_number_agrees() {
    for phone_alone in [false, true] {
        for_all(|kind| {
            let rows = vec![person(1, &["ann@x.cz"], &["777 123 456"]), person(2, &["bob@x.cz"], &["777 123 456"])];
            let standin = StandIn::start(kind, rows);
            let host = host_with(&standin, json!({ "by": ["email", "phone"], "phone_alone": phone_alone }));
            counted(host.erase(ann_with_number()), Outcome::Erased, kind.people, 1);
            assert_eq!(standin.live("person"), [2], "{}", kind.name);
        });
    }
}

#[test]
fn a_number_alone_erases_only_where_the_operator_says_so_and_the_answer_says_it() {
    for_all(|kind| {
        let standin = StandIn::start(kind, vec![person(1, &[], &["777 123 456"])]);
        let by_both = json!({ "by": ["email", "phone"] });
        let careful = host_with(&standin, by_both.clone());
        for answer in [careful.erase(ann_with_number()), careful.verify(ann_with_number())] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Unverifiable, "{} {answer:?}", kind.name);
            assert!(answer.reason.is_some_and(|reason| reason.contains("`phone_alone`")), "{}", kind.name);
            assert!(answer.not_looked_at.concat().contains("1 records hold the telephone number"), "{}", kind.name);
        }
        assert_eq!(standin.live("person"), [1], "{}", kind.name);
        let bold = host_with(&standin, json!({ "by": ["email", "phone"], "phone_alone": true }));
        let answer = bold.erase(ann_with_number()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts[kind.people]), (Outcome::Erased, 1), "{}", kind.name);
        assert!(answer.looked_at.concat().contains("by the number alone"), "{:?}", answer.looked_at);
    });
}

#[test]
fn a_request_without_an_address_erases_no_record_that_has_one() {
    for_all(|kind| {
        let rows = vec![person(1, &["bob@x.cz"], &["777 123 456"]), person(2, &[], &["777 123 456"])];
        let standin = StandIn::start(kind, rows);
        let host = host_with(&standin, json!({ "by": ["phone"], "phone_alone": true }));
        let by_number = czech(Request::from([("phone", "777 123 456")]));
        let answer = host.erase(by_number).expect("an answer");
        assert_eq!((answer.outcome, answer.counts[kind.people]), (Outcome::Unverifiable, 1), "{}", kind.name);
        assert!(answer.reason.is_some_and(|reason| reason.contains("1 records were found")), "{}", kind.name);
        assert_eq!(standin.live("person"), [1], "{}", kind.name);
    });
}

#[test]
fn a_record_that_does_not_show_its_address_needs_a_person() {
    for_all(|kind| {
        let masked = vec![person(1, &["a**ann@x.cz"], &[]), person(2, &["ann@x.cz"], &[])];
        let standin = StandIn::start(kind, masked);
        let host = host(&standin);
        let dry = host.dry_run(ann()).expect("an answer");
        assert_eq!((dry.outcome, dry.counts[kind.people]), (Outcome::Residual, 1), "{}", kind.name);
        assert!(dry.not_looked_at.concat().contains("1 records were found"), "{}", kind.name);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts[kind.people]), (Outcome::Unverifiable, 1), "{}", kind.name);
        assert!(answer.reason.is_some_and(|reason| reason.contains("do not show")), "{}", kind.name);
        assert_eq!(standin.live("person"), [1], "{}", kind.name);
        standin.world().rows.retain(|row| row.state == State::Live);
        assert_eq!(host.verify(ann()).expect("an answer").outcome, Outcome::Unverifiable, "{}", kind.name);
    });
}

#[test]
fn without_a_region_a_number_in_national_spelling_needs_a_person() {
    for_all(|kind| {
        let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &["777 123 456"])]);
        let host = host_with(&standin, json!({ "by": ["phone"] }));
        let nowhere = Request { region: None, ..Request::from([("phone", "+420 777 123 456"), ("email", "ann@x.cz")]) };
        assert_eq!(host.erase(&nowhere).expect("an answer").outcome, Outcome::Unverifiable, "{}", kind.name);
        assert_eq!(standin.writes(), 0, "{}", kind.name);
        counted(host.erase(czech(nowhere)), Outcome::Erased, kind.people, 1);
    });
}

#[test]
fn an_address_is_found_with_its_domain_in_either_spelling() {
    for_all(|kind| {
        let rows = vec![person(1, &["ann@příklad.cz"], &[]), person(2, &["ann@xn--pklad-zsa96e.cz"], &[])];
        let standin = StandIn::start(kind, rows);
        let answer = host(&standin).erase(czech(Request::from([("email", "Ann@PŘÍKLAD.cz")])));
        counted(answer, Outcome::Erased, kind.people, 2);
    });
}
