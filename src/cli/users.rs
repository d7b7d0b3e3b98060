//! `quietus users`: who may use the admin API and the pages.

use std::io::{self, IsTerminal as _};

use serde_json::{Value, json};

use super::context::actor;
use super::exit::{Exit, Failure};
use super::identity;
use super::out::{self, Out};
use super::tokens::{self, installations, roles};
use crate::access::{Account, AccountName, LoginSession, Permission, Role, Roles};
use crate::keys::Secret;
use crate::operations::accounts::{self, AccountRequest, ChangeRequest, CompaniesRequest, Shown};
use crate::operations::{OperationError, Operations};

#[derive(clap::Subcommand)]
pub(super) enum Users {
    Add(Add),
    /// List who has an account
    List,
    /// Show an account, its tokens, and where it is signed in
    Show {
        name: AccountName,
    },
    Change(Change),
    Password(Password),
    /// Take nothing of an account any more: its sessions end, its tokens stop
    Disable {
        name: AccountName,
    },
    /// Take what comes of a disabled account again; its tokens are good again until they expire
    Enable {
        name: AccountName,
    },
    /// End all sessions of an account
    SignOut {
        name: AccountName,
    },
}

/// Give somebody an account
///
/// Call it by their account on this machine, where they have one: then quietus sees that both are one person, who approves nothing that
/// they have asked for themselves.
#[derive(clap::Args)]
pub(super) struct Add {
    /// 1 to 32 of a-z, 0-9, `.`, `_` and `-`; it stands in the audit
    name: AccountName,
    /// The person's own name, as pages and papers may show it
    #[arg(long, value_name = "TEXT")]
    shown_as: String,
    /// What they do with quietus; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = roles())]
    roles: Vec<Role>,
    /// A company that they may see; may be repeated [default: all, also those that come later]
    #[arg(long = "company", value_name = "NAME")]
    companies: Vec<String>,
    /// Their password: `-` asks for it twice (or reads a line of standard input), `@FILE` reads it [default: none, so that nobody signs in]
    #[arg(long, value_name = "-|@FILE")]
    password: Option<String>,
}

/// Give an account other roles, companies or another name to show
///
/// What is given takes the place of what was there. It holds at once, also for sessions and tokens that are there.
#[derive(clap::Args)]
pub(super) struct Change {
    name: AccountName,
    /// The person's own name, as pages and papers may show it
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["roles", "companies", "all_companies"])]
    shown_as: Option<String>,
    /// All roles that they have from now on; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_parser = roles())]
    roles: Vec<Role>,
    /// All companies that they may see from now on; may be repeated
    #[arg(long = "company", value_name = "NAME", conflicts_with = "all_companies")]
    companies: Vec<String>,
    /// They may see all companies, also those that come later
    #[arg(long)]
    all_companies: bool,
}

/// Give an account another password, whatever it was; its sessions end
///
/// This needs nobody's old password: it is also the way back in for whoever has forgotten theirs, or has to wait after too many tries.
#[derive(clap::Args)]
pub(super) struct Password {
    name: AccountName,
    /// `-` asks for it twice (or reads a line of standard input), `@FILE` reads it
    #[arg(value_name = "-|@FILE", default_value = "-")]
    password: String,
}

impl Users {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let by = actor();
        match self {
            Self::Add(add) => add.run(on, out).await,
            Self::List => list(&accounts::list(on).await?, out),
            Self::Show { name } => show(&accounts::show(on, &name).await?, out),
            Self::Change(change) => change.run(on, out).await,
            Self::Password(Password { name, password }) => {
                let password = read(&password)?;
                accounts::set_password(on, &name, &password, &by).await?;
                answer(Ok(()), "changed; its sessions have ended", out)
            }
            Self::Disable { name } => {
                let disabled = accounts::disable(on, &name, &by).await;
                answer(disabled, "disabled: its sessions have ended, and its tokens are not taken", out)
            }
            Self::Enable { name } => answer(accounts::enable(on, &name, &by).await, "enabled", out),
            Self::SignOut { name } => {
                let ended = accounts::end_sessions(on, &name, &by).await?;
                if out.is_json() {
                    out.json(&json!({ "ended": ended }))?;
                } else {
                    out.line(format_args!("{ended} ended"))?;
                }
                Ok(Exit::Done)
            }
        }
    }
}

