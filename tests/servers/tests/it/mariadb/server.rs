//! A server answers, keeps what it promised, and leaves nothing behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use test_servers::mariadb::Server;

use crate::wait_until;

/// Set in the process that [`a_killed_test_leaves_nothing`] kills.
const TO_BE_KILLED: &str = "TEST_SERVERS_MARIADB_TO_BE_KILLED";

#[test]
fn a_new_server_answers() {
    let server = Server::start();
    server.sql("", "CREATE DATABASE a");
    assert_eq!(server.sql("a", "SELECT database(), 'ř'; SELECT NULL"), "a|ř\nNULL");
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_ok());
    assert!(server.url_of("q", "x").ends_with(&format!("q@127.0.0.1:{}/x", server.port())));
}

#[test]
fn what_was_committed_outlives_a_crash() {
    let server = Server::start_with(&["--max-connections=17"]);
    assert_eq!(server.sql("", "SELECT @@max_connections"), "17");
    server.sql("", "CREATE DATABASE a; CREATE TABLE a.t (id int); INSERT INTO a.t VALUES (1)");
    server.stop();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    server.start_again();
    assert_eq!(server.sql("a", "SELECT id FROM t"), "1");
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let server = Server::start();
    let (folder, port) = (server.folder().to_owned(), server.port());
    assert!(folder.exists());
    drop(server);
    assert!(!folder.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_killed_test_leaves_nothing() {
    if std::env::var_os(TO_BE_KILLED).is_some() {
        let server = Server::start();
        writeln!(std::io::stdout(), "\nplace:{}:{}", server.port(), server.folder().display()).expect("somebody reads");
        loop {
            std::thread::park();
        }
    }
    let myself = std::env::current_exe().expect("a test is a program");
    let mut child = Command::new(myself)
        .args(["--exact", "mariadb::server::a_killed_test_leaves_nothing", "--nocapture"])
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
