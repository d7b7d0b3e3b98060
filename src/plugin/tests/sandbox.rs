//! The sandbox, tried from inside by a plugin that does what it is told.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Arc;

use libc::{EACCES, ENOSYS, EPERM};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::supervisor::{call, read};
use super::*;
use crate::plugin::launch::Level;
use crate::target::{Answer, Target as _, TargetError};

/// A plugin that tries things, in a sandbox.
pub(super) struct Prober {
    host: Arc<PluginHost>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    pub(super) level: Level,
    _code: Compiled,
}

impl Prober {
    pub(super) async fn start(settings: serde_json::Value) -> Self {
        Self::start_as(program(), settings).await
    }

    pub(super) async fn start_as(program: Program, more: serde_json::Value) -> Self {
        let code = Compiled::new("prober.c", &[]);
        let mut settings = json!({ "name": "prober", "library": code.library, "grants": ["name"] });
        settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let settings = serde_json::from_value(settings).expect("settings");
        let installed = Installed::find(settings, Path::new("."), &read).expect("found");
        let host = PluginHost::new(installed, program);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(host.clone().run(shutdown.clone()));
        let PluginState::Up(info) = host.started().await else { panic!("{:?}", host.state()) };
        Self { host, shutdown, task, level: info.sandbox, _code: code }
    }

    /// The errno of what it tries.
    pub(super) async fn errno(&self, what: &str) -> i32 {
        let answer = self.erase(what).await.expect("an answer");
        answer.counts["errno"].try_into().expect("a number")
    }

    pub(super) async fn erase(&self, what: &str) -> Result<Answer, TargetError> {
        self.host.erase(&call(what)).await
    }

    async fn check(&self, table: &[(&str, i32)]) {
        for (what, expected) in table {
            assert_eq!(self.errno(what).await, *expected, "{what}");
        }
    }

    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("it ends");
    }
}

/// The rest of a test holds only where the kernel goes that far.
fn reaches(prober: &Prober, level: Level) -> bool {
    prober.level >= level
}

async fn tries_everything(prober: &Prober) {
    let server = std::process::id();
    assert!(reaches(prober, Level::Syscalls), "seccomp is part of every kernel that these tests are for");
    let into_server = [
        (format!("kill {server}"), EPERM),
        (format!("tgkill {server}"), EPERM),
        (format!("ptrace {server}"), EPERM),
        (format!("memory {server}"), EPERM),
        (format!("setpgid {server}"), EPERM),
        (format!("prlimit {server}"), EPERM),
        (format!("nice {server}"), EPERM),
        (format!("affinity {server}"), EPERM),
        (format!("scheduler {server}"), EPERM),
        (format!("own {server}"), EPERM),
    ];
    let into_server: Vec<_> = into_server.iter().map(|(what, errno)| (what.as_str(), *errno)).collect();
    prober.check(&into_server).await;
    prober
        .check(&[
            ("fork", EPERM),
            ("clone3", ENOSYS),
            ("exec", EPERM),
            ("setsid", EPERM),
            ("unshare", EPERM),
            ("io_uring", ENOSYS),
            ("bpf", EPERM),
            ("mount", EPERM),
            ("dumpable", EPERM),
            ("packet", EPERM),
            ("nice-all", EPERM),
            ("affinity 0", 0),
            ("thread", 0),
            ("own-signal", 0),
            ("environment", 0),
        ])
        .await;
    #[cfg(target_arch = "x86_64")]
    prober.check(&[("x32", ENOSYS)]).await;
    if reaches(prober, Level::Files) {
        let environment = format!("read /proc/{server}/environ");
        let memory = format!("read /proc/{server}/mem");
        prober
            .check(&[
                ("read /etc/passwd", EACCES),
                (&environment, EACCES),
                (&memory, EACCES),
                ("write /tmp/of-a-plugin", EACCES),
                ("read /etc/hosts", 0),
                ("write /dev/null", 0),
                ("read /proc/self/status", 0),
            ])
            .await;
    }
}

#[tokio::test]
async fn a_plugin_reaches_neither_other_processes_nor_the_kernel_nor_files() {
    let prober = Prober::start(json!({})).await;
    tries_everything(&prober).await;
    prober.stop().await;
}

