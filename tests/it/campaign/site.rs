//! Where quietus runs in a campaign: a server, or several, on one deployment.

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{chosen, ways};
use crate::harness::{Deployment, Random, Server, quietus};

/// A deployment and what serves it.
pub(super) trait Site {
    fn deployment(&self) -> &Deployment;

    /// Runs a command on the deployment, as its servers run.
    fn run(&self, arguments: &[&str]) -> Output {
        self.deployment().run(arguments)
    }

    /// Runs a command as an officer who became root by `sudo`: who they are is known by that.
    fn run_as(&self, officer: &str, arguments: &[&str]) -> Output {
        self.ordered_by(officer, arguments).output().expect("quietus runs")
    }

    /// The same, but killed after so long: nobody knows what came of it.
    fn kill_as(&self, officer: &str, arguments: &[&str], after: Duration) {
        let mut command = self.ordered_by(officer, arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("quietus runs");
        std::thread::sleep(after);
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
    }

    /// A command as an officer gives it.
    fn ordered_by(&self, officer: &str, arguments: &[&str]) -> Command {
        let mut command = quietus();
        command.arg("--config").arg(self.deployment().path("quietus.toml")).args(arguments);
        command.env("SUDO_USER", officer).stdin(Stdio::null());
        command
    }

    /// Something befalls its servers, or nothing.
    fn befall(&mut self, random: &mut Random);

    /// Where deliveries may go to at this moment.
    fn addresses(&self) -> Vec<SocketAddr>;

    /// The sessions of all events in the ledger, one for each event, in order.
    fn recorded(&self) -> Vec<i64>;

    /// Changes the ledger, past quietus.
    fn change(&self, sql: &str);

    /// How an id is written in the ledger's SQL, by its hexadecimal digits.
    fn id_in_sql(&self, digits: &str) -> String;

    /// Ends what serves it as a service manager does, with nothing left to do.
    fn stop(&mut self);

    /// Runs a command with `--json` and reads what it says.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        said(&self.run(&[&["--json"], arguments].concat()), arguments)
    }

    /// The same as an officer.
    #[track_caller]
    fn json_as(&self, officer: &str, arguments: &[&str]) -> Value {
        said(&self.run_as(officer, &[&["--json"], arguments].concat()), arguments)
    }
}

#[track_caller]
fn said(output: &Output, arguments: &[&str]) -> Value {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// What befalls a server.
#[derive(Clone, Copy, Debug)]
enum Event {
    Kill,
    Restart,
    Freeze,
    Nothing,
}

/// So that nobody waits for what goes wrong here for as long as for a real outage.
pub(super) const SETTINGS: [(&str, &str); 5] = [
    ("MLUVII__CALL_MAX", "1s"),
    ("ERASING__BREAKER_PAUSE", "50ms"),
    ("ERASING__RETRY__PAUSE_MIN", "50ms"),
    ("ERASING__RETRY__PAUSE_MAX", "500ms"),
    ("LOG__LEVEL", "info"),
];

/// One server on a ledger in a file.
pub(super) struct One {
    // It ends before its deployment.
    server: Option<Server>,
    pub(super) deployment: Deployment,
    /// What else is in the environment of the server and of commands, such as a library that is loaded before others.
    environment: Vec<(String, String)>,
}

impl One {
    pub(super) fn start(deployment: Deployment) -> Self {
        Self::start_in(deployment, Vec::new())
    }

    /// The same in an environment of its own.
    pub(super) fn start_in(deployment: Deployment, environment: Vec<(String, String)>) -> Self {
        let mut one = Self { server: None, deployment, environment };
        one.serve();
        one
    }

    /// Starts a server where there is none.
    pub(super) fn serve(&mut self) {
        let mut env = std::process::Command::new("env");
        env.args(self.environment.iter().map(|(name, value)| format!("{name}={value}")));
        self.server = Some(Server::start_through(env, &self.deployment, &SETTINGS));
    }

    /// The server, which is there.
    #[track_caller]
    pub(super) fn server(&self) -> &Server {
        self.server.as_ref().expect("a server is there")
    }

    /// Takes the server away, to end it in another way.
    #[track_caller]
    pub(super) fn take(&mut self) -> Server {
        self.server.take().expect("a server is there")
    }

    /// Kills the server at this instant and starts the next one, which finds the leases over.
    pub(super) fn kill(&mut self) {
        self.take().kill();
        self.let_leases_end();
        self.serve();
    }

    /// Stops the server in the middle of its work and starts the next one.
    pub(super) fn restart(&mut self) {
        let server = self.take();
        server.leaves_work("the next one goes on with it");
        let (status, log) = server.stop();
        assert!(status.success(), "{status}: {log:#?}");
        self.serve();
    }

    /// Nobody waits here until the leases of a killed server are over, and it is known to be gone. What is due on a date of its
    /// own stays so.
    pub(super) fn let_leases_end(&self) {
        let ended = "UPDATE task SET due = 0 WHERE holder IS NOT NULL; UPDATE process SET seen = 0;";
        self.deployment.ledger().execute_batch(ended).expect("updates");
    }
}

impl Site for One {
    fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = quietus();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.arg("--config").arg(self.deployment.path("quietus.toml")).args(arguments);
        command.stdin(std::process::Stdio::null()).output().expect("quietus runs")
    }

    fn befall(&mut self, random: &mut Random) {
        match chosen(random, &[Event::Kill, Event::Kill, Event::Restart, Event::Freeze, Event::Nothing]) {
            Event::Nothing => {}
            Event::Freeze => freeze(self.server(), random),
            Event::Kill => self.kill(),
            Event::Restart => self.restart(),
        }
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.server.iter().map(|server| server.address).collect()
    }

    fn recorded(&self) -> Vec<i64> {
        let ledger = self.deployment.ledger();
        let mut events = ledger.prepare("SELECT session FROM event ORDER BY session").expect("a statement");
        let sessions = events.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>();
        sessions.expect("numbers")
    }

    fn change(&self, sql: &str) {
        self.deployment.ledger().execute_batch(sql).expect("updates");
    }

    fn id_in_sql(&self, digits: &str) -> String {
        format!("x'{digits}'")
    }

    fn stop(&mut self) {
        let (status, log) = self.take().stop();
        assert!(status.success(), "{status}: {log:#?}");
    }
}

/// A server stands still for a while.
pub(super) fn freeze(server: &Server, random: &mut Random) {
    let stillness = ways::stillness(random);
    server.signal("STOP");
    std::thread::sleep(stillness);
    server.signal("CONT");
}
