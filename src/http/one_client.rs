//! Whether all that comes, comes from one address: then a proxy may stand in front that the configuration does not name, and all senders
//! count as one client. The address stays in memory.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::strangers::Client;
use crate::lock::lock;
use crate::verify::Network;

/// So many requests say something.
const ENOUGH: u64 = 20;

/// The clients that were seen through the proxies that are trusted now.
#[derive(Default)]
pub(super) struct Clients(Mutex<(Vec<Network>, Arc<OneClient>)>);

impl Clients {
    /// From now on those that are seen through these proxies. With other ones, other addresses are the clients'.
    pub(super) fn through(&self, proxies: &[Network]) -> Arc<OneClient> {
        let mut held = lock(&self.0);
        if held.0 != proxies {
            *held = (proxies.to_vec(), Arc::default());
        }
        Arc::clone(&held.1)
    }

    /// Whether all that came, came from one address; `None` where there is too little to say so.
    pub(super) fn is_one(&self) -> Option<bool> {
        let held = lock(&self.0);
        if held.0.is_empty() { held.1.is_one() } else { Some(false) }
    }
}

/// The clients that were seen: the first one, and whether there are others.
#[derive(Default)]
pub(super) struct OneClient {
    first: OnceLock<Client>,
    requests: AtomicU64,
    others: AtomicBool,
}

impl OneClient {
    /// A request came from a client.
    pub(super) fn see(&self, client: Client) {
        if self.others.load(Ordering::Relaxed) {
            return;
        }
        if *self.first.get_or_init(|| client) != client {
            self.others.store(true, Ordering::Relaxed);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether all came from one; `None` where there is too little to say so.
    pub(super) fn is_one(&self) -> Option<bool> {
        if self.others.load(Ordering::Relaxed) {
            return Some(false);
        }
        (self.requests.load(Ordering::Relaxed) >= ENOUGH).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_client_says_at_once_that_there_is_more_than_one() {
        let clients = OneClient::default();
        let [first, second] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(|address| Client::of(address.into()));
        (1..ENOUGH).for_each(|_| clients.see(first));
        assert_eq!(clients.is_one(), None);
        clients.see(first);
        assert_eq!(clients.is_one(), Some(true));
        clients.see(second);
        assert_eq!(clients.is_one(), Some(false));
        (0..ENOUGH).for_each(|_| clients.see(first));
        assert_eq!(clients.is_one(), Some(false));
    }
}
