//! `cargo bench --bench claiming --features measure`: how fast steps are claimed and ended in PostgreSQL with a million of
//! them pending, whether ten million finished ones make a claim dearer, and by which indexes things are found. All through
//! the ledger's own code. `-- pending` or `-- finished` measures one part.

mod cost;
mod fill;
mod indexes;
mod lookups;
mod pace;
#[path = "../shared/mod.rs"]
mod shared;

use std::io::Write as _;
use std::time::Duration;

use quietus::measure::Measured;
use shared::postgres::{Database, Postgres};
use shared::{is_wanted, longest, machine, number};

/// The target whose steps are claimed.
const TARGET: &str = "crm";

/// The connections of one process for its work, as by default.
const CONNECTIONS: usize = 8;

/// The installation of all sessions.
const NAME: &str = "bench";

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let postgres = Postgres::start();
    say(&machine::described());
    say(&postgres.described());
    if is_wanted("pending", &["pending", "finished"]) {
        runtime.block_on(pending(&postgres));
    }
    if is_wanted("finished", &["pending", "finished"]) {
        runtime.block_on(finished(&postgres));
    }
    say(&machine::load());
}

/// Claims while a great many wait.
async fn pending(postgres: &Postgres) {
    let pending = number("QUIETUS_BENCH_PENDING", 1_000_000, 2_000);
    let database = empty(postgres).await;
    fill::pending(&database, pending);
    say(&format!("\n{pending} steps pending; {}", machine::load()));
    let longest = longest(10);
    for ledgers in [1, 3] {
        say(&pace::claims(&database, ledgers, longest).await);
    }
    for ledgers in [1, 3] {
        say(&pace::whole_steps(&database, ledgers, longest).await);
    }
}

/// The cost of a claim, beside few and beside many finished steps, and what is looked up beside many.
async fn finished(postgres: &Postgres) {
    let (few, many) = (number("QUIETUS_BENCH_FEW", 10_000, 100), number("QUIETUS_BENCH_FINISHED", 10_000_000, 2_000));
    let (small, large) = (empty(postgres).await, empty(postgres).await);
    for (database, finished) in [(&small, few), (&large, many)] {
        fill::finished(database, finished);
        fill::pending(database, 1_000);
    }
    let size = large.sql("SELECT pg_size_pretty(pg_database_size(current_database()))");
    say(&format!("\n{few} and {many} steps finished ({size}), 1000 pending; {}", machine::load()));
    say(&cost::compare(&small, &large).await);
    for line in lookups::measure(&large, many).await {
        say(&line);
    }
    for line in indexes::used(&large).await {
        say(&line);
    }
}

/// A new database with an empty ledger.
async fn empty(postgres: &Postgres) -> Database<'_> {
    let database = postgres.database();
    Measured::migrate(&database.url()).await;
    fill::months(&database);
    database
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("stdout is open");
}

/// The one in the middle, and the one that 99 of 100 do not exceed, in milliseconds.
fn median_and_p99(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at =
        |percent: usize| times.get(times.len().saturating_sub(1) * percent / 100).map_or(0.0, Duration::as_secs_f64);
    (at(50) * 1e3, at(99) * 1e3)
}
