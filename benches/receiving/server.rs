//! Servers as processes of their own, each with a folder that goes with it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::usage::{self, Usage};

/// The HMAC secret and the Basic password of the benchmark.
pub(crate) const SECRET: &str = "bench-password";

/// A running server; it is killed when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    child: Child,
}

impl Server {
    /// `bare` or `file`.
    pub(crate) fn yardstick(name: &str) -> Self {
        let folder = folder();
        let own = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(own);
        command.args(["--yardstick", name]).arg(folder.path());
        Self::spawn(command, folder, |line| line.trim().parse().ok())
    }

    /// quietus with so many sessions decided on, in SQLite.
    pub(crate) fn quietus_with_sessions(sessions: usize) -> Self {
        let mut server = Self::quietus_in(folder(), "http://127.0.0.1:9", "");
        server.stop();
        fill(&server.folder.path().join("quietus.db"), sessions);
        let folder = std::mem::replace(&mut server.folder, folder());
        Self::quietus_in(folder, "http://127.0.0.1:9", "")
    }

    /// quietus against the given mluvii with further configuration.
    pub(crate) fn quietus_in(folder: TempDir, mluvii: &str, more: &str) -> Self {
        Self::quietus_within(folder, mluvii, more, &[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn quietus_within(folder: TempDir, mluvii: &str, more: &str, environment: &[(&str, OsString)]) -> Self {
        let path = configure(&folder, mluvii, more);
        let mut command = quietus();
        command.arg("serve").arg("--config").arg(path).envs(environment.iter().map(|(name, value)| (name, value)));
        Self::spawn(command, folder, listening)
    }

    pub(crate) fn spawn(mut command: Command, folder: TempDir, address: fn(&str) -> Option<SocketAddr>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the server starts");
        let (told, address_told) = std::sync::mpsc::channel();
        for pipe in [
            Box::new(child.stdout.take().expect("piped")) as Box<dyn std::io::Read + Send>,
            Box::new(child.stderr.take().expect("piped")),
        ] {
            let told = told.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if let Some(address) = address(&line) {
                        let _nobody_waits = told.send(address);
                    }
                }
            });
        }
        let address = address_told.recv_timeout(Duration::from_secs(20)).expect("the server says where it listens");
        Self { address, folder, child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The resident memory now, in MB.
    pub(crate) fn resident_mb(&self) -> f64 {
        Usage::of(self.id()).resident_mb
    }

    /// The most that was ever resident, in MB.
    pub(crate) fn resident_mb_peak(&self) -> f64 {
        usage::resident_mb_peak(self.id())
    }

    fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success(), "the server is there");
        let until = Instant::now() + Duration::from_secs(30);
        while self.child.try_wait().expect("it is our child").is_none() {
            assert!(Instant::now() < until, "the server ends when it is asked to");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes what quietus needs into a folder: its configuration, whose path is returned, the secret, keys.
pub(crate) fn configure(folder: &TempDir, mluvii: &str, more: &str) -> PathBuf {
    let path = folder.path().join("quietus.toml");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRET).expect("the folder is writable");
    let config = format!(
        r#"
        [server]
        listen = "127.0.0.1:0"
        [log]
        level = "quietus=info"
        format = "json"
        [mluvii]
        base_url = "{mluvii}"
        verify_after = "1s"
        client_id = {{ file = "secret" }}
        client_secret = {{ file = "secret" }}
        [[source]]
        name = "bench"
        tenants = [62]
        [[source.auth]]
        basic = {{ user = "mluvii", password = {{ file = "secret" }} }}
        [[source.auth]]
        hmac = {{ header = "x-signature", algorithm = "sha256", encoding = "hex", prefix = "sha256=", secrets = [{{ file = "secret" }}] }}
        {more}
        "#
    );
    std::fs::write(&path, config).expect("the folder is writable");
    let keys = folder.path().join("keys");
    if !keys.exists() {
        let made = quietus().args(["keys", "new"]).arg(keys).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(made.expect("quietus runs").success(), "keys can be made");
    }
    path
}

/// The program under test.
pub(crate) fn quietus() -> Command {
    Command::new(env!("CARGO_BIN_EXE_quietus"))
}

/// A folder beside the build, which is on a real disk where `/tmp` may be memory.
pub(crate) fn folder() -> TempDir {
    TempDir::new_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("the build folder is writable")
}

/// The address in the log line that says where the server listens.
pub(crate) fn listening(line: &str) -> Option<SocketAddr> {
    let fields: serde_json::Value = serde_json::from_str(line).ok()?;
    fields.pointer("/fields/listen")?.as_str()?.parse().ok()
}

/// Writes so many sessions as deciding leaves them: a row, the key of the event, two fingerprints.
fn fill(ledger: &Path, sessions: usize) {
    let mut ledger = rusqlite::Connection::open(ledger).expect("the ledger opens");
    let all = ledger.transaction().expect("nobody else writes");
    for table in ["source", "installation"] {
        let insert = format!("INSERT INTO {table} (id, name) VALUES (1000, 'filled') ON CONFLICT DO NOTHING");
        all.execute(&insert, []).expect("a name");
    }
    {
        let mut event = all
            .prepare(
                "INSERT INTO event (source, session, kind, digest, received) VALUES (1000, ?1, 1, randomblob(16), 0)",
            )
            .expect("SQL");
        let mut print = all
            .prepare(
                "INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary)
                 VALUES (randomblob(32), 1000, ?1, 1, 'email', 0)",
            )
            .expect("SQL");
        let mut session = all
            .prepare(
                "INSERT INTO session (installation, session, version, guest, read_at, concluded, recording_ready,
                                      record, forms_seen, idle_since)
                 VALUES (1000, ?1, 1, randomblob(16), 0, 1, 0, ?2, x'', unixepoch() * 1000)",
            )
            .expect("SQL");
        for id in (0_i64..).take(sessions) {
            let record =
                r#"{"t":62,"c":"Chat","o":"Default","b":1777730724000000,"e":1777731324000000,"k":"given","v":"v3"}"#;
            event.execute((id,)).expect("a row");
            print.execute((id,)).expect("a row");
            print.execute((id,)).expect("a row");
            session.execute((id, record)).expect("a row");
        }
    }
    all.commit().expect("the disk has room");
}
