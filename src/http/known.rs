//! Connections whose sender is known. Where all are taken, and no stranger makes way, one that is idle does, or that waits for a request which
//! proves nothing yet, of a source that has more than its share: a sender
//! that opens many, or a proxy that keeps many open, leaves room for those of other sources.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::strangers::Place;
use crate::lock::lock;

/// For so long a stranger keeps what others have taken: what it has sent may not have come yet, or nobody has had the time to read it.
const STRANGER_FOR: Duration = Duration::from_millis(500);

/// Who was answered so long ago, and has asked nothing since, is idle. Between two requests of a busy sender there is less, also under load.
pub(super) const IDLE_AFTER: Duration = Duration::from_secs(1);

/// Connections by their numbers.
type Connections = HashMap<u64, Arc<Activity>>;

/// All of them, by the source to which they have delivered first.
pub(super) struct Known {
    /// For all connections of the listener.
    most: AtomicUsize,
    sources: Mutex<HashMap<Arc<str>, Connections>>,
    connections: AtomicU64,
    since: Instant,
}

/// What a connection does. It changes with each request, so nothing is locked for it. Times are nanoseconds since there are connections.
#[derive(Default)]
struct Activity {
    busy: AtomicBool,
    /// When it was answered last.
    last: AtomicU64,
    /// Since when it waits for a request whose sender is not proved; 0 where it does not. A proxy's connection carries those of everybody.
    waits: AtomicU64,
    leave: CancellationToken,
}

impl Activity {
    /// Since when it does nothing for a sender who is known.
    fn idle_since(&self) -> Option<u64> {
        if !self.busy.load(Ordering::Acquire) {
            return Some(self.last.load(Ordering::Relaxed));
        }
        Some(self.waits.load(Ordering::Relaxed)).filter(|since| *since > 0)
    }
}

/// A connection's place, a stranger's until its sender is known.
pub(crate) struct Seat {
    stranger: Place,
    since: Instant,
    known: Arc<Known>,
    number: u64,
    activity: Arc<Activity>,
    source: OnceLock<Arc<str>>,
}

