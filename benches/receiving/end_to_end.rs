//! From a delivery to the call that anonymizes at mluvii's stand-in, at 100 events a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};

use crate::server::{SECRET, Server, folder, quietus};
use crate::shared::number;
use crate::store::Store;
use crate::{Credentials, load, requests};

/// Events of the measurement.
fn events() -> usize {
    number("QUIETUS_BENCH_EVENTS", 1_000, 20) as usize
}

/// Events a second.
const RATE: f64 = 100.0;

/// Sessions are erased at once, so that the measurement shows the machinery and not the waiting that is configured.
pub(crate) const RULES: &str = r#"
[settling]
limit = "0s"
pause = "0s"
[[rule]]
name = "no consent"
on = "session-ended"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// One line: the median and the 99th percentile.
pub(crate) fn measure(store: Store<'_>) -> String {
    let standin = standin();
    let url = format!("http://{}", standin.address);
    let quietus = store.quietus_at(&url, RULES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let events = events();
    runtime.block_on(begin_conversations(&url, events));

    let begun = Timestamp::now();
    let longest = Duration::from_secs_f64(events as f64 / RATE * 2.0);
    let sent = load::pace(quietus.server.address, 8, requests(&Credentials::Basic, events, 0), RATE, longest);
    assert_eq!((sent.requests, sent.refused), (events, 0), "every event is acknowledged");
    let called = runtime.block_on(anonymize_calls(&url, events));

    let interval = Duration::from_secs_f64(1.0 / RATE);
    let mut latencies: Vec<f64> = called
        .into_iter()
        .map(|(session, at)| {
            let due = begun.saturating_add(interval.mul_f64((session - 1_000_000) as f64)).expect("a time of today");
            at.duration_since(due).as_secs_f64() * 1e3
        })
        .collect();
    latencies.sort_by(f64::total_cmp);
    let percentile = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    format!(
        "end to end at {RATE}/s, delivery to anonymizing call: p50 {:.1} ms, p99 {:.1} ms of {} events",
        percentile(50),
        percentile(99),
        latencies.len(),
    )
}

/// mluvii's stand-in, as a process.
pub(crate) fn standin() -> Server {
    let folder = folder();
    std::fs::write(folder.path().join("secret"), SECRET).expect("the folder is writable");
    let mut command = quietus();
    command.args(["standin", "--json", "--listen", "127.0.0.1:0", "--client-id", SECRET, "--client-secret", SECRET]);
    Server::spawn(command, folder, |line| {
        let told: Value = serde_json::from_str(line).ok()?;
        told["mluvii"].as_str()?.strip_prefix("http://")?.parse().ok()
    })
}

async fn begin_conversations(url: &str, events: usize) {
    let client = Client::new();
    for id in 1_000_000..1_000_000 + events {
        let param =
            json!({ "name": "oo1_guest_email", "value": format!("guest{id}@example.com"), "source": "ENTRY_FORM" });
        let new = json!({ "id": id, "tenant": 62, "guest": format!("g{id}"), "call_params": [param] });
        let made = client.post(format!("{url}/standin/conversations")).json(&new).send().await;
        made.and_then(reqwest::Response::error_for_status).expect("the stand-in takes conversations");
    }
}

/// When each session's first anonymizing call came in.
async fn anonymize_calls(url: &str, events: usize) -> BTreeMap<usize, Timestamp> {
    let client = Client::new();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let calls = client.get(format!("{url}/standin/calls")).send().await.expect("the stand-in answers");
        let calls: Vec<Value> = calls.json().await.expect("a list of calls");
        let first = calls.iter().rev().filter_map(|call| {
            let path = call["path"].as_str()?.strip_prefix("/api/v1/Sessions/")?.strip_suffix("/anonymous")?;
            Some((path.parse().ok()?, call["started"].as_str()?.parse().ok()?))
        });
        let first: BTreeMap<_, _> = first.collect();
        if first.len() == events {
            return first;
        }
        assert!(Instant::now() < until, "{} of {events} sessions were anonymized in a minute", first.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
