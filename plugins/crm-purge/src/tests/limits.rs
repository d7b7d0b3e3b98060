//! The claim is no wider than the look: what is not looked at and what a vendor keeps stands on the receipt, and the README says it
//! in the same words.

use quietus_plugin::unsaid;

use super::standin::Switches;
use super::*;
use crate::vendor::sentences;

#[test]
fn the_readme_says_each_limit_in_the_words_of_the_receipt() {
    let all = sentences::salesforce().into_iter().chain(sentences::dynamics());
    assert_eq!(unsaid(include_str!("../../README.md"), all), [""; 0]);
}

/// Words of `related` that a vendor has, and what the receipt says without them and with them.
const OPTIONS: [(usize, &str, &str, Option<&str>); 16] = [
    (1, "deals", "deals of the person", None),
    (1, "activities", "activities of the person", Some("another participant than the primary one")),
    (1, "notes", "notes on the person", Some("whether Pipedrive keeps notes and leads that are deleted")),
    (1, "leads", "leads of the person", Some("whether Pipedrive keeps notes and leads that are deleted")),
    (2, "leads", "leads with the address or number of the person", None),
    (2, "companies", "companies with the address or number of the person", None),
    (3, "leads", "leads with the person's address or number (`leads`", None),
    (3, "tasks", "tasks with the person", Some("by TaskRelation only")),
    (3, "events", "events with the person", Some("by EventRelation only")),
    (3, "cases", "cases of the person", None),
    (3, "emails", "EmailMessageRelation.RelationAddress (`emails`", Some("linked with no record of the person")),
    (3, "files", "files and notes that are linked", Some("no permission shows them all")),
    (3, "attachments", "classic attachments", None),
    (4, "leads", "leads with the person's address or number (`leads`", None),
    (4, "opportunities", "opportunities of the contact", None),
    (4, "audit_history", "the audit log, which keeps the values", None),
];

#[test]
fn every_answer_says_what_was_not_looked_at() {
    for (vendor, word, without, with) in OPTIONS {
        let standin = StandIn::start(ALL[vendor], vec![person(1, &["ann@x.cz"], &[])]);
        for (related, is_searched) in [(json!([]), false), (json!([word]), true)] {
            let host = host_with(&standin, json!({ "related": related }));
            for answer in [host.dry_run(ann()), host.verify(ann()), host.verify([("email", "nobody@x.cz")])] {
                let said = answer.expect("an answer").not_looked_at;
                let says = |text: &str| said.iter().any(|place| place.contains(text));
                assert_eq!(says(without), !is_searched, "{word}: {said:?}");
                assert!(with.is_none_or(|text| says(text) == is_searched), "{word}: {said:?}");
                // Not of the code's own sentences: what the vendors' descriptions have of a person beside what is asked for
                // (<https://developers.pipedrive.com/docs/api/v1/Persons>: mail messages, files, followers, participants;
                // <https://app.raynet.cz/api/doc/>: business cases, offers, sales orders, invoices, projects, activities, e-mails).
                let always: &[&str] = match vendor {
                    1 => &[
                        "mail threads",
                        "files",
                        "call logs",
                        "projects",
                        "a participant",
                        "may not see",
                        "custom fields",
                    ],
                    2 => &[
                        "business cases",
                        "offers",
                        "orders",
                        "invoices",
                        "projects",
                        "activities",
                        "e-mails",
                        "attachments",
                        "security levels",
                    ],
                    3 => &["field history (such as ContactHistory)", "(SuppliedName, SuppliedEmail, SuppliedPhone)"],
                    _ => &["(activityparty)"],
                };
                assert!(always.iter().all(|text| says(text)), "{word}: {said:?}");
            }
        }
    }
}

/// Whether a bin is on is asked of Dataverse, and unknown where it may not be.
#[test]
fn dataverses_bin_is_said_where_it_is_on_or_unknown() {
    for (bins, is_kept) in
        [(None, true), (Some(vec!["contact"]), true), (Some(vec!["cr1_other"]), false), (Some(vec![]), false)]
    {
        let standin = StandIn::start(ALL[4], vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().switches = Switches { bins: bins.clone(), ..Switches::default() };
        let keeps = host(&standin).erase(ann()).expect("an answer").keeps.unwrap_or_default();
        assert_eq!(keeps.concat().contains("30 days"), is_kept, "{bins:?}: {keeps:?}");
    }
}

/// Dataverse throttles a query with a wildcard at its beginning for all users (powerapps-docs, `query-throttling.md`: 0x80048644), an
/// `endswith` among them (`wildcard-characters.md`); the stand-in understands neither, and panics over a pattern that begins with `%`.
#[test]
fn dataverse_finds_a_number_in_whatever_groups_without_a_wildcard_at_the_beginning() {
    let spelt = [
        "777123456",
        "777 123 456",
        "(777) 123-456",
        "420777123456",
        "+420777123456",
        "+420 777 123 456",
        "(+420) 777.123.456",
        "00420 777/123/456",
        "00 420 777 12 34 56",
    ];
    let mut rows: Vec<_> = (1..).zip(spelt).map(|(n, number)| person(n, &[], &[number])).collect();
    rows.push(person(90, &[], &["602 777 123 456"]));
    // Not where it begins with something else: the README says so.
    rows.push(person(91, &[], &["home: 777 123 456"]));
    let standin = StandIn::start(ALL[4], rows);
    let host = host_with(&standin, json!({ "by": ["phone"], "phone_alone": true, "matches_max": 20 }));
    let number = czech(Request::from([("phone", "777 123 456")]));
    counted(host.erase(number), Outcome::Erased, "contacts", spelt.len() as u64);
    assert_eq!(standin.live("person"), [90, 91]);
    assert_eq!(standin.world().malformed, [""; 0]);
}
