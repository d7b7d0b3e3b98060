//! Ten times of what quietus can take: what it takes of that, what it sheds and how, what that costs, and whether anything
//! that it has acknowledged is missing afterwards.
//!
//! Senders and server share the machine, and no sender is ten times as fast as a server that has all of it. So the server gets a
//! disk whose syncs take long, as a slow one's do, and fewer deliveries at once than by default: it can take no more than
//! `requests_max` with each commit. What it takes then is measured first.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::shared::number;
use crate::store::{Slow, Store};
use crate::usage::{Usage, Watch};
use crate::{Credentials, load, request, requests};

/// How many times of what it can take must have been offered.
const TIMES: f64 = 10.0;

/// What is offered, so that it is still ten times of what is taken where that is a little more than was measured before: much more,
/// where that was for a moment only.
fn offered_times() -> f64 {
    number("QUIETUS_OVERLOAD_TIMES", 12, 25) as f64
}

/// Connections that are used in turn, more than are kept (`connections_max`). There are more where all of them wait for an answer.
const CONNECTIONS: usize = 5_000;

/// The longest that anybody waits for an answer: after that, there is none.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// From its default settings follow 4,352 connections with buffers of some kilobytes, 64 MiB for bodies that are not whole, and the
/// ledger's caches: below 200 MB.
const RESIDENT_MB_MAX: f64 = 256.0;

/// The server's disk, and its bound.
fn slow() -> Slow {
    let requests_max = u32::try_from(number("QUIETUS_OVERLOAD_REQUESTS", 64, 8)).expect("a small number");
    Slow { sync: Duration::from_millis(number("QUIETUS_OVERLOAD_SYNC_MS", 100, 100)), requests_max }
}

/// What the senders saw. All times count from when a delivery was due.
#[derive(Default)]
struct Seen {
    /// The sessions, and how long each took.
    taken: Vec<(usize, Duration)>,
    shed: Vec<Duration>,
    /// Refused without a word when to come again.
    wrong: Vec<String>,
    /// Connections that ended without an answer, or did not answer in time, and why.
    broken: Vec<String>,
    /// From the first delivery to the last one.
    sending: Duration,
    /// From the first delivery to the last answer.
    answering: Duration,
}

impl Seen {
    fn add(&mut self, sent: Sent) {
        match sent {
            Sent::Taken(number, took) => self.taken.push((number, took)),
            Sent::Shed(took) => self.shed.push(took),
            Sent::Wrong(head) => self.wrong.push(head),
            Sent::Broken(why) => self.broken.push(why),
        }
    }

    fn offered(&self) -> f64 {
        let all = self.taken.len() + self.shed.len() + self.wrong.len() + self.broken.len();
        all as f64 / self.sending.as_secs_f64()
    }

    /// Of answers.
    fn per_second(&self, count: usize) -> f64 {
        count as f64 / self.answering.as_secs_f64()
    }
}

/// Measures it, and panics where it does not hold what it should. Times are told, and hold for nothing: they are the machine's.
pub(crate) fn measure(store: Store<'_>) -> String {
    let lasts = Duration::from_millis(number("QUIETUS_OVERLOAD_MS", 10_000, 1_000));
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("what is allowed is allowed");
    let capacity = capacity(store, lasts);

    let quietus = store.slow(slow());
    let server = quietus.server.address;
    let watch = Watch::of(quietus.server.id());
    let probe = Probe::of(server);
    let seen = overload(server, capacity * offered_times(), lasts);
    let probed = probe.ended();
    let most = watch.most();
    let recovered = recovery(server);

    // Of both: what was measured before, and what was taken now.
    let can_take = capacity.max(seen.per_second(seen.taken.len()));
    let times = seen.offered() / can_take;
    let answered: Vec<_> = probed.iter().flatten().copied().collect();
    let unanswered = probed.len() - answered.len();
    let report = report(store, capacity, times, &seen, &answered, most, recovered);
    assert_eq!(
        (seen.wrong.first(), seen.broken.first()),
        (None, None),
        "everybody is told when to come again\n{report}"
    );
    assert!(times >= TIMES, "it was offered only {times:.1} times of what it can take\n{report}");
    assert!(!seen.shed.is_empty() && !seen.taken.is_empty(), "it takes what it can, and sheds the rest\n{report}");
    assert!(most.resident_mb <= RESIDENT_MB_MAX, "it is bounded\n{report}");
    assert!(recovered.is_some(), "a delivery is taken again\n{report}");
    assert_eq!(unanswered, 0, "who asks whether it lives is told\n{report}");
    let held: HashSet<_> = quietus.numbers("SELECT session FROM event").into_iter().collect();
    let lost = seen.taken.iter().filter(|(number, _)| !held.contains(&(1_000_000 + *number as i64)));
    assert_eq!(lost.count(), 0, "everything that was acknowledged is there\n{report}");
    format!("{report}\n  all {} that were acknowledged are in the ledger", seen.taken.len())
}

