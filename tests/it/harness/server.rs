//! `quietus serve` on a deployment.

use std::cell::Cell;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use serde_json::{Value, json};

use super::left::{Began, Ledger};
use super::process::Process;
use super::{Deployment, PASSWORD, PATIENCE, client, http, quietus, wait_for, wait_within};

/// A running server. However it ends, it must not have panicked, and no plugin's process may outlive it. Unless it is killed,
/// it must have done before all that was due: a test that leaves work says so, by [`Server::leaves_work`].
pub(crate) struct Server {
    process: Process,
    ledger: Ledger,
    /// Why it may leave work.
    leaves_work: Cell<Option<&'static str>>,
    /// Whether its end was asked for.
    is_ended: Cell<bool>,
    /// Whether the test has it panic.
    may_panic: bool,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

/// Where everything that is counted is documented.
const MONITORING: &str = include_str!("../../../docs/monitoring.md");

impl Server {
    pub(crate) fn start(deployment: &Deployment) -> Self {
        Self::start_with(deployment, &[])
    }

    /// With settings of its own, such as `("SERVER__REQUESTS_MAX", "1")`.
    pub(crate) fn start_with(deployment: &Deployment, settings: &[(&str, &str)]) -> Self {
        Self::run(deployment, serve(deployment, quietus()), settings)
    }

    /// Another version of the program.
    pub(crate) fn start_as(program: &Path, deployment: &Deployment, settings: &[(&str, &str)]) -> Self {
        Self::run(deployment, serve(deployment, std::process::Command::new(program)), settings)
    }

    /// One that is not killed by a write beyond the largest size of a file; the write fails, as on a full disk.
    pub(crate) fn start_to_fill_its_disk(deployment: &Deployment) -> Self {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#, env!("CARGO_BIN_EXE_quietus")]);
        Self::run(deployment, serve(deployment, shell), &[])
    }

    /// Through another program, such as `env`, that becomes it.
    pub(crate) fn start_through(
        mut other: std::process::Command,
        deployment: &Deployment,
        settings: &[(&str, &str)],
    ) -> Self {
        other.arg(env!("CARGO_BIN_EXE_quietus"));
        Self::run(deployment, serve(deployment, other), settings)
    }

    /// The same, which may refuse to start.
    pub(crate) fn try_start_through(
        mut other: std::process::Command,
        deployment: &Deployment,
        settings: &[(&str, &str)],
    ) -> Result<Self, Refused> {
        other.arg(env!("CARGO_BIN_EXE_quietus"));
        let mut command = serve(deployment, other);
        command.envs(environment(settings));
        let mut process = Process::spawn(command);
        let listens = |line: &String| line.contains("\"listen\":");
        wait_for("the server to listen or to end", || {
            (process.has_ended().is_some() || process.lines().iter().any(listens)).then_some(())
        });
        if process.has_ended().is_some() {
            let status = process.end();
            return Err(Refused { code: status.code(), said: process.lines().join("\n") });
        }
        Ok(Self::of(deployment, process))
    }

    /// One that runs in this cgroup.
    pub(crate) fn start_in_cgroup(deployment: &Deployment, cgroup: &Path) -> Self {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", r#"echo 0 > "$CGROUP/cgroup.procs" && exec "$0" "$@""#, env!("CARGO_BIN_EXE_quietus")]);
        shell.env("CGROUP", cgroup);
        Self::run(deployment, serve(deployment, shell), &[])
    }

