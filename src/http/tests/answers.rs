use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::BodyExt as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt as _;

use super::super::client::{Peer, client};
use super::*;
use crate::ledger::{Admin as _, Intake as _, QUARANTINED_MAX, Quarantined, Records as _};
use crate::verify::{Reopened, Verified, Written};

/// `u:p`.
const BASIC: &str = "Basic dTpw";

struct Delivery<'a> {
    path: &'a str,
    authorization: &'a str,
    peer: &'a str,
    body: &'a str,
}

const GOOD: Delivery<'_> = Delivery { path: "/webhooks/acme", authorization: BASIC, peer: "127.0.0.1", body: ENDED };

impl Delivery<'_> {
    async fn send(&self, router: &Router) -> Response<Body> {
        let peer = Peer(self.peer.parse().expect("an address"));
        let request =
            Request::post(self.path).header("host", "x").header("authorization", self.authorization).extension(peer);
        let request = request.body(Body::from(self.body.to_owned())).expect("a request");
        router.clone().oneshot(request).await.expect("an answer")
    }
}

/// Status, headers except the length, and body in one line.
async fn line(response: Response<Body>) -> String {
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let headers = head
        .headers
        .iter()
        .filter(|(name, _)| *name != "content-length")
        .map(|(name, value)| format!(" {name}={}", value.to_str().expect("text")));
    format!("{}{} {}", head.status.as_u16(), headers.collect::<String>(), String::from_utf8_lossy(&body)).trim().into()
}

async fn get(router: &Router, path: &str) -> String {
    let request = Request::get(path).header("host", "x").body(Body::empty()).expect("a request");
    line(router.clone().oneshot(request).await.expect("an answer")).await
}

#[tokio::test]
async fn a_delivery_is_acknowledged_when_it_is_recorded_and_counts_once() {
    let bench = Bench::new("");
    let router = bench.router();
    for _ in 0..2 {
        assert_eq!(line(GOOD.send(&router).await).await, "204");
    }
    assert_eq!(bench.ledger.counts().await.expect("counts").events_waiting, 1);
}

#[tokio::test]
async fn a_refusal_gives_no_hint_and_stores_nothing() {
    let bench = Bench::new("");
    let router = bench.router();
    let not_json = Delivery { body: "{", authorization: "Basic dTpx", ..GOOD };
    for (delivery, expected) in [
        (Delivery { authorization: "Basic dTpx", ..GOOD }, "401"),
        (Delivery { authorization: "Bearer x", ..GOOD }, "401"),
        (Delivery { authorization: "", path: "/webhooks/acme?secret=x", ..GOOD }, "401"),
        (not_json, "401"),
        (Delivery { peer: "192.0.2.1", ..GOOD }, "403"),
        (Delivery { path: "/webhooks/other", ..GOOD }, "404"),
        (Delivery { path: "/webhooks/acme/x", ..GOOD }, "404"),
        (Delivery { path: "/webhooks/", ..GOOD }, "404"),
        (Delivery { path: "/", ..GOOD }, "404"),
    ] {
        assert_eq!(line(delivery.send(&router).await).await, expected);
    }
    let counts = bench.ledger.counts().await.expect("counts");
    assert_eq!((counts.events_waiting, counts.quarantined), (0, 0));
}

#[tokio::test]
async fn a_delivery_of_another_tenant_is_acknowledged_and_nothing_of_it_is_kept() {
    let bench = Bench::new("");
    let router = bench.router();
    let foreign = ENDED.replace("62", "63");
    assert_eq!(line(Delivery { body: &foreign, ..GOOD }.send(&router).await).await, "204");
    // One that cannot be read is not ours either.
    let garbled = foreign.replace("\"id\":17", "\"id\":\"x\"");
    assert_eq!(line(Delivery { body: &garbled, ..GOOD }.send(&router).await).await, "204");
    let counts = bench.ledger.counts().await.expect("counts");
    assert_eq!((counts.events_waiting, counts.sessions, counts.quarantined), (0, 0, 0));
    let without = ENDED.replace("\"tenantId\":62,", "");
    assert_eq!(line(Delivery { body: &without, ..GOOD }.send(&router).await).await, "204");
    assert_eq!(bench.ledger.counts().await.expect("counts").events_waiting, 1);
}

#[tokio::test]
async fn a_query_secret_is_enough() {
    let bench = Bench::new("");
    let router = bench.router();
    let delivery = Delivery { authorization: "", path: "/webhooks/acme?secret=q", ..GOOD };
    assert_eq!(line(delivery.send(&router).await).await, "204");
}

