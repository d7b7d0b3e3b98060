//! What goes with a contact of Dataverse's when that is deleted, and what keeps it from being deleted. The relationships are those
//! of powerapps-docs, `developer/data-platform/reference/entities/contact.md`; an environment may have others.

use super::standin::Relation;
use super::*;

const DYNAMICS: usize = 4;

/// Ann, and what refers to her and to somebody else.
fn world() -> Vec<Row> {
    let mut rows = vec![person(1, &["ann@x.cz"], &[]), person(2, &["joann@x.cz"], &[])];
    for owner in [1, 2] {
        let all = [
            "task",
            "note",
            "email",
            "socialactivity",
            "recurring",
            "connection",
            "connection_to",
            "address",
            "feedback",
            "booking",
            "opportunity",
        ];
        rows.extend((0..).zip(all).map(|(n, object)| of(owner, object, 10 * owner + 100 * n)));
    }
    rows
}

fn live_of(standin: &StandIn, owner: u32) -> Vec<&'static str> {
    let world = standin.world();
    world.rows.iter().filter(|row| row.owner == owner && row.state == State::Live).map(|row| row.object).collect()
}

/// With a table of the environment's own, which cascades.
fn standin() -> StandIn {
    let standin = StandIn::start(ALL[DYNAMICS], world());
    standin.world().switches.relations = vec![("cr1_contact_bookings", "cr1_booking", "cr1_guest", "Cascade")];
    standin
}

#[test]
fn what_goes_with_a_contact_is_shown_by_the_dry_run_and_counted() {
    let standin = standin();
    let host = host(&standin);
    let dry = host.dry_run(ann()).expect("an answer");
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, &answer.counts), (Outcome::Erased, &dry.counts), "{answer:?}");
    let all = [
        ("contacts", 1),
        ("tasks", 1),
        ("notes", 1),
        ("emails", 1),
        ("social activities", 1),
        ("recurring appointments", 1),
        ("connections", 2),
        ("addresses", 1),
        ("feedback", 1),
        ("rows of other tables", 1),
    ];
    let expected = all.into_iter().fold(Answer::erased(), |answer, (what, count)| answer.count(what, count));
    assert_eq!(answer.counts, expected.counts);
    // No cascade: the link is removed.
    assert_eq!(live_of(&standin, 1), ["opportunity"]);
    assert_eq!(live_of(&standin, 2).len(), 11);
    assert_eq!(standin.writes(), 1, "the environment does it");
    assert_eq!(standin.world().malformed, [""; 0]);
}

/// The host takes no count whose name has more than 40 letters: the contact would be erased, and the answer refused.
#[test]
fn a_table_with_a_long_name_does_not_cost_the_receipt() {
    let rows = vec![person(1, &["ann@x.cz"], &[]), of(1, "form", 31), of(1, "sheet", 32)];
    let standin = StandIn::start(ALL[DYNAMICS], rows);
    standin.world().switches.relations = vec![
        ("new_forms", "new_contactguestsurveyanswerform", "new_guest", "Cascade"),
        ("new_sheets", "new_contactguestsurveyanswersheet", "new_guest", "Cascade"),
    ];
    let answer = host(&standin).erase(ann()).expect("an answer");
    let expected = Answer::erased()
        .count("contacts", 1)
        .count("rows of new_contactguestsurveyanswerform", 1)
        .count("rows of other tables", 1);
    assert_eq!((answer.outcome, answer.counts), (Outcome::Erased, expected.counts));
}

#[test]
fn what_is_erased_by_itself_is_not_counted_twice() {
    let standin = standin();
    let host = host_with(&standin, json!({ "related": ["tasks", "notes"] }));
    let dry = host.dry_run(ann()).expect("an answer");
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!((answer.counts["tasks"], answer.counts["notes"], &answer.counts), (1, 1, &dry.counts));
    assert_eq!(standin.writes(), 3);
}

