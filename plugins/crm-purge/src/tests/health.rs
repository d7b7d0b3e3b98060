//! `health` asks the vendor with the credentials, and names what they may not do.

use super::*;

/// (vendor, a part of a request's target that is refused, what is said).
const RIGHTS: [(&str, &str, &str); 18] = [
    ("hubspot", "objects/contacts", "read contacts (crm.objects.contacts.read)"),
    ("hubspot", "objects/deals", "read deals (crm.objects.deals.read)"),
    ("hubspot", "objects/emails", "read emails (sales-email-read)"),
    ("hubspot", "objects/notes", "read notes"),
    ("pipedrive", "v2/persons", "read persons (contacts:read)"),
    ("pipedrive", "v2/deals", "read deals (deals:read)"),
    ("pipedrive", "v1/leads", "read leads (leads:read)"),
    ("raynet", "/person/", "read persons"),
    ("raynet", "/lead/", "read leads"),
    ("raynet", "/company/", "read companies"),
    ("salesforce", "/limits", "use the API (API Enabled)"),
    ("salesforce", "/Contact/", "see contacts (object permission Read on Contact)"),
    ("salesforce", "/Task/", "see tasks"),
    ("dynamics", "/WhoAmI", "use the environment"),
    ("dynamics", "/contacts", "read contacts (prvReadContact)"),
    ("dynamics", "/leads", "read leads (prvReadLead)"),
    ("dynamics", "/opportunities", "read opportunities (prvReadOpportunity)"),
    ("dynamics", "/annotations", "read notes (prvReadNote)"),
];

#[track_caller]
fn red(standin: &StandIn, expected: &str) {
    let host = host_with(standin, json!({ "related": related::all(standin.kind.name) }));
    let error = host.health().expect_err("red");
    assert_eq!(error.class, ErrorClass::NeedsOperator, "{}: {error}", standin.kind.name);
    assert!(error.message.contains(expected), "{} {expected}: {error}", standin.kind.name);
    assert_eq!(standin.writes(), 0, "{}", standin.kind.name);
}

#[test]
fn all_that_is_needed_makes_it_green_and_nobody_is_looked_for() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let host = host_with(&standin, json!({ "related": related::all(kind.name) }));
        assert_eq!(host.health(), Ok(()), "{}", kind.name);
        assert!(standin.world().malformed.is_empty(), "{:?}", standin.world().malformed);
        assert_eq!(standin.writes(), 0, "{}", kind.name);
    });
}

#[test]
fn a_wrong_token_is_red() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        standin.world().before = Some(Box::new(|_, _| Some(Reply::json(401, &json!({ "message": "who are you?" })))));
        red(&standin, "refuses the credentials (401)");
    });
}

#[test]
fn a_right_that_is_missing_is_named() {
    for (vendor, part, expected) in RIGHTS {
        for status in [403, 404] {
            // Of what is always there, a 404 says that it is elsewhere.
            if status == 404
                && RIGHTS.iter().find(|(first, ..)| *first == vendor).is_some_and(|(_, first, _)| *first == part)
            {
                continue;
            }
            let kind = ALL.into_iter().find(|kind| kind.name == vendor).expect("a vendor");
            let standin = StandIn::start(kind, people());
            standin.world().before = Some(Box::new(move |seen, _| {
                seen.target.contains(part).then(|| Reply::json(status, &json!({ "message": "not for you" })))
            }));
            red(&standin, &format!("may not {expected}"));
        }
    }
}

/// Salesforce describes what its user may do with each object.
#[test]
fn what_salesforce_says_that_its_user_may_not_is_named() {
    let described = |description: Value, expected: &str| {
        let standin = StandIn::start(ALL[3], people());
        standin.world().before = Some(Box::new(move |seen, _| {
            seen.target.contains("/Contact/describe").then(|| Reply::json(200, &description))
        }));
        red(&standin, expected);
    };
    let fields = json!([{ "name": "Id" }, { "name": "Email" }, { "name": "Phone" }, { "name": "MobilePhone" }]);
    described(json!({ "queryable": true, "deletable": true, "fields": fields }), "see the field HomePhone of Contact");
    described(json!({ "queryable": true, "deletable": true, "fields": [] }), "see the field Email of Contact");
    described(json!({ "queryable": true, "deletable": false, "fields": fields }), "delete Contact");
    described(json!({ "queryable": false, "deletable": true, "fields": fields }), "query Contact");
}