impl Add {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let Self { name, shown_as, roles, companies, password } = self;
        let roles = Roles::of(roles).ok_or_else(|| Failure::Usage("name a role (--role)".to_owned()))?;
        let password = password.map(|argument| read(&argument)).transpose()?;
        let has_none = password.is_none();
        let request =
            AccountRequest { name: name.clone(), shown_as, roles, companies: installations(companies), password };
        accounts::add(on, request, &actor()).await?;
        if has_none {
            out.note(format_args!(
                "it has no password, so that nobody signs in with it; `quietus users password {name}` gives it one"
            ));
        }
        answer(Ok(()), "added", out)
    }
}

impl Change {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let companies = match (self.all_companies, self.companies) {
            (true, _) => Some(CompaniesRequest::All),
            (false, names) if names.is_empty() => None,
            (false, names) => Some(CompaniesRequest::Only(installations(names))),
        };
        let request = ChangeRequest { shown_as: self.shown_as, roles: Roles::of(self.roles), companies };
        accounts::change(on, &self.name, request, &actor()).await?;
        answer(Ok(()), "changed", out)
    }
}

/// A new password. Asked for twice on a terminal, where nobody sees what they have typed.
fn read(argument: &str) -> Result<Secret, Failure> {
    let password = identity::read_whole(argument, "password")?;
    let is_asked_for = argument == "-" && io::stdin().is_terminal();
    if is_asked_for && identity::read_whole(argument, "the same again")? != password {
        return Err(Failure::Usage("the two are not the same".to_owned()));
    }
    Ok(password)
}

/// Says what was done, or why it was not: that an account is as it was is an answer and no error.
fn answer(result: Result<(), OperationError>, done: &str, out: &mut Out) -> Result<Exit, Failure> {
    let (is_done, what) = match result {
        Ok(()) => (true, done.to_owned()),
        Err(OperationError::Conflict(why)) => (false, why),
        Err(error) => return Err(error.into()),
    };
    if out.is_json() {
        out.json(&json!({ "done": is_done }))?;
    } else {
        out.line(what)?;
    }
    Ok(Exit::when(is_done))
}

fn list(all: &[Account], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&all.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let row = |one: &Account| {
        [one.name.to_string(), one.shown_as.clone(), one.roles.to_string(), one.companies.to_string(), state(one)]
    };
    out.table(["NAME", "SHOWN AS", "ROLES", "COMPANIES", "STATE"], all.iter().map(row))?;
    Ok(Exit::Done)
}

fn show(Shown { account, tokens, sessions }: &Shown, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        let mut shown = as_json(account);
        shown["tokens"] = json!(tokens.iter().map(tokens::as_json).collect::<Vec<_>>());
        shown["sessions"] = json!(sessions);
        out.json(&shown)?;
        return Ok(Exit::Done);
    }
    out.line(format_args!("account    {}", account.name))?;
    out.line(format_args!("shown as   {}", account.shown_as))?;
    out.line(format_args!("roles      {}", account.roles))?;
    let may: Vec<_> = account.roles.permissions().map(Permission::as_str).collect();
    out.line(format_args!("may        {}", may.join(", ")))?;
    out.line(format_args!("companies  {}", account.companies))?;
    out.line(format_args!("created    {}", out::time(account.created)))?;
    out.line(format_args!("password   {}", out::time_or_dash(account.password_changed)))?;
    out.line(format_args!("state      {}", state(account)))?;
    if !tokens.is_empty() {
        out.line("\ntokens:")?;
        tokens::table(tokens, out)?;
    }
    if !sessions.is_empty() {
        out.line("\nsigned in:")?;
        let row = |one: &LoginSession| {
            let browser = one.browser.map_or("-", |browser| browser.as_str());
            [one.id.to_string(), out::time(one.created), out::time(one.seen), browser.to_owned()]
        };
        out.table(["SESSION", "SINCE", "SEEN", "BROWSER"], sessions.iter().map(row))?;
    }
    Ok(Exit::Done)
}

fn state(account: &Account) -> String {
    match (account.disabled, account.password_changed) {
        (Some(since), _) => format!("disabled {}", out::date(since)),
        (None, None) => "no password".to_owned(),
        (None, Some(_)) => "active".to_owned(),
    }
}

fn as_json(account: &Account) -> Value {
    json!({
        "name": account.name, "shown_as": account.shown_as, "roles": account.roles,
        "companies": tokens::companies(&account.companies), "created": account.created,
        "password_changed": account.password_changed, "disabled": account.disabled,
    })
}