#[test]
fn what_goes_with_a_contact_counts_once_wherever_it_is_cut_off() {
    for stored in 0..3 {
        let standin = standin();
        let host = host(&standin).stores_at_most(stored);
        assert_eq!(host.erase(ann()).is_err(), stored < 2, "{stored}");
        let answer = host.restarted().expect("configured").stores_at_most(9).erase(ann()).expect("an answer");
        assert_eq!((answer.counts["tasks"], answer.counts["connections"]), (1, 2), "{stored}: {answer:?}");
        assert_eq!(standin.writes(), 1, "{stored}");
    }
}

/// A relationship, an object of the stand-in's, and what is said.
const BLOCKERS: [(Option<Relation>, &str, &str); 4] = [
    (
        None,
        "feedback_by",
        "1 rows of the table feedback refer to a record and keep it from being deleted (lk_contact_feedback_createdby",
    ),
    (None, "feedback_for", "(lk_contact_feedback_createdonbehalfby: Restrict)"),
    (
        Some(("cr1_contact_bookings", "cr1_booking", "cr1_guest", "Restrict")),
        "booking",
        "1 rows of the table cr1_booking refer to a record and keep it from being deleted (cr1_contact_bookings: Restrict)",
    ),
    // Somebody else's record would go unseen with hers.
    (
        Some(("cr1_contact_children", "contact", "cr1_parent", "Cascade")),
        "person",
        "1 rows of the table contact, which are others', would go with a record (cr1_contact_children: Cascade)",
    ),
];

#[test]
fn what_keeps_a_contact_from_being_deleted_is_named_and_needs_a_person() {
    for (relation, object, expected) in BLOCKERS {
        let mut rows = vec![person(1, &["ann@x.cz"], &[]), person(2, &["ann@x.cz"], &[]), of(1, "task", 31)];
        rows.push(Row { owner: 1, ..person(40, &["child@x.cz"], &[]) });
        rows[3].object = object;
        let standin = StandIn::start(ALL[DYNAMICS], rows);
        standin.world().switches.relations = relation.into_iter().collect();
        let host = host_with(&standin, json!({ "related": ["tasks"] }));
        let dry = host.dry_run(ann()).expect("an answer");
        assert_eq!((dry.outcome, &dry.counts), (Outcome::Residual, &Answer::residual().count("contacts", 1).counts));
        assert!(dry.not_looked_at.concat().contains(expected), "{dry:?}");
        let error = host.erase(ann()).expect_err("a person is needed");
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
        assert!(error.message.contains(expected) && error.message.contains("delete or reassign them"), "{error}");
        // Her other record goes; of this one, nothing.
        assert!(standin.live("person").contains(&1) && !standin.live("person").contains(&2), "{expected}");
        assert_eq!(standin.live("task"), [31], "{expected}");
        // A person has acted.
        standin.world().rows.retain(|row| row.n != 40);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Erased, 2), "{expected}");
    }
}

/// As powerapps-docs has it, `developer/data-platform/webapi/compose-http-requests-handle-errors.md`: 405 with 0x80040227.
#[test]
fn a_row_that_refers_to_a_contact_in_the_last_moment_is_told() {
    for code in ["0x80040227", "-2147220953"] {
        let standin = StandIn::start(ALL[DYNAMICS], vec![person(1, &["ann@x.cz"], &[])]);
        let said = json!({ "error": { "code": code, "message": "is associated with another object" } });
        standin.world().before = Some(Box::new(move |_, writes| writes.then(|| Reply::json(405, &said))));
        let error = host(&standin).erase(ann()).expect_err("refused");
        assert!(
            error.class == ErrorClass::Permanent && error.message.contains("CannotDeleteDueToAssociation"),
            "{error}"
        );
    }
}

