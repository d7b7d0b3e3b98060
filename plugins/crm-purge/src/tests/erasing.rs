//! What is erased, and what is said about it.

use super::*;

#[test]
fn the_persons_records_go_and_the_look_alikes_stay() {
    for_all(|kind| {
        // Salesforce's contacts have one address.
        let second = if kind.name == "salesforce" { person(15, &["ann@x.cz"], &[]) } else { people().remove(4) };
        let mut rows = people();
        rows[4] = second;
        let standin = StandIn::start(kind, rows);
        let host = host(&standin);
        counted(host.erase(ann()), Outcome::Erased, kind.people, 2);
        assert_eq!(standin.live("person"), [11, 12, 13, 16], "{}", kind.name);
        assert_eq!((standin.writes(), standin.world().blocked), (2, 0), "{}", kind.name);
        counted(host.erase(ann()), Outcome::Erased, kind.people, 2);
        assert_eq!(standin.writes(), 2, "{}", kind.name);
        assert_eq!(standin.world().malformed, [""; 0]);
    });
}

#[test]
fn verify_looks_again() {
    for_all(|kind| {
        let standin = StandIn::start(kind, vec![person(14, &["ann@x.cz"], &[]), person(11, &["joann@x.cz"], &[])]);
        let host = host(&standin);
        counted(host.verify(ann()), Outcome::Residual, kind.people, 1);
        host.erase(ann()).expect("an answer");
        // The vendor has emptied its bin meanwhile.
        standin.world().rows.retain(|row| row.state != State::Bin);
        assert_eq!(bare(host.verify(ann())), Ok(Answer::absent()), "{}", kind.name);
    });
}

#[test]
fn who_was_never_there_is_absent() {
    for_all(|kind| {
        let standin = StandIn::start(kind, vec![person(11, &["joann@x.cz"], &[])]);
        assert_eq!(bare(host(&standin).erase(ann())), Ok(Answer::absent()), "{}", kind.name);
        assert_eq!(standin.writes(), 0, "{}", kind.name);
    });
}

#[test]
fn another_erasure_finds_nothing_any_more() {
    for_all(|kind| {
        let standin = StandIn::start(kind, vec![person(14, &["ann@x.cz"], &[])]);
        let host = host(&standin);
        counted(host.erase(ann()), Outcome::Erased, kind.people, 1);
        standin.world().rows.clear();
        assert_eq!(bare(host.erase(again())), Ok(Answer::absent()), "{}", kind.name);
    });
}

#[test]
fn more_records_than_a_person_has_need_a_person_and_none_is_erased() {
    for_all(|kind| {
        let rows = (1..=6).map(|n| person(n, &["ann@x.cz"], &[])).collect();
        let standin = StandIn::start(kind, rows);
        for answer in [host(&standin).erase(ann()), host(&standin).dry_run(ann())] {
            let error = answer.expect_err("too many");
            assert_eq!(error.class, ErrorClass::Permanent, "{}", kind.name);
            assert!(error.message.contains("6 records") && error.message.contains("`matches_max`"), "{error}");
        }
        assert_eq!(standin.writes(), 0, "{}", kind.name);
        let patient = host_with(&standin, json!({ "matches_max": 6 }));
        counted(patient.erase(ann()), Outcome::Erased, kind.people, 6);
    });
}

#[test]
fn a_dry_run_shows_what_a_real_run_then_erases_and_writes_nothing() {
    for_all(|kind| {
        let mut rows = people();
        rows[4] = person(15, &["ann@x.cz"], &[]);
        let standin = StandIn::start(kind, rows);
        let host = host(&standin);
        let dry = host.dry_run(ann()).expect("an answer");
        assert_eq!((dry.outcome, standin.writes()), (Outcome::Residual, 0), "{}", kind.name);
        let real = host.erase(ann()).expect("an answer");
        assert_eq!((real.outcome, real.counts), (Outcome::Erased, dry.counts), "{}", kind.name);
        standin.world().rows.clear();
        assert_eq!(bare(host.dry_run(again())), Ok(Answer::absent()), "{}", kind.name);
    });
}