    /// One that is passed these sockets, as systemd does it: that of the name `listen`, and another one.
    pub(crate) fn start_on(
        deployment: &Deployment,
        listen: &TcpListener,
        other: Option<(&str, &TcpListener)>,
        settings: &[(&str, &str)],
    ) -> Self {
        // The sockets come as its standard input and output, from where the shell moves them to where they belong.
        let mut shell = std::process::Command::new("sh");
        let script = r#"export LISTEN_PID=$$; exec "$0" "$@" 3<&0 4<&1 </dev/null >&2"#;
        shell.args(["-c", script, env!("CARGO_BIN_EXE_quietus")]);
        let name = other.map(|(name, _)| format!(":{name}")).unwrap_or_default();
        shell.env("LISTEN_FDS", if other.is_some() { "2" } else { "1" }).env("LISTEN_FDNAMES", format!("listen{name}"));
        shell.envs(environment(settings));
        let passed = |socket: &TcpListener| Stdio::from(OwnedFd::from(socket.try_clone().expect("a descriptor")));
        let stdout = other.map_or_else(Stdio::piped, |(_, socket)| passed(socket));
        Self::of(deployment, Process::spawn_with(serve(deployment, shell), passed(listen), stdout))
    }

    fn run(deployment: &Deployment, mut command: std::process::Command, settings: &[(&str, &str)]) -> Self {
        command.envs(environment(settings));
        Self::of(deployment, Process::spawn(command))
    }

    /// A process that is about to listen.
    fn of(deployment: &Deployment, process: Process) -> Self {
        let field = |name: &'static str| {
            move |line: &str| {
                let line: Value = serde_json::from_str(line).ok()?;
                line["fields"][name].as_str()?.parse().ok()
            }
        };
        let metrics = process.told("where the metrics are", field("metrics_listen"));
        let address = process.told("where the server listens", field("listen"));
        let ledger = Ledger::of(deployment);
        Self {
            process,
            ledger,
            leaves_work: Cell::new(None),
            is_ended: Cell::new(false),
            may_panic: false,
            address,
            metrics,
        }
    }

    /// The URL that mluvii is given, with the credentials of the source `acme`.
    pub(crate) fn callback(&self) -> String {
        format!("http://mluvii:{}@{}/webhooks/acme", PASSWORD.replace(':', "%3A"), self.address)
    }

    /// The same for another source.
    pub(crate) fn callback_of(&self, source: &str) -> String {
        self.callback().replace("/webhooks/acme", &format!("/webhooks/{source}"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Delivers a body to the source `acme` as mluvii would.
    pub(crate) fn deliver(&self, body: &Value) -> u16 {
        http(client().post(self.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD)).json(body)).0
    }

    /// The end of a session of tenant 62.
    pub(crate) fn deliver_end(&self, session: i64) -> u16 {
        self.deliver(&session_ended(session))
    }

    /// The status of the answer to a delivered end, and its `Retry-After`.
    pub(crate) fn answer_to_end(&self, session: i64) -> (u16, Option<String>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let request = client().post(self.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
        runtime.block_on(async {
            let response = request.json(&session_ended(session)).send().await.expect("the server answers");
            let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
            (response.status().as_u16(), after)
        })
    }

    /// The status of its answer whether it is ready.
    pub(crate) fn ready(&self) -> u16 {
        http(client().get(self.url("/readyz"))).0
    }

    /// The status of its answer whether it lives.
    pub(crate) fn healthy(&self) -> u16 {
        http(client().get(self.url("/healthz"))).0
    }

    pub(crate) fn metrics(&self) -> String {
        let text = http(client().get(format!("http://{}/metrics", self.metrics))).1;
        for named in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let name = named.split(' ').next().unwrap_or_default();
            assert!(MONITORING.contains(&format!("`{name}`")), "docs/monitoring.md has no {name}");
        }
        text
    }

    /// Waits until a metric is not 0. What is shown may have been read a moment ago.
    #[track_caller]
    pub(crate) fn moved(&self, family: &str) {
        wait_for(&format!("{family} to move"), || {
            let text = self.metrics();
            let mut samples = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(family));
            samples.any(|line| !line.ends_with(" 0")).then_some(())
        });
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.process.lines()
    }

    /// Reads no more of its log, until [`Self::read_its_log_again`], or until it has ended.
    pub(crate) fn stop_reading_its_log(&self) {
        self.process.stop_reading();
    }

    pub(crate) fn read_its_log_again(&self) {
        self.process.read_again();
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The ids of its child processes: its plugins.
    pub(crate) fn children(&self) -> Vec<String> {
        self.process.children()
    }

    pub(crate) fn signal(&self, name: &str) {
        self.is_ended.set(self.is_ended.get() || ["TERM", "KILL"].contains(&name));
        self.process.signal(name);
    }

    /// It ends with work that is due, in hand or failing, for this reason.
    pub(crate) fn leaves_work(&self, why: &'static str) {
        self.leaves_work.set(Some(why));
    }

    /// Ends it as a service manager does, once nothing is left to do, and returns how it ended and what it logged.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (ExitStatus, Vec<String>) {
        (self.end(), self.process.lines())
    }

    /// Waits for the end that was asked for by a signal.
    #[track_caller]
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let children = Began::children_of(self.id());
        (self.ended(children), self.process.lines())
    }

