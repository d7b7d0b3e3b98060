//! Ten times of what quietus can take: what it takes of that, what it sheds and how, what that costs, and whether anything
//! that it has acknowledged is missing afterwards. Senders and server share the machine, so that it says how much was sent.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::{sleep_until, timeout};

use crate::shared::number;
use crate::store::Store;
use crate::usage::Watch;
use crate::{Credentials, flood, request};

/// How many times of what it can take.
const TIMES: f64 = 10.0;

/// More than are served at once (`requests_max`), and than are kept (`connections_max`).
const SENDERS: usize = 5_000;

/// The longest that anybody may wait for an answer. mluvii waits for longer. (A run that measures nothing may be slow.)
fn answer_max() -> Duration {
    Duration::from_secs(number("QUIETUS_OVERLOAD_ANSWER_S", 10, 60))
}

/// From its default settings follow 1,024 bodies of 300 bytes at once, 4,352 connections with buffers of some kilobytes, 4,096 writes that
/// wait, and the ledger's caches: below 200 MB.
const RESIDENT_MB_MAX: f64 = 256.0;

/// Of what was taken: a delivery waits for the ledger at most `server.record_max`, 2 s, before it is shed.
fn taken_p99_max() -> Duration {
    Duration::from_secs(number("QUIETUS_OVERLOAD_P99_S", 3, 60))
}

/// In a second, whoever does not fit may still be answered by the place of another one that has ended.
fn shed_min() -> usize {
    usize::try_from(number("QUIETUS_OVERLOAD_SHED", 1, 0)).expect("a small number")
}

/// What the senders saw.
#[derive(Default)]
struct Seen {
    /// The sessions, and how long each took.
    taken: Vec<(usize, Duration)>,
    shed: Vec<Duration>,
    /// Refused without a word when to come again.
    wrong: Vec<String>,
    /// Connections that ended without an answer, or did not answer in time, and why.
    broken: Vec<String>,
}

/// Measures it, and panics where it does not hold what it should.
pub(crate) fn measure(store: Store<'_>) -> String {
    let lasts = Duration::from_millis(number("QUIETUS_OVERLOAD_MS", 10_000, 1_000));
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("what is allowed is allowed");
    let capacity = flood(&store.quietus().server, 64, &Credentials::Basic, 0).per_second();

    let quietus = store.quietus();
    let server = quietus.server.address;
    let watch = Watch::of(quietus.server.id());
    let probe = Probe::of(server);
    let seen = overload(server, capacity * TIMES, lasts);
    let recovered = recovery(server);
    let probed = probe.ended();
    let most = watch.most();

    let sent = seen.taken.len() + seen.shed.len() + seen.wrong.len() + seen.broken.len();
    let per_second = |count: usize| count as f64 / lasts.as_secs_f64();
    let taken: Vec<_> = seen.taken.iter().map(|(_, took)| *took).collect();
    let report = format!(
        "{}: {capacity:.0}/s can be taken; {:.0}/s sent over {SENDERS} connections for {lasts:?}, {:.1} times of it\n\
         \x20 taken {:.0}/s: {}\n  shed  {:.0}/s with 503 and Retry-After: {}; otherwise {}, without an answer {}\n\
         \x20 /healthz {}\n  at most {:.0} MB resident, {} descriptors, {} threads; {recovered:.1?} later a delivery is taken again",
        store.name(),
        per_second(sent),
        per_second(sent) / capacity,
        per_second(taken.len()),
        Percentiles::of(taken.clone()),
        per_second(seen.shed.len()),
        Percentiles::of(seen.shed.clone()),
        seen.wrong.len(),
        seen.broken.len(),
        Percentiles::of(probed.clone()),
        most.resident_mb,
        most.descriptors,
        most.threads,
    );
    assert_eq!(
        (seen.wrong.first(), seen.broken.first()),
        (None, None),
        "everybody is told when to come again\n{report}"
    );
    assert!(seen.shed.len() >= shed_min() && !taken.is_empty(), "it was more than it can take\n{report}");
    assert!(Percentiles::of(taken).p99 <= taken_p99_max(), "what is taken is taken soon\n{report}");
    assert!(most.resident_mb <= RESIDENT_MB_MAX, "it is bounded\n{report}");
    assert!(recovered <= answer_max(), "it recovers\n{report}");
    assert!(probed.iter().all(|took| *took < answer_max()), "who asks whether it lives is told\n{report}");
    let held: HashSet<_> = quietus.numbers("SELECT session FROM event").into_iter().collect();
    let lost = seen.taken.iter().filter(|(number, _)| !held.contains(&(1_000_000 + *number as i64)));
    assert_eq!(lost.count(), 0, "everything that was acknowledged is there\n{report}");
    report
}

