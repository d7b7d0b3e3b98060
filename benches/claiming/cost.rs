//! What a claim costs in two ledgers, measured in turns, so that whatever disturbs the machine disturbs both.

use std::time::{Duration, Instant};

use quietus::measure::Measured;

use crate::shared::postgres::Database;
use crate::{TARGET, median_and_p99, number};

/// Steps of one claim.
const BATCH: usize = 16;

/// Claims of one turn.
const CLAIMS: usize = 50;

pub(crate) async fn compare(small: &Database<'_>, large: &Database<'_>) -> String {
    let ledgers = [Measured::open(&small.url(), 1).await, Measured::open(&large.url(), 1).await];
    // The first turn fills caches and prepares statements.
    for ledger in &ledgers {
        claims(ledger).await;
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..number("QUIETUS_BENCH_TURNS", 40, 1) {
        for (ledger, times) in ledgers.iter().zip(&mut times) {
            times.extend(claims(ledger).await);
        }
    }
    let [(few, few_p99), (many, many_p99)] = times.map(median_and_p99);
    format!(
        "a claim of {BATCH}: {few:.3} ms beside few (p99 {few_p99:.2}), {many:.3} ms beside many (p99 {many_p99:.2}): {:.2} of it",
        many / few
    )
}

/// Each batch is put back afterwards, behind the others.
async fn claims(ledger: &Measured) -> Vec<Duration> {
    let mut times = Vec::with_capacity(CLAIMS);
    for _ in 0..CLAIMS {
        let asked = Instant::now();
        let claimed = ledger.claim(TARGET, BATCH, Duration::from_secs(60), 1_000).await;
        times.push(asked.elapsed());
        assert_eq!(claimed.len(), BATCH);
        for step in claimed {
            ledger.put_back(step).await;
        }
    }
    times
}
