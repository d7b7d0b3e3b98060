//! The servers that tests start, tried on themselves.

mod brokers;
mod dovecot;
mod imap;
mod killed;
mod mariadb;
mod postgres;

use std::time::{Duration, Instant};

/// Asks until it is so; fails the test when it is not in time.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
