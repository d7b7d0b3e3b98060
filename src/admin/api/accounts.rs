//! Who has an account, and which tokens there are. They are given and taken by command, and on the pages by who shows their own password:
//! a token has none to show.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::{self, Companies, Roles};
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, SeeAccounts};
use crate::admin::given::Nothing;
use crate::admin::state::Admin;
use crate::operations::accounts;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/accounts",
            get_with(list, |op| op.id("list_accounts").summary("List who has an account, and what each may do")),
        )
        .api_route(
            "/api/v1/tokens",
            get_with(tokens, |op| op.id("list_tokens").summary("List which tokens there are; no token is shown again")),
        )
}

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
struct Account {
    name: String,
    shown_as: String,
    roles: Vec<String>,
    /// Those that it may see; missing where it may see all.
    #[serde(skip_serializing_if = "Option::is_none")]
    companies: Option<Vec<String>>,
    #[schemars(with = "String")]
    created: Timestamp,
    /// Since when it may do nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    disabled: Option<Timestamp>,
    /// Missing where it has no password: nobody signs in with it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    password_changed: Option<Timestamp>,
}

impl From<access::Account> for Account {
    fn from(account: access::Account) -> Self {
        Self {
            name: account.name.to_string(),
            shown_as: account.shown_as,
            roles: words(&account.roles),
            companies: names(&account.companies),
            created: account.created,
            disabled: account.disabled,
            password_changed: account.password_changed,
        }
    }
}

/// A token of an account, without what is secret of it.
#[derive(Debug, Serialize, JsonSchema)]
struct Token {
    id: String,
    account: String,
    /// No more of them than its account has now.
    roles: Vec<String>,
    /// Those that it may see; missing where it may see all.
    #[serde(skip_serializing_if = "Option::is_none")]
    companies: Option<Vec<String>>,
    /// What it is for, in the words of who has issued it.
    purpose: String,
    #[schemars(with = "String")]
    issued: Timestamp,
    /// It is listed for a month after that.
    #[schemars(with = "String")]
    expires: Timestamp,
    /// To the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    last_used: Option<Timestamp>,
}

impl From<access::Token> for Token {
    fn from(token: access::Token) -> Self {
        Self {
            id: token.id.to_string(),
            account: token.account.to_string(),
            roles: words(&token.roles),
            companies: names(&token.companies),
            purpose: token.purpose,
            issued: token.issued,
            expires: token.expires,
            last_used: token.last_used,
        }
    }
}

fn words(roles: &Roles) -> Vec<String> {
    roles.iter().map(|role| role.to_string()).collect()
}

fn names(companies: &Companies) -> Option<Vec<String>> {
    match companies {
        Companies::All => None,
        Companies::Only(these) => Some(these.iter().map(ToString::to_string).collect()),
    }
}

async fn list(by: By<SeeAccounts>, _: Nothing) -> Answer<Page<Account>> {
    by.sees_all()?;
    let all = accounts::list(&by.on).await?;
    Ok(Done(Page { items: all.into_iter().map(Account::from).collect(), next: None }))
}

async fn tokens(by: By<SeeAccounts>, _: Nothing) -> Answer<Page<Token>> {
    by.sees_all()?;
    let all = accounts::tokens(&by.on, None).await?;
    Ok(Done(Page { items: all.into_iter().map(Token::from).collect(), next: None }))
}
