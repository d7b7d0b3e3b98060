//! The proxy passes on, cuts where it was told to, and once.

use std::process::Command;

use test_servers::mariadb::{Cut, Proxy, Server};

/// A server with an empty table, and a proxy before it.
fn start() -> (Server, Proxy) {
    let server = Server::start();
    server.sql("", "CREATE DATABASE a; CREATE TABLE a.t (name text)");
    let proxy = Proxy::to(server.port());
    (server, proxy)
}

/// Inserts a row by MariaDB's own client, and says whether it heard that it was committed.
fn insert(proxy: &Proxy) -> bool {
    let mut client = Command::new("mariadb");
    client.args(["--no-defaults", "--skip-ssl", "--host=127.0.0.1", "--user=root", "a", "--skip-reconnect"]);
    client.arg(format!("--port={}", proxy.port()));
    client.args(["--execute", "START TRANSACTION; INSERT INTO t VALUES ('a'); Commit"]);
    client.status().expect("the client runs").success()
}

fn rows(server: &Server) -> String {
    server.sql("a", "SELECT count(*) FROM t")
}

#[test]
fn a_commit_is_passed_on() {
    let (server, proxy) = start();
    assert!(insert(&proxy));
    assert_eq!(rows(&server), "1");
    assert!(!proxy.has_cut());
}

#[test]
fn a_commit_that_is_cut_before_it_arrives_never_happened() {
    let (server, proxy) = start();
    proxy.cut_at(Cut::BeforeCommitReaches);
    assert!(!insert(&proxy));
    assert!(proxy.has_cut());
    assert_eq!(rows(&server), "0");
    assert!(insert(&proxy), "only one was to be cut");
    assert_eq!(rows(&server), "1");
}

#[test]
fn a_commit_that_is_cut_before_its_answer_happened() {
    let (server, proxy) = start();
    proxy.cut_at(Cut::AfterCommitBeforeAnswer);
    assert!(!insert(&proxy));
    assert!(proxy.has_cut());
    assert_eq!(rows(&server), "1");
}
