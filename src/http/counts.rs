//! What was refused, and who has delivered, since that was written last: counted over all receivers that take each other's place, so that
//! none of it is forgotten with the configuration by which it came.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::attention::RefusedOf;
use crate::ledger::{RefusedDeliveries, TakenDeliveries};
use crate::lock::lock;
use crate::subject::SourceName;

/// What is counted of all that are, or were, in the configuration.
#[derive(Default)]
pub(super) struct Counts {
    refused: Tally<RefusedOf, AtomicU64>,
    delivered: Tally<SourceName, AtomicU64>,
}

impl Counts {
    /// What counts the refused deliveries of one.
    pub(super) fn refused(&self, of: RefusedOf) -> Arc<AtomicU64> {
        self.refused.of(of)
    }

    /// What counts the deliveries of a source that were taken.
    pub(super) fn delivered(&self, source: SourceName) -> Arc<AtomicU64> {
        self.delivered.of(source)
    }

    /// What was refused since it was asked last.
    pub(super) fn take_refused(&self) -> Vec<RefusedDeliveries> {
        self.refused.take(|of, counter| match counter.swap(0, Ordering::Relaxed) {
            0 => None,
            count => Some(RefusedDeliveries { of: of.clone(), count }),
        })
    }

    /// Counts what could not be written once more.
    pub(super) fn put_back(&self, refused: &[RefusedDeliveries]) {
        for RefusedDeliveries { of, count } in refused {
            self.refused(of.clone()).fetch_add(*count, Ordering::Relaxed);
        }
    }

    /// What was taken of each source since it was asked last.
    pub(super) fn take_delivered(&self) -> Vec<TakenDeliveries> {
        self.delivered.take(|source, counter| match counter.swap(0, Ordering::Relaxed) {
            0 => None,
            count => Some(TakenDeliveries { source: source.clone(), count }),
        })
    }
}

/// A value for each that is counted, which those hold who count.
struct Tally<K, V>(Mutex<BTreeMap<K, Arc<V>>>);

impl<K, V> Default for Tally<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V: Default> Tally<K, V> {
    fn of(&self, key: K) -> Arc<V> {
        Arc::clone(lock(&self.0).entry(key).or_default())
    }

    /// What is taken of each. What nobody holds any more is forgotten after that.
    fn take<T>(&self, take: impl Fn(&K, &V) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        lock(&self.0).retain(|key, value| {
            // Looked at first: what is counted after that is there the next time.
            let is_held = Arc::strong_count(value) > 1;
            taken.extend(take(key, value));
            is_held
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> SourceName {
        SourceName(name.into())
    }

    #[test]
    fn what_a_receiver_has_refused_is_told_after_its_end_and_then_forgotten() {
        let of = |name| RefusedOf::Source(source(name));
        let counts = Counts::default();
        let (acme, gone) = (counts.refused(of("acme")), counts.refused(of("gone")));
        gone.fetch_add(2, Ordering::Relaxed);
        drop(gone);
        counts.refused(of("acme")).fetch_add(1, Ordering::Relaxed);
        let taken = counts.take_refused();
        assert_eq!(taken.iter().map(|refused| refused.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(lock(&counts.refused.0).len(), 1, "nobody counts for `gone` any more");
        counts.put_back(&taken);
        acme.fetch_add(1, Ordering::Relaxed);
        assert_eq!(counts.take_refused().iter().map(|refused| refused.count).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn a_source_has_delivered_also_where_its_receiver_is_gone() {
        let counts = Counts::default();
        counts.delivered(source("acme")).fetch_add(2, Ordering::Relaxed);
        let _idle = counts.delivered(source("idle"));
        assert_eq!(counts.take_delivered(), [TakenDeliveries { source: source("acme"), count: 2 }]);
        assert_eq!(counts.take_delivered(), []);
    }
}