#[test]
fn what_goes_with_a_contact_and_cannot_be_counted_is_said() {
    let standin = standin();
    standin.world().switches.lacks = vec!["prvReadconnection"];
    standin.world().switches.relations.push(("contact_secrets", "cr1_secret", "cr1_contact", "Cascade"));
    let answer = host(&standin).dry_run(ann()).expect("an answer");
    for table in ["connection", "cr1_secret"] {
        let said = format!("or not all of them: {table}");
        assert_eq!(answer.not_looked_at.iter().filter(|place| place.ends_with(&said)).count(), 1, "{answer:?}");
    }
    assert!(!answer.counts.contains_key("connections") && answer.counts["tasks"] == 1, "{answer:?}");
}

/// The host keeps 200 characters of each text, and 32 texts.
#[test]
fn many_tables_that_are_not_shown_are_counted_beyond_the_first() {
    let standin = standin();
    let names = ["cr1_a", "cr1_b", "cr1_c", "cr1_d", "cr1_e", "cr1_f", "cr1_g", "cr1_h", "cr1_i", "cr1_j"];
    for name in names {
        standin.world().switches.relations.push((name, name, "cr1_contact", "Cascade"));
    }
    let answer = host(&standin).dry_run(ann()).expect("an answer");
    let said: Vec<_> = answer.not_looked_at.iter().filter(|place| place.contains("or not all of them")).collect();
    assert!(said.len() == 9 && said[8].ends_with(": 2 more tables"), "{said:?}");
    assert!(said.iter().all(|place| place.chars().count() <= 200), "{said:?}");
}

/// A relationship to others' records, and what the user may not read.
#[test]
fn others_records_that_would_go_unseen_keep_everybody_from_being_erased() {
    let to_contacts = ("cr1_contact_children", "contact", "cr1_parent", "Cascade");
    let to_accounts = ("cr1_contact_accounts", "account", "cr1_keeper", "Cascade");
    for (relation, hides_rows, lacks) in
        [(to_contacts, true, vec![]), (to_accounts, true, vec![]), (to_accounts, false, vec!["prvReadaccount"])]
    {
        let standin = standin();
        standin.world().switches.relations.push(relation);
        standin.world().switches.hides_rows = hides_rows;
        standin.world().switches.lacks = lacks;
        let host = host_with(&standin, json!({ "visibility": "trusted" }));
        for answer in [host.health().map(|()| Answer::absent()), host.erase(ann()), host.dry_run(ann())] {
            let error = answer.expect_err("refused");
            let expected = format!("others' records of the table {} ({}: Cascade)", relation.1, relation.0);
            assert!(error.class == ErrorClass::NeedsOperator && error.message.contains(&expected), "{error}");
        }
        assert_eq!(standin.writes(), 0, "{}", relation.0);
    }
}

/// Addresses have no privilege of their own:
/// <https://learn.microsoft.com/en-us/previous-versions/dynamicscrm-2015/developers-guide/gg309303(v=crm.7)>.
#[test]
fn addresses_are_read_by_the_privilege_of_contacts() {
    let standin = standin();
    let answer = host(&standin).dry_run(ann()).expect("an answer");
    assert_eq!(answer.counts["addresses"], 1, "{answer:?}");
    assert!(!answer.not_looked_at.concat().contains("customeraddress"), "{answer:?}");
    standin.world().switches.hides_rows = true;
    let trusted = host_with(&standin, json!({ "visibility": "trusted" })).dry_run(ann()).expect("an answer");
    assert!(trusted.not_looked_at.concat().contains("customeraddress"), "{trusted:?}");
}

/// What an environment tells goes into requests.
#[test]
fn names_of_an_environment_are_no_more_trusted_than_people() {
    for (name, column) in [("a')or(1 eq 1", "regardingobjectid"), ("task", "x_value ne null or _y")] {
        let standin = StandIn::start(ALL[DYNAMICS], vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().switches.relations = vec![("evil", name, column, "Cascade")];
        let error = host(&standin).erase(ann()).expect_err("refused");
        assert!(error.class == ErrorClass::Retryable && error.message.contains("does not tell"), "{error}");
        assert_eq!((standin.writes(), standin.world().malformed.len()), (0, 0));
    }
}
