//! Where the measured quietus keeps its ledger.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::server::{Server, configure, folder, quietus};
use crate::shared::postgres::{Database, Postgres};

/// A file beside it, or a database.
#[derive(Clone, Copy)]
pub(crate) enum Store<'a> {
    Sqlite,
    Postgres(&'a Postgres),
}

/// quietus with a ledger of its own, which goes with it.
pub(crate) struct Quietus<'a> {
    pub(crate) server: Server,
    database: Option<Database<'a>>,
}

impl<'a> Store<'a> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// quietus with an empty ledger and no rule, and with mluvii away: nothing is looked up, receiving goes on.
    pub(crate) fn quietus(self) -> Quietus<'a> {
        self.quietus_at("http://127.0.0.1:9", "")
    }

    /// quietus against the given mluvii with further configuration.
    pub(crate) fn quietus_at(self, mluvii: &str, more: &str) -> Quietus<'a> {
        let Self::Postgres(postgres) = self else {
            return Quietus { server: Server::quietus_in(folder(), mluvii, more), database: None };
        };
        let (database, folder, more) = migrated(postgres, mluvii, more);
        Quietus { server: Server::quietus_in(folder, mluvii, &more), database: Some(database) }
    }

    /// As [`Self::quietus`], with a ledger whose commits take so long, as on a slow disk, and with fewer deliveries at once.
    pub(crate) fn slow(self, slow: Slow) -> Quietus<'a> {
        let mluvii = "http://127.0.0.1:9";
        let mut environment = vec![("QUIETUS__SERVER__REQUESTS_MAX", slow.requests_max.to_string().into())];
        let Self::Postgres(postgres) = self else {
            let folder = folder();
            environment.push(("LD_PRELOAD", slow_sync(folder.path()).into()));
            environment.push(("QUIETUS_BENCH_SYNC_MS", slow.sync.as_millis().to_string().into()));
            return Quietus { server: Server::quietus_within(folder, mluvii, "", &environment), database: None };
        };
        let (database, folder, more) = migrated(postgres, mluvii, "");
        // The database's own pause before each flush of its log, however many wait for it: for sessions that begin from now on.
        for setting in [format!("commit_delay = {}", slow.sync.as_micros()), "commit_siblings = 0".to_owned()] {
            database.statement(&format!(
                "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET {setting}', current_database()); END$$"
            ));
        }
        Quietus { server: Server::quietus_within(folder, mluvii, &more, &environment), database: Some(database) }
    }
}

/// What makes a server that can take little.
#[derive(Clone, Copy)]
pub(crate) struct Slow {
    /// What a sync, or a commit, takes beyond its own time.
    pub(crate) sync: Duration,
    /// Deliveries at once.
    pub(crate) requests_max: u32,
}

/// A database with the ledger's tables, a folder for its server, and that server's configuration.
fn migrated<'a>(postgres: &'a Postgres, mluvii: &str, more: &str) -> (Database<'a>, TempDir, String) {
    let (database, folder) = (postgres.database(), folder());
    let more = format!("{more}\n[ledger]\nurl = \"{}\"\n", database.url());
    let config = configure(&folder, mluvii, &more);
    let migrated = quietus().arg("migrate").arg("--config").arg(config).stdout(Stdio::null()).status();
    assert!(migrated.expect("quietus runs").success(), "the ledger can be made");
    (database, folder, more)
}

/// The library that makes syncs slow, to be named in `LD_PRELOAD`.
fn slow_sync(folder: &Path) -> PathBuf {
    let library = folder.join("slow_sync.so");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library);
    cc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/receiving/slow_sync.c"));
    assert!(cc.status().expect("a C compiler named `cc`").success());
    library
}

impl Quietus<'_> {
    /// Asserts that the ledger holds just as many events.
    pub(crate) fn assert_holds(&self, events: usize) {
        assert_eq!(self.count("event"), events, "every acknowledged event is in the ledger, once");
    }

    /// The rows of a table.
    pub(crate) fn count(&self, table: &str) -> usize {
        let count = self.numbers(&format!("SELECT count(*) FROM {table}"));
        usize::try_from(count[0]).expect("a count")
    }

    /// The numbers in the first column.
    pub(crate) fn numbers(&self, sql: &str) -> Vec<i64> {
        let Some(database) = &self.database else {
            let ledger = rusqlite::Connection::open(self.file("quietus.db")).expect("the ledger opens");
            let mut statement = ledger.prepare(sql).expect("SQL");
            let rows = statement.query_map([], |row| row.get(0)).expect("it is read");
            return rows.collect::<Result<_, _>>().expect("numbers");
        };
        database.sql(sql).lines().map(|line| line.parse().expect("a number")).collect()
    }

    /// What the ledger takes on the disk, with its log where that is a file beside it.
    pub(crate) fn ledger_bytes(&self) -> u64 {
        if self.database.is_some() {
            return self.numbers("SELECT pg_database_size(current_database())")[0].unsigned_abs();
        }
        let size = |name| self.file(name).metadata().map_or(0, |file| file.len());
        size("quietus.db") + size("quietus.db-wal")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.server.folder.path().join(name)
    }
}
