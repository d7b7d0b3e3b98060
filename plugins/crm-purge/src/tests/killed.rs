//! The plugin or the server is killed between two acts: the next call goes on from what was stored.

use super::*;

/// Three records of Ann's, and as many acts at least.
fn three() -> Vec<Row> {
    (1..=3).map(|n| person(n, &["ann@x.cz"], &[])).collect()
}

#[test]
fn all_that_was_erased_is_counted_wherever_it_was_cut_off() {
    for_all(|kind| {
        // Before the first act, between two, after the last one, and not at all.
        for stored in 0..=4 {
            let standin = StandIn::start(kind, three());
            let host = host(&standin).stores_at_most(stored);
            let killed = host.erase(ann()).is_err();
            assert_eq!(killed, stored < 4, "{} {stored}", kind.name);
            assert_eq!(standin.writes(), stored.min(3) as usize, "{} {stored}", kind.name);
            let host = host.restarted().expect("configured").stores_at_most(9);
            counted(host.erase(ann()), Outcome::Erased, kind.people, 3);
            assert_eq!((standin.writes(), standin.live("person").len()), (3, 0), "{} {stored}", kind.name);
        }
    });
}

#[test]
fn a_host_that_stores_nothing_is_told_the_same_by_the_same_process() {
    for_all(|kind| {
        let standin = StandIn::start(kind, three());
        let host = host(&standin).stores_nothing();
        counted(host.erase(ann()), Outcome::Erased, kind.people, 3);
        counted(host.erase(ann()), Outcome::Erased, kind.people, 3);
    });
}

#[test]
fn the_audit_history_of_a_record_that_is_gone_is_erased_by_the_next_process() {
    let standin = StandIn::start(ALL[4], vec![person(1, &["ann@x.cz"], &[]), of(1, "history", 70)]);
    // The history, the person, and then the history of that.
    let host = host_with(&standin, json!({ "related": ["audit_history"] })).stores_at_most(2);
    assert_eq!(host.erase(ann()).expect_err("killed").class, ErrorClass::Retryable);
    assert!(standin.live("person").is_empty());
    standin.world().rows.push(of(1, "history", 71));
    let host = host.restarted().expect("configured").stores_at_most(9);
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!(answer.counts, Answer::erased().count("contacts", 1).count("audit histories", 1).counts);
    assert!(standin.live("history").is_empty(), "also what was logged after the record was gone");
}

#[test]
fn a_value_of_another_version_is_as_none() {
    for_all(|kind| {
        let standin = StandIn::start(kind, three());
        let resume = Some(quietus_plugin::ResumeValue::new(*b"\x01\x00[7]"));
        counted(host(&standin).erase(Request { resume, ..ann() }), Outcome::Erased, kind.people, 3);
    });
}

#[test]
fn a_later_look_of_another_process_says_what_the_vendor_keeps() {
    let pipedrive = ALL.iter().find(|kind| kind.name == "pipedrive").expect("known");
    let standin = StandIn::start(pipedrive, three());
    let host = host_with(&standin, json!({ "verify_after": "1s" }));
    let erased = host.erase(ann()).expect("an answer");
    assert!(erased.keeps.as_ref().is_some_and(|keeps| !keeps.is_empty()), "{erased:?}");
    let host = host.restarted().expect("configured");
    assert_eq!(host.verify(ann()).expect("an answer").keeps, erased.keeps);
    assert_eq!(host.verify(again()).expect("an answer").keeps, None, "another erasure");
}
