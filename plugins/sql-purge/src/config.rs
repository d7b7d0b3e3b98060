//! The configuration, as the operator writes it. README.md explains it by examples.

use std::path::PathBuf;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of one use of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database: `postgres://user@host/database`, or `mysql://user@host/database` for MySQL and MariaDB. The port
    /// follows the host where it is not the usual one. No password.
    pub url: String,
    /// The user's password.
    pub password: Option<Password>,
    /// Whether the connection is encrypted: by default it is, but to this machine.
    pub tls: Option<Tls>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// PostgreSQL: a policy that shows only some rows of a table to this user is meant to do so. Without this, such a table is
    /// refused, as what a policy hides would be told as not there. The receipt says that it was so.
    pub row_security: Option<Trust>,
    /// Views in statements, and what has rows elsewhere (foreign tables and partitions) where rows are only counted, show all rows
    /// that matter. Without this, they are refused, as what they hide would be told as not there. The receipt says that it was so.
    pub views: Option<Trust>,
    /// MySQL and MariaDB: the server follows another one and takes changes that reach that one, too, as in a ring of primaries. Without
    /// this, nothing is erased from a server that follows another one, as it would stay there. The receipt says that it was so.
    pub follows: Option<Trust>,
    /// The longest that one statement may wait for rows that others have locked; 10 s if unset.
    pub lock_max: Option<Span>,
    /// Identifier kinds of your own that statements use, beside `email`, `phone`, `name`, `guest_id` and `session_id`.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Allows statements by which a row is the person's by its telephone number alone. Families, offices and lodgers share
    /// numbers: without this, such a statement is refused. The receipt says that it was so.
    #[serde(default)]
    pub phone_alone: bool,
    /// What erases, in order, in one transaction.
    pub statement: Vec<Erases>,
    /// Whom the tables hold, for a sweep after the database was restored: lists of all rows. Without any, nobody can be found again there.
    #[serde(default)]
    pub sweep: Vec<ListsRows>,
    /// What the tables know the person by, for other systems that are asked after this one. Without any, nothing is told.
    #[serde(default)]
    pub find: Vec<FindsValues>,
    /// What must be kept: rows that make the outcome `retained`.
    #[serde(default)]
    pub retain: Vec<Retains>,
}

/// Where the password is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// A name in `secrets`.
    pub secret: String,
}

/// That the operator vouches for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// What it hides is none of the person's, or is not to be erased.
    Trusted,
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Encrypted, and the server's certificate is checked.
    Require,
    /// In the clear.
    Off,
}

/// An UPDATE or a DELETE of one table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erases {
    /// a-z, `_` and `-`.
    pub name: String,
    /// The statement, with placeholders such as `:email` in its WHERE.
    pub sql: String,
    /// The most rows that it may erase for one person. When it would be more, nothing at all is erased.
    #[schemars(range(min = 1))]
    pub rows_max: u64,
    /// What the rows are, such as `orders`; the statement's name if unset.
    pub count: Option<String>,
}

/// A SELECT of all rows of one table that hold people.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListsRows {
    /// a-z, `_` and `-`.
    pub name: String,
    /// The statement, without a WHERE. Its columns are `key` (the primary key), kinds such as `email` (`email_2` is a further one), and
    /// `created` and `changed` in seconds since 1970 (UTC), where the table has them.
    pub sql: String,
}

/// A SELECT of one column of the person's rows in one table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindsValues {
    /// a-z, `_` and `-`.
    pub name: String,
    /// The statement, with placeholders such as `:email` in its WHERE.
    pub sql: String,
    /// The identifier kind as which other systems are told the values, such as `customer_no`.
    pub returns: String,
    /// The most different values that one person may have; 5 if unset. When there are more, the statement is about more than one
    /// person, and nobody is told any.
    #[schemars(range(min = 1, max = 64))]
    pub values_max: Option<usize>,
}

/// A `SELECT count(*)` of rows of one table that must be kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retains {
    /// a-z, `_` and `-`.
    pub name: String,
    /// The statement, with placeholders such as `:email` in its WHERE.
    pub sql: String,
    /// Why they are kept, such as `invoices are kept for ten years`; stands in the receipt.
    pub reason: String,
}
