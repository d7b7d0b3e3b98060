use jiff::Timestamp;

use super::*;
use crate::chain::Head;
use crate::erasure::ErasureId;
use crate::subject::TargetName;

fn rows(count: usize) -> Vec<AuditRow> {
    let mut rows: Vec<AuditRow> = Vec::new();
    for number in 0..count {
        let entry = AuditEntry::new(&Actor::cli("ann"), Act::RetryWork, Object::work(), ActResult::when(number > 0));
        let head = rows.last().map(AuditRow::head);
        rows.push(AuditRow::following(head.as_ref(), &entry.with("count", number as u64), Timestamp::UNIX_EPOCH));
    }
    rows
}

/// The same row with another text, beside the hash that it had.
fn changed(row: &AuditRow, from: &str, to: &str) -> AuditRow {
    assert!(row.text().contains(from), "{}", row.text());
    AuditRow::read(&row.text().replace(from, to), row.head().hash).expect("a row")
}

#[test]
fn a_row_says_who_ordered_what_and_what_came_of_it_as_canonical_json() {
    let entry = AuditEntry::new(
        &Actor::cli("ann"),
        Act::ApproveErasure,
        Object::erasure(ErasureId([7; 16])),
        ActResult::when(true),
    );
    let entry = entry.with_word("scope", "guest").with("count", u64::MAX).with("receipts", Detail::Numbers(vec![3, 4]));
    let row = AuditRow::following(None, &entry, Timestamp::UNIX_EPOCH);
    insta::assert_snapshot!(row.text(), @r#"{"act":"erasure.approve","actor":"cli:ann","at":"1970-01-01T00:00:00Z","details":{"count":9007199254740991,"receipts":[3,4],"scope":"guest"},"format":1,"object":"erasure:e-07070707070707070707070707070707","previous":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","result":"done","sequence":1}"#);
}

#[test]
fn every_act_is_found_by_its_name_and_documented() {
    let documented = include_str!("../../docs/audit.md");
    for act in Act::ALL {
        assert!(documented.contains(&format!("`{}`", act.as_str())), "docs/audit.md has no {}", act.as_str());
        assert_eq!(act.as_str().parse(), Ok(act));
    }
    assert!("erasure.undo".parse::<Act>().is_err());
}

#[test]
fn a_chain_verifies_from_its_beginning_and_from_a_row_that_is_known() {
    let rows = rows(4);
    let head = rows.last().map(AuditRow::head);
    assert_eq!(verify_chain(None, &rows), Ok(head.clone()));
    assert_eq!(verify_chain(Some(rows[1].head()), &rows[2..]), Ok(head.clone()));
    assert_eq!(verify_chain(None, &rows[2..]), Ok(head));
    assert_eq!(verify_chain(None, []), Ok(None));
}

#[test]
fn what_was_changed_taken_away_or_put_in_is_found() {
    let broken = |rows: &[AuditRow]| verify_chain(None, rows).expect_err("it is not the chain that was written");
    let whole = rows(4);
    let with = |at: usize, row: AuditRow| {
        let mut rows = whole.clone();
        rows[at] = row;
        rows
    };
    assert_eq!(broken(&with(1, changed(&whole[1], "cli:ann", "cli:eve"))), AuditBroken::Changed(2));
    assert_eq!(broken(&with(3, changed(&whole[3], r#""count":3"#, r#""count":4"#))), AuditBroken::Changed(4));
    assert_eq!(broken(&[&whole[..1], &whole[2..]].concat()), AuditBroken::Sequence { expected: 2, found: 3 });
    assert_eq!(broken(&[&whole[1..2], &whole[..1]].concat()), AuditBroken::Sequence { expected: 3, found: 1 });
    // Written anew with a hash that is its own, a row is no longer the one that the next names.
    let entry = AuditEntry::new(&Actor::cli("eve"), Act::RetryWork, Object::work(), ActResult::Done);
    let anew = AuditRow::following(Some(&whole[0].head()), &entry, Timestamp::UNIX_EPOCH);
    assert_eq!(broken(&with(1, anew)), AuditBroken::Link(3));
    let first = AuditRow::following(Some(&Head { sequence: 0, hash: "0".repeat(64) }), &entry, Timestamp::UNIX_EPOCH);
    assert_eq!(broken(&[first]), AuditBroken::Link(1));
}

#[test]
fn what_is_exported_reads_back_and_verifies() {
    let rows = rows(2);
    let text = serde_json::to_string(&rows).expect("JSON");
    let read: Vec<AuditRow> = serde_json::from_str(&text).expect("rows");
    assert_eq!(read, rows);
    assert_eq!(verify_chain(None, &read), Ok(rows.last().map(AuditRow::head)));
    assert!(serde_json::from_str::<AuditRow>(r#"{"entry":{"format":2},"hash":""}"#).is_err());
}

#[test]
fn an_object_has_a_kind_and_a_name() {
    assert_eq!(Object::target(&TargetName("crm".into())).as_str(), "target:crm");
    assert_eq!(Object::quarantined(7).to_string(), "quarantine:7");
}

#[test]
fn two_people_are_told_apart_only_where_the_system_does() {
    let apart = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|name| Actor::named(name.to_owned()));
        let both = (one.apart_from(&other), other.apart_from(&one));
        assert_eq!(both.0, both.1, "{one} {other}");
        both.0
    };
    let where_account = |name: &str| Apart::WhereAccount(Some(name.parse().expect("a name")));
    for (one, other, expected) in [
        ("cli:ann", "cli:bob", Apart::Two),
        ("cli:root (sudo: ann)", "cli:root (sudo: bob)", Apart::Two),
        ("cli:root", "cli:bob", Apart::Two),
        ("cli:ann", "cli:ann", Apart::One),
        ("cli:Ann", "cli:ann", Apart::One),
        ("cli:ann", "admin:ann", Apart::One),
        ("cli:ann", "cli:root (sudo: ann)", Apart::One),
        // Ann may be that root.
        ("cli:root", "cli:root (sudo: ann)", Apart::One),
        ("cli:quietus", "cli:bob", Apart::One),
        ("cli:quietus", "cli:root (sudo: bob)", Apart::One),
        ("user:ann", "user:bob", Apart::Two),
        ("user:ann", "token:bob/0123456789ab", Apart::Two),
        ("user:ann", "token:ann/0123456789ab", Apart::One),
        ("token:ann/0123456789ab", "token:ann/ba9876543210", Apart::One),
        // One person may have both, under two names.
        ("cli:bob", "user:ann", where_account("bob")),
        ("cli:Bob", "token:ann/0123456789ab", where_account("bob")),
        ("cli:root (sudo: bob)", "user:ann", where_account("bob")),
        ("cli:ANN", "user:ann", Apart::One),
        ("cli:root (sudo: ann)", "token:ann/0123456789ab", Apart::One),
        ("cli:root", "user:ann", Apart::WhereAccount(None)),
        ("cli:root (sudo: root)", "user:ann", Apart::WhereAccount(None)),
        ("cli:Root", "user:ann", Apart::WhereAccount(None)),
        ("cli:quietus", "token:ann/0123456789ab", Apart::WhereAccount(None)),
        ("cli:uid:1000", "user:ann", Apart::WhereAccount(None)),
        ("cli:ann$", "user:ann", Apart::WhereAccount(None)),
        // Nobody knows who that is.
        ("cli:root (sudo: ann)", "user:root", Apart::One),
        ("server:retention", "user:ann", Apart::Two),
    ] {
        assert_eq!(apart(one, other), expected, "{one} {other}");
    }
}

#[test]
fn nothing_shows_who_has_become_an_account_that_is_nobodys() {
    for (name, expected) in [
        ("cli:root", true),
        ("cli:Root", true),
        ("cli:quietus", true),
        ("cli:root (sudo: root)", true),
        ("cli:root (sudo: ann)", false),
        ("cli:ann", false),
        ("cli:uid:1000", false),
        ("user:root", false),
        ("server:retention", false),
    ] {
        assert_eq!(Actor::named(name.to_owned()).is_nobodys(), expected, "{name}");
    }
}

#[test]
fn who_came_by_an_account_is_read_back() {
    let (ann, token) = ("ann".parse().expect("a name"), "0123456789ab".parse().expect("an id"));
    let of_token = Actor::token(&ann, &token);
    assert_eq!(of_token.as_str(), "token:ann/0123456789ab");
    assert_eq!(of_token.came_by(), Some((ann.clone(), Some(token))));
    assert_eq!(Actor::user(&ann).came_by(), Some((ann, None)));
    assert_eq!(Actor::cli("ann").came_by(), None);
}

#[test]
fn acts_on_accounts_are_told_from_others_by_their_words() {
    let of = |act: Act| is_of_accounts(act.as_str());
    assert!(of(Act::AddAccount) && of(Act::RefuseSignIn) && of(Act::IssueToken) && of(Act::RevokeToken));
    assert!(!of(Act::RequestErasure) && !of(Act::RunRequest));
}
