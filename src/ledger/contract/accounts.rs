//! Who may use the admin API and the pages.

use std::time::Duration;

use tokio::task::JoinSet;

use super::audit::audited;
use super::fixtures::*;
use crate::access::{
    AccountChange, AccountName, Bearer, BearerKind, Browser, Companies, NewAccount, NewToken, PasswordHash, Role,
    Roles, SESSION_MAX, TokenId,
};
use crate::audit::Actor;
use crate::ledger::{NewSession, OwnPassword};

fn name(text: &str) -> AccountName {
    text.parse().expect("a name")
}

/// What is kept of a password; which one does not matter here.
fn password(mark: &str) -> PasswordHash {
    PasswordHash::kept(mark).expect("a text")
}

fn officer(text: &str) -> NewAccount {
    NewAccount {
        name: name(text),
        shown_as: "Anna Nováková".into(),
        roles: Roles::of([Role::Officer, Role::Approver]).expect("roles"),
        companies: Companies::named([installation()]),
        password: Some(password("first")),
    }
}

fn session_of(account: &str, lasts: Duration) -> NewSession {
    let Bearer { id, hash, .. } = Bearer::generate(BearerKind::Session);
    NewSession { id, hash, account: name(account), browser: Some(Browser::Firefox), lasts }
}

fn token_of(account: &str, hours: i64) -> NewToken {
    let Bearer { id, hash, .. } = Bearer::generate(BearerKind::Token);
    NewToken {
        id,
        hash,
        account: name(account),
        roles: Roles::of([Role::Officer]).expect("roles"),
        companies: Companies::All,
        purpose: "the data warehouse".into(),
        expires: in_hours(hours),
    }
}

/// An account with a session and a token.
pub(super) async fn one_that_is_used(ledger: &Shared, text: &str) -> (TokenId, TokenId) {
    assert!(ledger.add_account(&officer(text), &by()).await.expect("added"));
    let session = session_of(text, SESSION_MAX);
    let token = token_of(text, 1);
    assert!(ledger.add_session(&session, &password("first"), &Actor::user(&name(text))).await.expect("begun"));
    assert!(ledger.add_token(&token, &by()).await.expect("issued"));
    (session.id, token.id)
}

/// The act, object, result and details of each row of the audit.
async fn said(ledger: &Shared) -> Vec<String> {
    let rows = audited(ledger).await;
    let said = rows.iter().map(|row| {
        let said = &row.statement;
        let details: Vec<_> = said.details.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{} {} {}{}", said.act, said.object, said.result, details.concat())
    });
    said.collect()
}

