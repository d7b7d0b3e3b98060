//! A server answers, keeps what it promised, and leaves nothing behind.

use std::net::TcpStream;

use test_servers::mariadb::Server;

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
