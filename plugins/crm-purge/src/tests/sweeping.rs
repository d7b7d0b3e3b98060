//! Whom an installation holds, after a restore.

use std::collections::BTreeSet;

use super::*;

/// The vendors whose documentation names a list of all people.
const LISTING: [&str; 2] = ["hubspot", "pipedrive"];

#[test]
fn all_people_are_told_where_the_vendor_lists_them_and_nobody_elsewhere() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let swept = host(&standin).sweep(500);
        if !LISTING.contains(&kind.name) {
            assert_eq!(swept.expect_err("it has no list").class, ErrorClass::Permanent, "{}", kind.name);
            return;
        }
        let records = swept.expect("told");
        let values: BTreeSet<_> = records
            .iter()
            .flat_map(|record| &record.identifiers)
            .filter(|one| one.kind != quietus_plugin::Kind::Name)
            .map(|one| one.value.expose().to_owned())
            .collect();
        let expected: BTreeSet<_> = people()
            .iter()
            .flat_map(|row| row.emails.iter().chain(&row.phones))
            .map(|text| (*text).to_owned())
            .collect();
        assert_eq!((records.len(), values), (6, expected), "{}", kind.name);
        assert!(records.iter().all(|record| record.created_ms == Some(1_767_225_600_000)), "{}", kind.name);
        assert_eq!(standin.writes(), 0);
        assert_eq!(standin.world().malformed, [] as [String; 0]);
    });
}

#[test]
fn an_empty_page_is_not_the_last_one_and_a_404_is_not_the_end() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        if !LISTING.contains(&kind.name) {
            return;
        }
        standin.world().hollow = true;
        assert_eq!(host(&standin).sweep(500).expect("told").len(), 6, "{}", kind.name);
        standin.world().before = Some(Box::new(|_, _| Some(Reply::empty(404))));
        assert_eq!(host(&standin).sweep(500).expect_err("nobody has looked").class, ErrorClass::Retryable);
    });
}
