//! What operators order of accounts and tokens on the pages, and what they may not. Who runs commands on the ledger could do anything with it
//! anyway; an operator with a browser could not, and gives nobody more by this, neither themself nor somebody whom they pass for:
//!
//! - Nobody changes their own account, nor has another operator do it for them. So an operator is always left: whoever orders it.
//! - What makes an officer or an approver, or lets somebody act as one, takes two operators who are surely two people, as an approval does.
//!   An account that is there is given another password by it: an operator may have its password, or be signed in as it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::identity::Identity;
use super::somebody_else::{Asker, why_not};
use super::{
    AccountRequest, ChangeRequest, CompaniesRequest, IssuedToken, TokenRequest, add, change_as, checked, disable,
    enable, end_sessions, give_one_time_password, issue_token, must_be_free, one_time, revoke_token, unknown,
};
use crate::access::{Account, AccountName, Companies, Permission, Role, Roles, TOKEN_MAX, TokenId, one_line};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::keys::Secret;
use crate::operations::{InputError, OperationError, Operations};
use crate::subject::InstallationName;

const DAY_S: u64 = 24 * 60 * 60;

/// What is ordered of an account. A company may be named by one of its sources; none is named for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AccountOrder {
    /// With a one-time password.
    Add {
        name: AccountName,
        shown_as: String,
        roles: Roles,
        companies: Vec<InstallationName>,
    },
    Change {
        name: AccountName,
        shown_as: String,
        roles: Roles,
        companies: Vec<InstallationName>,
    },
    Password {
        name: AccountName,
    },
    Enable {
        name: AccountName,
    },
    Disable {
        name: AccountName,
    },
    SignOut {
        name: AccountName,
    },
    IssueToken {
        name: AccountName,
        roles: Roles,
        companies: Vec<InstallationName>,
        purpose: String,
        days: u16,
    },
    RevokeToken {
        name: AccountName,
        id: String,
    },
}

/// What was done.
#[derive(Debug)]
pub(crate) enum Given {
    Nothing,
    /// A one-time password, which nobody can show again.
    Password(Secret),
    Token(Box<IssuedToken>),
}

impl AccountOrder {
    /// On which account.
    pub(crate) fn account(&self) -> &AccountName {
        match self {
            Self::Add { name, .. }
            | Self::Change { name, .. }
            | Self::Password { name }
            | Self::Enable { name }
            | Self::Disable { name }
            | Self::SignOut { name }
            | Self::IssueToken { name, .. }
            | Self::RevokeToken { name, .. } => name,
        }
    }

    /// The word of it in the audit.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Change { .. } => "change",
            Self::Password { .. } => "password",
            Self::Enable { .. } => "enable",
            Self::Disable { .. } => "disable",
            Self::SignOut { .. } => "sign_out",
            Self::IssueToken { .. } => "token",
            Self::RevokeToken { .. } => "revoke",
        }
    }

    /// The roles that somebody has more by it, or acts with; `None` where it gives nothing to anybody.
    fn gives(&self, stored: Option<&Account>) -> Option<Roles> {
        match self {
            Self::Add { roles, .. } | Self::IssueToken { roles, .. } => Some(roles.clone()),
            Self::Change { roles, companies, .. } => {
                let stored = stored?;
                let wider = !Companies::named(companies.iter().cloned()).are_within(&stored.companies);
                let more = roles.iter().filter(|role| wider || !stored.roles.iter().any(|had| had == *role));
                Roles::of(more)
            }
            // Whoever has the password acts as the account, and so may whoever has known it before.
            Self::Password { .. } | Self::Enable { .. } => stored.map(|stored| stored.roles.clone()),
            Self::Disable { .. } | Self::SignOut { .. } | Self::RevokeToken { .. } => None,
        }
    }
}

/// Whether another operator has to have it done: it gives somebody the rights of an officer or of an approver.
pub(crate) async fn takes_two(on: &Operations, order: &AccountOrder) -> Result<bool, OperationError> {
    let stored = on.ledger.account(order.account()).await?.map(|stored| stored.account);
    let decides = |roles: Roles| roles.iter().any(|role| matches!(role, Role::Officer | Role::Approver));
    Ok(order.gives(stored.as_ref()).is_some_and(decides))
}

/// Whether the account is given another password by it: it comes to decide about people, and whoever has given it the password that it has,
/// or is signed in as it, would come to by that.
pub(crate) async fn renews_password(on: &Operations, order: &AccountOrder) -> Result<bool, OperationError> {
    let Some(stored) = on.ledger.account(order.account()).await? else { return Ok(false) };
    let makes_more = match order {
        AccountOrder::Change { .. } => true,
        AccountOrder::Enable { .. } => stored.account.disabled.is_some(),
        _ => false,
    };
    // Nobody is signed in where there is none.
    Ok(makes_more && stored.password.is_some() && takes_two(on, order).await?)
}

