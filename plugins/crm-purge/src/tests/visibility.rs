//! What a user's rights hide is not absent: Salesforce's sharing (`View All Data`), and the depth of Dataverse's privileges, its
//! missing privileges and secured columns are asked for, and a user from whom something is hidden is refused.
//!
//! `UserPermissionAccess` as in Salesforce's object reference; `RolePrivileges` with their `Depth` as in powerapps-docs,
//! `developer/data-platform/webapi/use-web-api-functions.md`.

use super::standin::Switches;
use super::*;

/// Vendor, what the installation is like, what else is configured, and what is said.
fn hidden() -> Vec<(usize, Switches, Value, &'static str)> {
    let lacks = |what: &'static str| Switches { lacks: vec![what], ..Switches::default() };
    let all = json!({ "related": ["leads", "tasks", "audit_history"] });
    vec![
        (3, Switches { hides_rows: true, ..Switches::default() }, json!({}), "see all records (View All Data)"),
        (3, lacks("HomePhone"), json!({ "by": ["email", "phone"] }), "see the field HomePhone of Contact"),
        // The addresses beside a number tell whose it is.
        (3, lacks("Email"), json!({ "by": ["phone"] }), "see the field Email of Contact"),
        (
            3,
            Switches { person_accounts: true, lacks: vec!["PersonEmail"], ..Switches::default() },
            json!({}),
            "see the field PersonEmail of Account",
        ),
        (
            3,
            Switches { person_accounts: true, lacks: vec!["delete Account"], ..Switches::default() },
            json!({ "related": ["person_accounts"] }),
            "delete Account (object permission Delete)",
        ),
        (4, Switches { hides_rows: true, ..Switches::default() }, json!({}), "some rows of the table contact only"),
        (4, lacks("prvReadContact"), json!({}), "read the table contact (prvReadcontact)"),
        (4, lacks("prvDeleteContact"), json!({}), "delete rows of the table contact (prvDeletecontact)"),
        (4, lacks("prvDeleteLead"), all.clone(), "delete rows of the table lead"),
        (4, lacks("prvDeleteActivity"), all.clone(), "delete rows of the table task (prvDeleteActivity)"),
        (4, lacks("prvDeleteRecordChangeHistory"), all, "(prvDeleteRecordChangeHistory)"),
        (
            4,
            Switches { secured: vec![("emailaddress1", false)], ..Switches::default() },
            json!({}),
            "read the column emailaddress1 of contact (column security)",
        ),
        (
            4,
            Switches { secured: vec![("telephone1", true), ("lead.telephone1", false)], ..Switches::default() },
            json!({ "by": ["phone"], "related": ["leads"] }),
            "read the column telephone1 of lead (column security)",
        ),
    ]
}

#[test]
fn nobody_is_absent_for_a_user_from_whom_something_is_hidden() {
    for (vendor, switches, more, expected) in hidden() {
        let standin = StandIn::start(ALL[vendor], vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().switches = switches;
        let host = host_with(&standin, more);
        let health = host.health().map(|()| Answer::absent());
        let by_both = || czech(Request::from([("email", "ann@x.cz"), ("phone", "777 123 456")]));
        for answer in [health, host.erase(by_both()), host.dry_run(by_both()), host.verify(by_both())] {
            let error = answer.expect_err("refused");
            assert_eq!(error.class, ErrorClass::NeedsOperator, "{expected}: {error}");
            assert!(error.message.contains(expected), "{expected}: {error}");
        }
        assert_eq!(standin.writes(), 0, "{expected}");
    }
}

#[test]
fn what_the_operator_means_to_hide_is_said_on_the_receipt() {
    for kind in [ALL[3], ALL[4]] {
        let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().switches.hides_rows = true;
        let host = host_with(&standin, json!({ "visibility": "trusted" }));
        assert_eq!(host.health(), Ok(()), "{}", kind.name);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Erased, "{}", kind.name);
        assert!(answer.not_looked_at.concat().contains("`visibility = \"trusted\"`"), "{answer:?}");
    }
}

