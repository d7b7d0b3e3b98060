//! Accounts: who may use the admin API and the pages, and who signs in. Accounts, roles and tokens are given by whoever may run commands on
//! the ledger, and on the pages by operators, within bounds (`giving`); everybody changes their own password and ends their own sessions.

mod giving;
mod hashing;
mod identity;
mod session;
mod somebody_else;
mod tokens;

pub(crate) use giving::{
    AccountOrder, Given, carry_out, may_be_repeated, must_be_as_ordered, must_be_done_by, must_be_let, note_asked,
    ordered_on, renews_password, takes_two,
};
pub(crate) use identity::{ByWhat, Identity, by_token};
pub(crate) use session::{
    SignInLimits, SignInRefused, SignedIn, by_session, change_password, choose_password, end_own, sessions,
    show_own_password, sign_in, sign_out, sign_out_everywhere,
};
pub(crate) use somebody_else::{Asker, Passwords, why_not};
pub(crate) use tokens::{IssuedToken, TokenRequest, issue_token, revoke_token, tokens};

use super::{InputError, OperationError, Operations};
use crate::access::{
    Account, AccountChange, AccountName, Companies, LoginSession, NewAccount, PasswordHash, Roles, Token, one_line,
    one_time_password,
};
use crate::audit::Actor;
use crate::keys::Secret;
use crate::subject::InstallationName;

/// An account as somebody asks for it.
pub(crate) struct AccountRequest {
    pub(crate) name: AccountName,
    pub(crate) shown_as: String,
    pub(crate) roles: Roles,
    /// None for all, also those that come later. A company may be named by one of its sources.
    pub(crate) companies: Vec<InstallationName>,
    /// Without one nobody signs in; its tokens work.
    pub(crate) password: Option<Secret>,
}

/// What is to be another; the rest stays.
pub(crate) struct ChangeRequest {
    pub(crate) shown_as: Option<String>,
    pub(crate) roles: Option<Roles>,
    pub(crate) companies: Option<CompaniesRequest>,
}

/// Which companies an account may see from now on.
pub(crate) enum CompaniesRequest {
    All,
    Only(Vec<InstallationName>),
}

/// An account with what is carried of it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) account: Account,
    pub(crate) tokens: Vec<Token>,
    /// The newest first.
    pub(crate) sessions: Vec<LoginSession>,
}

/// Gives somebody an account.
pub(crate) async fn add(on: &Operations, request: AccountRequest, by: &Actor) -> Result<(), OperationError> {
    let AccountRequest { name, shown_as, roles, companies, password } = request;
    let shown_as = one_line(&shown_as).map_err(InputError::ShownAs)?;
    let companies = known(on, companies)?;
    // Said before a password is hashed for nothing; who comes at the same moment is told below.
    must_be_free(on, &name).await?;
    let password = match password {
        Some(password) => Some(hash(&password, &name).await?),
        None => None,
    };
    let new = NewAccount { name, shown_as, roles, companies, password };
    if on.ledger.add_account(&new, by).await? { Ok(()) } else { Err(taken(&new.name)) }
}

async fn must_be_free(on: &Operations, name: &AccountName) -> Result<(), OperationError> {
    match on.ledger.account(name).await? {
        None => Ok(()),
        Some(_) => Err(taken(name)),
    }
}

/// Gives an account other roles, companies or another name to show: from the next thing on that it asks for, also by its sessions and tokens.
pub(crate) async fn change(
    on: &Operations,
    name: &AccountName,
    request: ChangeRequest,
    by: &Actor,
) -> Result<(), OperationError> {
    let change = checked(on, request)?;
    change_as(on, name, &change, by).await
}

/// What is wrong with it, before anything is done of it.
fn checked(on: &Operations, request: ChangeRequest) -> Result<AccountChange, InputError> {
    let shown_as = request.shown_as.map(|text| one_line(&text).map_err(InputError::ShownAs)).transpose()?;
    let companies = match request.companies {
        Some(CompaniesRequest::Only(names)) => Some(known(on, names)?),
        Some(CompaniesRequest::All) => Some(Companies::All),
        None => None,
    };
    Ok(AccountChange { shown_as, roles: request.roles, companies })
}

async fn change_as(
    on: &Operations,
    name: &AccountName,
    change: &AccountChange,
    by: &Actor,
) -> Result<(), OperationError> {
    if on.ledger.change_account(name, change, by).await? { Ok(()) } else { Err(unknown(name)) }
}

