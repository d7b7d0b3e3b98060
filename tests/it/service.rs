//! quietus under a service manager: what it tells it, and what it does at its signals.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::time::Duration;

use crate::harness::{Away, Deployment, ERASE, Server, StandIn, quietus, wait_for};

/// A service manager's socket, and what came there.
struct Manager {
    socket: UnixDatagram,
    name: String,
}

impl Manager {
    /// At a path in the deployment's folder.
    fn at_a_path(deployment: &Deployment) -> Self {
        let path = deployment.path("notify.sock");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        Self::of(socket, path.to_str().expect("UTF-8").to_owned())
    }

    /// In the abstract namespace.
    fn abstract_one() -> Self {
        let name = format!("quietus-test-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a short name");
        Self::of(UnixDatagram::bind_addr(&address).expect("a socket"), format!("@{name}"))
    }

    fn of(socket: UnixDatagram, name: String) -> Self {
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        Self { socket, name }
    }

    /// The next message.
    #[track_caller]
    fn next(&self) -> String {
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).expect("a message");
        String::from_utf8(message[..length].to_vec()).expect("text")
    }

    /// The next one that is no beat, and how many beats came before it.
    #[track_caller]
    fn next_word(&self) -> (String, usize) {
        let mut beats = 0;
        loop {
            match self.next() {
                beat if beat == "WATCHDOG=1" => beats += 1,
                word => return (word, beats),
            }
        }
    }

    /// The server, with this manager, and a watchdog of this interval that is meant for it.
    fn start(&self, deployment: &Deployment, watchdog: &str) -> Server {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"export WATCHDOG_PID=$$; exec "$0" "$@""#]);
        shell.env("NOTIFY_SOCKET", &self.name).env("WATCHDOG_USEC", watchdog);
        Server::start_through(shell, deployment, &[])
    }
}

#[test]
fn the_service_manager_is_told_when_deliveries_are_taken_that_it_is_well_and_that_it_stops() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let manager = Manager::at_a_path(&deployment);
    let server = manager.start(&deployment, "100000");
    let (ready, beats) = manager.next_word();
    let status = format!("STATUS=deliveries are taken at {}", server.address);
    assert_eq!((ready, beats), (format!("READY=1\n{status}"), 0));
    assert_eq!(server.deliver_end(1), 204);
    server.leaves_work("mluvii is away");
    for _ in 0..3 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    server.signal("TERM");
    let (stopping, _) = manager.next_word();
    assert_eq!(stopping, "STOPPING=1\nSTATUS=what is under way is finished");
    let (ended, _) = server.wait();
    assert!(ended.success());
}

#[test]
fn an_abstract_socket_will_do_and_nothing_of_it_reaches_a_plugin() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, "");
    let manager = Manager::abstract_one();
    let server = manager.start(&deployment, "60000000");
    assert!(manager.next_word().0.starts_with("READY=1\n"));
    // Before its program is loaded, it is a copy of the server.
    let is_loaded = |child: &String| std::fs::read(format!("/proc/{child}/cmdline")).is_ok_and(|line| is_plugin(&line));
    let plugin = wait_for("the plugin", || server.children().into_iter().find(is_loaded));
    let environment = std::fs::read(format!("/proc/{plugin}/environ")).expect("root may read it");
    let environment = String::from_utf8_lossy(&environment).into_owned();
    for name in ["NOTIFY_SOCKET", "WATCHDOG"] {
        assert!(!environment.contains(name), "{environment}");
    }
}

fn is_plugin(command_line: &[u8]) -> bool {
    String::from_utf8_lossy(command_line).contains("plugin-host")
}

/// A ledger that is away is no reason to be ended: no restart brings it back.
#[test]
fn the_watchdog_is_fed_while_the_ledger_is_away_and_not_by_a_process_that_stands_still() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let manager = Manager::at_a_path(&deployment);
    let server = manager.start(&deployment, "100000");
    assert!(manager.next_word().0.starts_with("READY=1\n"));
    let locked = deployment.ledger();
    locked.execute_batch("BEGIN EXCLUSIVE").expect("it is locked");
    wait_for("the ledger to be away", || (server.ready() == 503).then_some(()));
    for _ in 0..3 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    locked.execute_batch("ROLLBACK").expect("it is free");
    server.signal("STOP");
    manager.socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    while manager.socket.recv(&mut [0; 4096]).is_ok() {}
    server.signal("CONT");
    manager.socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    assert_eq!(manager.next(), "WATCHDOG=1");
}

#[test]
fn the_service_manager_is_told_of_a_reload_and_of_one_that_was_refused() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let manager = Manager::at_a_path(&deployment);
    let server = manager.start(&deployment, "60000000");
    let status = format!("STATUS=deliveries are taken at {}", server.address);
    assert_eq!(manager.next_word().0, format!("READY=1\n{status}"));
    let reloading = || {
        let (word, _) = manager.next_word();
        let lines: Vec<_> = word.lines().collect();
        assert_eq!(lines[0], "RELOADING=1", "{word}");
        // Since the machine was started, as the manager counts.
        let since_us: u64 = lines[1].strip_prefix("MONOTONIC_USEC=").and_then(|us| us.parse().ok()).expect("a number");
        assert!(since_us > 0);
    };
    server.signal("HUP");
    reloading();
    assert_eq!(manager.next_word().0, format!("READY=1\n{status}"));
    deployment.write("quietus.toml", "[server\n");
    server.signal("HUP");
    reloading();
    assert_eq!(manager.next_word().0, format!("READY=1\n{status}; the configuration in the file was not taken"));
    assert_eq!(server.deliver_end(1), 204);
    server.leaves_work("mluvii is away");
}

