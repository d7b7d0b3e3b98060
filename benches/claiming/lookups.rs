//! What is looked up in a full ledger.

use std::time::{Duration, Instant};

use quietus::measure::Measured;
use sha2::{Digest as _, Sha256};

use crate::shared::postgres::Database;
use crate::{CONNECTIONS, NAME, median_and_p99};

/// Looks of each kind.
const LOOKS: u64 = 300;

/// One line for each kind of look.
pub(crate) async fn measure(database: &Database<'_>, finished: u64) -> Vec<String> {
    let ledger = Measured::open(&database.url(), CONNECTIONS).await;
    let sessions: u64 = database.sql("SELECT count(*) FROM session").parse().expect("a number");
    // Any of so many, the same in every run.
    let any = |look: u64, of: u64| 1 + (look.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) % of;
    // In percent; of few, all.
    let some = if finished < 1_000_000 { 100 } else { 1 };
    let list = |sql: &str| database.sql(sql).lines().map(str::to_owned).collect::<Vec<_>>();
    let ids =
        list(&format!("SELECT encode(id, 'hex') FROM erasure TABLESAMPLE SYSTEM ({some}) ORDER BY random() LIMIT 300"));
    let prints =
        list(&format!("SELECT encode(fingerprint, 'hex') FROM fingerprint TABLESAMPLE SYSTEM ({some}) LIMIT 300"));

    let mut lines = Vec::new();
    let mut say = |what: &str, times: Vec<Duration>| {
        let (median, p99) = median_and_p99(times);
        lines.push(format!("{what}: {median:.3} ms, p99 {p99:.2} ms"));
    };
    let mut times = Times::default();
    for look in 0..LOOKS {
        assert!(times.of(ledger.has_session(NAME, any(look, sessions) as i64)).await);
    }
    say("a session by its id", times.take());
    for look in 0..LOOKS {
        let guest = guest_of(any(look, sessions));
        assert!(times.of(ledger.sessions_of_guest(NAME, guest)).await > 0);
    }
    say("the sessions of a guest", times.take());
    for print in &prints {
        let mut fingerprint = [0; 32];
        hex::decode_to_slice(print, &mut fingerprint).expect("hex");
        assert_eq!(times.of(ledger.sessions_with(NAME, fingerprint)).await, 1);
    }
    say("the sessions with a fingerprint", times.take());
    for id in &ids {
        let mut erasure = [0; 16];
        hex::decode_to_slice(id, &mut erasure).expect("hex");
        assert!(times.of(ledger.has_erasure(erasure)).await);
    }
    say("an erasure by its id", times.take());
    for look in 0..LOOKS {
        assert!(times.of(ledger.has_receipt(any(look, finished))).await);
    }
    say("a receipt by its number", times.take());
    for _ in 0..LOOKS / 10 {
        assert!(times.of(ledger.newest_of_each_state(20)).await >= 20);
    }
    say("the newest 20 erasures of each state", times.take());
    for _ in 0..LOOKS / 10 {
        times.of(ledger.count()).await;
    }
    say("all counts, the oldest duty among them", times.take());
    lines
}

/// The digest of a session's guest, as `fill` writes it.
fn guest_of(session: u64) -> [u8; 16] {
    let full: [u8; 32] = Sha256::digest(format!("g{}", session / 3)).into();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    async fn of<T>(&mut self, look: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let found = look.await;
        self.0.push(asked.elapsed());
        found
    }

    /// All but the first, which also prepares the statement.
    fn take(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.0).split_off(1)
    }
}
