//! Who asks, as a token or a session says.

use crate::access::{Account, AccountName, Bearer, BearerHash, BearerKind, Companies, Roles, Token, TokenId};
use crate::audit::Actor;
use crate::ledger::LedgerError;
use crate::operations::{OperationError, Operations};

/// Somebody whom quietus knows, and what they may do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: AccountName,
    pub(crate) shown_as: String,
    /// Of a token: no more than its account has.
    pub(crate) roles: Roles,
    pub(crate) companies: Companies,
    pub(crate) by: ByWhat,
}

/// What was carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ByWhat {
    Session(TokenId),
    Token(TokenId),
}

impl Identity {
    /// Who it is, for the audit. A token is its account, so that it approves nothing that its account has asked for.
    pub(crate) fn actor(&self) -> Actor {
        match &self.by {
            ByWhat::Session(_) => Actor::user(&self.account),
            ByWhat::Token(id) => Actor::token(&self.account, id),
        }
    }

    /// All that an account may.
    pub(super) fn of(account: Account, by: ByWhat) -> Self {
        let Account { name, shown_as, roles, companies, .. } = account;
        Self { account: name, shown_as, roles, companies, by }
    }

    /// What a token may of what its account may now; `None` where that is nothing.
    fn of_token(account: Account, token: Token) -> Option<Self> {
        let roles = token.roles.within(&account.roles)?;
        let companies = token.companies.within(&account.companies)?;
        Some(Self { roles, companies, ..Self::of(account, ByWhat::Token(token.id)) })
    }
}

/// Whose token this is; `None` of one that is not there, is over or was revoked, whose account is disabled, or which may nothing any more.
pub(crate) async fn by_token(on: &Operations, text: &str) -> Result<Option<Identity>, OperationError> {
    let Some((id, hash)) = Bearer::read(BearerKind::Token, text) else { return Ok(None) };
    let Some(found) = on.ledger.token(&id).await? else { return Ok(None) };
    if !is_good(&found.account, &found.hash, &hash) {
        return Ok(None);
    }
    if found.note {
        noted(on.ledger.token_used(&id).await)?;
    }
    Ok(Identity::of_token(found.account, found.of))
}

/// Whether what is carried is what was given, and its account may do anything.
pub(super) fn is_good(account: &Account, kept: &BearerHash, carried: &BearerHash) -> bool {
    kept == carried && account.disabled.is_none()
}

/// That something was used need not be written where the ledger takes nothing just now: whoever looks what is wrong must not be kept out.
pub(super) fn noted(written: Result<(), LedgerError>) -> Result<(), LedgerError> {
    match written {
        Err(LedgerError::Busy(error)) => {
            tracing::debug!(error = format!("{error:#}"), "it is not noted that it is used");
            Ok(())
        }
        other => other,
    }
}
