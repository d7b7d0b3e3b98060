//! Who ordered what: every act that changes what is kept, or what the server does, as a chain of rows. Names of people who
//! use quietus stand here, never those of people whom an erasure is about.

mod entry;
mod row;

pub(crate) use entry::{Act, ActResult, AuditEntry, Detail, Object};
pub(crate) use row::{AuditBroken, AuditRow, verify_chain};

use crate::access::{AccountName, TokenId};

/// Who orders an act: the kind of way in, and who came that way, such as `cli:root`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Actor(String);

impl Actor {
    /// Somebody on this machine, by the name of their account.
    pub(crate) fn cli(account: &str) -> Self {
        Self(format!("cli:{account}"))
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

    /// Somebody who has signed in.
    pub(crate) fn user(account: &AccountName) -> Self {
        Self(format!("user:{account}"))
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

    /// Whether two acts were surely ordered by two people, as far as the system knows them: by two accounts, or by two people who
    /// became root by `sudo`. Of root alone it is not known who that is, so nobody who was root is surely somebody else. A token is its
    /// account. An account of the machine and one of the pages are two people unless they have the same name: nothing else is known of who
    /// has both, so that whoever gives somebody an account calls it by their account on the machine (docs/users.md).
    pub(crate) fn is_somebody_else(&self, other: &Self) -> bool {
        let (own, others) = (self.parts(), other.parts());
        let is_unclear = own.0 == others.0 && (own.1.is_none() || others.1.is_none());
        own.1.unwrap_or(own.0) != others.1.unwrap_or(others.0) && !is_unclear
    }

    /// The account, and who has become it by `sudo`; without the way in, which says nothing of who it is.
    fn parts(&self) -> (&str, Option<&str>) {
        let (way, name) = self.0.split_once(':').unwrap_or(("", self.0.as_str()));
        // What comes behind is the token's own id.
        let name = if way == TOKEN { name.split_once('/').map_or(name, |(account, _)| account) } else { name };
        match name.split_once(BY_SUDO) {
            Some((account, by)) => (account, by.strip_suffix(')')),
            None => (name, None),
        }
    }
}

/// The way in of programs.
const TOKEN: &str = "token";

/// Between the account and who has become it.
pub(crate) const BY_SUDO: &str = " (sudo: ";

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
