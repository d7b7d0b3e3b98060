//! What belongs to a person goes only where the operator asks for it, and before the person.

use super::*;

/// All that a vendor can erase beside a person.
pub(super) fn all(vendor: &str) -> Vec<&'static str> {
    match vendor {
        "hubspot" => vec!["notes", "calls", "emails", "meetings", "tasks", "deals", "tickets"],
        "pipedrive" => vec!["deals", "activities", "notes", "leads"],
        "raynet" => vec!["leads", "companies"],
        "salesforce" => vec!["leads", "tasks", "events", "notes", "cases", "emails", "files", "attachments"],
        _ => vec!["leads", "opportunities", "emails", "phonecalls", "tasks", "appointments", "notes", "audit_history"],
    }
}

/// A vendor's records beside Ann's, and what the receipt calls them.
fn belongings(vendor: &str) -> Vec<(&'static str, Row)> {
    let lead = |object| Row { object, ..person(50, &["ann@x.cz"], &[]) };
    match vendor {
        "hubspot" => {
            vec![
                ("archived notes", of(1, "note", 31)),
                ("archived deals", of(1, "deal", 32)),
                ("archived calls", of(1, "call", 33)),
            ]
        }
        "pipedrive" => vec![
            ("deals", of(1, "deal", 31)),
            ("archived deals", Row { emails: standin::ARCHIVED.to_vec(), ..of(1, "deal", 37) }),
            ("archived leads", Row { emails: standin::ARCHIVED.to_vec(), ..of(1, "lead", 38) }),
            ("activities", of(1, "activity", 32)),
            ("notes", of(1, "note", 33)),
            ("notes", of(1, "note", 34)),
            ("notes", of(1, "note", 35)),
            ("leads", of(1, "lead", 36)),
        ],
        "raynet" => vec![("leads", lead("lead")), ("companies", lead("company"))],
        "salesforce" => vec![
            ("leads", lead("lead")),
            ("tasks", of(1, "task", 31)),
            ("events", of(1, "event", 32)),
            ("notes", of(1, "note", 33)),
            ("cases", of(1, "case", 34)),
            ("emails", of(1, "email", 35)),
            ("files", of(1, "file", 36)),
            ("attachments", of(1, "attachment", 37)),
        ],
        _ => vec![
            ("leads", lead("lead")),
            ("opportunities", of(1, "opportunity", 31)),
            ("emails", of(1, "email", 32)),
            ("phonecalls", of(1, "phonecall", 33)),
            ("tasks", of(1, "task", 34)),
            ("appointments", of(1, "appointment", 35)),
            ("notes", of(1, "note", 36)),
        ],
    }
}

fn world(vendor: &str) -> Vec<Row> {
    let mut rows = vec![person(1, &["ann@x.cz"], &[]), person(2, &["joann@x.cz"], &[])];
    rows.extend(belongings(vendor).into_iter().map(|(_, row)| row));
    // Somebody else's.
    rows.extend(["note", "deal", "task", "email"].map(|object| of(2, object, 99)));
    rows
}

#[test]
fn what_belongs_to_a_person_stays_unless_it_is_asked_for() {
    for_all(|kind| {
        // There, some of it goes with the person: see `cascades`.
        if kind.name == "dynamics" {
            return;
        }
        let standin = StandIn::start(kind, world(kind.name));
        counted(host(&standin).erase(ann()), Outcome::Erased, kind.people, 1);
        let live = standin.world().rows.iter().filter(|row| row.state == State::Live).count();
        assert_eq!(live, world(kind.name).len() - 1, "{}", kind.name);
    });
}

