//! `quietus serve` on an installation.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;

use serde_json::{Value, json};

use super::process::Process;
use super::{Installation, PASSWORD, client, http, quietus, wait_for};

/// A running server. A test that ends without [`Server::stop`] or [`Server::kill`] still checks that it never panicked.
pub(crate) struct Server {
    process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Server {
    pub(crate) fn start(installation: &Installation) -> Self {
        Self::start_with(installation, &[])
    }

    /// With settings of its own, such as `("SERVER__REQUESTS_MAX", "1")`.
    pub(crate) fn start_with(installation: &Installation, settings: &[(&str, &str)]) -> Self {
        Self::run(serve(installation, quietus()), settings)
    }

    /// Another version of the program.
    pub(crate) fn start_as(program: &Path, installation: &Installation, settings: &[(&str, &str)]) -> Self {
        Self::run(serve(installation, std::process::Command::new(program)), settings)
    }

    /// One that is not killed by a write beyond the largest size of a file; the write fails, as on a full disk.
    pub(crate) fn start_to_fill_its_disk(installation: &Installation) -> Self {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#, env!("CARGO_BIN_EXE_quietus")]);
        Self::run(serve(installation, shell), &[])
    }

    /// Through another program, such as `env`, that becomes it.
    pub(crate) fn start_through(
        mut other: std::process::Command,
        installation: &Installation,
        settings: &[(&str, &str)],
    ) -> Self {
        other.arg(env!("CARGO_BIN_EXE_quietus"));
        Self::run(serve(installation, other), settings)
    }

    /// One that runs in this cgroup.
    pub(crate) fn start_in_cgroup(installation: &Installation, cgroup: &Path) -> Self {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", r#"echo 0 > "$CGROUP/cgroup.procs" && exec "$0" "$@""#, env!("CARGO_BIN_EXE_quietus")]);
        shell.env("CGROUP", cgroup);
        Self::run(serve(installation, shell), &[])
    }

    fn run(mut command: std::process::Command, settings: &[(&str, &str)]) -> Self {
        command.envs(settings.iter().map(|(key, value)| (format!("QUIETUS__{key}"), value)));
        let process = Process::spawn(command);
        let field = |name: &'static str| {
            move |line: &str| {
                let line: Value = serde_json::from_str(line).ok()?;
                line["fields"][name].as_str()?.parse().ok()
            }
        };
        let metrics = process.told("where the metrics are", field("metrics_listen"));
        let address = process.told("where the server listens", field("listen"));
        Self { process, address, metrics }
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
        http(client().get(format!("http://{}/metrics", self.metrics))).1
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.process.lines()
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The ids of its child processes: its plugins.
    pub(crate) fn children(&self) -> Vec<String> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("the server runs");
        let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(thread.ok()?.path().join("children")).ok()
        };
        let all: Vec<String> = threads.filter_map(of_thread).collect();
        all.iter().flat_map(|ids| ids.split_whitespace()).map(str::to_owned).collect()
    }

    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Ends it as a service manager does, and returns how it ended and what it logged.
    pub(crate) fn stop(self) -> (ExitStatus, Vec<String>) {
        self.process.signal("TERM");
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>) {
        (self.process.end(), self.process.lines())
    }

    /// Kills it at this instant.
    pub(crate) fn kill(mut self) {
        self.process.kill();
        // Its last lines are looked at, too.
        self.process.end();
    }
}

fn serve(installation: &Installation, mut program: std::process::Command) -> std::process::Command {
    program.arg("serve").arg("--config").arg(installation.path("quietus.toml"));
    program
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
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
pub(crate) fn receipts(installation: &Installation, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} receipts"), || match installation.json(&["receipts", "list"]) {
        Value::Array(receipts) if receipts.len() >= count => Some(receipts),
        _ => None,
    })
}
