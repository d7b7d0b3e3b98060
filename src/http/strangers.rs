//! What is held for clients that have not proved who they are: connections, and bodies that are not whole yet. Where there is no
//! room for one more, the oldest goes. A sender is a stranger for milliseconds, so it is the oldest only among its like; who
//! sends slowly, to keep others out, is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::lock::lock;

/// Whose it is: an IPv4 address, or the network of 64 bits that a host with IPv6 has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// All places that strangers have, of one sort. Sizes are connections, or bytes.
#[derive(Debug)]
pub(super) struct Strangers {
    /// For all of them. One client gets a quarter at most.
    most: AtomicUsize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    last: u64,
    size: usize,
    /// By their numbers, the oldest first.
    places: BTreeMap<u64, Entry>,
    shares: HashMap<Client, Share>,
}

#[derive(Debug)]
struct Entry {
    client: Option<Client>,
    size: usize,
    displaced: CancellationToken,
}

#[derive(Debug, Default)]
struct Share {
    size: usize,
    places: BTreeSet<u64>,
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    strangers: Arc<Strangers>,
    displaced: CancellationToken,
    is_over: AtomicBool,
}

impl Strangers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.into(), held: Mutex::default() })
    }

    /// From now on there is room for so much. Who has a place keeps it until another one comes.
    pub(super) fn resize(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// Takes a place of a size; others are displaced by it. Without a client, only the bound for all counts.
    pub(super) fn enter(self: &Arc<Self>, client: Option<Client>, size: usize) -> Place {
        let displaced = CancellationToken::new();
        let mut held = lock(&self.held);
        held.last += 1;
        let number = held.last;
        held.places.insert(number, Entry { client, size: 0, displaced: displaced.clone() });
        if let Some(client) = client {
            held.shares.entry(client).or_default().places.insert(number);
        }
        self.grow(&mut held, number, size);
        drop(held);
        Place { number, strangers: Arc::clone(self), displaced, is_over: AtomicBool::new(false) }
    }

    /// What all of them hold.
    pub(super) fn size(&self) -> usize {
        lock(&self.held).size
    }

    /// Displaces the oldest; `false` when there is none.
    pub(super) fn displace_oldest(&self) -> bool {
        lock(&self.held).displace_first()
    }

    fn grow(&self, held: &mut Held, number: u64, by: usize) {
        let Some(entry) = held.places.get_mut(&number) else { return };
        let most = self.most.load(Ordering::Relaxed);
        let each_most = most.div_ceil(4);
        entry.size += by;
        let client = entry.client;
        held.size += by;
        if let Some(client) = client {
            held.shares.entry(client).or_default().size += by;
            while let Some(share) = held.shares.get(&client).filter(|share| share.size > each_most) {
                let Some(&oldest) = share.places.first() else { break };
                held.displace(oldest);
            }
        }
        while held.size > most && held.displace_first() {}
    }
}

impl Held {
    fn displace_first(&mut self) -> bool {
        let first = self.places.first_key_value().map(|(number, _)| *number);
        first.is_some_and(|number| self.displace(number))
    }

    fn displace(&mut self, number: u64) -> bool {
        let displaced = self.remove(number);
        displaced.as_ref().inspect(|token| token.cancel());
        displaced.is_some()
    }

    fn remove(&mut self, number: u64) -> Option<CancellationToken> {
        let Entry { client, size, displaced } = self.places.remove(&number)?;
        self.size -= size;
        if let Some(client) = client
            && let Some(share) = self.shares.get_mut(&client)
        {
            share.size -= size;
            share.places.remove(&number);
            if share.places.is_empty() {
                self.shares.remove(&client);
            }
        }
        Some(displaced)
    }
}

impl Place {
    /// Takes more of the same.
    pub(super) fn grow(&self, by: usize) {
        self.strangers.grow(&mut lock(&self.strangers.held), self.number, by);
    }

    /// Returns when it was displaced; never once it is over.
    pub(super) async fn displaced(&self) {
        self.displaced.cancelled().await;
        // Both at once: whoever is known by now is answered.
        if self.is_over.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }

    /// Whoever has it is no stranger any more. `false` where it was displaced before: another one has the place. Costs little when it is
    /// called again.
    pub(super) fn over(&self) -> bool {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            lock(&self.strangers.held).remove(self.number);
        }
        !self.displaced.is_cancelled()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.over();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> Option<Client> {
        Some(Client::of(text.parse().expect("an address")))
    }

    fn left(places: &[Place]) -> Vec<bool> {
        places.iter().map(|place| !place.displaced.is_cancelled()).collect()
    }

    #[test]
    fn a_client_displaces_its_own_before_those_of_others() {
        let strangers = Strangers::new(8);
        let other = strangers.enter(client("10.0.0.2"), 1);
        let places: Vec<_> = (0..4).map(|_| strangers.enter(client("10.0.0.1"), 1)).collect();
        assert_eq!(left(&places), [false, false, true, true], "a quarter of all");
        assert!(!other.displaced.is_cancelled());
        assert!(places[2].over());
        let next = strangers.enter(client("10.0.0.1"), 1);
        assert_eq!(left(&places), [false, false, true, true]);
        assert!(!next.displaced.is_cancelled());
    }

    #[test]
    fn who_is_known_too_late_has_lost_the_place() {
        let strangers = Strangers::new(1);
        let first = strangers.enter(None, 1);
        let second = strangers.enter(None, 1);
        assert_eq!([first.over(), second.over()], [false, true]);
        strangers.enter(None, 1);
        assert_eq!([first.over(), second.over()], [false, true]);
    }

    #[test]
    fn the_oldest_of_all_goes_where_there_is_no_room() {
        let strangers = Strangers::new(3);
        let mut places: Vec<_> = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|of| strangers.enter(client(of), 1)).into();
        drop(places.remove(1));
        places.push(strangers.enter(None, 1));
        assert_eq!(left(&places), [true, true, true]);
        places.push(strangers.enter(None, 1));
        assert_eq!(left(&places), [false, true, true, true]);
        assert!(strangers.displace_oldest());
        assert_eq!(left(&places), [false, false, true, true]);
        assert!(strangers.displace_oldest() && strangers.displace_oldest() && !strangers.displace_oldest());
    }

    #[test]
    fn what_grows_counts_by_its_size_and_is_given_back() {
        let strangers = Strangers::new(100);
        let large = strangers.enter(None, 60);
        let small = strangers.enter(None, 10);
        small.grow(30);
        assert!(!large.displaced.is_cancelled());
        small.grow(1);
        assert!(large.displaced.is_cancelled() && !small.displaced.is_cancelled());
        large.grow(1000);
        assert!(!small.displaced.is_cancelled(), "what is displaced holds nothing");
        drop((large, small));
        let whole = strangers.enter(client("::1"), 25);
        assert!(!whole.displaced.is_cancelled());
        whole.grow(1);
        assert!(whole.displaced.is_cancelled(), "more than one client gets");
        let held = lock(&strangers.held);
        assert!(held.places.is_empty() && held.shares.is_empty() && held.size == 0);
    }

    #[test]
    fn a_host_with_ipv6_is_one_client() {
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:10.0.0.1"), client("10.0.0.1"));
        assert_ne!(client("10.0.0.1"), client("10.0.0.2"));
    }
}
