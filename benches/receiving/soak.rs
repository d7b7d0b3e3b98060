//! A long time at a constant load: every session is looked up at mluvii's stand-in, each tenth is erased there. Whatever grows
//! with what has passed through, and not with what is kept, is a leak.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::end_to_end::{RULES, standin};
use crate::shared::number;
use crate::store::{Quietus, Store};
use crate::usage::{Usage, Watch};
use crate::{Credentials, load, requests};

/// Each so-manyth session has no consent, and is erased.
const ERASED_EACH: usize = 10;

/// How much more may be resident in the last third than in the first: SQLite's caches (8 MB of the writer, 0.5 MB of each of four
/// readers) and the map of its log's index fill slowly, and the allocator keeps some. With 10⁶ events, 25 bytes that each leaves
/// behind are more.
const RESIDENT_MB_GROWTH: f64 = 24.0;

/// Threads and descriptors that come and go: those of calls under way, readers, a checkpoint.
const MOVING: usize = 8;

/// How long the machine may be busy with something else, and how long the last erasures may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Measures it, says so as it goes, and panics where something grows.
pub(crate) fn measure(store: Store<'_>, say: impl Fn(&str)) {
    let events = number("QUIETUS_SOAK_EVENTS", 20_000, 90) as usize;
    let per_second = number("QUIETUS_SOAK_RATE", 200, 90) as f64;
    let standin = standin();
    let url = format!("http://{}", standin.address);
    let quietus = store.quietus_at(&url, RULES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Client::new();
    say(&format!(
        "{}: {events} events at {per_second}/s, each looked up, each {ERASED_EACH}th erased\n\
         \x20  events | RSS MB | descriptors | threads | ledger MB | sessions | erased",
        store.name()
    ));
    let mut thirds = Vec::new();
    for third in 0..3 {
        let watch = Watch::of(quietus.server.id());
        let sessions = events * third / 3..events * (third + 1) / 3;
        // Each is there before it ends, as far ahead as one batch is.
        for first in sessions.clone().step_by(1_000) {
            let count = (sessions.end - first).min(1_000);
            let begun = begin(&runtime, &client, &url, first, count);
            deliver(quietus.server.address, first, count, per_second, begun);
        }
        let most = watch.most();
        say(&row(&quietus, sessions.end, most));
        thirds.push(most);
    }
    let waiting = Instant::now();
    while quietus.count("receipt") < events / ERASED_EACH {
        assert!(waiting.elapsed() < PATIENCE, "the erasures lag behind: {}", quietus.count("receipt"));
        std::thread::sleep(Duration::from_millis(200));
    }
    let [first, .., last] = thirds.as_slice() else { unreachable!("there are three") };
    assert!(last.descriptors <= first.descriptors + MOVING, "descriptors grow");
    assert!(last.threads <= first.threads + MOVING, "threads grow");
    assert!(last.resident_mb <= first.resident_mb + RESIDENT_MB_GROWTH, "memory grows");
    quietus.assert_holds(events);
}

fn row(quietus: &Quietus<'_>, events: usize, most: Usage) -> String {
    let Usage { resident_mb, descriptors, threads } = most;
    let ledger_mb = quietus.ledger_bytes() as f64 / 1e6;
    let [sessions, erased] = ["session", "receipt"].map(|table| quietus.count(table));
    format!(
        "{events:>9} | {resident_mb:>6.1} | {descriptors:>11} | {threads:>7} | {ledger_mb:>9.1} | {sessions:>8} | {erased:>6}"
    )
}

/// Begins conversations at mluvii; returns when that was.
fn begin(runtime: &Runtime, client: &Client, url: &str, first: usize, count: usize) -> Instant {
    let begun = Instant::now();
    runtime.block_on(async {
        for id in (1_000_000 + first..).take(count) {
            let consent = (id % ERASED_EACH != 0).then_some("v3");
            let email =
                json!({ "name": "oo1_guest_email", "value": format!("guest{id}@example.com"), "source": "ENTRY_FORM" });
            let new = json!({ "id": id, "tenant": 62, "guest": format!("g{id}"), "gdpr_version": consent, "call_params": [email] });
            let made = client.post(format!("{url}/standin/conversations")).json(&new).send().await;
            made.and_then(reqwest::Response::error_for_status).expect("the stand-in takes conversations");
        }
    });
    begun
}

/// Delivers their ends at the rate that is left of what the whole takes since `begun`.
fn deliver(server: SocketAddr, first: usize, count: usize, per_second: f64, begun: Instant) {
    let whole = Duration::from_secs_f64(count as f64 / per_second);
    let left = whole.saturating_sub(begun.elapsed()).max(whole / 4);
    let sent = load::pace(
        server,
        8,
        requests(&Credentials::Basic, count, first),
        count as f64 / left.as_secs_f64(),
        left + PATIENCE,
    );
    assert_eq!((sent.requests, sent.refused), (count, 0), "every event is acknowledged");
}