pub(crate) async fn list(on: &Operations) -> Result<Vec<Account>, OperationError> {
    Ok(on.ledger.accounts().await?)
}

pub(crate) async fn show(on: &Operations, name: &AccountName) -> Result<Shown, OperationError> {
    let stored = on.ledger.account(name).await?.ok_or_else(|| unknown(name))?;
    let tokens = on.ledger.tokens(Some(name)).await?;
    let sessions = on.ledger.account_sessions(name).await?;
    Ok(Shown { account: stored.account, tokens, sessions })
}

/// Gives an account another password, whatever it was, and ends its sessions.
pub(crate) async fn set_password(
    on: &Operations,
    name: &AccountName,
    password: &Secret,
    by: &Actor,
) -> Result<(), OperationError> {
    if on.ledger.account(name).await?.is_none() {
        return Err(unknown(name));
    }
    let hash = hash(password, name).await?;
    if on.ledger.set_password(name, &hash, None, by).await? { Ok(()) } else { Err(unknown(name)) }
}

/// Gives an account a one-time password, and ends its sessions. Nobody signs in with it: its person chooses one of their own by it.
pub(crate) async fn give_one_time_password(
    on: &Operations,
    name: &AccountName,
    by: &Actor,
) -> Result<Secret, OperationError> {
    if on.ledger.account(name).await?.is_none() {
        return Err(unknown(name));
    }
    let (password, hash) = one_time().await?;
    if on.ledger.set_password(name, &hash, None, by).await? { Ok(password) } else { Err(unknown(name)) }
}

/// A one-time password, with what is kept of it.
async fn one_time() -> Result<(Secret, PasswordHash), OperationError> {
    let password = one_time_password();
    let hash = hashing::in_turn(true, || PasswordHash::of_one_time(&password)).await;
    Ok((password, hash.map_err(hashing::Busy::into_error)?))
}

/// Ends the sessions of an account, and takes nothing of it from now on, its tokens neither.
pub(crate) async fn disable(on: &Operations, name: &AccountName, by: &Actor) -> Result<(), OperationError> {
    let disabled = on.ledger.disable_account(name, by).await?;
    changed(on, name, disabled, "is disabled already").await
}

/// Takes what comes of it again; its tokens are good again until they expire.
pub(crate) async fn enable(on: &Operations, name: &AccountName, by: &Actor) -> Result<(), OperationError> {
    let enabled = on.ledger.enable_account(name, by).await?;
    changed(on, name, enabled, "is not disabled").await
}

/// Ends all sessions of an account; returns how many there were.
pub(crate) async fn end_sessions(on: &Operations, name: &AccountName, by: &Actor) -> Result<u64, OperationError> {
    if on.ledger.account(name).await?.is_none() {
        return Err(unknown(name));
    }
    Ok(on.ledger.end_sessions(name, by).await?)
}

async fn changed(on: &Operations, name: &AccountName, changed: bool, is: &str) -> Result<(), OperationError> {
    if changed {
        return Ok(());
    }
    match on.ledger.account(name).await? {
        Some(_) => Err(OperationError::Conflict(format!("the account {name} {is}"))),
        None => Err(unknown(name)),
    }
}

/// The companies by their own names; all where none is named.
fn known(on: &Operations, names: Vec<InstallationName>) -> Result<Companies, InputError> {
    let known: Result<Vec<_>, _> =
        names.iter().map(|name| on.settings.installation(name).map(|known| known.name.clone())).collect();
    Ok(Companies::named(known?))
}

/// Of somebody who has shown who they are, or who may run commands.
async fn hash(password: &Secret, of: &AccountName) -> Result<PasswordHash, OperationError> {
    PasswordHash::must_be_fine(password, of).map_err(InputError::Password)?;
    let hash =
        hashing::in_turn(true, || PasswordHash::of_new(password, of)).await.map_err(hashing::Busy::into_error)?;
    Ok(hash.map_err(InputError::Password)?)
}

fn taken(name: &AccountName) -> OperationError {
    OperationError::Conflict(format!("there is an account {name}"))
}

fn unknown(name: &AccountName) -> OperationError {
    OperationError::NotFound(format!("there is no account {name}"))
}

#[cfg(test)]
mod tests;
