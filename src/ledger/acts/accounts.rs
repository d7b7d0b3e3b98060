//! What is written of orders on accounts, tokens and sessions. A name that no account has may be anything that somebody has typed, even a
//! password, so it is not written.

use crate::access::{AccountChange, AccountName, NewAccount, NewToken, Token, TokenId};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};

fn on_account(by: &Actor, act: Act, name: Option<&AccountName>, changed: bool) -> AuditEntry {
    AuditEntry::new(by, act, name.map_or_else(Object::accounts, Object::account), ActResult::when(changed))
}

/// The name of an account that was to be added is there in either case.
pub(in crate::ledger) fn added(by: &Actor, new: &NewAccount, added: bool) -> AuditEntry {
    let entry = on_account(by, Act::AddAccount, Some(&new.name), added);
    if !added {
        return entry;
    }
    entry.with_word("roles", &new.roles).with_word("companies", &new.companies)
}

pub(in crate::ledger) fn changed(by: &Actor, name: Option<&AccountName>, change: &AccountChange) -> AuditEntry {
    let mut entry = on_account(by, Act::ChangeAccount, name, name.is_some());
    if let Some(roles) = &change.roles {
        entry = entry.with_word("roles", roles);
    }
    if let Some(companies) = &change.companies {
        entry = entry.with_word("companies", companies);
    }
    entry
}

/// With how many sessions that has ended.
pub(in crate::ledger) fn password(by: &Actor, name: Option<&AccountName>, changed: bool, ended: u64) -> AuditEntry {
    on_account(by, Act::SetPassword, name, changed).with("sessions", ended)
}

/// The same.
pub(in crate::ledger) fn disabled(by: &Actor, name: Option<&AccountName>, changed: bool, ended: u64) -> AuditEntry {
    on_account(by, Act::DisableAccount, name, changed).with("sessions", ended)
}

/// All accounts of a ledger that is older than it was.
pub(in crate::ledger) fn suspended(by: &Actor, accounts: u64, ended: u64) -> AuditEntry {
    on_account(by, Act::DisableAccount, None, accounts > 0).with("accounts", accounts).with("sessions", ended)
}

pub(in crate::ledger) fn enabled(by: &Actor, name: Option<&AccountName>, changed: bool) -> AuditEntry {
    on_account(by, Act::EnableAccount, name, changed)
}

/// What it is for is in somebody's own words, and is not written.
pub(in crate::ledger) fn token_issued(by: &Actor, new: &NewToken, issued: bool) -> AuditEntry {
    if !issued {
        return on_account(by, Act::IssueToken, None, false);
    }
    on_account(by, Act::IssueToken, Some(&new.account), true)
        .with_word("token", &new.id)
        .with_word("roles", &new.roles)
        .with_word("companies", &new.companies)
        .with_word("expires", new.expires)
}

pub(in crate::ledger) fn token_revoked(by: &Actor, token: Option<&Token>) -> AuditEntry {
    let entry = on_account(by, Act::RevokeToken, token.map(|token| &token.account), token.is_some());
    match token {
        Some(token) => entry.with_word("token", &token.id),
        None => entry,
    }
}

/// Its account is there: a password of it was verified just before.
pub(in crate::ledger) fn signed_in(by: &Actor, account: &AccountName, id: &TokenId, done: bool) -> AuditEntry {
    let entry = on_account(by, Act::SignIn, Some(account), done);
    if done { entry.with_word("session", id) } else { entry }
}

pub(in crate::ledger) fn signed_out(by: &Actor, account: Option<&AccountName>, id: &TokenId) -> AuditEntry {
    let entry = on_account(by, Act::SignOut, account, account.is_some());
    if account.is_some() { entry.with_word("session", id) } else { entry }
}

/// All sessions of an account.
pub(in crate::ledger) fn signed_out_everywhere(by: &Actor, account: Option<&AccountName>, ended: u64) -> AuditEntry {
    on_account(by, Act::SignOut, account, ended > 0).with("sessions", ended)
}