/// What it can take in a second: over twice as many connections as deliveries at once, each of which sends as soon as it is answered.
fn capacity(store: Store<'_>, lasts: Duration) -> f64 {
    let quietus = store.slow(slow());
    let connections = 2 * slow().requests_max as usize;
    let longest = (lasts / 4).max(Duration::from_secs(1));
    // No commit has more than that in it.
    let commits = longest.as_secs_f64() / slow().sync.as_secs_f64();
    let enough = connections * (2.0 * commits) as usize;
    let measured = load::flood(quietus.server.address, connections, requests(&Credentials::Basic, enough, 0), longest);
    measured.taken_per_second()
}

fn report(
    store: Store<'_>,
    capacity: f64,
    times: f64,
    seen: &Seen,
    probed: &[Duration],
    most: Usage,
    recovered: Option<Duration>,
) -> String {
    let taken: Vec<_> = seen.taken.iter().map(|(_, took)| *took).collect();
    let Slow { sync, requests_max } = slow();
    let recovered = recovered.map_or("never".to_owned(), |took| format!("{took:.1?}"));
    format!(
        "{}, a sync takes {sync:?} more, requests_max = {requests_max}: {capacity:.0}/s can be taken;\n\
         \x20 {:.0}/s offered for {:.1?}, {times:.1} times of it, whatever was answered\n\
         \x20 taken {:.0}/s: {}\n  shed  {:.0}/s with 503 and Retry-After: {}; otherwise {}, without an answer {}\n\
         \x20 /healthz {} times: {}\n  at most {:.0} MB resident, {} descriptors, {} threads; a delivery is taken again after {recovered}",
        store.name(),
        seen.offered(),
        seen.sending,
        seen.per_second(taken.len()),
        Percentiles::of(taken.clone()),
        seen.per_second(seen.shed.len()),
        Percentiles::of(seen.shed.clone()),
        seen.wrong.len(),
        seen.broken.len(),
        probed.len(),
        Percentiles::of(probed.to_vec()),
        most.resident_mb,
        most.descriptors,
        most.threads,
    )
}

/// Sends so much for so long, each delivery at its time: nobody waits for an earlier answer.
fn overload(server: SocketAddr, per_second: f64, lasts: Duration) -> Seen {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let count = (per_second * lasts.as_secs_f64()) as usize;
    let interval = Duration::from_secs_f64(1.0 / per_second);
    runtime.block_on(async {
        let kept = Kept::default();
        let mut sending = JoinSet::new();
        let mut seen = Seen::default();
        let begun = Instant::now();
        for number in 0..count {
            let due = begun + interval.mul_f64(number as f64);
            // Only ahead of time: the timer is not asked a thousand times in a millisecond.
            if due > Instant::now() {
                sleep_until(due.into()).await;
            }
            sending.spawn(send(server, Arc::clone(&kept.0), number, due));
            while let Some(sent) = sending.try_join_next() {
                seen.add(sent.expect("it runs to its end"));
            }
        }
        seen.sending = begun.elapsed();
        while let Some(sent) = sending.join_next().await {
            seen.add(sent.expect("it runs to its end"));
        }
        seen.answering = begun.elapsed();
        seen
    })
}

/// Connections that nobody uses, the one that was used longest ago first: some that are still to be made.
struct Kept(Arc<Mutex<VecDeque<Option<TcpStream>>>>);