/// Refuses what nobody may order of their own account, and what the account is not there for.
pub(crate) async fn must_be_let(on: &Operations, order: &AccountOrder, by: &AccountName) -> Result<(), OperationError> {
    let name = order.account();
    // Taking something of one's own is no gain.
    let only_takes = matches!(order, AccountOrder::RevokeToken { .. });
    if name == by && !only_takes {
        return Err(OperationError::Conflict(format!(
            "nobody changes their own account, nor has it changed by somebody else: another operator orders it of {name}, or `quietus users`"
        )));
    }
    match order {
        AccountOrder::Add { name, shown_as, .. } => {
            one_line(shown_as).map_err(InputError::ShownAs)?;
            must_be_free(on, name).await
        }
        AccountOrder::IssueToken { purpose, days, .. } => {
            one_line(purpose).map_err(InputError::Purpose)?;
            let lasts = lasting(*days);
            if lasts.is_zero() || lasts > TOKEN_MAX {
                Err(InputError::TokenLasts.into())
            } else {
                must_be_there(on, name).await
            }
        }
        AccountOrder::Change { shown_as, .. } => {
            one_line(shown_as).map_err(InputError::ShownAs)?;
            must_be_there(on, name).await
        }
        _ => must_be_there(on, name).await,
    }
}

async fn must_be_there(on: &Operations, name: &AccountName) -> Result<(), OperationError> {
    on.ledger.account(name).await?.map(drop).ok_or_else(|| unknown(name))
}

fn lasting(days: u16) -> Duration {
    Duration::from_secs(u64::from(days) * DAY_S)
}

/// Writes down that somebody asks another operator to have it done.
pub(crate) async fn note_asked(on: &Operations, order: &AccountOrder, by: &Actor) -> Result<(), OperationError> {
    let entry = AuditEntry::new(by, Act::AskForAccount, Object::account(order.account()), ActResult::Done);
    Ok(on.ledger.note(entry.with_word("order", order.as_str())).await?)
}

/// Refuses whoever may not have it done that one operator has asked for: the same one may, or another one where it takes two.
pub(crate) async fn must_be_done_by(
    on: &Operations,
    order: &AccountOrder,
    by: &Identity,
    asked: &AccountName,
) -> Result<(), OperationError> {
    for who in [&by.account, asked] {
        must_be_let(on, order, who).await?;
    }
    if takes_two(on, order).await? { must_be_two(on, by, asked).await } else { Ok(()) }
}

/// What an order was given on, as a digest: what the account is called and may, and whether it is disabled, where the order does not say itself
/// all that it comes to; and since when whoever has asked for it has their password. Who has given them a later one says nothing of who asked.
pub(crate) async fn ordered_on(
    on: &Operations,
    order: &AccountOrder,
    asked: &AccountName,
) -> Result<String, OperationError> {
    let is_of_account =
        matches!(order, AccountOrder::Change { .. } | AccountOrder::Password { .. } | AccountOrder::Enable { .. });
    let stored = if is_of_account { on.ledger.account(order.account()).await? } else { None };
    let account = stored.map(|stored| {
        let Account { shown_as, roles, companies, disabled, .. } = stored.account;
        (shown_as, roles, companies, disabled.is_some())
    });
    let asker = on.ledger.account(asked).await?.map(|stored| stored.account.password_changed);
    let text = serde_json::to_vec(&(account, asker)).expect("names, words and times are JSON");
    Ok(hex::encode(Sha256::digest(text)))
}

/// Refuses an order on an account that is another by now, as whoever has it done would have something else done than was ordered and shown;
/// and one of somebody who has got another password since.
pub(crate) async fn must_be_as_ordered(
    on: &Operations,
    order: &AccountOrder,
    was: &str,
    asked: &AccountName,
) -> Result<(), OperationError> {
    if ordered_on(on, order, asked).await? == was {
        return Ok(());
    }
    let name = order.account();
    Err(OperationError::Conflict(format!(
        "the account {name}, or the password of {asked}, was changed after this was ordered: look at it, and order it anew"
    )))
}

/// Whether what has failed so can be ordered once more without being done twice: it was refused, or never came to its turn. Of anything else
/// nobody knows whether it is done.
pub(crate) fn may_be_repeated(error: &OperationError) -> bool {
    use OperationError::{Conflict, Input, NotFound, Unavailable};
    matches!(error, NotFound(_) | Conflict(_) | Input(_) | Unavailable(_))
}

