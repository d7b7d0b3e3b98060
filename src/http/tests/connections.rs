use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;

/// Longer than anything here takes; only a failure waits for it.
const DEADLINE: Duration = Duration::from_secs(20);

/// A bench behind a listener.
struct Server {
    _bench: Bench,
    address: SocketAddr,
    stop: Stop,
    serving: JoinHandle<Drained>,
}

impl Server {
    async fn start(over: &str) -> Self {
        let bench = Bench::new(over);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let stop = Stop { draining: CancellationToken::new(), closing: CancellationToken::new() };
        let router = bench.router();
        let settings = bench.live_settings();
        let stopping = stop.clone();
        let serving = tokio::spawn(async move { serve(listener, router, &settings, stopping).await });
        Self { _bench: bench, address, stop, serving }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.expect("a connection"))
    }

    async fn drained(self) -> Drained {
        timeout(DEADLINE, self.serving).await.expect("in time").expect("no panic")
    }
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("sent");
    }

    /// The next answer's head without its date; empty when the connection has ended.
    async fn answer(&mut self) -> String {
        let mut head = Vec::new();
        let read = async {
            // Byte by byte, so as not to take what follows; the answers here have no body.
            while !head.ends_with(b"\r\n\r\n") {
                match self.0.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
        };
        timeout(DEADLINE, read).await.expect("an answer in time");
        let head = String::from_utf8(head).expect("text");
        head.lines().filter(|line| !line.starts_with("date:") && !line.is_empty()).collect::<Vec<_>>().join(" | ")
    }
}

fn head(length: usize) -> String {
    format!("POST /webhooks/acme HTTP/1.1\r\nhost: x\r\nauthorization: Basic dTpw\r\ncontent-length: {length}\r\n\r\n")
}

fn request() -> String {
    format!("{}{ENDED}", head(ENDED.len()))
}

const GONE: &str = "";
const OK: &str = "HTTP/1.1 204 No Content";

#[tokio::test]
async fn a_connection_carries_several_deliveries() {
    let server = Server::start("").await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.send(&request()).await;
        assert_eq!(client.answer().await, OK);
    }
    client.send(&format!("{}{}", request(), request())).await;
    assert_eq!((client.answer().await, client.answer().await), (OK.to_owned(), OK.to_owned()));
}

#[tokio::test]
async fn a_body_in_pieces_is_put_together() {
    let server = Server::start("").await;
    let mut client = server.connect().await;
    client.send(&head(0).replace("content-length: 0", "transfer-encoding: chunked")).await;
    for byte in ENDED.chars() {
        client.send(&format!("1\r\n{byte}\r\n")).await;
    }
    client.send("0\r\n\r\n").await;
    assert_eq!(client.answer().await, OK);
}

#[tokio::test]
async fn slow_headers_end_the_connection() {
    let server = Server::start("header_read_max = '50ms'").await;
    let mut client = server.connect().await;
    client.send("POST /webhooks/acme HTTP/1.1\r\nhost:").await;
    assert_eq!(client.answer().await, GONE);
    assert_eq!(server.connect().await.answer().await, GONE);
}

#[tokio::test]
async fn large_headers_are_refused() {
    let server = Server::start("").await;
    let mut client = server.connect().await;
    client.send(&format!("POST /webhooks/acme HTTP/1.1\r\nhost: {}", "x".repeat(40_000))).await;
    assert_eq!(
        client.answer().await,
        "HTTP/1.1 431 Request Header Fields Too Large | connection: close | content-length: 0"
    );
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let server = Server::start("body_read_max = '50ms'").await;
    let mut client = server.connect().await;
    client.send(&head(10)).await;
    assert_eq!(client.answer().await, "HTTP/1.1 408 Request Timeout | connection: close | content-length: 0");
    assert_eq!(client.answer().await, GONE);
}

const TOO_LARGE: &str = "HTTP/1.1 413 Payload Too Large | connection: close | content-length: 0";

#[tokio::test]
async fn a_large_body_is_refused_whether_its_length_is_told_or_not() {
    let server = Server::start("body_bytes_max = 100").await;
    let body = "x".repeat(1 << 20);
    let mut told = server.connect().await;
    told.send(&head(body.len())).await;
    told.send(&body).await;
    assert_eq!(told.answer().await, TOO_LARGE);
    let mut chunked = server.connect().await;
    chunked.send(&head(0).replace("content-length: 0", "transfer-encoding: chunked")).await;
    chunked.send(&format!("100000\r\n{body}\r\n0\r\n\r\n")).await;
    assert_eq!(chunked.answer().await, TOO_LARGE);
    let mut huge = server.connect().await;
    huge.send(&head(1 << 40)).await;
    assert_eq!(huge.answer().await, TOO_LARGE);
    let mut fits = server.connect().await;
    fits.send(&request()).await;
    assert_eq!(fits.answer().await, OK);
}

#[tokio::test]
async fn a_garbled_body_is_refused() {
    let server = Server::start("").await;
    let mut client = server.connect().await;
    client.send(&head(0).replace("content-length: 0", "transfer-encoding: chunked")).await;
    client.send("no number\r\n").await;
    assert_eq!(client.answer().await, "HTTP/1.1 400 Bad Request | connection: close | content-length: 0");
}

