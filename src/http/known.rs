//! Connections whose sender is known. Where all are taken, one that is idle makes way, of a source that has more than its share: a sender
//! that opens many, or a proxy that keeps many open, leaves room for those of other sources.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use tokio_util::sync::CancellationToken;

use super::strangers::Place;
use crate::lock::lock;

/// Connections by their numbers.
type Connections = HashMap<u64, Arc<Activity>>;

/// All of them, by the source to which they have delivered first.
pub(super) struct Known {
    /// For all connections of the listener.
    most: usize,
    sources: Mutex<HashMap<Arc<str>, Connections>>,
    /// Counts requests: what was active last has the highest number.
    requests: AtomicU64,
    connections: AtomicU64,
}

/// What a connection does. It changes with each request, so nothing is locked for it.
#[derive(Default)]
struct Activity {
    busy: AtomicBool,
    last: AtomicU64,
    leave: CancellationToken,
}

/// A connection's place, a stranger's until its sender is known.
pub(super) struct Seat {
    stranger: Place,
    known: Arc<Known>,
    number: u64,
    activity: Arc<Activity>,
    source: OnceLock<Arc<str>>,
}

impl Known {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let (requests, connections) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { most, sources: Mutex::default(), requests, connections })
    }

    /// A seat for a new connection.
    pub(super) fn seat(self: &Arc<Self>, stranger: Place) -> Seat {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        Seat { stranger, known: Arc::clone(self), number, activity: Arc::default(), source: OnceLock::new() }
    }

    /// Has the connection end that is idle for longest, of the source that has most, if that is more than its share; `false` when there is
    /// none. A share is what each source would have, and one for those that are to come.
    pub(super) fn displace_idlest(&self) -> bool {
        let mut sources = lock(&self.sources);
        let share = (self.most / (sources.len() + 1)).max(1);
        let mut over: Vec<_> = sources.values_mut().filter(|connections| connections.len() > share).collect();
        over.sort_by_key(|connections| Reverse(connections.len()));
        for connections in over {
            let idle = connections.iter().filter(|(_, activity)| !activity.busy.load(Ordering::Acquire));
            let idlest = idle.min_by_key(|(_, activity)| activity.last.load(Ordering::Relaxed));
            if let Some(activity) = idlest.map(|(number, _)| *number).and_then(|number| connections.remove(&number)) {
                activity.leave.cancel();
                return true;
            }
        }
        false
    }
}

impl Seat {
    /// A request has come.
    pub(super) fn begin(&self) {
        self.activity.busy.store(true, Ordering::Release);
    }

    /// It was answered: from now on, the connection is idle.
    pub(super) fn end(&self) {
        self.activity.last.store(self.known.requests.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        self.activity.busy.store(false, Ordering::Release);
    }

    /// Whoever has it is no stranger any more, but a sender to this source. Costs nothing when it is called again.
    pub(super) fn known_to(&self, source: &Arc<str>) {
        self.source.get_or_init(|| {
            self.stranger.over();
            let mut sources = lock(&self.known.sources);
            sources.entry(Arc::clone(source)).or_default().insert(self.number, Arc::clone(&self.activity));
            Arc::clone(source)
        });
    }

    /// Returns when others take the place of a stranger, who is cut off.
    pub(super) async fn displaced(&self) {
        self.stranger.displaced().await;
    }

    /// Returns when the connection is to end once it is answered what is on its way.
    pub(super) async fn leaves(&self) {
        self.activity.leave.cancelled().await;
    }

    /// Whether it is to end so.
    pub(super) fn is_leaving(&self) -> bool {
        self.activity.leave.is_cancelled()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(source) = self.source.get() else { return };
        let mut sources = lock(&self.known.sources);
        if let Some(connections) = sources.get_mut(source) {
            connections.remove(&self.number);
            if connections.is_empty() {
                sources.remove(source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::strangers::Strangers;
    use super::*;

    /// Seats of a source, each of which has been answered once.
    fn seats(known: &Arc<Known>, source: &str, count: usize) -> Vec<Seat> {
        let seat = |_| {
            let seat = known.seat(Strangers::new(100).enter(None, 1));
            seat.known_to(&source.into());
            seat.end();
            seat
        };
        (0..count).map(seat).collect()
    }

    fn left(seats: &[Seat]) -> Vec<bool> {
        seats.iter().map(|seat| !seat.is_leaving()).collect()
    }

    #[test]
    fn who_has_more_than_a_share_gives_what_is_idle_for_longest() {
        let known = Known::new(9);
        let many = seats(&known, "acme", 6);
        let few = seats(&known, "gate", 3);
        // The oldest connection, but its last request is the latest one.
        many[0].begin();
        many[0].end();
        many[1].begin();
        assert!(known.displace_idlest());
        assert_eq!(left(&many), [true, true, false, true, true, true], "the first is busy no more, the second is");
        assert!(known.displace_idlest() && known.displace_idlest());
        assert_eq!(left(&many), [true, true, false, false, false, true]);
        assert!(!known.displace_idlest(), "a third for each, and a third for others");
        assert_eq!(left(&few), [true; 3]);
        drop(many);
        assert!(!known.displace_idlest(), "a half");
        drop(few);
        assert!(lock(&known.sources).is_empty());
    }

    #[test]
    fn what_is_busy_stays() {
        let known = Known::new(2);
        let busy = seats(&known, "acme", 2);
        busy.iter().for_each(Seat::begin);
        assert!(!known.displace_idlest());
        busy[1].end();
        assert!(known.displace_idlest());
        assert_eq!(left(&busy), [true, false]);
        assert!(!known.displace_idlest());
    }
}