/// Does what one operator has asked for, of an account that is still what it was.
pub(crate) async fn carry_out(
    on: &Operations,
    order: AccountOrder,
    was: &str,
    by: &Identity,
    asked: &AccountName,
) -> Result<Given, OperationError> {
    must_be_done_by(on, &order, by, asked).await?;
    must_be_as_ordered(on, &order, was, asked).await?;
    let renews = renews_password(on, &order).await?;
    let actor = by.actor();
    match order {
        AccountOrder::Add { name, shown_as, roles, companies } => {
            let request = AccountRequest { name: name.clone(), shown_as, roles, companies, password: None };
            add(on, request, &actor).await?;
            let password = give_one_time_password(on, &name, &actor).await;
            password.map(Given::Password).map_err(OperationError::after_the_act)
        }
        AccountOrder::Change { name, shown_as, roles, companies } => {
            let companies = match companies.is_empty() {
                true => CompaniesRequest::All,
                false => CompaniesRequest::Only(companies),
            };
            let request = ChangeRequest { shown_as: Some(shown_as), roles: Some(roles), companies: Some(companies) };
            // A company may have left the configuration since it was ordered: nobody loses a password by that.
            let change = checked(on, request)?;
            carried_out(on, renews, &name, &actor, change_as(on, &name, &change, &actor)).await
        }
        AccountOrder::Password { name } => give_one_time_password(on, &name, &actor).await.map(Given::Password),
        AccountOrder::Enable { name } => carried_out(on, renews, &name, &actor, enable(on, &name, &actor)).await,
        AccountOrder::Disable { name } => disable(on, &name, &actor).await.map(|()| Given::Nothing),
        AccountOrder::SignOut { name } => end_sessions(on, &name, &actor).await.map(|_| Given::Nothing),
        AccountOrder::IssueToken { name, roles, companies, purpose, days } => {
            let request = TokenRequest { account: name, roles, companies, purpose, lasts: lasting(days) };
            Ok(Given::Token(Box::new(issue_token(on, request, &actor).await?)))
        }
        AccountOrder::RevokeToken { name, id } => {
            let no_token = || OperationError::NotFound(format!("there is no such token of {name}"));
            let id: TokenId = id.parse().map_err(|_| no_token())?;
            let is_of_it = on.ledger.tokens(Some(&name)).await?.iter().any(|token| token.id == id);
            if !is_of_it {
                return Err(no_token());
            }
            revoke_token(on, &id, &actor).await.map(|()| Given::Nothing)
        }
    }
}

/// Does it; where the account gets another password by it, only once it has that one and its sessions have ended.
async fn carried_out(
    on: &Operations,
    renews: bool,
    name: &AccountName,
    by: &Actor,
    act: impl Future<Output = Result<(), OperationError>>,
) -> Result<Given, OperationError> {
    if !renews {
        return act.await.map(|()| Given::Nothing);
    }
    let (password, hash) = one_time().await?;
    if !on.ledger.set_password(name, &hash, None, by).await? {
        return Err(unknown(name));
    }
    act.await.map_err(|error| match error {
        OperationError::Conflict(why) => OperationError::Conflict(format!(
            "{why}; by this order it has got another password, which nobody knows, and its sessions have ended: give it a new one"
        )),
        other => other.after_the_act(),
    })?;
    // Until just now one operator alone could have given it yet another one.
    let after = OperationError::after_the_act;
    let stored = on.ledger.account(name).await.map_err(OperationError::from).map_err(after)?;
    if stored.and_then(|stored| stored.password) == Some(hash) {
        return Ok(Given::Password(password));
    }
    give_one_time_password(on, name, by).await.map(Given::Password).map_err(after)
}

/// Whether whoever has it done is another operator than who has asked for it, and neither can pass for the other.
async fn must_be_two(on: &Operations, by: &Identity, asked: &AccountName) -> Result<(), OperationError> {
    let refused = |why: String| Err(OperationError::Conflict(why));
    if by.account == *asked {
        return refused(
            "it gives somebody the rights of an officer or an approver: another operator has to have it done"
                .to_owned(),
        );
    }
    let asker = on.ledger.account(asked).await?.map(|stored| stored.account);
    let is_operator = |account: &Account| {
        account.disabled.is_none() && account.roles.allow(Permission::Accounts) && account.companies == Companies::All
    };
    if !asker.as_ref().is_some_and(is_operator) {
        return refused(format!("{asked}, who has asked for it, is no operator any more"));
    }
    // That they have the password still with which they have asked is looked at before anything is done ([`must_be_as_ordered`]).
    match why_not(on, &by.actor(), &[Asker::now(&Actor::user(asked))]).await? {
        Some(why) => refused(why.to_string()),
        None => Ok(()),
    }
}
