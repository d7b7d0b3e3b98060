//! Who ordered what: every act that changes what is kept, or what the server does, as a chain of rows. Names of people who
//! use quietus stand here, never those of people whom an erasure is about.

mod entry;
mod not_apart;
mod row;

pub(crate) use entry::{Act, ActResult, AuditEntry, Detail, Object};
pub(crate) use not_apart::{NotApart, Whose};
pub(crate) use row::{AuditBroken, AuditRow, verify_chain};

use crate::access::{AccountName, TokenId};

/// Acts on accounts and tokens, by how their words begin.
const OF_ACCOUNTS: [&str; 2] = ["account.", "token."];

/// Whether an act, by its word, is one on accounts or tokens: not everybody who sees the audit sees those.
pub(crate) fn is_of_accounts(act: &str) -> bool {
    OF_ACCOUNTS.iter().any(|begins| act.starts_with(begins))
}

/// Who orders an act: the kind of way in, and who came that way, such as `cli:root`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Actor(String);

impl Actor {
    /// Somebody on this machine, by the name of their account.
    pub(crate) fn cli(account: &str) -> Self {
        Self(format!("{CLI}:{account}"))
    }

    /// A server, by what the configuration says of how long records are kept.
    pub(crate) fn retention() -> Self {
        Self("server:retention".to_owned())
    }

    /// A server, because it watches what the configuration needs of mluvii.
    pub(crate) fn watch() -> Self {
        Self("server:watch".to_owned())
    }

    /// Whoever may send the server's process a signal: the system does not say who.
    pub(crate) fn signal() -> Self {
        Self("server:signal".to_owned())
    }

    /// A server, because its configuration has changed and it is to notice that itself.
    pub(crate) fn changed() -> Self {
        Self("server:changed".to_owned())
    }

    /// Whoever has used the link of this number, which was mailed to the address that they named: nobody knows more of them.
    pub(crate) fn link(number: i64) -> Self {
        Self(format!("link:{number}"))
    }

    /// Whoever has used the link of this number, which somebody with an account, or on this machine, has made for them: by whom it was
    /// made is all that is known.
    pub(crate) fn task_link(number: &str, made_by: &Self) -> Self {
        Self(format!("link:{number}/{made_by}"))
    }

    /// Somebody who has signed in.
    pub(crate) fn user(account: &AccountName) -> Self {
        Self(format!("{USER}:{account}"))
    }

    /// A program with a token of an account.
    pub(crate) fn token(account: &AccountName, id: &TokenId) -> Self {
        Self(format!("{TOKEN}:{account}/{id}"))
    }

    /// Somebody who has not shown who they are.
    pub(crate) fn stranger() -> Self {
        Self("stranger:sign-in".to_owned())
    }

    /// An actor as it was written.
    pub(crate) fn named(name: String) -> Self {
        Self(name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is known of whether two acts were ordered by two people: by two accounts, or by two people who became root by `sudo`. Of root
    /// alone, and of the server's account, it is not known who that is. A token is its account. An account of the machine and one of the
    /// pages are one person where they have the same name; under different names, only the ledger says more ([`Apart::WhereAccount`]).
    pub(crate) fn apart_from(&self, other: &Self) -> Apart {
        let (own, others) = (self.parts(), other.parts());
        let is_unclear = own.account == others.account && (own.by.is_none() || others.by.is_none());
        if own.person().eq_ignore_ascii_case(others.person()) || is_unclear {
            return Apart::One;
        }
        match (own.is_of_pages(), others.is_of_pages()) {
            (true, false) if others.way == CLI => Apart::WhereAccount(others.as_account()),
            (false, true) if own.way == CLI => Apart::WhereAccount(own.as_account()),
            // Whoever may become the server's account has another one, too.
            (false, false) if own.way == CLI && others.way == CLI && (own.is_servers() || others.is_servers()) => {
                Apart::One
            }
            _ => Apart::Two,
        }
    }

    /// Whether it is an account of the machine that is nobody's own, so that nothing shows who that is.
    pub(crate) fn is_nobodys(&self) -> bool {
        let own = self.parts();
        own.way == CLI && own.is_nobodys()
    }

    /// The account by which somebody came, and the token where it was one; `None` of who came otherwise.
    pub(crate) fn came_by(&self) -> Option<(AccountName, Option<TokenId>)> {
        let (way, name) = self.0.split_once(':')?;
        match way {
            USER => Some((name.parse().ok()?, None)),
            TOKEN => {
                let (account, id) = name.split_once('/')?;
                Some((account.parse().ok()?, Some(id.parse().ok()?)))
            }
            _ => None,
        }
    }

    fn parts(&self) -> Parts<'_> {
        let (way, name) = self.0.split_once(':').unwrap_or(("", self.0.as_str()));
        // What comes behind is the token's own id.
        let name = if way == TOKEN { name.split_once('/').map_or(name, |(account, _)| account) } else { name };
        let (account, by) = match name.split_once(BY_SUDO) {
            Some((account, by)) => (account, by.strip_suffix(')')),
            None => (name, None),
        };
        Parts { way, account, by }
    }
}

/// Whether two acts were ordered by two people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    Two,
    /// Or nobody knows, and nothing would show it.
    One,
    /// One came by the machine's account and one by an account of the ledger: they are two where the ledger has an account of the machine's
    /// name, as whoever gives accounts says by it who that is. `None` where no account can say it: of root, the server's account, and an
    /// account that has only a number.
    WhereAccount(Option<AccountName>),
}

/// An actor: the way in, the account there, and who has become it by `sudo`.
struct Parts<'a> {
    way: &'a str,
    account: &'a str,
    by: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn person(&self) -> &'a str {
        self.by.unwrap_or(self.account)
    }

    fn is_of_pages(&self) -> bool {
        self.way == USER || self.way == TOKEN
    }

    fn is_servers(&self) -> bool {
        self.person().eq_ignore_ascii_case(SERVERS)
    }

    /// The account of the ledger that would be the same person's. The machine tells capital letters apart, and accounts have none.
    fn as_account(&self) -> Option<AccountName> {
        if self.is_nobodys() { None } else { self.person().to_ascii_lowercase().parse().ok() }
    }

    fn is_nobodys(&self) -> bool {
        self.is_servers() || self.person().eq_ignore_ascii_case(ROOT)
    }
}

/// The ways in of people on the machine, of browsers, and of programs.
const CLI: &str = "cli";
const USER: &str = "user";
const TOKEN: &str = "token";

/// Accounts of the machine that are nobody's own: who has become them is not known.
const ROOT: &str = "root";
const SERVERS: &str = "quietus";

/// Between the account and who has become it.
pub(crate) const BY_SUDO: &str = " (sudo: ";

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