#[tokio::test]
async fn a_delivery_names_one_host() {
    let bench = Bench::new("");
    let router = bench.router();
    let deliver = async |hosts: &[&str], version| {
        let mut request = Request::post(GOOD.path).version(version).header("authorization", GOOD.authorization);
        for host in hosts {
            request = request.header("host", *host);
        }
        let request = request.extension(Peer([127, 0, 0, 1].into())).body(Body::from(ENDED)).expect("a request");
        line(router.clone().oneshot(request).await.expect("an answer")).await
    };
    assert_eq!(deliver(&["x"], Version::HTTP_11).await, "204");
    assert_eq!(deliver(&[], Version::HTTP_11).await, "400 connection=close");
    assert_eq!(deliver(&["x", "y"], Version::HTTP_11).await, "400 connection=close");
    assert_eq!(deliver(&["x", "x"], Version::HTTP_10).await, "400 connection=close");
    assert_eq!(deliver(&[], Version::HTTP_10).await, "204");
}

#[tokio::test]
async fn what_leads_to_no_work_is_acknowledged_and_not_kept() {
    let bench = Bench::new("");
    let delivery = Delivery { body: r#"{"eventType":"SomethingNew","data":{"x":1}}"#, ..GOOD };
    assert_eq!(line(delivery.send(&bench.router()).await).await, "204");
    let counts = bench.ledger.counts().await.expect("counts");
    assert_eq!((counts.events_waiting, counts.quarantined), (0, 0));
}

#[tokio::test]
async fn what_cannot_be_read_is_sealed_and_put_aside_once() {
    let bench = Bench::new("");
    let router = bench.router();
    let body = r#"{"eventType":"SessionEnded","data":{"name":"Ann"}}"#;
    for _ in 0..2 {
        assert_eq!(line(Delivery { body, ..GOOD }.send(&router).await).await, "202");
    }
    let whole = crate::ledger::QuarantineRange::all(crate::ledger::Cursor::OLDEST, 9);
    let [stored] = &bench.ledger.quarantined(&whole).await.expect("a list").items[..] else { panic!("one body") };
    let item = bench.ledger.quarantined_one(stored.id).await.expect("an answer").expect("a body");
    assert_eq!((&*item.source.0, &*item.reason), ("acme", "no session id"));
    assert!(!item.sealed.0.windows(3).any(|bytes| bytes == b"Ann"));
    assert_eq!(Reopened::open(&item.source, &item.sealed, &seal()).expect("opens").verified().body(), body.as_bytes());
}

#[tokio::test]
async fn without_the_ledger_nothing_is_acknowledged() {
    let bench = Bench::new("");
    let router = bench.router();
    bench.ledger.shutdown().await;
    for body in [ENDED, "{"] {
        let answer = line(Delivery { body, ..GOOD }.send(&router).await).await;
        assert_eq!(answer, "503 retry-after=5");
    }
    insta::assert_snapshot!(
        get(&router, "/readyz").await,
        @r#"503 content-type=application/json {"ready":false,"ledger":"not writable","worker":"works","plugins":{"crm":"restarting"}}"#
    );
    assert_eq!(get(&router, "/healthz").await, "200 content-type=text/plain; charset=utf-8 alive");
}

#[tokio::test]
async fn too_many_at_once_are_put_off() {
    let router = Bench::new("requests_max = 0").router();
    assert_eq!(line(GOOD.send(&router).await).await, "503 retry-after=5");
}

#[tokio::test]
async fn a_plugin_that_is_away_shows_and_does_not_stop_receiving() {
    let bench = Bench::new("");
    let router = bench.router();
    insta::assert_snapshot!(
        get(&router, "/readyz").await,
        @r#"503 content-type=application/json {"ready":false,"ledger":"writable","worker":"works","plugins":{"crm":"restarting"}}"#
    );
    assert_eq!(line(GOOD.send(&router).await).await, "204");
}

#[tokio::test]
async fn a_process_that_is_to_end_or_cannot_work_is_not_ready_and_says_which() {
    let bench = Bench::new("");
    let ending = Ending::default();
    let router = bench.router_until(ending.clone());
    for (token, word) in [(&ending.stopping, "stopping"), (&ending.dying, "dying")] {
        token.cancel();
        let said = get(&router, "/readyz").await;
        assert!(said.starts_with("503") && said.contains(&format!(r#""worker":"{word}""#)), "{said}");
        assert_eq!(line(GOOD.send(&router).await).await, "204", "what comes is taken all the same");
    }
}

/// A sender that is set up for another method loses each event: it is counted, as a wrong secret is, and a person is told.
#[tokio::test]
async fn only_posts_are_deliveries_and_what_else_comes_to_a_source_is_counted() {
    let bench = Bench::new("");
    let state = state_on(bench.ledger.clone());
    let router = router(bench.receiver_of(&state, source()), bench.readiness(Ending::default()));
    let send = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header("host", "x").body(Body::empty());
        let answer = router.clone().oneshot(request.expect("a request")).await.expect("an answer");
        line(answer).await
    };
    for (method, path) in [("GET", "/webhooks/acme"), ("PUT", "/webhooks/acme/"), ("post", "/webhooks/acme")] {
        assert_eq!(send(method, path).await, "405 allow=POST", "{method} {path}");
    }
    assert_eq!(send("GET", "/webhooks/none").await, "405 allow=POST", "a scanner's");
    assert_eq!(send("GET", "/metrics").await, "404");
    let refused = state.counts.take_refused();
    let of = crate::attention::RefusedOf::Source(crate::subject::SourceName("acme".into()));
    assert_eq!(refused.iter().map(|refused| (&refused.of, refused.count)).collect::<Vec<_>>(), [(&of, 3)]);
}

#[tokio::test]
async fn deliveries_are_counted_by_source_and_result_only() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let bench = Bench::new("");
    let router = ::metrics::with_local_recorder(&recorder, || bench.router());
    GOOD.send(&router).await;
    GOOD.send(&router).await;
    Delivery { authorization: "Basic dTpx", ..GOOD }.send(&router).await;
    Delivery { path: "/webhooks/other", ..GOOD }.send(&router).await;
    Delivery { path: "/webhooks/acne", ..GOOD }.send(&router).await;
    let more: MoreMetrics = Arc::new(|| Box::pin(async { "# more\n".to_owned() }));
    let beside = metrics_router(Metrics::of(recorder.handle()), more, bench.readiness(Ending::default()));
    let shown = get(&beside, "/metrics").await;
    let mut counts: Vec<_> = shown.lines().filter(|line| line.contains("_total{") && !line.ends_with(" 0")).collect();
    counts.sort_unstable();
    insta::assert_snapshot!(counts.join("\n"), @r#"
    quietus_deliveries_total{source="acme",result="duplicate"} 1
    quietus_deliveries_total{source="acme",result="recorded"} 1
    quietus_deliveries_total{source="acme",result="unauthenticated"} 1
    quietus_unknown_paths_total{nearest=""} 1
    quietus_unknown_paths_total{nearest="acme"} 1
    "#);
    assert!(shown.contains(r#"quietus_delivery_seconds_count{source="acme"} 3"#));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&beside, path).await, get(&router, path).await);
    }
}

#[track_caller]
fn check_client(peer: &str, forwarded: &[&str], expected: Option<&str>) {
    let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse().expect("a network"));
    let value =
        |value: &&str| ("x-forwarded-for".parse().expect("a name"), HeaderValue::from_str(value).expect("ASCII"));
    let headers: HeaderMap = forwarded.iter().map(value).collect();
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    assert_eq!(client(Peer(address(peer)), &headers, &trusted), expected.map(address));
}

#[test]
fn the_client_is_the_nearest_hop_that_is_no_trusted_proxy() {
    check_client("192.0.2.1", &[], Some("192.0.2.1"));
    check_client("192.0.2.1", &["198.51.100.1"], Some("192.0.2.1"));
    check_client("10.0.0.1", &[], Some("10.0.0.1"));
    check_client("::ffff:10.0.0.1", &["192.0.2.1"], Some("192.0.2.1"));
    check_client("10.0.0.1", &["198.51.100.1, 192.0.2.1"], Some("192.0.2.1"));
    check_client("10.0.0.1", &["198.51.100.1, 192.0.2.1 ,10.0.0.2"], Some("192.0.2.1"));
    check_client("10.0.0.1", &["198.51.100.1", "192.0.2.1", "10.0.0.2, 10.0.0.3"], Some("192.0.2.1"));
    check_client("10.0.0.1", &["10.0.0.3, 10.0.0.2"], Some("10.0.0.3"));
    check_client("10.0.0.1", &["192.0.2.1:1234"], Some("192.0.2.1"));
    check_client("2001:db8::1", &["[2001:470::1]:80"], Some("2001:470::1"));
    check_client("2001:db8::1", &["[2001:470::1]"], Some("2001:470::1"));
    check_client("10.0.0.1", &["unknown"], None);
    check_client("10.0.0.1", &["192.0.2.1,"], None);
    check_client("10.0.0.1", &[""], None);
}

#[tokio::test]
async fn a_full_quarantine_refuses_what_cannot_be_read_and_nothing_else() {
    let bench = Bench::new("record_max = '20s'");
    let router = bench.router();
    let mut puts = tokio::task::JoinSet::new();
    for number in 0..u128::from(QUARANTINED_MAX) {
        let ledger = bench.ledger.clone();
        let source = crate::subject::SourceName("acme".into());
        let item = Quarantined {
            sealed: Verified::made(b"{", Written::default()).seal(&source, &seal()),
            source,
            digest: crate::keys::Digest(number.to_be_bytes()),
            reason: "not JSON".into(),
        };
        puts.spawn(async move { ledger.quarantine(item).await.expect("kept") });
    }
    puts.join_all().await;
    assert_eq!(line(Delivery { body: "{", ..GOOD }.send(&router).await).await, "503 retry-after=5");
    assert_eq!(line(GOOD.send(&router).await).await, "204");
}
