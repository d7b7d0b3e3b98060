//! Many deliveries at once, and a server that is killed at any instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::harness::{Away, ERASE, Installation, PASSWORD, Server, StandIn, session_ended, wait_for};

/// Deliveries and other requests at once.
const CONNECTIONS: usize = 64;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A client that keeps its connections, unlike the harness's.
fn client() -> Client {
    drop(super::harness::client());
    Client::builder().pool_max_idle_per_host(CONNECTIONS).build().expect("a client")
}

async fn deliver(client: &Client, url: &str, session: i64) -> Option<u16> {
    let request = client.post(url).basic_auth("mluvii", Some(PASSWORD)).json(&session_ended(session));
    Some(request.send().await.ok()?.status().as_u16())
}

/// Random numbers that are the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A seed from the clock, or from `QUIETUS_SEED` to see a failure again; shown when the test fails.
struct Seed(u64);

impl Seed {
    fn new() -> Self {
        let given = std::env::var("QUIETUS_SEED").ok().map(|text| text.parse().expect("a number"));
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        Self(given.unwrap_or_else(clock) | 1)
    }
}

impl Drop for Seed {
    #[expect(clippy::print_stderr, reason = "a test's output is shown when it fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to see it again: QUIETUS_SEED={}", self.0);
        }
    }
}

