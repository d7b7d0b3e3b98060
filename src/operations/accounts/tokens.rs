//! API tokens: issued, listed, revoked.

use std::time::Duration;

use jiff::Timestamp;

use super::{known, unknown};
use crate::access::{AccountName, Bearer, BearerKind, Companies, NewToken, Roles, TOKEN_MAX, Token, TokenId, one_line};
use crate::audit::Actor;
use crate::keys::Secret;
use crate::operations::{InputError, OperationError, Operations};
use crate::subject::InstallationName;

/// A token as somebody asks for it.
pub(crate) struct TokenRequest {
    pub(crate) account: AccountName,
    /// Some of the account's.
    pub(crate) roles: Roles,
    /// Some of the account's; none for all that it may see now.
    pub(crate) companies: Vec<InstallationName>,
    /// What it is for.
    pub(crate) purpose: String,
    pub(crate) lasts: Duration,
}

/// A token that was issued.
#[derive(Debug)]
pub(crate) struct IssuedToken {
    pub(crate) token: NewToken,
    /// Nobody can show it again.
    pub(crate) secret: Secret,
}

/// Issues a token for an account, with no more than the account may.
pub(crate) async fn issue_token(
    on: &Operations,
    request: TokenRequest,
    by: &Actor,
) -> Result<IssuedToken, OperationError> {
    let TokenRequest { account, roles, companies, purpose, lasts } = request;
    let purpose = one_line(&purpose).map_err(InputError::Purpose)?;
    if lasts.is_zero() || lasts > TOKEN_MAX {
        return Err(InputError::TokenLasts.into());
    }
    let companies = known(on, companies)?;
    let of = on.ledger.account(&account).await?.ok_or_else(|| unknown(&account))?.account;
    if of.disabled.is_some() {
        return Err(OperationError::Conflict(format!("the account {account} is disabled")));
    }
    if !roles.are_within(&of.roles) {
        return Err(InputError::RolesBeyond { account: account.to_string(), roles: of.roles.to_string() }.into());
    }
    // Where none is named, those that the account may see now: where it may see more later, the token does not.
    let companies = if companies == Companies::All { of.companies.clone() } else { companies };
    if !companies.are_within(&of.companies) {
        let companies = of.companies.to_string();
        return Err(InputError::CompaniesBeyond { account: account.to_string(), companies }.into());
    }
    let Bearer { id, hash, text } = Bearer::generate(BearerKind::Token);
    let expires = ends(on.ledger.clock().await?.now, lasts)?;
    let token = NewToken { id, hash, account, roles, companies, purpose, expires };
    if on.ledger.add_token(&token, by).await? {
        Ok(IssuedToken { token, secret: text })
    } else {
        Err(unknown(&token.account))
    }
}

/// In whole seconds, as it is shown.
fn ends(now: Timestamp, lasts: Duration) -> Result<Timestamp, OperationError> {
    let ends = now.checked_add(lasts).and_then(|ends| Timestamp::from_second(ends.as_second()));
    ends.map_err(|error| OperationError::Failed(error.into()))
}

/// Ends a token at once.
pub(crate) async fn revoke_token(on: &Operations, id: &TokenId, by: &Actor) -> Result<(), OperationError> {
    if on.ledger.revoke_token(id, by).await? {
        return Ok(());
    }
    Err(OperationError::NotFound(format!("there is no token {id}; it may have been revoked")))
}

/// Those of one account, or all; also those that have expired, for a month.
pub(crate) async fn tokens(on: &Operations, of: Option<&AccountName>) -> Result<Vec<Token>, OperationError> {
    if let Some(name) = of
        && on.ledger.account(name).await?.is_none()
    {
        return Err(unknown(name));
    }
    Ok(on.ledger.tokens(of).await?)
}
