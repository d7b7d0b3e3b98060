//! Restarts: with a socket that a service manager holds open, nobody is refused.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Deployment, ERASE, PASSWORD, Server, StandIn, client, runtime, session_ended, wait_for};

/// How often the server is restarted; `QUIETUS_ROUNDS` makes it more.
fn rounds() -> usize {
    std::env::var("QUIETUS_ROUNDS").map_or(4, |text| text.parse().expect("a number"))
}

/// Senders that deliver without a pause.
#[derive(Default)]
struct Load {
    next: AtomicI64,
    answered: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    /// Delivers until it is over. Returns the sessions that were acknowledged, and what happened to others.
    async fn run(self: Arc<Self>, client: Client, server: SocketAddr) -> (Vec<i64>, Vec<String>) {
        let url = format!("http://{server}/webhooks/acme");
        let mut acknowledged = Vec::new();
        let mut refused = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let id = 1 + self.next.fetch_add(1, Ordering::Relaxed);
            let request = client.post(&url).basic_auth("mluvii", Some(PASSWORD)).json(&session_ended(id));
            match request.send().await {
                Ok(response) if response.status() == 204 => acknowledged.push(id),
                Ok(response) => refused.push(format!("{id}: {}", response.status())),
                Err(error) => refused.push(format!("{id}: {error:?}")),
            }
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        (acknowledged, refused)
    }
}

/// A client that keeps its connections, but uses none again that has been idle: it may be closed at that instant.
fn keeping() -> Client {
    let builder = Client::builder().pool_idle_timeout(Duration::from_millis(100));
    builder.tls_certs_only([]).build().expect("a client")
}

#[test]
#[expect(clippy::print_stderr, reason = "what was counted in a long run is shown at its end")]
fn a_restart_under_load_refuses_nobody_where_the_socket_is_held_open() {
    const SENDERS: usize = 8;
    let standin = StandIn::start();
    // So that calls are under way at each restart.
    standin.fault(&json!({ "kind": "delay", "delay_ms": 50, "path": "" }));
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = socket.local_addr().expect("an address");
    let start = || {
        let server = Server::start_on(&deployment, &socket, None, &[("LOG__LEVEL", "info")]);
        assert_eq!(server.address, address);
        server.leaves_work("mluvii shows none of these sessions");
        server
    };
    let load = Arc::new(Load::default());
    let answered = || load.answered.load(Ordering::Relaxed);
    let runtime = runtime();
    let connecting = client();
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let client = if number % 2 == 0 { connecting.clone() } else { keeping() };
        senders.spawn_on(Arc::clone(&load).run(client, address), runtime.handle());
    }

    for _ in 0..rounds() {
        let server = start();
        let before = answered();
        wait_for("deliveries", || (answered() > before + 10 * SENDERS).then_some(()));
        let (status, log) = server.stop();
        assert!(status.success(), "{status}: {log:#?}");
    }
    let _server = start();
    load.is_over.store(true, Ordering::Relaxed);
    let (acknowledged, refused): (Vec<_>, Vec<_>) = runtime.block_on(senders.join_all()).into_iter().unzip();
    let (acknowledged, refused) = (acknowledged.concat(), refused.concat());
    eprintln!("{} restarts: {} acknowledged, {} refused", rounds(), acknowledged.len(), refused.len());
    assert_eq!(refused, Vec::<String>::new());
    let ledger = deployment.ledger();
    let mut statement = ledger.prepare("SELECT session FROM event").expect("a statement");
    let sessions = statement.query_map([], |row| row.get(0)).expect("rows").collect::<Result<BTreeSet<i64>, _>>();
    assert_eq!(sessions.expect("numbers"), acknowledged.into_iter().collect());
}

#[test]
fn the_passed_sockets_are_known_by_their_names() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let [listen, metrics] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a socket"));
    let server = Server::start_on(&deployment, &listen, Some(("metrics", &metrics)), &[]);
    assert_eq!(server.address, listen.local_addr().expect("an address"));
    assert_eq!(server.metrics, metrics.local_addr().expect("an address"));
    assert_eq!(server.healthy(), 200);
    assert!(server.metrics().contains("quietus_log_dropped_lines_total 0"));
}