const COME_AGAIN: &str = "HTTP/1.1 503 Service Unavailable | retry-after: 5 | connection: close | content-length: 0";

#[tokio::test]
async fn over_further_connections_there_is_one_answer_and_no_delivery() {
    let server = Server::start("connections_max = 1").await;
    let mut first = server.connect().await;
    first.send(&request()).await;
    assert_eq!(first.answer().await, OK);
    for _ in 0..3 {
        let mut further = server.connect().await;
        further.send(&request()).await;
        assert_eq!(further.answer().await, COME_AGAIN);
        assert_eq!(further.answer().await, GONE);
        let mut probe = server.connect().await;
        probe.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(probe.answer().await.starts_with("HTTP/1.1 200 OK"));
        first.send(&request()).await;
        assert_eq!(first.answer().await, OK);
    }
    drop(first);
    let taken = async {
        loop {
            let mut further = server.connect().await;
            further.send(&request()).await;
            match further.answer().await.as_str() {
                OK => return,
                // The end of the first one was not seen yet.
                answer => assert_eq!(answer, COME_AGAIN),
            }
        }
    };
    timeout(DEADLINE, taken).await.expect("its place is free");
}

#[tokio::test]
async fn a_source_that_fills_all_connections_makes_way_with_what_is_idle_for_longest() {
    let server = Server::start("connections_max = 4").await;
    let mut known = Vec::new();
    for _ in 0..4 {
        let mut client = server.connect().await;
        client.send(&request()).await;
        assert_eq!(client.answer().await, OK);
        known.push(client);
    }
    // The first one is the oldest, and its last request the latest.
    known[0].send(&request()).await;
    assert_eq!(known[0].answer().await, OK);
    tokio::time::sleep(crate::http::known::IDLE_AFTER).await;
    let mut further = server.connect().await;
    further.send(&request()).await;
    assert_eq!(further.answer().await, OK, "more than its share is idle");
    assert_eq!(known[1].answer().await, GONE);
    for number in [0, 2, 3] {
        known[number].send(&request()).await;
        assert_eq!(known[number].answer().await, OK);
    }
}

const OK_CLOSED: &str = "HTTP/1.1 204 No Content | connection: close";

#[tokio::test]
async fn while_it_is_draining_everyone_is_answered_once_more() {
    let server = Server::start("").await;
    let mut kept = server.connect().await;
    kept.send(&request()).await;
    assert_eq!(kept.answer().await, OK);
    server.stop.draining.cancel();
    let mut new = server.connect().await;
    for client in [&mut kept, &mut new] {
        client.send(&request()).await;
        assert_eq!(client.answer().await, OK_CLOSED);
        assert_eq!(client.answer().await, GONE);
    }
    server.stop.closing.cancel();
    assert_eq!(server.drained().await, Drained::All);
}

#[tokio::test]
async fn a_listener_that_closes_answers_what_is_in_flight_and_what_is_on_its_way() {
    let server = Server::start("").await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    for client in [&mut idle, &mut busy] {
        client.send(&request()).await;
        assert_eq!(client.answer().await, OK);
    }
    // An answer to `100-continue` proves that the request is in flight.
    busy.send(&head(ENDED.len()).replace("host: x", "host: x\r\nexpect: 100-continue")).await;
    assert_eq!(busy.answer().await, "HTTP/1.1 100 Continue");
    server.stop.closing.cancel();
    idle.send(&request()).await;
    assert_eq!(idle.answer().await, OK_CLOSED);
    assert_eq!(idle.answer().await, GONE);
    busy.send(ENDED).await;
    assert_eq!(busy.answer().await, OK_CLOSED);
    assert_eq!(server.drained().await, Drained::All);
}

#[tokio::test]
async fn a_shutdown_closes_idle_connections() {
    let server = Server::start("").await;
    let mut idle = server.connect().await;
    idle.send(&request()).await;
    assert_eq!(idle.answer().await, OK);
    server.stop.closing.cancel();
    assert_eq!(idle.answer().await, GONE);
    assert_eq!(server.drained().await, Drained::All);
}

#[tokio::test]
async fn a_shutdown_ends_in_time() {
    let server = Server::start("drain_max = '50ms'").await;
    let mut busy = server.connect().await;
    busy.send(&head(ENDED.len()).replace("host: x", "host: x\r\nexpect: 100-continue")).await;
    assert_eq!(busy.answer().await, "HTTP/1.1 100 Continue");
    server.stop.closing.cancel();
    assert_eq!(server.drained().await, Drained::Cut(1));
    assert_eq!(busy.answer().await, GONE);
}

#[tokio::test]
async fn strangers_who_send_slowly_keep_nobody_out() {
    let server = Server::start("connections_max = 1").await;
    let mut stranger = server.connect().await;
    let unknown = head(10).replace("dTpw", "dTpx");
    stranger.send(&format!("{unknown}{{")).await;
    let mut client = server.connect().await;
    client.send(&request()).await;
    assert_eq!(client.answer().await, OK);
    assert_eq!(stranger.answer().await, GONE);
}