#[test]
fn ten_thousand_deliveries_at_once_are_each_recorded_once() {
    const DELIVERIES: usize = 10_000;
    const DISTINCT: i64 = 9_000;
    let mluvii = Away::new();
    let installation = Installation::bare(&mluvii.url(), "");
    let server = Server::start_with(&installation, &[("LOG__LEVEL", "info")]);
    let (client, url) = (client(), Arc::new(server.url("/webhooks/acme")));
    // A tenth are there twice, and the second follows the first so closely that both are under way at once.
    let mut sessions: Vec<i64> = (1..=DISTINCT).chain(1..=DELIVERIES as i64 - DISTINCT).collect();
    sessions.sort_unstable();
    let (sessions, next) = (Arc::new(sessions), Arc::new(AtomicUsize::new(0)));
    let acknowledged = runtime().block_on(async {
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (client, url) = (client.clone(), Arc::clone(&url));
            let (sessions, next) = (Arc::clone(&sessions), Arc::clone(&next));
            connections.spawn(async move {
                let mut acknowledged = Vec::new();
                while let Some(session) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match deliver(&client, &url, *session).await {
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
    assert_eq!(installation.events(), distinct.len() as i64);
    let metrics = server.metrics();
    for (result, count) in [("recorded", DISTINCT), ("duplicate", DELIVERIES as i64 - DISTINCT)] {
        let line = format!("quietus_deliveries_total{{source=\"acme\",result=\"{result}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    let (status, _) = server.stop();
    assert!(status.success());
    assert_eq!(installation.events(), DISTINCT);
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
    async fn run(self: Arc<Self>, client: Client, mluvii: String, url: String) {
        loop {
            let id = 1 + self.next.fetch_add(1, Ordering::Relaxed) as i64;
            let begin = json!({ "id": id, "tenant": 62, "guest": format!("guest-{id}"), "call_params":
                [{ "name": "oo1_guest_email", "value": format!("guest{id}@example.com"), "source": "ENTRY_FORM" }] });
            let begun = client.post(format!("{mluvii}/standin/conversations")).json(&begin).send().await;
            assert_eq!(begun.expect("the stand-in answers").status(), 201);
            match deliver(&client, &url, id).await {
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

/// The leases of a killed server end: nobody waits for them here.
fn let_leases_end(installation: &Installation) {
    let ledger = installation.ledger();
    ledger.execute("UPDATE task SET due = 0 WHERE parked = 0", []).expect("an update");
}

#[test]
fn a_server_that_is_killed_at_any_instant_loses_nothing_and_does_nothing_twice() {
    let seed = Seed::new();
    let mut random = Random(seed.0);
    let standin = StandIn::start();
    // Calls take long enough to be cut short.
    standin.fault(&json!({ "kind": "delay", "delay_ms": 15, "path": "" }));
    let installation = Installation::bare(&standin.mluvii, ERASE);
    let settings = [("LOG__LEVEL", "info"), ("MLUVII__CONCURRENCY_MAX", "12")];
    let runtime = runtime();
    let load = Arc::new(Load::default());

    for _ in 0..rounds() {
        let server = Server::start_with(&installation, &settings);
        let client = client();
        let mut senders = runtime.block_on(async {
            let send = || Arc::clone(&load).run(client.clone(), standin.mluvii.clone(), server.url("/webhooks/acme"));
            (0..2).map(|_| send()).collect::<JoinSet<_>>()
        });
        let instant = Duration::from_millis(20 + random.below(250));
        let ended_early = runtime.block_on(async { tokio::time::timeout(instant, senders.join_next()).await });
        assert!(ended_early.is_err(), "a sender ended before the server");
        server.kill();
        runtime.block_on(senders.join_all());
        let_leases_end(&installation);
    }

    let acknowledged = load.acknowledged().clone();
    assert!(acknowledged.len() > rounds(), "there was a load");
    let ledger = installation.ledger();
    let recorded: BTreeSet<i64> = ledger
        .prepare("SELECT session FROM event")
        .and_then(|mut events| events.query_map([], |row| row.get(0))?.collect())
        .expect("events");
    let lost: Vec<_> = acknowledged.difference(&recorded).collect();
    assert!(lost.is_empty(), "acknowledged and not recorded: {lost:?}");

    let server = Server::start_with(&installation, &settings);
    // However many there are and however slow the machine: there must be further ones.
    let mut receipts = 0;
    while receipts < recorded.len() as i64 {
        receipts = wait_for("further erasures", || {
            Some(installation.count("SELECT count(*) FROM receipt")).filter(|count| *count > receipts)
        });
    }
    let (status, _) = server.stop();
    assert!(status.success());
    assert_eq!(installation.count("SELECT count(*) FROM erasure WHERE state <> 'done'"), 0);
    each_is_erased_once(&installation, &recorded);
    the_receipts_verify(&installation);
    no_calls_overlap(&standin, &recorded);
    let found = standin.get(&standin.mluvii, "/standin/search?text=%40example.com");
    let still = found.as_array().expect("a list").iter().map(|place| place["id"].as_i64().expect("an id"));
    let still: BTreeSet<i64> = still.collect();
    assert!(recorded.is_disjoint(&still), "{still:?}");
}

fn each_is_erased_once(installation: &Installation, sessions: &BTreeSet<i64>) {
    let file = installation.path("receipts.jsonl");
    let exported = installation.run(&["receipts", "export", "--out", file.to_str().expect("UTF-8")]);
    assert!(exported.status.success(), "{exported:?}");
    let text = std::fs::read_to_string(&file).expect("an export");
    let receipts = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("a receipt"));
    let mut subjects = BTreeMap::<String, usize>::new();
    for receipt in receipts {
        let said = &receipt["statement"];
        assert_eq!((&said["state"], &said["steps"][0]["outcome"]), (&json!("done"), &json!("erased")), "{receipt}");
        *subjects.entry(said["subject"].as_str().expect("a subject").to_owned()).or_default() += 1;
    }
    assert_eq!(subjects.len(), sessions.len());
    assert!(subjects.values().all(|count| *count == 1), "{subjects:?}");
}

fn the_receipts_verify(installation: &Installation) {
    let file = installation.path("receipts.jsonl");
    let key = format!("@{}", installation.path("keys/receipt.pub").display());
    let verified = installation.run(&["receipts", "verify", "--public-key", &key, file.to_str().expect("UTF-8")]);
    assert!(verified.status.success(), "{verified:?}");
}

/// One write of one step is never under way twice.
fn no_calls_overlap(standin: &StandIn, sessions: &BTreeSet<i64>) {
    let mut calls = BTreeMap::<String, Vec<(String, Option<String>)>>::new();
    for call in standin.calls("/anonymous") {
        let time = |name: &str| call[name].as_str().map(str::to_owned);
        let key = time("idempotency_key").expect("every write has its key");
        calls.entry(key).or_default().push((time("started").expect("a time"), time("ended")));
    }
    assert_eq!(calls.len(), sessions.len(), "the same key over all retries of a step");
    for (key, mut calls) in calls {
        calls.sort();
        for pair in calls.windows(2) {
            let ended: Option<jiff::Timestamp> = pair[0].1.as_ref().map(|time| time.parse().expect("a time"));
            let began: jiff::Timestamp = pair[1].0.parse().expect("a time");
            assert!(ended.is_some_and(|ended| ended <= began), "{key}: {pair:?}");
        }
    }
}
