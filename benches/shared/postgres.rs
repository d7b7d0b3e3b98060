//! PostgreSQL for a benchmark: durable as its defaults are, its data on the disk of everything else.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use test_servers::postgres::Cluster;

/// What differs from PostgreSQL's defaults, and what must not.
const SETTINGS: [(&str, &str); 5] = [
    ("listen_addresses", "127.0.0.1"),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "256MB"),
];

/// A server, with a database for each measurement.
pub(crate) struct Postgres {
    cluster: Cluster,
    databases: AtomicU32,
}

/// A database; it is dropped when this is.
pub(crate) struct Database<'a> {
    postgres: &'a Postgres,
    name: String,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let cluster = Cluster::start_as_installed(&SETTINGS);
        let disk = |path: &Path| path.metadata().expect("it is there").dev();
        assert_eq!(
            disk(cluster.socket_folder()),
            disk(Path::new(env!("CARGO_TARGET_TMPDIR"))),
            "the server's folder is on another disk than the build: set TMPDIR to a folder on that of the build"
        );
        Self { cluster, databases: AtomicU32::new(0) }
    }

    /// One line: the version, and every setting that was given.
    pub(crate) fn described(&self) -> String {
        let version = self.sql("SHOW server_version");
        let given = self.sql(
            "SELECT string_agg(name || '=' || current_setting(name), ', ' ORDER BY name)
             FROM pg_settings WHERE source = 'command line' AND name NOT IN ('port', 'unix_socket_directories')",
        );
        format!("PostgreSQL {version} ({given}) over TCP on this machine, its data on the same disk")
    }

    /// A new database, with nothing left to be written of those before.
    pub(crate) fn database(&self) -> Database<'_> {
        let name = format!("bench_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.cluster.create_database(&name);
        self.sql("CHECKPOINT");
        Database { postgres: self, name }
    }

    fn sql(&self, sql: &str) -> String {
        self.cluster.sql("postgres", sql)
    }
}

impl Database<'_> {
    pub(crate) fn url(&self) -> String {
        self.postgres.cluster.url(&self.name)
    }

    /// Runs SQL past quietus.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.statement(&format!("SET search_path = quietus; {sql}"))
    }

    /// Runs one statement by itself, as `VACUUM` wants to be run.
    pub(crate) fn statement(&self, sql: &str) -> String {
        self.postgres.cluster.sql(&self.name, sql)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        self.postgres.sql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