impl Known {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let most = most.into();
        Arc::new(Self { most, sources: Mutex::default(), connections: AtomicU64::new(0), since: Instant::now() })
    }

    /// From now on there may be so many.
    pub(super) fn resize(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// A seat for a new connection.
    pub(super) fn seat(self: &Arc<Self>, stranger: Place) -> Seat {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let (known, activity, source) = (Arc::clone(self), Arc::default(), OnceLock::new());
        Seat { stranger, since: Instant::now(), known, number, activity, source }
    }

    /// How many there are, without those that leave.
    pub(super) fn count(&self) -> usize {
        lock(&self.sources).values().map(HashMap::len).sum()
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_nanos() as u64
    }

    /// Has the connection end that is idle for longest, and for so long, of the largest source beyond its share that has one;
    /// `false` when there is none. A share is what each source would have, and one for those that are to come.
    pub(super) fn displace_idlest(&self, idle_for: Duration) -> bool {
        let before = self.now().saturating_sub(idle_for.as_nanos() as u64);
        let mut sources = lock(&self.sources);
        let share = (self.most.load(Ordering::Relaxed) / (sources.len() + 1)).max(1);
        let mut over: Vec<_> = sources.values_mut().filter(|connections| connections.len() > share).collect();
        over.sort_by_key(|connections| Reverse(connections.len()));
        for connections in over {
            let idle = connections.iter().filter_map(|(number, activity)| Some((activity.idle_since()?, *number)));
            let idlest = idle.filter(|(since, _)| *since <= before).min();
            if let Some(activity) = idlest.and_then(|(_, number)| connections.remove(&number)) {
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
        self.activity.last.store(self.known.now(), Ordering::Relaxed);
        self.activity.busy.store(false, Ordering::Release);
    }

    /// The request has not come whole, and proves its sender only then.
    pub(super) fn waits(&self) {
        self.activity.waits.store(self.known.now().max(1), Ordering::Relaxed);
    }

    /// It is there, or given up.
    pub(super) fn waits_no_more(&self) {
        self.activity.waits.store(0, Ordering::Relaxed);
    }

    /// Whoever has it is no stranger any more, but a sender to this source; or leaves once it is answered, as others have its place.
    /// Costs nothing when it is called again.
    pub(crate) fn known_to(&self, source: &Arc<str>) {
        self.source.get_or_init(|| {
            if !self.stranger.over() {
                self.activity.leave.cancel();
                return Arc::clone(source);
            }
            let mut sources = lock(&self.known.sources);
            sources.entry(Arc::clone(source)).or_default().insert(self.number, Arc::clone(&self.activity));
            Arc::clone(source)
        });
    }

    /// Returns when others have taken the place of a stranger, who is cut off.
    pub(super) async fn displaced(&self) {
        self.stranger.displaced().await;
        sleep_until(self.since + STRANGER_FOR).await;
        // It may be none any more.
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
        assert!(known.displace_idlest(Duration::ZERO));
        assert_eq!(left(&many), [true, true, false, true, true, true], "the first is busy no more, the second is");
        assert!(known.displace_idlest(Duration::ZERO) && known.displace_idlest(Duration::ZERO));
        assert_eq!(left(&many), [true, true, false, false, false, true]);
        assert!(!known.displace_idlest(Duration::ZERO), "a third for each, and a third for others");
        assert_eq!(left(&few), [true; 3]);
        drop(many);
        assert!(!known.displace_idlest(Duration::ZERO), "a half");
        drop(few);
        assert!(lock(&known.sources).is_empty());
    }

    #[test]
    fn who_was_active_a_moment_ago_is_not_idle() {
        let known = Known::new(1);
        let seats = seats(&known, "acme", 2);
        assert!(!known.displace_idlest(IDLE_AFTER));
        assert!(known.displace_idlest(Duration::ZERO));
        assert_eq!(left(&seats), [false, true]);
    }

    #[test]
    fn a_sender_who_is_known_too_late_is_answered_and_leaves() {
        let (strangers, known) = (Strangers::new(1), Known::new(1));
        let first = known.seat(strangers.enter(None, 1));
        let second = known.seat(strangers.enter(None, 1));
        first.known_to(&"acme".into());
        second.known_to(&"acme".into());
        assert_eq!([first.is_leaving(), second.is_leaving()], [true, false]);
        assert_eq!((known.count(), strangers.size()), (1, 0), "only one has a place");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_is_not_cut_off_at_once() {
        let (strangers, known) = (Strangers::new(1), Known::new(1));
        let [young, known_meanwhile] = [(); 2].map(|()| known.seat(strangers.enter(None, 1)));
        let last = known.seat(strangers.enter(None, 1));
        let begun = Instant::now();
        young.displaced().await;
        assert_eq!(begun.elapsed(), STRANGER_FOR);
        known_meanwhile.known_to(&"acme".into());
        let cut = tokio::time::timeout(STRANGER_FOR * 2, known_meanwhile.displaced()).await;
        assert!(cut.is_err(), "it is answered");
        let stays = tokio::time::timeout(STRANGER_FOR * 2, last.displaced()).await;
        assert!(stays.is_err());
    }

    #[test]
    fn what_waits_for_somebody_who_proves_nothing_is_idle() {
        let known = Known::new(2);
        let proxy = seats(&known, "acme", 2);
        proxy.iter().for_each(Seat::begin);
        proxy[1].waits();
        assert!(!known.displace_idlest(IDLE_AFTER), "it may come in a moment");
        assert!(known.displace_idlest(Duration::ZERO));
        assert_eq!(left(&proxy), [true, false]);
        proxy[0].waits();
        proxy[0].waits_no_more();
        assert!(!known.displace_idlest(Duration::ZERO));
    }

    #[test]
    fn what_is_busy_stays() {
        let known = Known::new(2);
        let busy = seats(&known, "acme", 2);
        busy.iter().for_each(Seat::begin);
        assert!(!known.displace_idlest(Duration::ZERO));
        busy[1].end();
        assert!(known.displace_idlest(Duration::ZERO));
        assert_eq!(left(&busy), [true, false]);
        assert!(!known.displace_idlest(Duration::ZERO));
    }
}
