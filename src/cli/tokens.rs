//! `quietus tokens`: what programs use the admin API with.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::Timestamp;
use quietus_plugin::Span;
use serde_json::{Value, json};

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use crate::access::{AccountName, Companies, Role, Roles, TOKEN_DEFAULT, Token, TokenId};
use crate::operations::Operations;
use crate::operations::accounts::{self, IssuedToken, TokenRequest};
use crate::subject::InstallationName;

#[derive(clap::Subcommand)]
pub(super) enum Tokens {
    Issue(Issue),
    /// List tokens; those that have expired, for a month
    List {
        /// Only those of this account
        account: Option<AccountName>,
    },
    /// End a token at once
    Revoke {
        /// The twelve characters behind `qt_`, as `tokens list` shows them
        id: TokenId,
    },
}

/// Issue a token for an account; it is shown once
///
/// It may no more than its account: where the account loses a role or a company later, or is disabled, so does the token.
#[derive(clap::Args)]
pub(super) struct Issue {
    account: AccountName,
    /// One of the account's roles; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = roles())]
    roles: Vec<Role>,
    /// One of the account's companies; may be repeated [default: all that the account may see now]
    #[arg(long = "company", value_name = "NAME")]
    companies: Vec<String>,
    /// For how long it is good: at most a year
    #[arg(long, value_name = "SPAN", default_value_t = Span(TOKEN_DEFAULT))]
    expires: Span,
    /// What it is for, such as `data warehouse`; it may name nobody
    #[arg(long = "for", value_name = "TEXT")]
    purpose: String,
}

pub(super) fn roles() -> impl clap::builder::TypedValueParser<Value = Role> {
    let role = |name: String| Role::ALL.into_iter().find(|role| role.as_str() == name);
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(move |name| role(name).ok_or("unknown"))
}

pub(super) fn installations(names: Vec<String>) -> Vec<InstallationName> {
    names.into_iter().map(|name| InstallationName(name.into())).collect()
}

impl Tokens {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Issue(issue) => issue.run(on, out).await,
            Self::List { account } => {
                let all = accounts::tokens(on, account.as_ref()).await?;
                if out.is_json() {
                    out.json(&all.iter().map(as_json).collect::<Vec<_>>())?;
                } else {
                    table(&all, out)?;
                }
                Ok(Exit::Done)
            }
            Self::Revoke { id } => {
                accounts::revoke_token(on, &id, &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "done": true }))?;
                } else {
                    out.line("revoked")?;
                }
                Ok(Exit::Done)
            }
        }
    }
}

impl Issue {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let Self { account, roles, companies, expires, purpose } = self;
        let roles = Roles::of(roles).ok_or_else(|| Failure::Usage("name a role (--role)".to_owned()))?;
        let request = TokenRequest { account, roles, companies: installations(companies), purpose, lasts: expires.0 };
        let IssuedToken { token, secret } = accounts::issue_token(on, request, &actor()).await?;
        if out.is_json() {
            out.json(&json!({ "id": token.id, "token": secret.expose(), "expires": token.expires }))?;
            return Ok(Exit::Done);
        }
        out.note(format_args!(
            "it is good until {}, and shown this once: `quietus tokens revoke {}` ends it before",
            out::time(token.expires),
            token.id
        ));
        out.line(secret.expose())?;
        Ok(Exit::Done)
    }
}

pub(super) fn table(all: &[Token], out: &mut Out) -> std::io::Result<()> {
    let now = Timestamp::now();
    let row = |one: &Token| {
        let until = if one.expires <= now { "expired".to_owned() } else { out::date(one.expires) };
        let used = one.last_used.map_or_else(|| "-".to_owned(), out::date);
        [one.id.to_string(), one.account.to_string(), one.roles.to_string(), until, used, one.purpose.clone()]
    };
    out.table(["ID", "ACCOUNT", "ROLES", "UNTIL", "USED", "FOR"], all.iter().map(row))
}

pub(super) fn as_json(token: &Token) -> Value {
    json!({
        "id": token.id, "account": token.account, "roles": token.roles, "companies": companies(&token.companies),
        "for": token.purpose, "issued": token.issued, "expires": token.expires, "last_used": token.last_used,
    })
}

/// Those that may be seen; null for all.
pub(super) fn companies(companies: &Companies) -> Value {
    match companies {
        Companies::All => Value::Null,
        Companies::Only(names) => json!(names),
    }
}
