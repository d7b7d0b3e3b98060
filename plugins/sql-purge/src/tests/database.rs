//! Databases for tests: one server of each kind for all tests of this process, a new database for each test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use test_servers::{mariadb, postgres};

use crate::address::Engine;

/// An empty database.
pub(super) struct Database {
    pub(super) engine: Engine,
    name: String,
}

/// Runs a test on both kinds.
pub(super) fn on_both(test: impl Fn(&Database)) {
    for engine in [Engine::Postgres, Engine::Mysql] {
        let database = Database::new(engine);
        test(&database);
    }
}

impl Database {
    pub(super) fn new(engine: Engine) -> Self {
        static NUMBERS: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", NUMBERS.fetch_add(1, Ordering::Relaxed));
        match engine {
            Engine::Postgres => postgres().create_database(&name),
            Engine::Mysql => drop(mariadb().sql("", &format!("CREATE DATABASE {name}"))),
        }
        Self { engine, name }
    }

    /// Rows, their columns separated by `|`.
    #[track_caller]
    pub(super) fn sql(&self, sql: &str) -> String {
        match self.engine {
            Engine::Postgres => postgres().sql(&self.name, sql),
            Engine::Mysql => mariadb().sql(&self.name, sql),
        }
    }

    #[track_caller]
    pub(super) fn is(&self, sql: &str, expected: &str) {
        assert_eq!(self.sql(sql).replace('\n', " "), expected, "{:?}: {sql}", self.engine);
    }

    /// The address for the superuser.
    pub(super) fn url(&self) -> String {
        let user = if self.engine == Engine::Postgres { "postgres" } else { "root" };
        self.url_at(user, self.port())
    }

    /// The address for a user on a port, such as a proxy's.
    pub(super) fn url_at(&self, user: &str, port: u16) -> String {
        let scheme = if self.engine == Engine::Postgres { "postgres" } else { "mysql" };
        format!("{scheme}://{user}@127.0.0.1:{port}/{}", self.name)
    }

    pub(super) fn port(&self) -> u16 {
        match self.engine {
            Engine::Postgres => postgres().port(),
            Engine::Mysql => mariadb().port(),
        }
    }

    /// How many of quietus's connections to this database there are.
    pub(super) fn connections(&self) -> String {
        match self.engine {
            Engine::Postgres => self.sql(&format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'quietus'",
                self.name
            )),
            Engine::Mysql => self.sql(&format!(
                "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND id <> connection_id()",
                self.name
            )),
        }
    }
}

/// The server ends when this process does, as its keeper sees.
fn postgres() -> &'static postgres::Cluster {
    static CLUSTER: OnceLock<postgres::Cluster> = OnceLock::new();
    CLUSTER.get_or_init(postgres::Cluster::start)
}

fn mariadb() -> &'static mariadb::Server {
    static SERVER: OnceLock<mariadb::Server> = OnceLock::new();
    SERVER.get_or_init(mariadb::Server::start)
}

/// Waits for something that another process does.
#[track_caller]
pub(super) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < until, "waited for {what}");
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
}