#[test]
fn what_is_asked_for_goes_with_its_own_counts_and_before_the_person() {
    for_all(|kind| {
        let standin = StandIn::start(kind, world(kind.name));
        let host = host_with(&standin, json!({ "related": all(kind.name) }));
        let dry = host.dry_run(ann()).expect("an answer");
        assert_eq!(standin.writes(), 0, "{}", kind.name);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, &answer.counts), (Outcome::Erased, &dry.counts), "{}", kind.name);
        let mut expected = Answer::erased().count(kind.people, 1);
        for (count, _) in belongings(kind.name) {
            expected = expected.count(count, 1);
        }
        if kind.name == "dynamics" {
            // Of each of them.
            expected = expected.count("audit histories", 8);
        }
        assert_eq!(answer.counts, expected.counts, "{}", kind.name);
        let world = standin.world();
        let live: Vec<_> =
            world.rows.iter().filter(|row| row.state == State::Live).map(|row| (row.object, row.n)).collect();
        assert_eq!(live, [("person", 2), ("note", 99), ("deal", 99), ("task", 99), ("email", 99)], "{}", kind.name);
    });
}

#[test]
fn an_erasure_that_is_cut_off_goes_on_with_what_is_left() {
    for_all(|kind| {
        let standin = StandIn::start(kind, world(kind.name));
        let host = host_with(&standin, json!({ "related": all(kind.name) }));
        let dry = host.dry_run(ann()).expect("an answer");
        // Every second write is lost, whether it was done or not.
        let mut writes = 0;
        standin.world().after = Some(Box::new(move |_, write| {
            writes += usize::from(write);
            (write && writes % 2 == 0).then_some(Reply::HangUp)
        }));
        let mut attempts = 0;
        let answer = loop {
            attempts += 1;
            match host.erase(ann()) {
                Ok(answer) => break answer,
                Err(error) => assert!(error.class == ErrorClass::Retryable && attempts < 50, "{} {error}", kind.name),
            }
        };
        assert_eq!((answer.outcome, answer.counts), (Outcome::Erased, dry.counts), "{}", kind.name);
    });
}

#[test]
fn a_person_stays_as_long_as_something_of_theirs_cannot_be_erased() {
    for_all(|kind| {
        if kind.name == "raynet" {
            // Leads and companies there are found without the person.
            return;
        }
        let rows = vec![person(1, &["ann@x.cz"], &[]), of(1, "note", 31), of(1, "note", 32)];
        let standin = StandIn::start(kind, rows);
        let host = host_with(&standin, json!({ "related": ["notes"] }));
        let mut writes = 0;
        standin.world().before = Some(Box::new(move |_, write| {
            writes += usize::from(write);
            (write && writes == 1).then(|| Reply::json(400, &json!([{ "errorCode": "FIELD_INTEGRITY_EXCEPTION" }])))
        }));
        let error = host.erase(ann()).expect_err("refused");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("notes"), "{} {error}", kind.name);
        assert_eq!((standin.live("person"), standin.live("note")), (vec![1], vec![31]), "{}", kind.name);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(answer.counts.values().sum::<u64>(), 3, "{} {answer:?}", kind.name);
        assert!(standin.live("note").is_empty() && standin.live("person").is_empty(), "{}", kind.name);
    });
}

#[test]
fn more_than_a_person_can_have_needs_a_person_and_nothing_is_erased() {
    let mut rows = vec![person(1, &["ann@x.cz"], &[])];
    rows.extend((1..=9).map(|n| of(1, "note", n)));
    let standin = StandIn::start(ALL[1], rows);
    let host = host_with(&standin, json!({ "related": ["notes"], "related_max": 8 }));
    let error = host.erase(ann()).expect_err("too many");
    assert!(error.class == ErrorClass::Permanent && error.message.contains("`related_max`"), "{error}");
    assert_eq!(standin.writes(), 0);
}

#[test]
fn the_audit_history_that_a_deletion_leaves_is_erased_by_the_next_attempt() {
    let dynamics = ALL[4];
    let standin = StandIn::start(dynamics, vec![person(1, &["ann@x.cz"], &[]), of(1, "history", 70)]);
    let host = host_with(&standin, json!({ "related": ["audit_history"] }));
    // Its own deletion is logged, and the third write is the one that erases that.
    let mut writes = 0;
    standin.world().before = Some(Box::new(move |_, write| {
        writes += usize::from(write);
        (write && writes == 3).then(|| Reply::empty(503))
    }));
    assert_eq!(host.erase(ann()).expect_err("cut off").class, ErrorClass::Retryable);
    standin.world().rows.push(of(1, "history", 71));
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!(answer.counts, Answer::erased().count("contacts", 1).count("audit histories", 1).counts);
    assert!(standin.live("history").is_empty(), "also what was logged after the record was gone");
}

