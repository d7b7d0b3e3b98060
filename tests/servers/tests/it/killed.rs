//! A test that is killed takes its server with it, and the server's folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use test_servers::dovecot::Dovecot;
use test_servers::mariadb;
use test_servers::nats::Nats;
use test_servers::postgres::Cluster;
use test_servers::rabbitmq::RabbitMq;

use crate::brokers::port;
use crate::wait_until;

/// Set in the process that is killed.
const TO_BE_KILLED: &str = "TEST_SERVERS_TO_BE_KILLED";

/// Runs the test of this name once more, and kills it when it has started a server; `at` says where that is.
fn leaves_nothing<S>(test: &str, start: fn() -> S, at: impl Fn(&S) -> (u16, PathBuf)) {
    if std::env::var_os(TO_BE_KILLED).is_some() {
        let server = start();
        let (port, folder) = at(&server);
        writeln!(std::io::stdout(), "\nplace:{port}:{}", folder.display()).expect("somebody reads");
        loop {
            std::thread::park();
        }
    }
    let mut child = Command::new(std::env::current_exe().expect("a test is a program"))
        .args(["--exact", &format!("killed::{test}"), "--nocapture"])
        .env(TO_BE_KILLED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a test starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let place = lines.find_map(|line| Some(line.strip_prefix("place:")?.to_owned())).expect("its server starts");
    let (port, folder) = place.split_once(':').expect("two parts");
    let is_up = || TcpStream::connect(("127.0.0.1", port.parse().expect("a port"))).is_ok();
    assert!(is_up() && Path::new(folder).exists());

    child.kill().expect("it runs");
    child.wait().expect("it is our child");
    wait_until("the server to end", || !is_up());
    wait_until("its folder to be removed", || !Path::new(folder).exists());
}

fn folder_of(certificate: &Path) -> PathBuf {
    certificate.parent().expect("in a folder").to_owned()
}

#[test]
fn postgres() {
    let at = |server: &Cluster| (server.port(), server.socket_folder().to_owned());
    leaves_nothing("postgres", Cluster::start, at);
}

#[test]
fn mariadb() {
    let at = |server: &mariadb::Server| (server.port(), server.folder().to_owned());
    leaves_nothing("mariadb", mariadb::Server::start, at);
}

#[test]
fn dovecot() {
    let at = |server: &Dovecot| (server.port(), server.folder().to_owned());
    leaves_nothing("dovecot", Dovecot::start, at);
}

#[test]
fn rabbitmq() {
    let at = |server: &RabbitMq| (port(&server.url()), folder_of(&server.certificate()));
    leaves_nothing("rabbitmq", RabbitMq::start, at);
}

#[test]
fn nats() {
    let at = |server: &Nats| (port(&server.url()), folder_of(&server.certificate()));
    leaves_nothing("nats", Nats::start, at);
}
