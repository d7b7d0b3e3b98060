//! What is asked of a connection and what it may answer, whichever database it is to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest that a connection may take to come about.
pub(super) const CONNECTING_MAX: Duration = Duration::from_secs(15);

/// A failover passes: as a matter of the operator's, it would stop the queue until a person acts.
pub(super) const READ_ONLY: &str = "the database is read-only: a replica, or one that recovers";

/// As a failover passes.
pub(super) const FOLLOWS: &str = "the database follows another server: a replica, although it takes changes. What is erased there stays on the \
    primary: let `url` lead to that; where it follows nobody any more, let it forget whom it did (`RESET REPLICA ALL`); in a ring, set `follows`";

/// What a transaction may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The server refuses to change anything.
    Look,
    Erase,
}

/// What the server says of itself when a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serves {
    /// What is looked at is what is there.
    All,
    /// It follows another server, and may lag behind it.
    Replica,
    /// It follows another server, which follows it, too, as the operator says.
    Ring,
    /// Whether it follows another server, it shows to those who have this right.
    Hidden { right: &'static str },
}

/// The key of a row, after which a page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// MySQL: it is a number, and compared as one.
    #[serde(default)]
    pub(crate) is_number: bool,
}

/// A row of a list: its key, and its other columns as text.
pub(crate) type Row = (Option<Key>, Vec<Option<String>>);

/// How long the server may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// One statement.
    pub(crate) statement: Duration,
    /// Waiting for others' locks.
    pub(crate) lock: Duration,
}

/// The result of a transaction whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    RolledBack,
    /// It has not ended yet.
    UnderWay,
    /// The server does not know.
    Unknown,
}
