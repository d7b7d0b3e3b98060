//! A server: PostgreSQL calls it a database cluster.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::installed::Installed;
use crate::keeper::Keeper;
use crate::psql::{psql, quoted};
use crate::template::Make;
use crate::{PATIENCE, PAUSE};

/// Fast rather than safe against the machine's failure; against the server's own, nothing is given up.
const SETTINGS: [(&str, &str); 6] = [
    ("listen_addresses", "127.0.0.1"),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "16MB"),
    ("max_connections", "100"),
    ("jit", "off"),
];

/// So many ports are tried: between finding a free one and listening on it, another program may take it.
const PORTS_MAX: u32 = 20;

/// A server on the loopback interface, with the superuser `postgres` and no password. Dropping it removes it.
pub struct Cluster {
    keeper: Mutex<Keeper>,
    folder: PathBuf,
    port: u16,
    psql: PathBuf,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Connections are ended and everything is written; the next start has nothing to recover.
    Fast,
    /// As in a crash of the server; the next start recovers.
    Immediate,
}

/// What became of a start.
enum Started {
    Ready,
    PortTaken,
}

impl Cluster {
    /// A new, empty server that takes connections.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With settings of its own over those for tests, such as `("fsync", "on")`.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_made(Make::Small, &[&SETTINGS, settings].concat())
    }

    /// With PostgreSQL's own defaults, those of `initdb` too, and settings over them: for measuring.
    pub fn start_as_installed(settings: &[(&str, &str)]) -> Self {
        Self::start_made(Make::Default, settings)
    }

    fn start_made(make: Make, settings: &[(&str, &str)]) -> Self {
        let installed = Installed::find();
        let mut keeper = Keeper::new(&installed, make, settings);
        for _ in 0..PORTS_MAX {
            let port = free_port();
            if let Started::Ready = start(&mut keeper, port) {
                let folder = keeper.folder().to_owned();
                return Self { keeper: Mutex::new(keeper), folder, port, psql: installed.program("psql") };
            }
        }
        panic!("{PORTS_MAX} free ports were all taken by others at once");
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its Unix socket, as a client takes it for a host.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The address of a database for its superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", database)
    }

    /// The address of a database for a user.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database.
    #[track_caller]
    pub fn create_database(&self, name: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {}", quoted(name)));
    }

    /// Runs SQL as the superuser, in one transaction, and returns a line for each row, its columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, "postgres", sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs SQL as any user, as [`Cluster::sql`] does.
    ///
    /// # Errors
    ///
    /// What the server, or the client that could not reach it, said.
    pub fn try_sql(&self, database: &str, user: &str, sql: &str) -> Result<String, String> {
        psql(&self.psql, (&self.folder, self.port), database, user, sql)
    }

    /// Ends every client's connection to a database, waits for that, and says how many there were.
    #[track_caller]
    pub fn kill_backends(&self, database: &str) -> usize {
        let killed = self.sql(
            "postgres",
            &format!(
                "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 30000)) FROM pg_stat_activity \
                 WHERE datname = '{}' AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
                database.replace('\'', "''")
            ),
        );
        killed.parse().expect("a number")
    }

    /// Stops it, and waits until it has ended. Its data stays.
    pub fn stop(&self, mode: Mode) {
        let signal = match mode {
            Mode::Fast => "INT",
            Mode::Immediate => "QUIT",
        };
        self.keeper().stop(signal);
    }

    /// Starts it after [`Cluster::stop`], on the same port, and waits until it takes connections.
    pub fn start_again(&self) {
        let until = Instant::now() + PATIENCE;
        while let Started::PortTaken = start(&mut self.keeper(), self.port) {
            assert!(Instant::now() < until, "port {} is taken by another program", self.port);
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Stops it as a crash does and starts it again.
    pub fn restart_immediate(&self) {
        self.stop(Mode::Immediate);
        self.start_again();
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        log(&self.folder)
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(keeper: &mut Keeper, port: u16) -> Started {
    let logged = log(keeper.folder()).len();
    let postmaster = keeper.start(port);
    let until = Instant::now() + PATIENCE;
    while !postmaster.is_ready(keeper.folder()) {
        if postmaster.has_ended() {
            let log = log(keeper.folder()).split_off(logged);
            assert!(log.contains("Address already in use"), "the server does not start: {log}");
            keeper.stop("QUIT");
            return Started::PortTaken;
        }
        assert!(Instant::now() < until, "waited {PATIENCE:?} for the server: {}", log(keeper.folder()));
        std::thread::park_timeout(PAUSE);
    }
    Started::Ready
}

fn log(folder: &Path) -> String {
    let bytes = std::fs::read(folder.join("log")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}
