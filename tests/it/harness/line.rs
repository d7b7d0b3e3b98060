//! A line to a system, which fails as networks and gateways do: what is on it may be cut, lost or slow, also when the other end has
//! done what it was asked for.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// Longer than any call here may take.
const SILENCE: Duration = Duration::from_millis(1_500);

/// For how long nobody listens.
const AWAY: Duration = Duration::from_millis(200);

/// The bytes of half an answer: its first line is cut.
const HALF: usize = 12;

/// How an exchange fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The connection is reset instead of passing the request on.
    Reset,
    /// The same, and further connections are refused for a while.
    Refused,
    /// Nothing is passed on, and nothing is answered for longer than anybody waits.
    BlackHole,
    /// The request is passed on, and the connection is reset instead of answering.
    AnswerLost,
    /// The answer ends after its first bytes.
    AnswerHalf,
    /// The answer comes slowly, in small pieces.
    Drip,
}

/// The way to a system.
pub(crate) struct Line {
    _runtime: Runtime,
    /// Bound, and not listening: while nobody listens, the port is nobody else's.
    _reserved: TcpSocket,
    address: SocketAddr,
    failures: Arc<Failures>,
}

#[derive(Default)]
struct Failures {
    /// Requests, or parts of them, that came.
    exchanges: AtomicU64,
    next: Mutex<VecDeque<Failure>>,
    /// Nobody is to listen for a while.
    away: Notify,
}

impl Line {
    /// A line to the system at `url`.
    pub(crate) fn to(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let to: SocketAddr = url.trim_start_matches("http://").parse().expect("an address");
        let reserved = bound(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = reserved.local_addr().expect("bound");
        let failures = Arc::<Failures>::default();
        let listener = runtime.block_on(async { listen(address) });
        runtime.spawn(accept(listener, address, to, Arc::clone(&failures)));
        Self { _runtime: runtime, _reserved: reserved, address, failures }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many have come by it so far.
    pub(crate) fn exchanges(&self) -> u64 {
        self.failures.exchanges.load(Ordering::Relaxed)
    }

    /// So many exchanges fail.
    pub(crate) fn fail(&self, failure: Failure, times: u64) {
        lock(&self.failures).extend((0..times).map(|_| failure));
    }

    /// No further exchange fails.
    pub(crate) fn work(&self) {
        lock(&self.failures).clear();
    }
}

fn lock(failures: &Failures) -> MutexGuard<'_, VecDeque<Failure>> {
    failures.next.lock().expect("nobody panics with it")
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("set");
    socket.bind(address).expect("a free port");
    socket
}

fn listen(address: SocketAddr) -> TcpListener {
    bound(address).listen(128).expect("it listens")
}

async fn accept(mut listener: TcpListener, at: SocketAddr, to: SocketAddr, failures: Arc<Failures>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((from, _)) = accepted else { continue };
                let failures = Arc::clone(&failures);
                tokio::spawn(async move {
                    // One of the two hung up.
                    let _ended = pass(from, to, &failures).await;
                });
            }
            () = failures.away.notified() => {
                drop(listener);
                tokio::time::sleep(AWAY).await;
                listener = listen(at);
            }
        }
    }
}

/// Passes on what comes from both ends, until one of them ends, or the exchange fails.
async fn pass(mut from: TcpStream, to: SocketAddr, failures: &Failures) -> io::Result<()> {
    let mut to = TcpStream::connect(to).await?;
    let mut request = vec![0; 64 * 1024];
    let mut answer = vec![0; 64 * 1024];
    let mut failure = None;
    loop {
        tokio::select! {
            read = from.read(&mut request) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                failures.exchanges.fetch_add(1, Ordering::Relaxed);
                failure = lock(failures).pop_front();
                match failure {
                    Some(Failure::Reset) => return reset(from),
                    Some(Failure::Refused) => {
                        failures.away.notify_one();
                        return reset(from);
                    }
                    Some(Failure::BlackHole) => return be_silent(from).await,
                    _ => to.write_all(&request[..length]).await?,
                }
            }
            read = to.read(&mut answer) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                let answer = &answer[..length];
                match failure {
                    Some(Failure::AnswerLost) => return reset(from),
                    Some(Failure::AnswerHalf) => return from.write_all(&answer[..length.min(HALF)]).await,
                    Some(Failure::Drip) => drip(&mut from, answer).await?,
                    _ => from.write_all(answer).await?,
                }
            }
        }
    }
}

/// As a crash of the other end looks like, and not as its end.
fn reset(from: TcpStream) -> io::Result<()> {
    from.set_zero_linger()
}

/// Until the caller has gone, or for longer than it waits.
async fn be_silent(mut from: TcpStream) -> io::Result<()> {
    let mut rest = Vec::new();
    let _gone = tokio::time::timeout(SILENCE, from.read_to_end(&mut rest)).await;
    Ok(())
}

async fn drip(from: &mut TcpStream, answer: &[u8]) -> io::Result<()> {
    for piece in answer.chunks(answer.len().div_ceil(40)) {
        from.write_all(piece).await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
