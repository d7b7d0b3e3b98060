//! What a session has to be like: set by statements, then read back. Whatever takes a setting and works without it, such as a
//! pooler between, is found before anything is acknowledged on it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::failure::told;

/// The schema in which the ledger's tables are.
pub(super) const SCHEMA: &str = "quietus";

/// A session that stands still within a transaction holds its locks; after so long the server ends it. A process that
/// was stopped must not keep the others waiting.
const IDLE_IN_TRANSACTION_MS: u128 = 5_000;

/// How long one statement waits for a lock: longer than its holder can stand still.
const LOCK_MS: u128 = 7_000;

/// How long a new session is waited for.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Its name is the setting's, its value what a commit needs so that it is on disk when it is answered.
pub(super) const SYNCHRONOUS_COMMIT: (&str, &str) = ("synchronous_commit", "on");

/// Who is at fault, most likely, where a session is not as it was made, and what helps.
const POOLER: &str = "something between quietus and PostgreSQL shares or changes sessions: most likely a pooler, such as PgBouncer \
                      in transaction pooling mode, where SET, LISTEN and prepared statements do not work; let `ledger.url` name \
                      PostgreSQL itself, or have the pooler keep a session for each connection (`pool_mode = session`)";

/// Why a session is not worked on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SessionRefused {
    #[error(
        "the database server has `fsync = off`: a crash of its machine would take back what quietus has acknowledged; set \
         `fsync = on` in postgresql.conf, and reload the server"
    )]
    Fsync,
    #[error("`{name}` was set to `{wanted}`, and the session has `{found}`: {POOLER}")]
    NotKept { name: &'static str, wanted: String, found: String },
    #[error("one connection came to several sessions of PostgreSQL, or several connections to one: {POOLER}")]
    Shared,
}

/// The settings of every session of a process.
#[derive(Clone)]
pub(super) struct SessionSettings(Vec<(&'static str, String)>);

impl SessionSettings {
    pub(super) fn new(statement_max: Duration) -> Self {
        let ms = |bound: u128| bound.to_string();
        // Every statement finds a few rows by an index, whatever its values are; a plan for the values at hand would be made
        // anew each time, which takes longer than the statement wherever months have their own tables.
        // `synchronous_commit` is said here, too: where a database has it off, a crash would take back what was
        // acknowledged.
        let (synchronous_commit, on) = SYNCHRONOUS_COMMIT;
        let fixed = [
            ("search_path", SCHEMA),
            (synchronous_commit, on),
            ("default_transaction_isolation", "read committed"),
            ("jit", "off"),
            ("random_page_cost", "1.1"),
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
        ];
        let mut settings: Vec<_> = fixed.map(|(name, value)| (name, value.to_owned())).into();
        settings.extend([
            ("statement_timeout", ms(statement_max.as_millis())),
            ("lock_timeout", ms(LOCK_MS)),
            ("idle_in_transaction_session_timeout", ms(IDLE_IN_TRANSACTION_MS)),
        ]);
        Self(settings)
    }

    /// Sets them, and sees that they hold for the statements that follow. As statements and not as options of the
    /// connection's start, which a pooler refuses or drops.
    pub(super) async fn apply(&self, client: &Client) -> anyhow::Result<()> {
        let set = format!("{}{BACKEND}", self.statements());
        let read = format!("{BACKEND}; {}", self.reading());
        // One exchange for both; `biased`, as they are to be sent in this order.
        let both = async { tokio::join!(biased; client.simple_query(&set), client.simple_query(&read)) };
        let (set, read) = timeout(ANSWER_MAX, both).await.context("no answer in time")?;
        let (set, read) = (set.map_err(told)?, read.map_err(told)?);
        let mut read = read.iter().filter_map(row);
        let set = set.iter().find_map(row);
        if set.is_none() || set != read.next() {
            return Err(SessionRefused::Shared.into());
        }
        Ok(self.judge(&read.collect())?)
    }

    fn statements(&self) -> String {
        self.0.iter().map(|(name, value)| format!("SET {name} = '{value}'; ")).collect()
    }

    fn reading(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|(name, _)| format!("'{name}'")).collect();
        // Numbers without a unit: milliseconds.
        format!("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', {})", names.join(", "))
    }

    /// Whether what was read back is what was set, and the server keeps what is committed.
    fn judge(&self, found: &BTreeMap<String, String>) -> Result<(), SessionRefused> {
        if found.get("fsync").is_some_and(|fsync| fsync != "on") {
            return Err(SessionRefused::Fsync);
        }
        let mut settings = self.0.iter();
        let Some((name, wanted)) = settings.find(|(name, wanted)| found.get(*name) != Some(wanted)) else {
            return Ok(());
        };
        let found = found.get(*name).cloned().unwrap_or_default();
        Err(SessionRefused::NotKept { name, wanted: wanted.clone(), found })
    }
}

/// Whether a commit of this session was on disk when it was answered, by what its own statement has read.
pub(super) fn commits_to_disk(synchronous_commit: &str) -> Result<(), SessionRefused> {
    let (name, wanted) = SYNCHRONOUS_COMMIT;
    if synchronous_commit == wanted {
        return Ok(());
    }
    Err(SessionRefused::NotKept { name, wanted: wanted.to_owned(), found: synchronous_commit.to_owned() })
}

/// The session that serves a connection, outside of transactions.
const BACKEND: &str = "SELECT 'backend', pg_backend_pid()";

/// Two columns of a row.
fn row(message: &SimpleQueryMessage) -> Option<(String, String)> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    Some((row.get(0)?.to_owned(), row.get(1)?.to_owned()))
}