/// Sends so much for so long.
fn overload(server: SocketAddr, per_second: f64, lasts: Duration) -> Seen {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let numbers = Arc::new(AtomicUsize::new(0));
        let interval = Duration::from_secs_f64(SENDERS as f64 / per_second);
        let begun = Instant::now();
        let senders: Vec<_> = (0..SENDERS)
            .map(|nth| {
                let first = begun + interval.mul_f64(nth as f64 / SENDERS as f64);
                tokio::spawn(sender(server, Arc::clone(&numbers), first, interval, begun + lasts))
            })
            .collect();
        let mut all = Seen::default();
        for sender in senders {
            let seen = sender.await.expect("it runs to its end");
            all.taken.extend(seen.taken);
            all.shed.extend(seen.shed);
            all.wrong.extend(seen.wrong);
            all.broken.extend(seen.broken);
        }
        all
    })
}

/// Sends at its times, or as soon as it is answered where that is later.
async fn sender(
    server: SocketAddr,
    numbers: Arc<AtomicUsize>,
    mut due: Instant,
    interval: Duration,
    until: Instant,
) -> Seen {
    let mut seen = Seen::default();
    let mut kept = None;
    while due < until {
        sleep_until(due.into()).await;
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        match timeout(answer_max(), exchange(server, &mut kept, &request(&Credentials::Basic, 1_000_000 + number)))
            .await
        {
            Ok(Ok(head)) if head.starts_with("http/1.1 204") => seen.taken.push((number, begun.elapsed())),
            Ok(Ok(head)) if head.starts_with("http/1.1 503") && head.contains("\r\nretry-after: ") => {
                seen.shed.push(begun.elapsed());
            }
            Ok(Ok(head)) => seen.wrong.push(head),
            Ok(Err(error)) => seen.broken.push(error.to_string()),
            Err(_) => {
                kept = None;
                seen.broken.push(format!("no answer within {:?}", answer_max()));
            }
        }
        due = (due + interval).max(Instant::now());
    }
    seen
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

/// How long it takes from the end of the overload until a delivery is taken.
fn recovery(server: SocketAddr) -> Duration {
    let begun = Instant::now();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        while begun.elapsed() < answer_max() {
            let answer = timeout(answer_max(), exchange(server, &mut None, &request(&Credentials::Basic, 1))).await;
            if matches!(answer, Ok(Ok(head)) if head.starts_with("http/1.1 204")) {
                break;
            }
        }
    });
    begun.elapsed()
}

/// Asks again and again, over a new connection each time, whether the server lives.
struct Probe {
    ends: Arc<AtomicBool>,
    asking: JoinHandle<Vec<Duration>>,
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
                let asked =
                    async { timeout(answer_max(), exchange(server, &mut None, Self::REQUEST.as_bytes())).await };
                match runtime.block_on(asked) {
                    Ok(Ok(head)) if head.starts_with("http/1.1 200") => all.push(begun.elapsed()),
                    _ => all.push(answer_max()),
                }
                std::thread::park_timeout(Self::EVERY);
            }
            all
        });
        Self { ends, asking }
    }

    /// How long each answer took; [`answer_max`] where there was none.
    fn ended(self) -> Vec<Duration> {
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
