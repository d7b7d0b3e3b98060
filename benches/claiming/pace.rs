//! Steps a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quietus::measure::{Measured, Step};
use tokio::task::JoinSet;

use crate::shared::postgres::Database;
use crate::{CONNECTIONS, TARGET, median_and_p99};

/// Steps of one claim.
const BATCH: usize = 64;

/// Steps of one target that are under way at once, in all processes.
const AT_ONCE: usize = 32;

/// Claims of whole batches one after the other, by so many processes at once. A lease ends at once, so that what was
/// claimed waits again, behind all others.
pub(crate) async fn claims(database: &Database<'_>, ledgers: usize, longest: Duration) -> String {
    let begun = Instant::now();
    let mut claimers = JoinSet::new();
    for ledger in open(database, ledgers).await {
        claimers.spawn(async move {
            let (mut claimed, mut times) = (0, Vec::new());
            while begun.elapsed() < longest {
                let asked = Instant::now();
                claimed += ledger.claim(TARGET, BATCH, Duration::ZERO, 1_000_000).await.len();
                times.push(asked.elapsed());
            }
            (claimed, times)
        });
    }
    let mut times = Vec::new();
    let mut claimed = 0;
    for (of_one, times_of_one) in claimers.join_all().await {
        claimed += of_one;
        times.extend(times_of_one);
    }
    let per_second = claimed as f64 / begun.elapsed().as_secs_f64();
    let (median, p99) = median_and_p99(times);
    format!(
        "claims of {BATCH} steps, processes {ledgers}: {per_second:.0} steps/s; a claim takes {median:.2} ms, p99 {p99:.2} ms"
    )
}

/// Steps that are claimed and end, as a process does it: a claim for as many as are free whenever one has ended, each end
/// a transaction of its own.
pub(crate) async fn whole_steps(database: &Database<'_>, ledgers: usize, longest: Duration) -> String {
    let left = || database.sql("SELECT count(*) FROM step WHERE stage IS NOT NULL").parse::<usize>().expect("a number");
    let before = left();
    let begun = Instant::now();
    let mut processes = JoinSet::new();
    for ledger in open(database, ledgers).await {
        processes.spawn(process(Arc::new(ledger), AT_ONCE / ledgers, begun + longest));
    }
    let mut ended = 0;
    let mut times = Vec::new();
    for (of_one, times_of_one) in processes.join_all().await {
        ended += of_one;
        times.extend(times_of_one);
    }
    let per_second = ended as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(before - left(), ended, "every step that ended has ended in the ledger");
    let (median, p99) = median_and_p99(times);
    format!(
        "claimed and ended, {AT_ONCE} at once, processes {ledgers}: {per_second:.0} steps/s; an end takes {median:.2} ms, \
         p99 {p99:.2} ms"
    )
}

async fn process(ledger: Arc<Measured>, at_once: usize, until: Instant) -> (usize, Vec<Duration>) {
    let mut under_way = JoinSet::new();
    let mut times = Vec::new();
    while Instant::now() < until {
        let free = at_once - under_way.len();
        if free > 0 {
            for step in ledger.claim(TARGET, free, Duration::from_secs(60), AT_ONCE).await {
                under_way.spawn(end(Arc::clone(&ledger), step));
            }
        }
        if let Some(ended) = under_way.join_next().await {
            times.push(ended.expect("it ends"));
        }
        // Others that have ended meanwhile are replaced by the same claim.
        while let Some(ended) = under_way.try_join_next() {
            times.push(ended.expect("it ends"));
        }
    }
    while let Some(ended) = under_way.join_next().await {
        times.push(ended.expect("it ends"));
    }
    (times.len(), times)
}

async fn end(ledger: Arc<Measured>, step: Step) -> Duration {
    let asked = Instant::now();
    ledger.erased(step).await;
    asked.elapsed()
}

async fn open(database: &Database<'_>, ledgers: usize) -> Vec<Measured> {
    let mut all = Vec::new();
    for _ in 0..ledgers {
        all.push(Measured::open(&database.url(), CONNECTIONS).await);
    }
    all
}
