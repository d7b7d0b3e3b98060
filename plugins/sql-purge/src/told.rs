//! The sentences that an answer, and with it a receipt, may have about the search: what was looked at, what was not, and what the
//! server keeps. README.md has each of them, which a test compares.

use std::collections::BTreeSet;

/// Beyond what the statements say, in every database.
pub(crate) const BEYOND: [&str; 2] = [
    "tables, materialized views, columns and texts that no statement names",
    "replicas, backups, exports and archived logs of the database",
];

/// Where the server follows another one, or takes no changes.
pub(crate) const FOLLOWED: &str =
    "the server that this one follows, or that has taken its place: what stands there only";

/// Repeats `follows = "trusted"`.
pub(crate) const RING: &str =
    "the servers that this one follows: what has not come from there yet stands there only (`follows = \"trusted\"`)";

/// What PostgreSQL keeps of what went: <https://www.postgresql.org/docs/current/routine-vacuuming.html>,
/// <https://www.postgresql.org/docs/current/wal-configuration.html>.
pub(crate) const POSTGRES_KEEPS: &str = "what was erased, in the tables' files until VACUUM has removed it and its space is written \
    over, and in the write-ahead log until its segments are recycled (PostgreSQL's documentation)";

pub(crate) const BY_PHONE_ALONE: &str = "rows that hold the telephone number, also by the number alone (`phone_alone`)";

/// Which of the two says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    Mysql,
    Mariadb,
}

/// For how long the binary log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expires {
    After { seconds: u64 },
    Never,
    Unknown,
}

impl Maker {
    fn name(self) -> &'static str {
        match self {
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
        }
    }

    /// What its storage keeps of what went: <https://dev.mysql.com/doc/refman/8.4/en/innodb-multi-versioning.html>,
    /// <https://mariadb.com/kb/en/innodb-purge/>.
    pub(crate) fn storage_keeps(self) -> String {
        let name = self.name();
        format!(
            "what was erased, in the tables' pages and the undo log until the server has purged it and its space is written over \
             ({name}'s documentation)"
        )
    }

    /// <https://dev.mysql.com/doc/refman/8.4/en/binary-log.html>, <https://mariadb.com/kb/en/binary-log/>.
    pub(crate) fn binary_log_keeps(self, expires: Expires) -> String {
        let name = self.name();
        let until = match expires {
            Expires::After { seconds } if seconds.is_multiple_of(86_400) => {
                format!("for {} days (the server's `binlog_expire_logs_seconds`)", seconds / 86_400)
            }
            Expires::After { seconds } => format!("for {seconds} s (the server's `binlog_expire_logs_seconds`)"),
            Expires::Never => "until somebody purges it (the server's `binlog_expire_logs_seconds` is 0)".to_owned(),
            Expires::Unknown => "until its files expire or are purged".to_owned(),
        };
        format!("what was erased and the statements that did it, in the binary log, {until} ({name}'s documentation)")
    }
}

/// Rows that a statement compared with the person's values.
pub(crate) fn rows(statement: &str, table: &str, through: &[String], kinds: &BTreeSet<&str>) -> String {
    let through = if through.is_empty() { String::new() } else { format!(", found through {}", through.join(", ")) };
    let kinds: Vec<&str> = kinds.iter().copied().collect();
    format!("rows of `{table}` by {}{through} (statement `{statement}`)", kinds.join(", "))
}

/// What was compared with no row, as its type or its character set tells.
pub(crate) fn unfit(statement: &str, table: &str, kinds: &BTreeSet<&str>) -> String {
    let kinds: Vec<&str> = kinds.iter().copied().collect();
    format!(
        "the types and character sets of what `{table}` is compared by, which cannot hold some value of {} (statement `{statement}`)",
        kinds.join(", ")
    )
}

/// Repeats `row_security = "trusted"`.
pub(crate) fn policed(table: &str) -> String {
    format!("of `{table}` only the rows that row-level security shows to the user (`row_security = \"trusted\"`)")
}

/// Repeats `views = "trusted"`.
pub(crate) fn viewed(table: &str) -> String {
    format!(
        "of `{table}`, which is no table or has rows elsewhere, only the rows that it shows (`views = \"trusted\"`)"
    )
}

pub(crate) fn unusable(how_many: usize) -> String {
    format!("{how_many} identifiers that are none, such as a number without a country code")
}

/// Another server, where this one does not show whether it follows another one.
pub(crate) fn hidden_primary(right: &str) -> String {
    format!("the server that this one follows, if it follows one: the user is not shown it (it lacks {right})")
}

/// What triggers and rules have done with rows of a table, where it has some.
pub(crate) fn triggers(table: &str) -> String {
    format!("what triggers and rules of `{table}` have copied elsewhere")
}

/// The same, where nobody shows whether it has some.
pub(crate) fn hidden_triggers(table: &str) -> String {
    format!(
        "what triggers of `{table}` have copied elsewhere, if it has some: the user is not shown them (it lacks TRIGGER)"
    )
}

/// Of a table with system versioning, from which rows went: <https://mariadb.com/kb/en/system-versioned-tables/>.
pub(crate) fn history_keeps(table: &str) -> String {
    format!(
        "the earlier versions of rows of `{table}` until its history is deleted (system versioning, MariaDB's documentation)"
    )
}

/// The same, of one from which none went.
pub(crate) fn history(table: &str) -> String {
    format!("earlier versions of rows of `{table}` (system versioning)")
}