#[tokio::test]
async fn the_same_holds_for_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        // Then all the other tests are the proof.
        return;
    }
    let this = std::env::current_exe().expect("known").display().to_string();
    let arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", "--", this.leak(), CHILD, "--exact"];
    let prober = Prober::start_as(Program::new("/usr/bin/setpriv", arguments), json!({})).await;
    tries_everything(&prober).await;
    prober.stop().await;
}

#[tokio::test]
async fn only_ports_that_are_declared_can_be_connected_to() {
    let declared = listener();
    let other = listener();
    let declared = port(&declared);
    let other = port(&other);
    let prober = Prober::start(json!({ "config": { "url": format!("http://127.0.0.1:{declared}/x") } })).await;
    if reaches(&prober, Level::Network) {
        prober
            .check(&[(&format!("connect {declared}"), 0), (&format!("connect {other}"), EACCES), ("listen 0", EACCES)])
            .await;
    }
    prober.stop().await;

    let prober = Prober::start(json!({ "ports": [other] })).await;
    if reaches(&prober, Level::Network) {
        prober.check(&[(&format!("connect {declared}"), EACCES), (&format!("connect {other}"), 0)]).await;
    }
    prober.stop().await;
}

fn listener() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port")
}

fn port(listener: &std::net::TcpListener) -> u16 {
    listener.local_addr().expect("known").port()
}

#[tokio::test]
async fn files_are_open_where_the_configuration_names_them() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("mine")).expect("made");
    for file in ["mine/a", "read", "secret"] {
        std::fs::write(path(file), "x").expect("written");
    }
    let config = json!({ "folder": path("mine"), "file": path("read") });
    let prober = Prober::start(json!({ "config": config })).await;
    if reaches(&prober, Level::Files) {
        let table = [
            ("read", "read", 0),
            ("write", "read", EACCES),
            ("read", "mine/a", 0),
            ("write", "mine/b", 0),
            ("unlink", "mine/a", 0),
            ("read", "secret", EACCES),
            ("unlink", "secret", EACCES),
        ];
        for (verb, file, expected) in table {
            let what = format!("{verb} {}", path(file).display());
            assert_eq!(prober.errno(&what).await, expected, "{verb} {file}");
        }
        assert!(!path("mine/a").exists() && path("mine/b").exists());
    }
    prober.stop().await;
}

#[tokio::test]
async fn abstract_sockets_of_others_are_out_of_reach() {
    let name = format!("quietus-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _listener = UnixListener::bind_addr(&address).expect("bound");
    let prober = Prober::start(json!({})).await;
    // Since Linux 6.12, for which there is no level.
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("known");
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    if (numbers.next(), numbers.next()) >= (Some(6), Some(12)) {
        assert_eq!(prober.errno(&format!("abstract {name}")).await, EPERM);
    }
    prober.stop().await;
}

#[tokio::test]
async fn memory_and_files_are_limited_to_what_is_configured() {
    let prober = Prober::start(json!({ "limits": { "memory_mib": 64, "files": 40 } })).await;
    let mib = prober.errno("hog").await;
    assert!((1..64).contains(&mib), "{mib} MiB");
    prober.stop().await;
    let prober = Prober::start(json!({ "limits": { "files": 40 } })).await;
    let files = prober.errno("files").await;
    assert!((1..40).contains(&files), "{files} files");
    prober.stop().await;
}

#[tokio::test]
async fn a_plugin_does_not_start_below_the_wanted_level() {
    let code = Compiled::new("prober.c", &[]);
    let reached = {
        let prober = Prober::start(json!({})).await;
        let reached = prober.level;
        prober.stop().await;
        reached
    };
    let settings = json!({ "name": "prober", "library": code.library, "grants": ["name"], "sandbox": "network" });
    let settings = serde_json::from_value(settings).expect("settings");
    let report = check(settings, Path::new("."), &read, program(), Connect::Offline).await;
    match (reached >= Level::Network, report) {
        (true, Ok(report)) => assert_eq!(report.info.sandbox, Level::Network),
        (false, Err(refused)) => assert!(refused.why.contains("`network` is wanted"), "{}", refused.why),
        (reaches, other) => panic!("{reaches}: {other:?}"),
    }
}
