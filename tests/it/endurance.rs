//! Many deliveries at once, and a server that is killed at any instant.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tokio::task::JoinSet;

use super::harness::oracle;
use super::harness::{
    Away, CONNECTIONS, Deployment, ERASE, Seed, Server, StandIn, runtime, send_begin, send_end, sender, wait_for,
};

#[test]
fn ten_thousand_deliveries_at_once_are_each_recorded_once() {
    const DELIVERIES: usize = 10_000;
    const DISTINCT: i64 = 9_000;
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "info")]);
    let (client, address) = (sender(), server.address);
    // A tenth are there twice, and the second follows the first so closely that both are under way at once.
    let mut sessions: Vec<i64> = (1..=DISTINCT).chain(1..=DELIVERIES as i64 - DISTINCT).collect();
    sessions.sort_unstable();
    let (sessions, next) = (Arc::new(sessions), Arc::new(AtomicUsize::new(0)));
    let acknowledged = runtime().block_on(async {
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let client = client.clone();
            let (sessions, next) = (Arc::clone(&sessions), Arc::clone(&next));
            connections.spawn(async move {
                let mut acknowledged = Vec::new();
                while let Some(session) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match send_end(&client, address, *session).await {
                        Some(204) => acknowledged.push(*session),
                        other => panic!("{session}: {other:?}"),
                    }
                }
                acknowledged
            });
        }
        connections.join_all().await.concat()
    });
    assert_eq!(acknowledged.len(), DELIVERIES);
    let distinct: BTreeSet<_> = acknowledged.into_iter().collect();
    assert_eq!(deployment.events(), distinct.len() as i64);
    let metrics = server.metrics();
    for (result, count) in [("recorded", DISTINCT), ("duplicate", DELIVERIES as i64 - DISTINCT)] {
        let line = format!("quietus_deliveries_total{{source=\"acme\",result=\"{result}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    server.leaves_work("mluvii shows none of these sessions, and there are many");
    let (status, _) = server.stop();
    assert!(status.success());
    assert_eq!(deployment.events(), DISTINCT);
}

/// How often the server is killed; `QUIETUS_ROUNDS` makes it more.
fn rounds() -> usize {
    std::env::var("QUIETUS_ROUNDS").map_or(6, |text| text.parse().expect("a number"))
}

/// What a load has done so far.
#[derive(Default)]
struct Load {
    next: AtomicU64,
    acknowledged: std::sync::Mutex<BTreeSet<i64>>,
}

impl Load {
    /// Begins conversations and delivers their ends, until the server is gone.
    async fn run(self: Arc<Self>, client: Client, mluvii: String, server: SocketAddr) {
        loop {
            let id = 1 + self.next.fetch_add(1, Ordering::Relaxed) as i64;
            send_begin(&client, &mluvii, id).await;
            match send_end(&client, server, id).await {
                Some(204) => drop(self.acknowledged().insert(id)),
                Some(503) => {}
                None => return,
                Some(other) => panic!("{id}: {other}"),
            }
        }
    }

    fn acknowledged(&self) -> std::sync::MutexGuard<'_, BTreeSet<i64>> {
        self.acknowledged.lock().expect("nobody panics with it")
    }
}

#[test]
fn a_server_that_is_killed_at_any_instant_loses_nothing_and_does_nothing_twice() {
    let seed = Seed::new();
    let mut random = seed.random();
    let standin = StandIn::start();
    // Calls take long enough to be cut short.
    standin.fault(&json!({ "kind": "delay", "delay_ms": 15, "path": "" }));
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let settings = [("LOG__LEVEL", "info"), ("MLUVII__CONCURRENCY_MAX", "12")];
    let runtime = runtime();
    let load = Arc::new(Load::default());

    for _ in 0..rounds() {
        let server = Server::start_with(&deployment, &settings);
        let client = sender();
        let mut senders = runtime.block_on(async {
            let send = || Arc::clone(&load).run(client.clone(), standin.mluvii.clone(), server.address);
            (0..2).map(|_| send()).collect::<JoinSet<_>>()
        });
        let instant = Duration::from_millis(20 + random.below(250));
        let ended_early = runtime.block_on(async { tokio::time::timeout(instant, senders.join_next()).await });
        assert!(ended_early.is_err(), "a sender ended before the server");
        server.kill();
        runtime.block_on(senders.join_all());
        deployment.let_leases_end();
    }

    let acknowledged = load.acknowledged().clone();
    assert!(acknowledged.len() > rounds(), "there was a load");
    let ledger = deployment.ledger();
    let recorded: BTreeSet<i64> = ledger
        .prepare("SELECT session FROM event")
        .and_then(|mut events| events.query_map([], |row| row.get(0))?.collect())
        .expect("events");
    let lost: Vec<_> = acknowledged.difference(&recorded).collect();
    assert!(lost.is_empty(), "acknowledged and not recorded: {lost:?}");

    let server = Server::start_with(&deployment, &settings);
    // However many there are and however slow the machine: there must be further ones.
    let mut receipts = 0;
    while receipts < recorded.len() as i64 {
        receipts = wait_for("further erasures", || {
            Some(deployment.count("SELECT count(*) FROM receipt")).filter(|count| *count > receipts)
        });
    }
    let (status, _) = server.stop();
    assert!(status.success());
    assert_eq!(deployment.count("SELECT count(*) FROM erasure WHERE state <> 'done'"), 0);
    oracle::each_is_erased_once(&deployment, &recorded);
    oracle::the_receipts_verify(&deployment);
    oracle::no_calls_overlap(&standin.calls("/anonymous"), &recorded);
    oracle::nothing_is_left(&standin, &recorded);
}
