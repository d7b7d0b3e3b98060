//! What a server leaves when it ends, and must not: work that nobody has done, and processes of its plugins.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::{Deployment, PATIENCE};

/// The ledger of a server, past the program that keeps it.
pub(super) enum Ledger {
    File(PathBuf),
    Database(String),
}

impl Ledger {
    /// The one that a deployment's configuration names.
    pub(super) fn of(deployment: &Deployment) -> Self {
        let config = std::fs::read_to_string(deployment.path("quietus.toml")).expect("a configuration");
        let config: toml::Table = config.parse().expect("the server has read it");
        let url = config.get("ledger").and_then(|ledger| ledger.get("url"));
        let url = url.map(|url| url.as_str().expect("a text").to_owned());
        url.map_or_else(|| Self::File(deployment.path("quietus.db")), Self::Database)
    }

    /// What is due, in somebody's hands, or to be retried because it failed: a line for each queue. What is planned for
    /// later, and what waits for a person, is not work.
    pub(super) fn work(&self) -> Vec<String> {
        let now = jiff::Timestamp::now().as_millisecond();
        // The same in both dialects. A session that mluvii does not show yet is looked at again later, which is no failure.
        let sql = format!(
            "SELECT queue || ': ' || COUNT(*) FROM task
             WHERE NOT parked
               AND (due <= {now} OR holder IS NOT NULL OR attempt > 0 AND queue NOT LIKE 'settle:%') GROUP BY queue
             UNION ALL SELECT 'inbox: ' || COUNT(*) FROM inbox HAVING COUNT(*) > 0"
        );
        match self {
            // The test has removed its folder already.
            Self::File(path) if !path.exists() => Vec::new(),
            Self::File(path) => in_file(path, &sql).expect("the ledger can be read"),
            Self::Database(url) => in_database(url, &sql).expect("the ledger can be read"),
        }
    }
}

fn in_file(path: &Path, sql: &str) -> rusqlite::Result<Vec<String>> {
    let ledger = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    ledger.busy_timeout(PATIENCE)?;
    ledger.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn in_database(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let mut config: tokio_postgres::Config = url.parse()?;
    config.options("-c search_path=quietus");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await?;
        let connection = tokio::spawn(connection);
        let rows = client.simple_query(sql).await?;
        connection.abort();
        let text = |row: SimpleQueryMessage| match row {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(text).collect())
    })
}

/// A process, as its id may be another's later: with the time when it began.
#[derive(Debug)]
pub(super) struct Began {
    id: u32,
    at: String,
}

impl Began {
    /// The child processes of a process; none when it is gone.
    pub(super) fn children_of(process: u32) -> Vec<Self> {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
        let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(thread.ok()?.path().join("children")).ok()
        };
        let ids: Vec<String> = threads.filter_map(of_thread).collect();
        let ids = ids.iter().flat_map(|ids| ids.split_whitespace()).filter_map(|id| id.parse().ok());
        ids.filter_map(|id| Some(Self { id, at: stat(id)?.1 })).collect()
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Whether there is anything of it, if only its end, which nobody has asked for.
    pub(super) fn is_there(&self) -> bool {
        stat(self.id).is_some_and(|(_, at)| at == self.at)
    }

    /// Whether it has not ended.
    pub(super) fn lives(&self) -> bool {
        stat(self.id).is_some_and(|(state, at)| state != "Z" && at == self.at)
    }
}

/// The state of a process, and when it began.
fn stat(process: u32) -> Option<(String, String)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // A program's name may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned);
    Some((fields.next()?, fields.nth(18)?))
}