#[test]
fn several_identifiers_are_one_person_and_no_record_counts_twice() {
    for_all(|kind| {
        // Where the search is for the text, it is found in the usual ways to write it.
        let textual = matches!(kind.name, "pipedrive" | "raynet");
        let third = if textual { "+420 777 123 456" } else { "+420 (777) 123-456" };
        let standin = StandIn::start(
            kind,
            vec![
                person(1, &["ann@x.cz"], &["777 123 456"]),
                person(2, &["old@x.cz"], &[]),
                person(3, &[], &[third]),
                person(4, &[], &["+421 777 123 456"]),
                person(5, &["third@x.cz"], &[]),
                person(6, &["third@x.cz"], &["111 777 123 456"]),
            ],
        );
        let more = json!({ "by": ["email", "phone", "id"], "id_kind": "customer", "phone_alone": true });
        let host = host_with(&standin, more);
        let first = (kind.id)(1);
        let fifth = (kind.id)(5);
        let whole = czech(Request::from([
            ("email", "ann@x.cz"),
            ("email", "OLD@x.cz"),
            ("phone", "+420777123456"),
            ("customer", &first),
            ("customer", &fifth),
            ("name", "Ann"),
        ]));
        assert_eq!(bare(host.dry_run(&whole)), Ok(Answer::residual().count(kind.people, 4)), "{}", kind.name);
        counted(host.erase(&whole), Outcome::Erased, kind.people, 4);
        assert_eq!((standin.live("person"), standin.writes()), (vec![4, 6], 4), "{}", kind.name);
    });
}

#[test]
fn what_is_the_same_is_looked_for_once() {
    for_all(|kind| {
        let more = json!({ "by": ["email", "phone", "id"] });
        let id = (kind.id)(7);
        let asked = |identifiers: &[(&str, &str)]| {
            let standin = StandIn::start(kind, Vec::new());
            let identifiers = identifiers.iter().map(|(kind, value)| quietus_plugin::Identifier::new(*kind, *value));
            let request = Request { identifiers: identifiers.collect(), ..ann() };
            assert_eq!(bare(host_with(&standin, more.clone()).verify(request)), Ok(Answer::absent()), "{}", kind.name);
            standin.server.lines().len()
        };
        let once = [("email", "ann@x.cz"), ("phone", "+420777123456"), ("crm_id", id.as_str())];
        let twice = [once, [("email", " ANN@x.cz"), ("phone", "777 123 456"), ("crm_id", id.as_str())]].concat();
        assert_eq!(asked(&twice), asked(&once), "{}", kind.name);
    });
}

#[test]
fn an_id_of_nobody_is_absent_and_an_id_of_another_form_is_not_asked_for() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let host = host_with(&standin, json!({ "by": ["id"] }));
        let nobody = (kind.id)(77);
        assert_eq!(bare(host.erase([("crm_id", nobody.as_str())])), Ok(Answer::absent()), "{}", kind.name);
        let asked = standin.server.lines().len();
        for odd in ["14/../15", "*", "", " ", "14)", "0", "'14'"] {
            let answer = host.erase([("crm_id", odd)]).expect("an answer");
            let wanted = if odd == "0" && asked < standin.server.lines().len() {
                Outcome::Absent
            } else {
                Outcome::Unverifiable
            };
            assert_eq!(answer.outcome, wanted, "{} {odd}", kind.name);
        }
        assert_eq!((standin.writes(), standin.live("person").len()), (0, 6), "{}", kind.name);
    });
}

#[test]
fn a_plus_is_another_person_unless_the_operator_says_otherwise() {
    for_all(|kind| {
        let emails = [
            "ann@x.cz",
            "ann+a@x.cz",
            "ANN+b@x.cz",
            "bob+a@x.cz",
            "ann+a@x.czech.com",
            "joann+a@x.cz",
            "ann+a@other.cz",
        ];
        let rows = || (1..).zip(emails).map(|(n, email)| person(n, &[email], &[])).collect();
        let shop = [("email", "Ann+A@x.cz")];
        let standin = StandIn::start(kind, rows());
        counted(host(&standin).erase(shop), Outcome::Erased, kind.people, 1);
        assert_eq!(standin.live("person"), [1, 3, 4, 5, 6, 7], "{}", kind.name);
        let standin = StandIn::start(kind, rows());
        counted(host_with(&standin, json!({ "plus_addressing": "same" })).erase(shop), Outcome::Erased, kind.people, 3);
        assert_eq!(standin.live("person"), [4, 5, 6, 7], "{}", kind.name);
        assert_eq!(standin.world().malformed, [""; 0], "{}", kind.name);
    });
}

#[test]
fn health_reads_something_cheap() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        assert_eq!(host(&standin).health(), Ok(()), "{}", kind.name);
        let lines = standin.server.lines();
        let is_read = |line: &String| line.starts_with("GET ") || line.ends_with("/search");
        let is_cheap = lines.len() <= 8 && lines.iter().all(is_read);
        assert!(is_cheap && standin.writes() == 0, "{lines:?}");
        let elsewhere = json!({ "base_url": format!("{}/elsewhere", standin.server.url) });
        standin.world().before =
            Some(Box::new(|seen, _| seen.target.starts_with("/elsewhere").then(|| Reply::empty(404))));
        let error = host_with(&standin, elsewhere).health().expect_err("not there");
        assert!(error.class == ErrorClass::NeedsOperator && error.message.contains("`base_url`"), "{error}");
    });
}