pub(crate) async fn an_account_is_added_changed_and_disabled_and_each_order_leaves_a_row(ledger: Shared) {
    let ann = name("ann");
    assert!(ledger.account(&ann).await.expect("read").is_none() && ledger.accounts().await.expect("read").is_empty());
    assert!(ledger.add_account(&officer("ann"), &by()).await.expect("added"));
    let other = NewAccount { password: None, companies: Companies::All, shown_as: "Eva".into(), ..officer("ann") };
    assert!(!ledger.add_account(&other, &by()).await.expect("answered"), "the name is taken");
    let added = ledger.account(&ann).await.expect("read").expect("is there");
    assert_eq!((&*added.account.shown_as, &added.password), ("Anna Nováková", &Some(password("first"))));
    assert_eq!(added.account.companies, Companies::named([installation()]));
    assert_eq!((added.account.password_changed, added.account.disabled), (Some(added.account.created), None));
    assert!(ledger.add_account(&NewAccount { name: name("aa"), ..other }, &by()).await.expect("added"));
    let all = ledger.accounts().await.expect("read");
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["aa", "ann"]);
    assert_eq!(all[0].password_changed, None);

    let roles = Roles::of([Role::Operator]);
    let change = AccountChange { roles: roles.clone(), companies: Some(Companies::All), shown_as: None };
    assert!(ledger.change_account(&ann, &change, &by()).await.expect("changed"));
    assert!(!ledger.change_account(&name("hunter2"), &change, &by()).await.expect("answered"));
    let changed = ledger.account(&ann).await.expect("read").expect("is there").account;
    assert_eq!((Some(&changed.roles), &changed.companies), (roles.as_ref(), &Companies::All));
    assert_eq!((changed.shown_as, changed.created), (added.account.shown_as, added.account.created));

    for expected in [true, false] {
        assert_eq!(ledger.disable_account(&ann, &by()).await.expect("answered"), expected);
    }
    assert!(ledger.account(&ann).await.expect("read").expect("is there").account.disabled.is_some());
    for expected in [true, false] {
        assert_eq!(ledger.enable_account(&ann, &by()).await.expect("answered"), expected);
    }
    assert_eq!(ledger.account(&ann).await.expect("read").expect("is there").account.disabled, None);
    assert!(!ledger.disable_account(&name("hunter2"), &by()).await.expect("answered"));
    assert!(!ledger.enable_account(&name("hunter2"), &by()).await.expect("answered"));
    assert!(!ledger.set_password(&name("hunter2"), &password("x"), None, &by()).await.expect("answered"));
    assert!(!ledger.add_token(&token_of("hunter2", 1), &by()).await.expect("answered"));
    assert!(ledger.account(&ann).await.expect("read").expect("is there").password == Some(password("first")));

    let expected = [
        r#"account.add account:ann done companies="acme" roles="officer,approver""#,
        "account.add account:ann unchanged",
        r#"account.add account:aa done companies="all" roles="officer,approver""#,
        r#"account.change account:ann done companies="all" roles="operator""#,
        r#"account.change accounts unchanged companies="all" roles="operator""#,
        "account.disable account:ann done sessions=0",
        "account.disable account:ann unchanged sessions=0",
        "account.enable account:ann done",
        "account.enable account:ann unchanged",
        "account.disable accounts unchanged sessions=0",
        "account.enable accounts unchanged",
        "account.password accounts unchanged sessions=0",
        "token.issue accounts unchanged",
    ];
    assert_eq!(said(&ledger).await, expected);
}