    /// Waits for its end, after a panic that the test has caused.
    #[track_caller]
    pub(crate) fn dies(mut self) -> (ExitStatus, Vec<String>) {
        self.is_ended.set(true);
        self.may_panic = true;
        let children = Began::children_of(self.id());
        (self.ended(children), self.process.lines())
    }

    /// Kills it at this instant.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.is_ended.set(true);
        let children = Began::children_of(self.id());
        self.process.kill();
        // Its last lines are looked at, too.
        self.process.end();
        // Nobody waits for them any more.
        wait_for("its plugins to end with it", || children.iter().all(|child| !child.lives()).then_some(()));
    }

    #[track_caller]
    fn end(&mut self) -> ExitStatus {
        self.do_the_rest();
        let children = Began::children_of(self.id());
        self.signal("TERM");
        self.ended(children)
    }

    /// How it ended; its plugins have ended before it.
    #[track_caller]
    fn ended(&mut self, mut children: Vec<Began>) -> ExitStatus {
        let status = self.process.end();
        children.retain(Began::is_there);
        assert!(children.is_empty(), "they outlived the server: {children:?}");
        status
    }

    /// Waits until all that is due is done.
    #[track_caller]
    fn do_the_rest(&self) {
        if self.leaves_work.get().is_some() {
            return;
        }
        let mut left = Vec::new();
        let done = wait_within(PATIENCE, || {
            left = self.ledger.work();
            left.is_empty().then_some(())
        });
        assert!(done.is_some(), "the server leaves work: {left:?}; if that is meant, see `leaves_work`");
    }
}

/// How a server ended that did not begin to listen.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

fn environment(settings: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    settings.iter().map(|(key, value)| (format!("QUIETUS__{key}"), (*value).to_owned()))
}

fn serve(deployment: &Deployment, mut program: std::process::Command) -> std::process::Command {
    program.arg("serve").arg("--config").arg(deployment.path("quietus.toml"));
    program
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if !self.is_ended.get() {
            assert_eq!(
                self.process.has_ended(),
                None,
                "the server ended, and nobody asked for that: {:#?}",
                self.log()
            );
            let status = self.end();
            assert!(status.success(), "{status}: {:#?}", self.log());
        }
        if self.may_panic {
            return;
        }
        // A plugin may do so.
        let panicked = |line: &String| line.replace("the plugin panicked", "").contains("panicked");
        let panicked: Vec<_> = self.log().into_iter().filter(panicked).collect();
        assert!(panicked.is_empty(), "the server panicked: {panicked:#?}");
    }
}

/// A `SessionEnded` as mluvii sends it.
pub(crate) fn session_ended(session: i64) -> Value {
    json!({
        "eventType": "SessionEnded",
        "data": {
            "id": session, "tenantId": 62, "channel": "Chat", "source": "Default",
            "started": "2026-05-02T16:05:24.454661+02:00", "ended": "2026-05-02T16:15:24.454661+02:00",
        },
    })
}

/// Waits until so many receipts are there, and returns them.
#[track_caller]
pub(crate) fn receipts(deployment: &Deployment, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} receipts"), || match deployment.json(&["receipts", "list"]) {
        Value::Array(receipts) if receipts.len() >= count => Some(receipts),
        _ => None,
    })
}