/// Two records of Ann's, with a note each.
fn two_with_notes(test: impl Fn(&'static Kind, StandIn, TestHost<CrmPurge>)) {
    for_all(|kind| {
        if kind.name != "raynet" {
            let both = [1, 2].map(|n| person(n, &["ann@x.cz"], &[]));
            let rows = both.into_iter().chain([of(1, "note", 31), of(2, "note", 32)]).collect();
            let standin = StandIn::start(kind, rows);
            let host = host_with(&standin, json!({ "related": ["notes"] }));
            test(kind, standin, host);
        }
    });
}

/// A record's own refusal, as of one that is shared with nobody, is the matter of the record that it belongs to.
#[test]
fn what_is_refused_of_one_record_keeps_no_other_one_of_the_person() {
    two_with_notes(|kind, standin, host| {
        let mut writes = 0;
        standin.world().before = Some(Box::new(move |_, write| {
            writes += usize::from(write);
            (write && writes == 1).then(|| Reply::json(403, &json!([{ "errorCode": "INSUFFICIENT_ACCESS" }])))
        }));
        let error = host.erase(ann()).expect_err("refused");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("notes"), "{} {error}", kind.name);
        assert_eq!((standin.live("person"), standin.live("note")), (vec![1], vec![31]), "{}", kind.name);
        // Somebody shares it.
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(
            (answer.outcome, answer.counts.values().sum()),
            (Outcome::Erased, 4_u64),
            "{} {answer:?}",
            kind.name
        );
        assert!(standin.live("note").is_empty() && standin.live("person").is_empty(), "{}", kind.name);
    });
}

#[test]
fn what_may_not_be_listed_of_one_record_keeps_no_other_one_of_the_person() {
    two_with_notes(|kind, standin, host| {
        let (listed, id) = match kind.name {
            "hubspot" => ("/associations/", format!("/{}/", (kind.id)(1))),
            "pipedrive" => ("/v1/notes", format!("person_id={}", (kind.id)(1))),
            "salesforce" => ("FROM%20Note", (kind.id)(1)),
            _ => ("/annotations?", (kind.id)(1)),
        };
        let refused = move |seen: &Seen| seen.target.contains(listed) && seen.target.contains(&id);
        standin.world().before = Some(Box::new(move |seen, _| {
            refused(seen).then(|| Reply::json(403, &json!([{ "errorCode": "INSUFFICIENT_ACCESS" }])))
        }));
        let error = host.erase(ann()).expect_err("refused");
        assert!(
            error.class == ErrorClass::Permanent && error.message.contains("cannot be listed"),
            "{} {error}",
            kind.name
        );
        assert_eq!((standin.live("person"), standin.live("note")), (vec![1], vec![31]), "{}", kind.name);
        standin.world().before = None;
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(
            (answer.outcome, answer.counts.values().sum()),
            (Outcome::Erased, 4_u64),
            "{} {answer:?}",
            kind.name
        );
    });
}

/// As Pipedrive's changelog has it ("archived deals and leads will not be editable through the API", 2025-07-15), which does not
/// say how a deletion is answered.
#[test]
fn what_is_archived_and_refused_needs_a_person_and_keeps_nobody_else_waiting() {
    for (object, count) in [("deal", "archived deals"), ("lead", "archived leads")] {
        for status in [400, 403, 405, 409, 422] {
            let archived = Row { emails: standin::ARCHIVED.to_vec(), ..of(1, object, 31) };
            let rows = vec![person(1, &["ann@x.cz"], &[]), person(2, &["bob@x.cz"], &[]), archived, of(1, object, 32)];
            let standin = StandIn::start(ALL[1], rows);
            standin.world().archived_refusal = Some(status);
            let host = host_with(&standin, json!({ "related": all("pipedrive") }));
            let error = host.erase(ann()).expect_err("refused");
            assert!(error.class == ErrorClass::Permanent && error.message.contains(count), "{status}: {error}");
            assert_eq!((standin.live(object), standin.live("person")), (vec![31], vec![1, 2]), "{status}");
            let other = Request { idempotency_key: "k-2".into(), ..Request::from([("email", "bob@x.cz")]) };
            counted(host.erase(other), Outcome::Erased, "persons", 1);
            // Somebody takes it out of the archive.
            standin.world().archived_refusal = None;
            let answer = host.erase(ann()).expect("an answer");
            assert_eq!((answer.outcome, answer.counts[count], answer.counts["persons"]), (Outcome::Erased, 1, 1));
        }
    }
}

