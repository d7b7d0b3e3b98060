//! How often a client may try links that are none: each try is a look into the ledger.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::http::Client;
use crate::lock::lock;

/// Tries in vain of one client in a window.
const FAILURES_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// So many clients are counted apart; all others together.
const CLIENTS_MAX: usize = 4096;

/// Counts tries in vain. A link that is one counts nothing, so that whoever has one is not kept out by their own mistakes alone.
#[derive(Default)]
pub(super) struct Limit(Mutex<Window>);

#[derive(Default)]
struct Window {
    began: Option<Instant>,
    failures: HashMap<Option<Client>, u32>,
}

impl Limit {
    /// Whether a client may try one more; in how many seconds, where not.
    pub(super) fn allows(&self, client: Option<Client>, now: Instant) -> Result<(), u64> {
        let mut window = lock(&self.0);
        let left = window.turn(now);
        let client = window.key(client);
        let failures = window.failures.get(&client).copied().unwrap_or_default();
        if failures < FAILURES_MAX { Ok(()) } else { Err(left.as_secs() + 1) }
    }

    /// Counts a try in vain.
    pub(super) fn failed(&self, client: Option<Client>, now: Instant) {
        let mut window = lock(&self.0);
        window.turn(now);
        let client = window.key(client);
        *window.failures.entry(client).or_default() += 1;
    }
}

impl Window {
    /// Begins the next window where this one is over; says how much of it is left.
    fn turn(&mut self, now: Instant) -> Duration {
        let passed = self.began.map(|began| now.saturating_duration_since(began));
        match passed.filter(|passed| *passed < WINDOW) {
            Some(passed) => WINDOW - passed,
            None => {
                self.began = Some(now);
                self.failures.clear();
                WINDOW
            }
        }
    }

    /// As whom a client is counted.
    fn key(&self, client: Option<Client>) -> Option<Client> {
        client.filter(|client| self.failures.len() < CLIENTS_MAX || self.failures.contains_key(&Some(*client)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u32) -> Option<Client> {
        Some(Client::of(IpAddr::from(Ipv4Addr::from_bits(number))))
    }

    #[test]
    fn who_guesses_waits_and_nobody_else_does() {
        let (limit, now) = (Limit::default(), Instant::now());
        for _ in 0..FAILURES_MAX {
            assert_eq!(limit.allows(client(1), now), Ok(()));
            limit.failed(client(1), now);
        }
        assert_eq!(limit.allows(client(1), now), Err(61));
        assert_eq!(limit.allows(client(2), now), Ok(()));
        assert_eq!(limit.allows(client(1), now + WINDOW), Ok(()));
    }

    #[test]
    fn however_many_clients_guess_what_is_counted_stays_small() {
        let (limit, now) = (Limit::default(), Instant::now());
        for number in 0..u32::try_from(2 * CLIENTS_MAX).expect("small") {
            limit.failed(client(number), now);
        }
        assert!(lock(&limit.0).failures.len() <= CLIENTS_MAX + 1);
        assert!(limit.allows(client(u32::MAX), now).is_err(), "those beyond are counted together");
        assert_eq!(limit.allows(client(1), now), Ok(()));
    }
}
