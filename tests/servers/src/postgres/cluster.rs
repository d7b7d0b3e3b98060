//! A server: PostgreSQL calls it a database cluster.

use std::path::{Path, PathBuf};

use super::installed::Installed;
use super::psql::{psql, quoted};
use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service};
use crate::template::template;

/// Fast rather than safe against the machine's failure; against the server's own, nothing is given up. `fsync` stays on, as
/// quietus refuses a server without it; in memory it costs next to nothing.
const SETTINGS: [(&str, &str); 5] = [
    ("listen_addresses", "127.0.0.1"),
    ("full_page_writes", "off"),
    ("shared_buffers", "16MB"),
    ("max_connections", "100"),
    ("jit", "off"),
];

/// A server on the loopback interface, with the superuser `postgres` and no password. Dropping it removes it.
pub struct Cluster {
    service: Service,
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

/// How a data folder is made.
#[derive(Clone, Copy)]
enum Make {
    /// With a log in small parts, which is copied fast.
    Small,
    /// As `initdb` makes one by itself.
    Default,
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
        let owner = Owner::ordinary("postgres");
        let template = make.template(&installed, owner);
        let mut keeper = match make {
            Make::Small => Keeper::new(owner, "postgres", "QUIT"),
            Make::Default => Keeper::new_on_disk(owner, "postgres", "QUIT"),
        };
        let data = keeper.folder().join("data");
        keeper.run(&["cp", "-a", "--reflink=auto", text(&template), text(&data)]);
        Self::start_kept(&installed, keeper, settings)
    }

    /// A server that follows this one, which knows it by a name.
    pub fn standby(&self, name: &str) -> Self {
        let installed = Installed::find();
        let mut keeper = Keeper::new(Owner::ordinary("postgres"), "postgres", "QUIT");
        let data = keeper.folder().join("data");
        let program = installed.program("pg_basebackup");
        let from = format!("host=127.0.0.1 port={} user=postgres application_name={name}", self.port());
        let copy = [text(&program), "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--pgdata", text(&data)];
        keeper.run(&[&copy[..], &["--dbname", &from]].concat());
        Self::start_kept(&installed, keeper, &SETTINGS)
    }

    /// Starts the server whose data is in the keeper's folder.
    fn start_kept(installed: &Installed, keeper: Keeper, settings: &[(&str, &str)]) -> Self {
        let postgres = text(&installed.program("postgres")).to_owned();
        let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let words = move |folder: &Path, port: u16| {
            let data = folder.join("data");
            let own = [&postgres, "-D", text(&data), "-k", text(folder), "-p", &port.to_string()].map(str::to_owned);
            own.into_iter().chain(settings.iter().flat_map(|setting| ["-c".to_owned(), setting.clone()])).collect()
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "Address already in use" };
        Self { service: Service::start(keeper, recipe), psql: installed.program("psql") }
    }

    /// Makes a primary of a standby, and waits until it can be written.
    #[track_caller]
    pub fn promote(&self) {
        assert_eq!(self.sql("postgres", "SELECT pg_promote()"), "t");
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.service.port()
    }

    /// The folder of its Unix socket, as a client takes it for a host.
    pub fn socket_folder(&self) -> &Path {
        self.service.folder()
    }

    /// The folder with PostgreSQL's own programs.
    pub fn programs(&self) -> &Path {
        self.psql.parent().expect("a program is in a folder")
    }

    /// The address of a database for its superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", database)
    }

    /// The address of a database for a user.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port())
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
        psql(&self.psql, (self.service.folder(), self.port()), database, user, sql)
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
        self.service.stop(signal);
    }

    /// Starts it after [`Cluster::stop`], on the same port, and waits until it takes connections.
    pub fn start_again(&self) {
        self.service.start_again();
    }

    /// Stops it as a crash does and starts it again.
    pub fn restart_immediate(&self) {
        self.stop(Mode::Immediate);
        self.start_again();
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.service.log()
    }
}

impl Make {
    /// The template of such a data folder.
    fn template(self, installed: &Installed, owner: Owner) -> PathBuf {
        let (name, arguments): (_, &[_]) = match self {
            Self::Small => ("postgres", &["--wal-segsize=1"]),
            Self::Default => ("postgres-default", &[]),
        };
        template(owner, &format!("{name}-{}", installed.major), |data| {
            let mut initdb = owner.command(installed.program("initdb"));
            initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
            initdb.args(arguments).args(["--no-sync", "--no-instructions", "--pgdata"]).arg(data);
            initdb
        })
    }
}

/// Whether it takes connections: it says so in its lock file, as `pg_ctl start --wait` reads it.
fn is_ready(postmaster: &Process, folder: &Path, _: u16) -> bool {
    let Ok(file) = std::fs::read_to_string(folder.join("data/postmaster.pid")) else { return false };
    let mut lines = file.lines().map(str::trim);
    lines.next() == Some(&postmaster.0.to_string()) && lines.nth(6) == Some("ready")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder's name is text")
}
