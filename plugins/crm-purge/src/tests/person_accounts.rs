//! Salesforce's person accounts: an account and a contact that are one person, whose contact cannot be changed or deleted by
//! itself. As <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_guidelines_personaccounts.htm> has it;
//! organizations without them do not know their fields (`INVALID_FIELD`), as users of public clients met.

use super::standin::account;
use super::*;

fn person_account(n: u32, emails: &[&'static str], phones: &[&'static str]) -> Row {
    Row { object: "person_account", ..person(n, emails, phones) }
}

/// An organization with person accounts: Ann's account, her business contact, somebody else's account.
fn organization() -> StandIn {
    let rows = vec![
        person_account(1, &["ann@x.cz"], &["777 123 456"]),
        person(2, &["ann@x.cz"], &[]),
        person_account(3, &["joann@x.cz"], &["602 111 222"]),
        of(1, "task", 31),
        of(1, "case", 32),
        of(1, "email", 33),
        of(3, "task", 39),
    ];
    let standin = StandIn::start(ALL[3], rows);
    standin.world().switches.person_accounts = true;
    standin
}

fn live(standin: &StandIn) -> Vec<(&'static str, u32)> {
    let world = standin.world();
    world.rows.iter().filter(|row| row.state == State::Live).map(|row| (row.object, row.n)).collect()
}

#[test]
fn a_person_account_needs_a_person_unless_the_operator_wants_it_erased() {
    for by in [json!(["email"]), json!(["email", "phone"])] {
        let standin = organization();
        let host = host_with(&standin, json!({ "by": by, "related": ["tasks", "cases"] }));
        let both = czech(Request::from([("email", "ann@x.cz"), ("phone", "777 123 456")]));
        let dry = host.dry_run(&both).expect("an answer");
        assert_eq!((dry.outcome, dry.counts.get("contacts")), (Outcome::Residual, Some(&1)), "{dry:?}");
        let answer = host.erase(&both).expect("an answer");
        // The business contact goes all the same.
        assert_eq!((answer.outcome, answer.counts.get("contacts")), (Outcome::Unverifiable, Some(&1)), "{answer:?}");
        let reason = answer.reason.as_deref().unwrap_or_default();
        assert!(reason.starts_with("1 person accounts are the person's, and stay (`person_accounts`"), "{reason}");
        assert!(["ann", "001000"].iter().all(|who| !format!("{answer:?}").contains(who)), "{answer:?}");
        assert_eq!(live(&standin).first(), Some(&("person_account", 1)));
        standin.world().rows.retain(|row| row.state == State::Live);
        assert_eq!(host.verify(&both).expect("an answer").outcome, Outcome::Unverifiable);
        assert!(standin.world().malformed.is_empty(), "{:?}", standin.world().malformed);
    }
}

#[test]
fn a_person_account_goes_with_what_belongs_to_it_when_it_is_asked_for() {
    let standin = organization();
    let host = host_with(&standin, json!({ "related": ["person_accounts", "tasks", "cases", "emails"] }));
    assert_eq!(host.health(), Ok(()));
    let dry = host.dry_run(ann()).expect("an answer");
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, &answer.counts), (Outcome::Erased, &dry.counts), "{answer:?}");
    let expected = ["contacts", "person accounts", "tasks", "cases", "emails"];
    let expected = expected.into_iter().fold(Answer::erased(), |answer, what| answer.count(what, 1));
    assert_eq!(answer.counts, expected.counts);
    assert_eq!(live(&standin), [("person_account", 3), ("task", 39)]);
    assert!(answer.looked_at.concat().contains("person accounts"), "{:?}", answer.looked_at);
    counted(host.verify(ann()), Outcome::Residual, "recycled", 2);
    assert!(standin.world().malformed.is_empty(), "{:?}", standin.world().malformed);
}

#[test]
fn the_id_of_either_half_of_a_person_account_is_the_account() {
    let half = (ALL[3].id)(1);
    for id in [account(1), half.clone(), half[..15].to_owned()] {
        let standin = organization();
        let by_id = [("crm_id", id.as_str())];
        let careful = host_with(&standin, json!({ "by": ["id"] }));
        assert_eq!(careful.erase(by_id).expect("an answer").outcome, Outcome::Unverifiable, "{id}");
        assert_eq!(standin.writes(), 0, "{id}");
        let asked = host_with(&standin, json!({ "by": ["id"], "related": ["person_accounts"] }));
        counted(asked.erase(by_id), Outcome::Erased, "person accounts", 1);
        assert!(!live(&standin).contains(&("person_account", 1)), "{id}");
    }
}

#[test]
fn an_account_of_no_person_is_nobodys_to_erase() {
    for person_accounts in [false, true] {
        let standin = StandIn::start(ALL[3], vec![Row { object: "account", ..person(7, &[], &[]) }]);
        standin.world().switches.person_accounts = person_accounts;
        let related = if person_accounts { json!(["person_accounts"]) } else { json!([]) };
        let host = host_with(&standin, json!({ "by": ["id"], "related": related }));
        let id = account(7);
        let answer = host.erase([("crm_id", id.as_str())]).expect("an answer");
        assert_eq!((answer.outcome, standin.writes()), (Outcome::Unverifiable, 0), "{answer:?}");
    }
}

/// An id that no contact, account or lead has is not asked for among contacts, where it would be "absent".
#[test]
fn an_id_of_another_object_is_not_absent() {
    let standin = organization();
    let host = host_with(&standin, json!({ "by": ["id"] }));
    let answer = host.erase([("crm_id", "0050000000000001AA")]).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Unverifiable);
    let lead = host.erase([("crm_id", "00Q0000000000001AA")]).expect("an answer");
    assert_eq!(lead.outcome, Outcome::Absent, "it was asked for among leads");
    assert!(standin.server.lines().iter().any(|line| line.contains("/sobjects/Lead/")));
}

#[test]
fn a_contact_that_turns_out_to_be_a_person_accounts_is_told() {
    let standin = StandIn::start(ALL[3], vec![person(1, &["ann@x.cz"], &[])]);
    standin.world().before = Some(Box::new(|_, writes| {
        writes.then(|| Reply::json(400, &json!([{ "errorCode": "INVALID_PERSON_ACCOUNT_OPERATION" }])))
    }));
    let error = host(&standin).erase(ann()).expect_err("refused");
    assert!(
        error.class == ErrorClass::Permanent && error.message.contains("`person_accounts` in `related`"),
        "{error}"
    );
}
