//! What is shown of what was read, and how often it is read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quietus_plugin::Span;

use super::exposition::Exposition;
use super::reading::{Known, Reading, Snapshot};
use super::{LoadedConfiguration, Monitor, ThisProcess, ledger, plugins, queues};
use crate::attention::{Facts, FailedKeeper, Group, Limits, Muted, attention};
use crate::audit::Actor;
use crate::ledger::{Gauges, LedgerError, ProcessView, QueueGauge, Size, TargetConditions, TargetHealth, TargetState};
use crate::plugin::{PluginState, PluginView};
use crate::subject::{InstallationName, SourceName, TargetName};

fn limits() -> Limits {
    let calendar = crate::deadline::Calendar::late_after_s(24 * 3_600);
    Limits {
        calendar,
        warn_before: Span::from_secs(0),
        unknown_share_max: 0.5,
        requests: crate::attention::sample::request_limits(),
        remind_after: BTreeMap::new(),
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// In which there is something of everything.
fn snapshot() -> Snapshot {
    let since = Some(ago(7));
    let queue = QueueGauge { due: 1, working: 2, waiting: 3, parked: 4, oldest: since };
    let state = TargetState::Open { until: now(), reason: "503".into(), needs_person: true, tries: 2, since: ago(9) };
    let process = ProcessView {
        number: 1,
        version: "1".into(),
        place: "web-1/7".into(),
        since: ago(60),
        silent_s: 30,
        targets: Vec::new(),
        conditions: TargetConditions::default(),
        holds: BTreeMap::new(),
    };
    let gauges = Gauges {
        now: now(),
        erasures: BTreeMap::from([("done", 5)]),
        late: 6,
        requests: BTreeMap::from([("erasing", 19)]),
        requests_late: 20,
        oldest_due: since,
        queues: vec![queue; 6],
        inbox: queue,
        verdicts: BTreeMap::from([("complete", 7)]),
        archived_receipts: 8,
        incomplete: 9,
        head: 10,
        sessions: 11,
        unknown_consents: BTreeMap::from([("not_found", 12)]),
        quarantined: 13,
        oldest_quarantined: since,
        targets: vec![TargetHealth { target: TargetName("crm".into()), state }],
        processes: vec![process],
        marks: BTreeMap::from([
            ("reconcile/mluvii".to_owned(), ago(16)),
            ("webhook-seen/one".to_owned(), ago(17)),
            ("webhook-seen/two".to_owned(), ago(18)),
            ("webhook-seen/old".to_owned(), ago(100_000)),
        ]),
        delivered: BTreeMap::from([(SourceName("one".into()), ago(19))]),
        size: Size { bytes: Some(14), free_bytes: Some(15) },
    };
    let group = |count| Group { count, since, mark: String::new() };
    let wrong = FailedKeeper { keeper: "webhook:two".into(), reason: "it is missing".into(), since: ago(5) };
    let facts = Facts { requested: group(1), quarantined: group(2), failed_keepers: vec![wrong], ..Facts::default() };
    let quarantine = "deliveries_unreadable";
    let mut attention = attention(&facts, &[], &limits(), now());
    let muted = attention.iter_mut().find(|found| found.code.as_str() == quarantine).expect("it is there");
    muted.muted = Some(Muted { by: Actor::cli("ann"), at: now(), until: None, acknowledged: true });
    Snapshot { gauges, attention, at: now() }
}

fn monitor() -> Monitor {
    let targets = vec![TargetName::mluvii(), TargetName("crm".into())];
    let queues = queues(&[InstallationName::unnamed()], &targets);
    assert_eq!(queues.len(), 6);
    let unread = Reading::by(Box::new(|| unreachable!("what is known is given")));
    let process = ThisProcess { backend: "sqlite", started: Timestamp::UNIX_EPOCH };
    let configuration = LoadedConfiguration { digest: "0a".into(), at: now() };
    let installations = vec![InstallationName::unnamed()];
    let sources = ["one", "two", "old"].map(|name| SourceName(name.into())).to_vec();
    Monitor {
        ledger: unread,
        queues,
        targets,
        installations,
        sources,
        plugins: BTreeMap::new(),
        process,
        configuration,
    }
}

fn shown(known: &Known) -> String {
    let mut text = Exposition::default();
    ledger::write(&mut text, known, &monitor());
    text.into_text()
}

fn families(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect()
}

/// The sum of a family's samples.
fn sum(text: &str, family: &str) -> f64 {
    let of = |line: &&str| line.split(['{', ' ']).next() == Some(family);
    let value = |line: &str| line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok());
    text.lines().filter(of).filter_map(value).sum()
}

#[test]
fn every_number_of_the_ledger_is_shown_and_what_is_not_there_is_zero() {
    let text = shown(&Known { is_up: true, snapshot: Some(Arc::new(snapshot())) });
    for family in families(&text) {
        assert!(sum(&text, family) > 0.0, "{family} shows nothing: {text}");
    }
    for line in [
        "quietus_reconciliation_age_seconds{installation=\"mluvii\"} 16",
        "quietus_webhook_state{source=\"one\",state=\"registered\"} 1",
        "quietus_webhook_state{source=\"two\",state=\"wrong\"} 1",
        "quietus_webhook_state{source=\"old\",state=\"unknown\"} 1",
        "quietus_webhook_state{source=\"old\",state=\"registered\"} 0",
        "quietus_last_delivery_age_seconds{source=\"one\"} 19",
        "quietus_last_delivery_age_seconds{source=\"two\"} 0",
        "quietus_attention{code=\"approval_waiting\",severity=\"attention\"} 1",
        "quietus_attention{code=\"approval_waiting\",severity=\"urgent\"} 0",
        "quietus_attention{code=\"deliveries_unreadable\",severity=\"attention\"} 0",
        "quietus_attention_muted{code=\"deliveries_unreadable\",severity=\"attention\"} 1",
        "quietus_queue_tasks{queue=\"decide\",target=\"mluvii\",state=\"waiting\"} 3",
        "quietus_queue_tasks{queue=\"inbox\",target=\"\",state=\"due\"} 1",
        "quietus_oldest_due_age_seconds 7",
        "quietus_breaker_open{target=\"mluvii\"} 0",
        "quietus_breaker_open{target=\"crm\"} 1",
        "quietus_processes{state=\"lost\"} 1",
        "quietus_processes{state=\"alive\"} 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
}

#[test]
fn of_a_ledger_that_is_not_known_nothing_is_shown_but_that() {
    let text = shown(&Known { is_up: false, snapshot: None });
    assert_eq!(families(&text), ["quietus_ledger_up"]);
    assert!(text.contains("\nquietus_ledger_up 0\n"));
}

#[test]
fn a_plugin_is_in_one_state_and_the_others_are_zero() {
    let view = PluginView {
        name: TargetName("crm".into()),
        file: PathBuf::new(),
        state: PluginState::Restarting("killed".into()),
        calls: 3,
        restarts: 2,
        last_error: None,
    };
    let mut text = Exposition::default();
    plugins::write_views(&mut text, &[view]);
    let text = text.into_text();
    assert_eq!(sum(&text, "quietus_plugin_state"), 1.0);
    assert!(text.contains("quietus_plugin_state{plugin=\"crm\",state=\"restarting\"} 1\n"), "{text}");
    assert!(text.contains("quietus_plugin_restarts_total{plugin=\"crm\"} 2\n"), "{text}");
    assert!(text.contains("quietus_plugin_calls_under_way{plugin=\"crm\"} 3\n"), "{text}");
    assert!(!text.contains("killed"), "the reason may hold anything: {text}");
}

/// A ledger that counts how often it is read, and can be away.
fn counting() -> (Arc<AtomicU32>, Arc<AtomicBool>, Reading) {
    let (reads, away) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
    let (counted, is_away) = (Arc::clone(&reads), Arc::clone(&away));
    let read = move || -> std::pin::Pin<Box<dyn Future<Output = _> + Send>> {
        counted.fetch_add(1, Ordering::Relaxed);
        let is_away = is_away.load(Ordering::Relaxed);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if is_away { Err(LedgerError::Busy(anyhow::anyhow!("away"))) } else { Ok(snapshot()) }
        })
    };
    (reads, away, Reading::by(Box::new(read)))
}

#[tokio::test(start_paused = true)]
async fn however_many_scrape_the_ledger_is_read_once_every_two_seconds() {
    let (reads, _, reading) = counting();
    let all = std::iter::repeat_with(|| reading.now()).take(50);
    let mut all: Vec<_> = all.map(Box::pin).collect();
    for scrape in &mut all {
        assert!(scrape.as_mut().await.is_up);
    }
    assert_eq!(reads.load(Ordering::Relaxed), 1);
    tokio::time::advance(Duration::from_secs(3)).await;
    let _ = tokio::join!(reading.now(), reading.now());
    assert_eq!(reads.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_shown_for_a_minute_and_then_it_is_missing() {
    let (_, away, reading) = counting();
    assert!(reading.now().await.snapshot.is_some());
    away.store(true, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(10)).await;
    let known = reading.now().await;
    assert!(!known.is_up && known.snapshot.is_some());
    tokio::time::advance(Duration::from_secs(60)).await;
    let known = reading.now().await;
    assert!(!known.is_up && known.snapshot.is_none(), "an old number would look like a new one");
    away.store(false, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(3)).await;
    let known = reading.now().await;
    assert!(known.is_up && known.snapshot.is_some());
}
