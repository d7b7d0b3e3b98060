//! `health` asks the vendor with the credentials, and names what they may not do.

use super::*;

/// (vendor, a part of a request's target that is refused, what is said).
const RIGHTS: [(&str, &str, &str); 21] = [
    ("hubspot", "2026-03/contacts", "read contacts (crm.objects.contacts.read)"),
    ("hubspot", "contacts/search", "search contacts (crm.objects.contacts.read)"),
    ("hubspot", "2026-03/deals", "read deals (crm.objects.deals.read)"),
    ("hubspot", "2026-03/emails", "read emails (sales-email-read)"),
    ("hubspot", "2026-03/notes", "read notes"),
    ("pipedrive", "v2/persons", "read persons (contacts:read)"),
    ("pipedrive", "persons/search", "search persons (contacts:read or search:read)"),
    ("pipedrive", "v2/deals", "read deals (deals:read)"),
    ("pipedrive", "v1/leads", "read leads (leads:read)"),
    ("raynet", "/person/", "read persons"),
    ("raynet", "rowAccess", "search persons by e-mail address"),
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
    let host = host_with(standin, json!({ "by": ["email", "phone"], "related": related::all(standin.kind.name) }));
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
        standin.world().token = Some("another");
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

/// Pipedrive shows its user's permissions (`GET /users/{id}/permissions`): the names are those of the model
/// `GetUserPermissionsResponseAllOfData` in <https://github.com/pipedrive/client-nodejs>, and of the changelog "Introducing the
/// delete permission for Leads API".
#[test]
fn what_pipedrive_says_that_its_user_may_not_is_named() {
    let pipedrive = ALL[1];
    for (word, expected) in [
        ("can_delete_deals", "delete deals (can_delete_deals)"),
        ("can_delete_activities", "delete activities (can_delete_activities)"),
        ("can_delete_leads", "delete leads (can_delete_leads)"),
    ] {
        let standin = StandIn::start(pipedrive, people());
        standin.world().permissions = Some(json!({ "can_delete_deals": true, (word): false }));
        red(&standin, &format!("may not {expected}"));
        // What is not deleted needs no permission.
        assert_eq!(host(&standin).health(), Ok(()), "{word}");
    }
    // Where it is not shown, it cannot be said.
    for hidden in ["/v1/users/me", "/permissions"] {
        for status in [403, 404] {
            let standin = StandIn::start(pipedrive, people());
            standin.world().before = Some(Box::new(move |seen, _| {
                let said = json!({ "success": false, "error": "Scope and URL mismatch" });
                seen.target.contains(hidden).then(|| Reply::json(status, &said))
            }));
            let host = host_with(&standin, json!({ "related": related::all("pipedrive") }));
            assert_eq!(host.health(), Ok(()), "{hidden} {status}");
        }
    }
}

/// With 500, as in Raynet's OpenAPI description.
#[test]
fn a_field_that_raynets_user_may_not_see_is_a_missing_right_and_no_broken_system() {
    let denied = || {
        let said =
            json!({ "message": "AttributeAccessDeniedException", "translatedMessage": "Nemáte dostatečná oprávnění" });
        Reply::json(500, &said)
    };
    let standin = StandIn::start(ALL[2], people());
    standin.world().before = Some(Box::new(move |seen, _| seen.target.contains("email").then(denied)));
    red(&standin, "may not search persons by e-mail address");
    let error = host(&standin).erase(ann()).expect_err("denied");
    assert!(error.class == ErrorClass::Permanent && error.message.contains("grant it in Raynet"), "{error}");
}

/// "V případě zaslání více než 20 požadavků se špatnými přihlašovacími údaji bude tento přístup na 60 minut zablokován"
/// (the description in Raynet's PHP SDK): whatever is called how often, one request tries them.
#[test]
fn refused_credentials_do_not_use_up_raynets_patience() {
    let standin = StandIn::start(ALL[2], people());
    standin.world().before = Some(Box::new(|_, _| Some(Reply::empty(401))));
    let host = host_with(&standin, json!({ "related": related::all("raynet") }));
    for _ in 0..10 {
        let answers = [host.erase(ann()), host.verify(ann()), host.health().map(|()| Answer::absent())];
        for answer in answers {
            let error = answer.expect_err("refused");
            assert!(error.class == ErrorClass::NeedsOperator && error.message.contains("401"), "{error}");
        }
    }
    assert_eq!(standin.server.lines().len(), 1);
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
