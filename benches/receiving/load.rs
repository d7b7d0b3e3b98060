//! The load generator: keep-alive connections on one thread, requests made beforehand, every reply counted.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a run measured.
pub(crate) struct Measured {
    pub(crate) requests: usize,
    pub(crate) refused: usize,
    pub(crate) elapsed: Duration,
    /// Sorted.
    latencies: Vec<Duration>,
}

impl Measured {
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// What was acknowledged of it.
    pub(crate) fn taken_per_second(&self) -> f64 {
        (self.requests - self.refused) as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((last as f64 * percent / 100.0).round() as usize).copied().unwrap_or_default()
    }
}

/// Sends each of `requests` once over `connections` connections, as fast as replies come, for at most `longest`.
pub(crate) fn flood(server: SocketAddr, connections: usize, requests: Vec<Vec<u8>>, longest: Duration) -> Measured {
    run(server, connections, requests, longest, None)
}

/// Sends `per_second` requests a second, whatever the replies do: latency counts from when a request was due.
pub(crate) fn pace(
    server: SocketAddr,
    connections: usize,
    requests: Vec<Vec<u8>>,
    per_second: f64,
    longest: Duration,
) -> Measured {
    run(server, connections, requests, longest, Some(Duration::from_secs_f64(1.0 / per_second)))
}

fn run(
    server: SocketAddr,
    connections: usize,
    requests: Vec<Vec<u8>>,
    longest: Duration,
    interval: Option<Duration>,
) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let queue: QueueName = Arc::new(Mutex::new(requests.into_iter().enumerate().collect()));
        let begun = Instant::now();
        let until = begun + longest;
        let clients: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(client(server, Arc::clone(&queue), begun, until, interval)))
            .collect();
        let mut latencies = Vec::new();
        let mut refused = 0;
        for client in clients {
            let (of_client, refused_of_client) = client.await.expect("a client runs to its end");
            latencies.extend(of_client);
            refused += refused_of_client;
        }
        let elapsed = begun.elapsed();
        latencies.sort_unstable();
        Measured { requests: latencies.len(), refused, elapsed, latencies }
    })
}

/// Requests with their numbers, which say when a paced one is due.
type QueueName = Arc<Mutex<VecDeque<(usize, Vec<u8>)>>>;

async fn client(
    server: SocketAddr,
    queue: QueueName,
    begun: Instant,
    until: Instant,
    interval: Option<Duration>,
) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(server).await.expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let (mut latencies, mut refused) = (Vec::new(), 0);
    let mut reply = Vec::with_capacity(1024);
    while Instant::now() < until {
        let Some((number, request)) = queue.lock().expect("no client panics with it").pop_front() else { break };
        let mut sent = Instant::now();
        if let Some(interval) = interval {
            let due = begun + interval.mul_f64(number as f64);
            tokio::time::sleep_until(due.into()).await;
            sent = due;
        }
        stream.write_all(&request).await.expect("the server reads");
        reply.clear();
        while !is_whole(&reply) {
            let read = stream.read_buf(&mut reply).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
        }
        latencies.push(sent.elapsed());
        refused += usize::from(!reply.starts_with(b"HTTP/1.1 204"));
    }
    (latencies, refused)
}

/// Replies to a delivery have no body, or say how long it is.
fn is_whole(reply: &[u8]) -> bool {
    let Some(end) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&reply[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |text| text.trim().parse::<usize>().expect("a length is a number"));
    reply.len() >= end + 4 + length
}