/// A person with two notes, where what belongs to a person is found by them.
fn with_notes(test: impl Fn(&'static Kind, StandIn, TestHost<CrmPurge>)) {
    for_all(|kind| {
        if kind.name != "raynet" {
            let rows = vec![person(1, &["ann@x.cz"], &[]), of(1, "note", 31), of(1, "note", 32)];
            let standin = StandIn::start(kind, rows);
            let host = host_with(&standin, json!({ "related": ["notes"] }));
            test(kind, standin, host);
        }
    });
}

#[test]
fn a_person_stays_as_long_as_something_of_theirs_is_listed_although_it_was_accepted() {
    with_notes(|kind, standin, host| {
        standin.world().lazy = true;
        let error = host.erase(ann()).expect_err("not done");
        assert!(error.class == ErrorClass::Retryable && error.message.contains("still lists some"), "{error}");
        assert_eq!((standin.writes(), standin.live("person")), (2, vec![1]), "{}", kind.name);
        standin.world().lazy = false;
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(answer.counts.values().sum::<u64>(), 3, "{} {answer:?}", kind.name);
        assert!(standin.live("note").is_empty() && standin.live("person").is_empty(), "{}", kind.name);
    });
}

#[test]
fn a_person_stays_as_long_as_something_of_theirs_is_retained() {
    with_notes(|kind, standin, host| {
        let mut writes = 0;
        standin.world().before = Some(Box::new(move |_, write| {
            writes += usize::from(write);
            (write && writes == 1).then(|| Reply::empty(451))
        }));
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts.values().sum()), (Outcome::Retained, 1_u64), "{}", kind.name);
        assert!(answer.reason.is_some_and(|reason| reason.contains("451") && reason.contains("the person stays")));
        assert_eq!((standin.live("person"), standin.live("note")), (vec![1], vec![31]), "{}", kind.name);
        // The hold is lifted.
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts.values().sum()), (Outcome::Erased, 3_u64), "{}", kind.name);
        assert!(standin.live("note").is_empty() && standin.live("person").is_empty(), "{}", kind.name);
    });
}

#[test]
fn where_nothing_can_be_listed_nothing_is_missing() {
    with_notes(|kind, standin, host| {
        let listed = match kind.name {
            "hubspot" => "/associations/",
            "pipedrive" => "/v1/notes",
            "salesforce" => "FROM%20Note",
            _ => "/annotations?",
        };
        standin.world().before =
            Some(Box::new(move |seen, _| seen.target.contains(listed).then(|| Reply::json(404, &json!({})))));
        for answer in [host.erase(ann()), host.dry_run(ann())] {
            let error = answer.expect_err("not there");
            assert!(error.class == ErrorClass::Retryable && error.message.contains("`api_version`"), "{error}");
        }
        assert_eq!((standin.writes(), standin.live("person")), (0, vec![1]), "{}", kind.name);
    });
}

#[test]
fn as_much_as_is_allowed_can_belong_to_a_person() {
    // Two on a page: more pages than a search for a person may have.
    let mut rows = vec![person(1, &["ann@x.cz"], &[])];
    rows.extend((1..=50).map(|n| of(1, "note", n)));
    let standin = StandIn::start(ALL[1], rows);
    let host = host_with(&standin, json!({ "related": ["notes"], "related_max": 50 }));
    assert_eq!(host.erase(ann()).expect("an answer").counts["notes"], 50);
}
