//! By which of its own ids a vendor knows the person, for other systems.

use quietus_plugin::Found;

use super::*;

fn ids(kind: &Kind, numbers: &[u32]) -> Vec<String> {
    let mut ids: Vec<_> = numbers.iter().map(|n| (kind.id)(*n)).collect();
    ids.sort();
    ids
}

/// The values, in order, and whether there may be more.
fn told(found: Result<Found, PluginError>) -> (Vec<String>, bool) {
    let found = found.expect("told");
    assert!(found.identifiers.iter().all(|one| one.kind.as_str() == "vendor_id"), "{found:?}");
    let mut values: Vec<_> = found.identifiers.iter().map(|one| one.value.expose().to_owned()).collect();
    values.sort();
    (values, found.more)
}

fn telling(standin: &StandIn, more: Value) -> TestHost<CrmPurge> {
    let mut all = json!({ "returns": "vendor_id" });
    all.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    host_with(standin, all)
}

#[test]
fn the_ids_of_those_that_an_erasure_would_erase_are_told_and_no_look_alikes() {
    for_all(|kind| {
        let mut rows = people();
        // Salesforce's contacts have one address.
        if kind.name == "salesforce" {
            rows[4] = person(15, &["ann@x.cz"], &[]);
        }
        let standin = StandIn::start(kind, rows);
        let host = telling(&standin, json!({}));
        assert_eq!(told(host.find(ann())), (ids(kind, &[14, 15]), false), "{}", kind.name);
        let nobody = czech(Request::from([("email", "eve@x.cz")]));
        assert_eq!(told(host.find(nobody)), (Vec::new(), false), "{}", kind.name);
        assert_eq!(standin.writes(), 0, "{}", kind.name);
        assert_eq!(standin.world().malformed, [""; 0]);
    });
}

#[test]
fn whoever_only_a_person_can_judge_is_not_told_and_neither_is_that_there_is_nobody() {
    for_all(|kind| {
        let rows = vec![person(1, &["ANN@x.cz"], &[]), person(2, &["ann@x.cz"], &[])];
        let standin = StandIn::start(kind, rows);
        standin.world().hides = vec![("ANN@x.cz", Some(json!("A**@x.cz")))];
        let found = telling(&standin, json!({})).find(ann());
        assert_eq!(told(found), (ids(kind, &[2]), true), "{}", kind.name);
    });
}

#[test]
fn whoever_shares_the_number_is_not_told_also_with_phone_alone() {
    for_all(|kind| {
        let rows = vec![person(1, &["ann@x.cz"], &[]), person(2, &[], &["777 123 456"])];
        let standin = StandIn::start(kind, rows);
        let host = telling(&standin, json!({ "by": ["email", "phone"], "phone_alone": true }));
        let by_both = czech(Request::from([("email", "ann@x.cz"), ("phone", "777 123 456")]));
        assert_eq!(told(host.find(by_both)), (ids(kind, &[1]), true), "{}", kind.name);
        let by_number = czech(Request::from([("phone", "777 123 456")]));
        assert_eq!(told(host.find(by_number)), (Vec::new(), true), "{}", kind.name);
    });
}

#[test]
fn a_search_that_fails_or_finds_too_many_is_an_error_and_not_nothing() {
    for_all(|kind| {
        let standin = StandIn::start(kind, (1..=3).map(|n| person(n, &["ann@x.cz"], &[])).collect());
        let error = telling(&standin, json!({ "matches_max": 2 })).find(ann()).expect_err("too many");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("`matches_max`"), "{error:?}");
        standin.world().before = Some(Box::new(|_, _| Some(Reply::empty(404))));
        let error = telling(&standin, json!({})).find(ann()).expect_err("nobody has looked");
        assert_eq!(error.class, ErrorClass::Retryable, "{} {error:?}", kind.name);
    });
}

#[test]
fn without_a_kind_nothing_is_told() {
    let standin = StandIn::start(ALL[0], people());
    assert_eq!(host(&standin).find(ann()), Ok(Found::nothing()));
    assert!(standin.server.seen().is_empty());
}
