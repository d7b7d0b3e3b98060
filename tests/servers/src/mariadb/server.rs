//! A MariaDB server in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keeper::{Keeper, Process};
use crate::owner::{Owner, is_root};
use crate::service::{Recipe, Service};
use crate::template::template;

/// Small, and fast rather than safe against the machine's failure; against the server's own, nothing is given up.
const SETTINGS: [&str; 8] = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=4M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0",
    "--character-set-server=utf8mb4",
    "--max-connections=100",
];

/// The program, which is not in the path of everybody.
const PROGRAM: &str = "/usr/sbin/mariadbd";

/// A server on the loopback interface, with the superuser `root` and no password. Dropping it removes it.
pub struct Server {
    service: Service,
}

impl Server {
    /// A new, empty server that takes connections.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With options over those for tests, such as `--read-only`.
    pub fn start_with(options: &[&str]) -> Self {
        assert!(Path::new(PROGRAM).exists(), "no MariaDB server is installed: run tests/run, which installs it");
        let owner = Owner::tester();
        let template = template(owner, "mariadb", |data| install(owner, data));
        let mut keeper = Keeper::new(owner, "mariadb", "KILL");
        let data = keeper.folder().join("data");
        keeper.run(&["cp", "-a", "--reflink=auto", text(&template), text(&data)]);
        let options: Vec<String> = SETTINGS.iter().chain(options).map(|option| (*option).to_owned()).collect();
        let words = move |folder: &Path, port: u16| {
            let mut words = vec![PROGRAM.to_owned(), "--no-defaults".into()];
            words.extend(is_root().then(|| "--user=root".to_owned()));
            words.push(format!("--datadir={}", text(&folder.join("data"))));
            words.push(format!("--socket={}", text(&socket(folder))));
            words.push(format!("--pid-file={}", text(&folder.join("pid"))));
            // A server that starts deletes the temporary files of all others in the same folder.
            words.push(format!("--tmpdir={}", text(folder)));
            words.push(format!("--port={port}"));
            words.extend(options.iter().cloned());
            words
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "Address already in use" };
        Self { service: Service::start(keeper, recipe) }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.service.port()
    }

    /// Where its data and its socket are.
    pub fn folder(&self) -> &Path {
        self.service.folder()
    }

    /// The address of a database for a user.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("mysql://{user}@127.0.0.1:{}/{database}", self.port())
    }

    /// Runs SQL as the superuser, and returns a line for each row, its columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--batch", "--raw", "--skip-column-names", "--default-character-set=utf8mb4"]);
        client.arg("--socket").arg(socket(self.service.folder())).args(["--user=root", database, "--execute", sql]);
        let output = client.output().expect("the client runs: tests/run installs it");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        let rows = String::from_utf8(output.stdout).expect("UTF-8");
        rows.trim_end_matches('\n').replace('\t', "|")
    }

    /// Stops it as a crash does. Its data stays.
    pub fn stop(&self) {
        self.service.stop("KILL");
    }

    /// Starts it after [`Server::stop`], on the same port, and waits until it takes connections.
    pub fn start_again(&self) {
        self.service.start_again();
    }
}

/// The command that makes a data folder.
fn install(owner: Owner, data: &Path) -> Command {
    let mut install = owner.command("mariadb-install-db");
    install.args([
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    ]);
    if is_root() {
        install.arg("--user=root");
    }
    install.args(["--innodb-log-file-size=4M", "--innodb-data-file-path=ibdata1:4M:autoextend"]);
    install.arg(format!("--datadir={}", text(data)));
    install
}

/// Whether it takes connections: it writes its number when it listens.
fn is_ready(server: &Process, folder: &Path, _: u16) -> bool {
    let number = std::fs::read_to_string(folder.join("pid")).unwrap_or_default();
    number.trim() == server.0.to_string() && std::os::unix::net::UnixStream::connect(socket(folder)).is_ok()
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder's name is text")
}