#[test]
fn a_secured_column_that_the_user_may_read_hides_nothing() {
    let standin = StandIn::start(ALL[4], vec![person(1, &["ann@x.cz"], &[])]);
    standin.world().switches.secured = vec![("emailaddress1", true), ("telephone1", true)];
    let host = host(&standin);
    assert_eq!(host.health(), Ok(()));
    counted(host.erase(ann()), Outcome::Erased, "contacts", 1);
}

/// What people are looked for by, and fields that no such search reads.
#[test]
fn no_right_is_asked_for_that_no_search_needs() {
    let cases: [(usize, Switches, Value); 5] = [
        (3, Switches { lacks: vec!["HomePhone", "Phone", "OtherPhone"], ..Switches::default() }, json!(["email"])),
        (
            3,
            Switches { person_accounts: true, lacks: vec!["PersonMobilePhone"], ..Switches::default() },
            json!(["email", "id"]),
        ),
        (3, Switches { lacks: vec!["Email", "MobilePhone"], ..Switches::default() }, json!(["id"])),
        (
            4,
            Switches { secured: vec![("telephone2", false), ("mobilephone", false)], ..Switches::default() },
            json!(["email"]),
        ),
        (4, Switches { secured: vec![("emailaddress1", false)], ..Switches::default() }, json!(["id"])),
    ];
    for (vendor, switches, by) in cases {
        let standin = StandIn::start(ALL[vendor], vec![person(1, &["ann@x.cz"], &["777 123 456"])]);
        standin.world().switches = switches;
        let host = host_with(&standin, json!({ "by": by }));
        assert_eq!(host.health(), Ok(()), "{} {by}", ALL[vendor].name);
        let id = (ALL[vendor].id)(1);
        let answer = host.erase(Request::from([("email", "ann@x.cz"), ("crm_id", id.as_str())]));
        assert_eq!(answer.expect("an answer").outcome, Outcome::Erased, "{} {by}", ALL[vendor].name);
    }
}

/// An empty column may be one that is kept from the user: only what is told not to be secured is readable.
#[test]
fn a_column_of_which_it_is_not_told_whether_it_is_secured_is_not_taken_for_readable() {
    let untold: [fn(&mut Value); 5] = [
        |table| table["Attributes"] = Value::Null,
        |table| table["Attributes"] = json!([]),
        |table| table["Attributes"].as_array_mut().expect("columns").retain(|c| c["LogicalName"] != "telephone3"),
        |table| table["Attributes"][2]["IsSecured"] = Value::Null,
        |table| {
            table["Attributes"][2]["IsSecured"] = json!(true);
            table["Attributes"][2]["MetadataId"] = Value::Null;
        },
    ];
    for retells in untold {
        for visibility in ["all", "trusted"] {
            let standin = StandIn::start(ALL[4], vec![person(1, &["ann@x.cz"], &[])]);
            standin.world().switches.retells = Some(retells);
            let host = host_with(&standin, json!({ "by": ["email", "phone"], "visibility": visibility }));
            let health = host.health().map(|()| Answer::absent());
            for answer in [health, host.erase(ann()), host.verify(ann())] {
                let error = answer.expect_err("not told");
                assert!(error.class == ErrorClass::Retryable && error.message.contains("does not tell"), "{error}");
            }
            assert_eq!(standin.writes(), 0);
        }
    }
}

/// Asked once for many people, and again by `health`.
#[test]
fn what_an_installation_is_like_is_not_asked_for_each_person() {
    for kind in [ALL[3], ALL[4]] {
        let standin = StandIn::start(kind, Vec::new());
        let host = host(&standin);
        let questions = || standin.server.seen().iter().filter(|seen| is_question(seen)).count();
        host.verify(ann()).expect("an answer");
        let once = questions();
        (0..3).for_each(|_| drop(host.verify(ann()).expect("an answer")));
        assert!(once > 0 && questions() == once, "{}", kind.name);
        assert_eq!(host.health(), Ok(()));
        assert!(questions() > once, "{}", kind.name);
    }
}
