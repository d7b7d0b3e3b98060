//! A server that routes what `health` publishes, as none is known to do: played by a real one behind a proxy that renames the reply
//! subject, for which servers refuse it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;
use test_servers::nats::Nats;

use super::nats::{as_user, make_stream, stored};
use super::*;

/// Passes lines on, in which no subject is reserved.
fn pass_on(from: TcpStream, mut to: TcpStream) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let named = line.windows(4).position(|word| word == b"_R_.");
        named.into_iter().for_each(|at| line[at + 1] = b'X');
        to.write_all(&line)?;
        line.clear();
    }
    Ok(())
}

/// The address of a proxy for one client.
fn unreserved(server: &Nats) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("nats://{}", listener.local_addr().expect("bound"));
    let server = server.url().replace("nats://", "");
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        let server = TcpStream::connect(server).expect("the server is there");
        let (answers, asked) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
        // Either side hangs up in the end.
        std::thread::spawn(move || std::io::copy(&mut &answers, &mut &asked));
        let _ended = pass_on(client, server);
    });
    url
}

#[test]
fn health_is_stored_nowhere_even_where_it_is_routed() {
    let server = Nats::start();
    make_stream(&server);
    let host = made(&as_user(&server, "quietus", "nats", json!({ "url": unreserved(&server) })));
    let error = host.call_max(Duration::from_secs(1)).health().expect_err("nobody has refused it");
    assert!(error.message.contains("in time"), "{error}");
    assert_eq!(stored(&server.url(), async_nats::ConnectOptions::new()).len(), 0);
}