#[test]
fn sighup_during_a_start_and_at_the_end_ends_nothing_early() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    for _ in 0..20 {
        server.signal("HUP");
    }
    assert_eq!(server.deliver_end(1), 204);
    server.leaves_work("mluvii is away");
    server.signal("TERM");
    server.signal("HUP");
    let (ended, log) = server.wait();
    assert!(ended.success(), "{log:#?}");
}

/// What the shipped unit says.
fn unit(key: &str) -> String {
    let unit = include_str!("../../config/quietus.service");
    let value = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("it says no {key}")).to_owned()
}

#[test]
fn the_shipped_unit_waits_for_the_word_and_starts_anew_what_stands_still() {
    assert_eq!(unit("Type"), "notify");
    assert_eq!(unit("NotifyAccess"), "main");
    assert!(!unit("WatchdogSec").is_empty());
    // A ledger that is large, or that waits for its database, takes its time.
    assert_eq!(unit("TimeoutStartSec"), "infinity");
    // It waits for the end, and fails where the configuration is not taken; a signal would do neither.
    assert!(unit("ExecReload").contains("quietus reload --config"));
}

/// What the unit runs before each start, on a deployment. The start follows where it succeeds: a prefix would have its end ignored.
fn checked_before_a_start(deployment: &Deployment) -> (bool, String) {
    let line = unit("ExecStartPre")
        .replace("/etc/quietus/quietus.toml", deployment.path("quietus.toml").to_str().expect("UTF-8"));
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/quietus"));
    assert_eq!(words.clone().next(), Some("check"));
    let output = quietus().args(words).output().expect("quietus runs");
    (output.status.success(), [&*output.stdout, &output.stderr].map(String::from_utf8_lossy).concat())
}

#[test]
fn nothing_that_is_away_and_no_broken_plugin_keeps_a_server_from_starting() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ERASE);
    std::fs::write(deployment.path("libbroken.so"), "no library").expect("written");
    let config = deployment.configuration();
    let mluvii = Away::new();
    let config = config.replace(&standin.mluvii, &mluvii.url());
    deployment.write("quietus.toml", &config.replace("libhttp_purge.so", "libbroken.so"));
    let (starts, said) = checked_before_a_start(&deployment);
    assert!(starts && said.contains("! plugin crm: "), "{said}");
    let server = Server::start(&deployment);
    assert_eq!(server.deliver_end(1), 204);
    server.leaves_work("mluvii is away");
}

#[test]
fn a_server_is_not_started_with_a_configuration_that_is_wrong_or_rules_that_fail_their_tests() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), ERASE);
    let good = deployment.configuration();
    assert!(checked_before_a_start(&deployment).0);
    let test = "[[test]]\nname = \"kept\"\non = \"session-settled\"\nconsent = { state = \"given\" }\n\
                expect = [\"no consent, nothing kept\"]\n";
    for (more, expected) in [(test, "test `kept`"), ("[nonsense]\n", "nonsense")] {
        deployment.write("quietus.toml", &format!("{good}{more}"));
        let (starts, said) = checked_before_a_start(&deployment);
        assert!(!starts && said.contains(expected), "{said}");
    }
}

#[test]
fn a_variable_that_sets_nothing_and_a_level_that_means_nothing_are_pointed_out() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let run = |arguments: &[&str], name: &str, value: &str| {
        let mut command = quietus();
        command.arg("--config").arg(deployment.path("quietus.toml")).args(arguments).env(name, value);
        let output = command.output().expect("quietus runs");
        (output.status.code(), [&*output.stdout, &output.stderr].map(String::from_utf8_lossy).concat())
    };
    let (code, said) = run(&["check"], "QUIETUS_SERVER__LISTEN", "hunter2");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("QUIETUS_SERVER__LISTEN sets nothing; is QUIETUS__SERVER__LISTEN meant?"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    for command in ["check", "serve"] {
        let (code, said) = run(&[command], "QUIETUS__LOG__LEVEL", "inof");
        assert_ne!(code, Some(0), "{said}");
        assert!(said.contains("QUIETUS__LOG__LEVEL") && said.contains("did you mean `info`?"), "{said}");
    }
    let mut through = Command::new("env");
    through.arg("QUIETUS_LEDGER_URL=sqlite:other.db");
    let server = Server::start_through(through, &deployment, &[]);
    let pointed_out = |line: &String| line.contains("QUIETUS_LEDGER_URL sets nothing; is QUIETUS__LEDGER__URL meant?");
    assert!(server.log().iter().any(pointed_out), "{:#?}", server.log());
}