pub(crate) async fn of_those_who_add_an_account_at_once_one_has(ledger: Shared) {
    let mut adding = JoinSet::new();
    for number in 0..8 {
        let ledger = ledger.clone();
        let new = NewAccount { shown_as: format!("number {number}"), ..officer("ann") };
        adding.spawn(async move { ledger.add_account(&new, &by()).await.expect("answered") });
    }
    assert_eq!(adding.join_all().await.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(ledger.accounts().await.expect("read").len(), 1);
    assert_eq!(audited(&ledger).await.len(), 8);
}

pub(crate) async fn a_session_begins_with_the_password_that_was_verified_and_ends_with_another(ledger: Shared) {
    let ann = name("ann");
    let own = Actor::user(&ann);
    assert!(ledger.add_account(&officer("ann"), &by()).await.expect("added"));
    let [first, second, third] = [(); 3].map(|()| session_of("ann", SESSION_MAX));
    assert!(!ledger.add_session(&first, &password("other"), &own).await.expect("answered"), "it was changed meanwhile");
    for session in [&first, &second] {
        assert!(ledger.add_session(session, &password("first"), &own).await.expect("begun"));
    }
    let found = ledger.account_session(&first.id).await.expect("read").expect("is there");
    assert!(found.hash == first.hash && found.hash != second.hash && !found.note);
    assert_eq!((&found.of.id, found.of.browser, &found.account.name), (&first.id, Some(Browser::Firefox), &ann));
    assert_eq!(found.of.created, found.of.seen);
    ledger.session_seen(&first.id).await.expect("noted");
    assert_eq!(ledger.account_session(&first.id).await.expect("read").expect("is there").of, found.of, "once a minute");
    assert_eq!(ledger.account_sessions(&ann).await.expect("read").len(), 2);
    assert!(ledger.account_sessions(&name("bob")).await.expect("read").is_empty());

    // By the password that was shown, in a session of the account that goes on.
    let shown =
        |mark: &str, session: &TokenId| OwnPassword { verified: password(mark), session: Some(session.clone()) };
    for refused in [shown("other", &first.id), shown("first", &third.id)] {
        assert!(!ledger.set_password(&ann, &password("second"), Some(&refused), &own).await.expect("answered"));
    }
    assert!(ledger.account_session(&second.id).await.expect("read").is_some(), "nothing has changed");
    let by_own = shown("first", &first.id);
    assert!(ledger.set_password(&ann, &password("second"), Some(&by_own), &own).await.expect("changed"));
    assert!(ledger.account_session(&second.id).await.expect("read").is_none());
    assert!(ledger.account_session(&first.id).await.expect("read").is_some());
    assert!(!ledger.add_session(&third, &password("first"), &own).await.expect("answered"));
    assert!(ledger.add_session(&third, &password("second"), &own).await.expect("begun"));
    for expected in [true, false] {
        assert_eq!(ledger.end_session(&third.id, &own).await.expect("answered"), expected);
    }
    assert!(ledger.account_session(&third.id).await.expect("read").is_none());
    assert_eq!(ledger.end_sessions(&ann, &own).await.expect("ended"), 1);
    assert_eq!(ledger.end_sessions(&name("hunter2"), &own).await.expect("answered"), 0);

    let fourth = session_of("ann", SESSION_MAX);
    assert!(ledger.add_session(&fourth, &password("second"), &own).await.expect("begun"));
    assert!(ledger.disable_account(&ann, &by()).await.expect("disabled"));
    assert!(ledger.account_session(&fourth.id).await.expect("read").is_none());
    assert!(!ledger.add_session(&session_of("ann", SESSION_MAX), &password("second"), &own).await.expect("answered"));
    let of_disabled = shown("second", &fourth.id);
    assert!(!ledger.set_password(&ann, &password("third"), Some(&of_disabled), &own).await.expect("answered"));
    let rows = said(&ledger).await;
    let expected = [
        r#"account.add account:ann done companies="acme" roles="officer,approver""#.to_owned(),
        "account.sign_in account:ann unchanged".to_owned(),
        format!(r#"account.sign_in account:ann done session="{}""#, first.id),
        format!(r#"account.sign_in account:ann done session="{}""#, second.id),
        "account.password account:ann unchanged sessions=0".to_owned(),
        "account.password account:ann unchanged sessions=0".to_owned(),
        "account.password account:ann done sessions=1".to_owned(),
        "account.sign_in account:ann unchanged".to_owned(),
        format!(r#"account.sign_in account:ann done session="{}""#, third.id),
        format!(r#"account.sign_out account:ann done session="{}""#, third.id),
        "account.sign_out accounts unchanged".to_owned(),
        "account.sign_out account:ann done sessions=1".to_owned(),
        "account.sign_out accounts unchanged sessions=0".to_owned(),
        format!(r#"account.sign_in account:ann done session="{}""#, fourth.id),
        "account.disable account:ann done sessions=1".to_owned(),
        "account.sign_in account:ann unchanged".to_owned(),
        "account.password account:ann unchanged sessions=0".to_owned(),
    ];
    assert_eq!(rows, expected);
}

pub(crate) async fn no_session_begins_with_a_one_time_password_and_it_is_changed_once(ledger: Shared) {
    let ann = name("ann");
    let own = Actor::user(&ann);
    assert!(ledger.add_account(&officer("ann"), &by()).await.expect("added"));
    let given = password("one-time a");
    let by_given = |given: &PasswordHash| OwnPassword { verified: given.clone(), session: None };
    // Without a session, nothing but a one-time password is changed by what was shown.
    let by_first = by_given(&password("first"));
    assert!(!ledger.set_password(&ann, &password("own"), Some(&by_first), &own).await.expect("answered"));
    assert!(ledger.set_password(&ann, &given, None, &by()).await.expect("given"));
    assert!(!ledger.add_session(&session_of("ann", SESSION_MAX), &given, &own).await.expect("answered"));
    let other = by_given(&password("one-time b"));
    assert!(!ledger.set_password(&ann, &password("own"), Some(&other), &own).await.expect("answered"));
    let by_given = by_given(&given);
    assert!(ledger.set_password(&ann, &password("own"), Some(&by_given), &own).await.expect("changed"));
    assert!(!ledger.set_password(&ann, &password("another"), Some(&by_given), &own).await.expect("answered"));
    assert!(ledger.add_session(&session_of("ann", SESSION_MAX), &password("own"), &own).await.expect("begun"));
}

pub(crate) async fn a_token_is_found_with_its_account_until_it_is_over_or_revoked(ledger: Shared) {
    let ann = name("ann");
    for text in ["ann", "bob"] {
        assert!(ledger.add_account(&officer(text), &by()).await.expect("added"));
    }
    let [good, over] = [1, -1].map(|hours| token_of("ann", hours));
    let of_bob = token_of("bob", 1);
    for token in [&good, &over, &of_bob] {
        assert!(ledger.add_token(token, &by()).await.expect("issued"));
    }
    let found = ledger.token(&good.id).await.expect("read").expect("is there");
    assert!(found.hash == good.hash && found.hash != over.hash && found.note, "nobody has used it yet");
    assert_eq!((&found.account.name, &found.account.roles), (&ann, &officer("ann").roles));
    assert_eq!((&found.of.roles, &*found.of.purpose), (&good.roles, "the data warehouse"));
    assert!(ledger.token(&over.id).await.expect("read").is_none(), "it is over");
    assert!(ledger.token(&token_of("ann", 1).id).await.expect("read").is_none(), "nobody has issued it");
    let listed = async |of: Option<&AccountName>| {
        ledger.tokens(of).await.expect("read").into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(Some(&ann)).await.len(), 2, "what is over is still shown");
    assert_eq!(listed(None).await.len(), 3);
    assert_eq!(listed(Some(&name("bob"))).await, std::slice::from_ref(&of_bob.id));

    ledger.token_used(&good.id).await.expect("noted");
    let used = ledger.token(&good.id).await.expect("read").expect("is there");
    assert!(used.of.last_used.is_some() && !used.note);
    ledger.token_used(&good.id).await.expect("noted");
    let again = ledger.token(&good.id).await.expect("read").expect("is there");
    assert_eq!(again.of.last_used, used.of.last_used, "once an hour");

    // Whoever asks decides what a disabled account's token is worth.
    assert!(ledger.disable_account(&ann, &by()).await.expect("disabled"));
    let found = ledger.token(&good.id).await.expect("read").expect("is there");
    assert!(found.account.disabled.is_some());
    for expected in [true, false] {
        assert_eq!(ledger.revoke_token(&good.id, &by()).await.expect("answered"), expected);
    }
    assert!(ledger.token(&good.id).await.expect("read").is_none());
    let rows = said(&ledger).await;
    let issued = format!(
        r#"token.issue account:ann done companies="all" expires="{}" roles="officer" token="{}""#,
        good.expires, good.id
    );
    assert_eq!(rows[2], issued);
    let revoked =
        [format!(r#"token.revoke account:ann done token="{}""#, good.id), "token.revoke accounts unchanged".to_owned()];
    assert_eq!(rows[rows.len() - 2..], revoked);
    assert!(rows.iter().all(|row| !row.contains("warehouse")), "somebody's own words");
}

pub(crate) async fn what_is_over_goes_with_maintenance(ledger: Shared) {
    let ann = name("ann");
    let (session, token) = one_that_is_used(&ledger, "ann").await;
    let over = session_of("ann", Duration::ZERO);
    assert!(ledger.add_session(&over, &password("first"), &Actor::user(&ann)).await.expect("begun"));
    assert!(ledger.account_session(&over.id).await.expect("read").is_none(), "it is over at once");
    // One that was over a moment ago, and one that was a month ago.
    let [lately, long_ago] = [-1, -31 * 24].map(|hours| token_of("ann", hours));
    for token in [&lately, &long_ago] {
        assert!(ledger.add_token(token, &by()).await.expect("issued"));
    }
    ledger.maintain(KEEP).await.expect("maintained");
    let left: Vec<_> = ledger.tokens(None).await.expect("read").into_iter().map(|token| token.id).collect();
    assert!(left.len() == 2 && left.contains(&token) && left.contains(&lately.id), "{left:?}");
    let left: Vec<_> = ledger.account_sessions(&ann).await.expect("read").into_iter().map(|one| one.id).collect();
    assert_eq!(left, std::slice::from_ref(&session));
    assert!(!ledger.end_session(&over.id, &by()).await.expect("answered"), "it is gone");
    assert_eq!(ledger.forget_sessions().await.expect("forgotten"), 1);
    assert!(ledger.account_session(&session).await.expect("read").is_none());
    assert!(ledger.token(&token).await.expect("read").is_some());

    // Of a ledger that is older than it was, nothing is good before somebody says so of each account.
    let again = session_of("ann", SESSION_MAX);
    assert!(ledger.add_session(&again, &password("first"), &Actor::user(&ann)).await.expect("begun"));
    assert!(ledger.add_account(&officer("bob"), &by()).await.expect("added"));
    assert!(ledger.disable_account(&name("bob"), &by()).await.expect("disabled"));
    for expected in [1, 0] {
        assert_eq!(ledger.suspend_accounts(&by()).await.expect("suspended"), expected);
    }
    assert!(ledger.account_session(&again.id).await.expect("read").is_none());
    let of_token = ledger.token(&token).await.expect("read").expect("it is still there");
    assert!(of_token.account.disabled.is_some());
    let rows = said(&ledger).await;
    let suspended = rows.iter().filter(|row| row.contains("account.disable accounts")).collect::<Vec<_>>();
    assert_eq!(suspended, ["account.disable accounts done accounts=1 sessions=1"]);
    assert!(ledger.enable_account(&ann, &by()).await.expect("enabled"));
    let of_token = ledger.token(&token).await.expect("read").expect("is there");
    assert!(of_token.account.disabled.is_none());
}

pub(crate) async fn a_session_ends_once_nothing_came_of_it_for_half_an_hour(
    ledger: Shared,
    sql: super::clock::Sql<'_>,
) {
    let (session, _) = one_that_is_used(&ledger, "ann").await;
    let minutes = |count: i64| count * 60_000;
    sql(&format!("UPDATE account_session SET seen = seen - {}", minutes(29)));
    let found = ledger.account_session(&session).await.expect("read").expect("it is not over");
    assert!(found.note);
    ledger.session_seen(&session).await.expect("noted");
    let seen = ledger.account_session(&session).await.expect("read").expect("it is not over").of.seen;
    assert!(seen > found.of.seen);
    sql(&format!("UPDATE account_session SET seen = seen - {}", minutes(30)));
    assert!(ledger.account_session(&session).await.expect("read").is_none());
    assert!(ledger.account_sessions(&name("ann")).await.expect("read").is_empty());
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(ledger.forget_sessions().await.expect("forgotten"), 0);
}

pub(crate) async fn what_is_changed_of_an_account_past_the_ledger_gives_nobody_anything(
    ledger: Shared,
    sql: super::clock::Sql<'_>,
) {
    let (session, token) = one_that_is_used(&ledger, "ann").await;
    let damaged = |error: crate::ledger::LedgerError| error.of_this_work().is_some();
    sql("UPDATE account_token SET roles = '[\"officer\",\"operator\"]'");
    assert!(ledger.token(&token).await.is_err_and(damaged));
    assert!(ledger.account_session(&session).await.expect("read").is_some(), "that is another row");
    sql("UPDATE account SET roles = '[\"officer\",\"operator\"]'");
    assert!(ledger.account(&name("ann")).await.is_err_and(damaged));
    assert!(ledger.account_session(&session).await.is_err_and(damaged));
}