impl Default for Kept {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((0..CONNECTIONS).map(|_| None).collect())))
    }
}

/// The result of one delivery.
enum Sent {
    Taken(usize, Duration),
    Shed(Duration),
    Wrong(String),
    Broken(String),
}

/// Sends one over the connection whose turn it is.
async fn send(server: SocketAddr, kept: Arc<Mutex<VecDeque<Option<TcpStream>>>>, number: usize, due: Instant) -> Sent {
    let mut stream = kept.lock().expect("nobody panics with it").pop_front().flatten();
    let request = request(&Credentials::Basic, 1_000_000 + number);
    let was_kept = stream.is_some();
    let mut answer = timeout(ANSWER_MAX, exchange(server, &mut stream, &request)).await;
    // One that nobody used may have been closed by the server in that moment, to make way: as every client of HTTP does.
    if was_kept && matches!(answer, Ok(Err(_))) {
        answer = timeout(ANSWER_MAX, exchange(server, &mut stream, &request)).await;
    }
    let sent = match answer {
        Ok(Ok(head)) if head.starts_with("http/1.1 204") => Sent::Taken(number, due.elapsed()),
        Ok(Ok(head)) if head.starts_with("http/1.1 503") && head.contains("\r\nretry-after: ") => {
            Sent::Shed(due.elapsed())
        }
        Ok(Ok(head)) => Sent::Wrong(head),
        Ok(Err(error)) => Sent::Broken(error.to_string()),
        Err(_) => Sent::Broken(format!("no answer within {ANSWER_MAX:?}")),
    };
    kept.lock().expect("nobody panics with it").push_back(stream);
    sent
}

/// One request, and the head of its answer in small letters. A connection that is closed by it is not kept.
async fn exchange(server: SocketAddr, kept: &mut Option<TcpStream>, request: &[u8]) -> std::io::Result<String> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => TcpStream::connect(server).await?,
    };
    stream.write_all(request).await?;
    let mut head = Vec::with_capacity(256);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    if !head.contains("\r\nconnection: close") {
        *kept = Some(stream);
    }
    Ok(head)
}

/// How long it takes from the end of the overload until a delivery is taken; `None` where none is.
fn recovery(server: SocketAddr) -> Option<Duration> {
    let begun = Instant::now();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        while begun.elapsed() < ANSWER_MAX {
            let answer = timeout(ANSWER_MAX, exchange(server, &mut None, &request(&Credentials::Basic, 1))).await;
            if matches!(answer, Ok(Ok(head)) if head.starts_with("http/1.1 204")) {
                return Some(begun.elapsed());
            }
        }
        None
    })
}

/// Asks again and again, over a new connection each time, whether the server lives.
struct Probe {
    ends: Arc<AtomicBool>,
    asking: JoinHandle<Vec<Option<Duration>>>,
}

impl Probe {
    const EVERY: Duration = Duration::from_millis(100);
    const REQUEST: &str = "GET /healthz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";

    fn of(server: SocketAddr) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let asking = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            let mut all = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let asked = async { timeout(ANSWER_MAX, exchange(server, &mut None, Self::REQUEST.as_bytes())).await };
                let is_told = matches!(runtime.block_on(asked), Ok(Ok(head)) if head.starts_with("http/1.1 200"));
                all.push(is_told.then(|| begun.elapsed()));
                std::thread::park_timeout(Self::EVERY);
            }
            all
        });
        Self { ends, asking }
    }

    /// How long each answer took; `None` where there was none.
    fn ended(self) -> Vec<Option<Duration>> {
        self.ends.store(true, Ordering::Relaxed);
        self.asking.thread().unpark();
        self.asking.join().expect("it only asks")
    }
}

/// How long something took.
struct Percentiles {
    p50: Duration,
    p99: Duration,
    most: Duration,
}

impl Percentiles {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |percent: usize| all.get((all.len().saturating_sub(1)) * percent / 100).copied().unwrap_or_default();
        Self { p50: at(50), p99: at(99), most: at(100) }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        write!(f, "p50 {:.1} ms, p99 {:.1} ms, at most {:.0} ms", ms(self.p50), ms(self.p99), ms(self.most))
    }
}
