//! The proxy passes on, cuts where it was told to, and once.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use test_servers::postgres::{Cluster, Cut, Proxy};

use super::client::{Client, Outcome, query};
use crate::wait_until;

/// A server with an empty table, and a proxy before it.
fn start() -> (Cluster, Proxy) {
    let cluster = Cluster::start();
    cluster.sql("postgres", "CREATE TABLE t (name text)");
    let proxy = Proxy::to(cluster.port());
    (cluster, proxy)
}

fn rows(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT string_agg(name, ' ' ORDER BY name) FROM t")
}

fn answered(kinds: &str) -> Outcome {
    Outcome::Answered(kinds.into())
}

/// Closed without a word.
fn closed() -> Outcome {
    Outcome::Closed(String::new())
}

/// Inserts a row by PostgreSQL's own client, which asks for TLS first.
fn insert_by_psql(proxy: &Proxy) -> bool {
    let mut psql = Command::new("psql");
    psql.args(["-Xq", "-v", "ON_ERROR_STOP=1", &proxy.url("postgres")]);
    psql.args(["-c", "BEGIN", "-c", "INSERT INTO t VALUES ('a')", "-c", "Commit"]);
    psql.status().expect("psql runs").success()
}

#[test]
fn a_commit_is_passed_on() {
    let (cluster, proxy) = start();
    assert!(insert_by_psql(&proxy));
    assert_eq!(rows(&cluster), "a");
    assert!(!proxy.has_cut());
}

#[test]
fn a_commit_that_is_cut_before_it_arrives_never_happened() {
    let (cluster, proxy) = start();
    proxy.cut_at(Cut::BeforeCommitReaches);
    assert!(!insert_by_psql(&proxy));
    assert!(proxy.has_cut());
    assert_eq!(rows(&cluster), "");
    assert!(insert_by_psql(&proxy), "only one was to be cut");
    assert_eq!(rows(&cluster), "a");
}

#[test]
fn a_commit_that_is_cut_before_its_answer_happened() {
    let (cluster, proxy) = start();
    proxy.cut_at(Cut::AfterCommitBeforeAnswer);
    assert!(!insert_by_psql(&proxy));
    assert!(proxy.has_cut());
    assert_eq!(rows(&cluster), "a");
}

#[test]
fn only_the_answer_to_the_commit_is_swallowed() {
    let (cluster, proxy) = start();
    let mut client = Client::connect(proxy.port());
    proxy.cut_at(Cut::AfterCommitBeforeAnswer);
    client.send(&["BEGIN", "INSERT INTO t VALUES ('a')", " commit", "SELECT 1"].map(query).concat());
    assert_eq!(client.outcome(), answered("CZ"));
    assert_eq!(client.outcome(), answered("CZ"));
    assert_eq!(client.outcome(), closed());
    assert_eq!(rows(&cluster), "a");
}

#[test]
fn a_statement_is_cut_by_its_text_when_it_runs() {
    let (cluster, proxy) = start();
    let mut client = Client::connect(proxy.port());
    proxy.cut_statement("INSERT INTO t", Cut::AfterCommitBeforeAnswer);
    assert_eq!(client.prepare("insert", "INSERT INTO t VALUES ($1)"), answered("1Z"));
    assert_eq!(client.query("SELECT 1"), answered("TDCZ"));
    assert_eq!(client.run("insert", "a"), closed());
    assert!(proxy.has_cut());
    assert_eq!(rows(&cluster), "a");
}

#[test]
fn a_statement_is_cut_by_its_parameter() {
    let (cluster, proxy) = start();
    let mut client = Client::connect(proxy.port());
    assert_eq!(client.prepare("", "INSERT INTO t VALUES ($1)"), answered("1Z"));
    proxy.cut_statement("evil", Cut::BeforeCommitReaches);
    assert_eq!(client.run("", "good"), answered("2CZ"));
    assert!(!proxy.has_cut());
    assert_eq!(client.run("", "evil"), closed());
    assert_eq!(rows(&cluster), "good");
}

#[test]
fn present_connections_are_cut_and_new_ones_passed_on() {
    let (_cluster, proxy) = start();
    let mut clients = [Client::connect(proxy.port()), Client::connect(proxy.port())];
    proxy.cut();
    for client in &mut clients {
        assert_eq!(client.query("SELECT 1"), closed());
    }
    assert_eq!(Client::connect(proxy.port()).query("SELECT 1"), answered("TDCZ"));
}

#[test]
fn new_connections_are_refused_until_they_are_accepted() {
    let (_cluster, proxy) = start();
    let mut present = Client::connect(proxy.port());
    proxy.refuse();
    assert_eq!(Client::begin(proxy.port()).outcome(), closed());
    assert_eq!(present.query("SELECT 1"), answered("TDCZ"));
    proxy.accept();
    assert_eq!(Client::connect(proxy.port()).query("SELECT 1"), answered("TDCZ"));
}

#[test]
fn nothing_flows_while_it_stalls() {
    let (cluster, proxy) = start();
    let mut client = Client::connect(proxy.port());
    proxy.stall();
    client.send(&query("INSERT INTO t VALUES ('a')"));
    let mut new = Client::begin(proxy.port());
    // That nothing happens can only be seen by waiting.
    std::thread::park_timeout(Duration::from_millis(200));
    assert_eq!(rows(&cluster), "");
    proxy.go_on();
    assert_eq!(client.outcome(), answered("CZ"));
    assert!(matches!(new.outcome(), Outcome::Answered(_)));
    assert_eq!(rows(&cluster), "a");
}

#[test]
fn the_servers_restart_is_seen_through_it() {
    let (cluster, proxy) = start();
    let mut client = Client::connect(proxy.port());
    cluster.restart_immediate();
    assert!(matches!(client.query("SELECT 1"), Outcome::Closed(_)));
    assert_eq!(Client::connect(proxy.port()).query("SELECT 1"), answered("TDCZ"));
}

#[test]
fn a_dropped_proxy_closes_everything_even_when_it_stalls() {
    let (cluster, proxy) = start();
    let port = proxy.port();
    let mut client = Client::connect(port);
    proxy.stall();
    client.send(&query("SELECT 1"));
    drop(proxy);
    assert_eq!(client.outcome(), closed());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    let others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    wait_until("the server to notice", || cluster.sql("postgres", others) == "1");
}