/// Finds out whether each of two connections has a session of its own, which it keeps. A pooler that lends one for the time
/// of a transaction gives the second connection the session that the first one does not need just now, or the first one
/// another after that.
pub(super) async fn are_apart(first: &Client, second: &Client) -> anyhow::Result<()> {
    let backend = async |client: &Client| -> anyhow::Result<_> {
        let answered =
            timeout(ANSWER_MAX, client.simple_query(BACKEND)).await.context("no answer in time")?.map_err(told)?;
        Ok(answered.iter().find_map(row))
    };
    let before = backend(first).await?;
    second.batch_execute("BEGIN").await.map_err(told)?;
    if before.is_none() || backend(second).await? == before {
        return Err(SessionRefused::Shared.into());
    }
    let after = backend(first).await?;
    second.batch_execute("ROLLBACK").await.map_err(told)?;
    if after == before { Ok(()) } else { Err(SessionRefused::Shared.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SessionSettings {
        SessionSettings::new(Duration::from_secs(10))
    }

    fn as_set() -> BTreeMap<String, String> {
        let fsync = ("fsync".to_owned(), "on".to_owned());
        let set = settings().0.into_iter().map(|(name, value)| (name.to_owned(), value));
        set.chain([fsync]).collect()
    }

    #[track_caller]
    fn check(name: &str, value: Option<&str>, expected: &str) {
        let mut found = as_set();
        match value {
            Some(value) => found.insert(name.to_owned(), value.to_owned()),
            None => found.remove(name),
        };
        let said = settings().judge(&found).map_or_else(|refused| refused.to_string(), |()| "works".to_owned());
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn a_session_that_is_not_as_it_was_made_is_refused_with_a_reason() {
        check("fsync", Some("on"), "works");
        check("fsync", Some("off"), "`fsync = off`");
        check("synchronous_commit", Some("off"), "`synchronous_commit` was set to `on`, and the session has `off`");
        check("search_path", Some("\"$user\", public"), "PgBouncer in transaction pooling mode");
        check("default_transaction_isolation", Some("serializable"), "`serializable`");
        check("lock_timeout", None, "`lock_timeout` was set to `7000`");
    }
}
