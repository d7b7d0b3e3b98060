//! How many deliveries were refused since that was written last, by whose they were. Counted over all receivers that take each other's
//! place, so that none is forgotten with the configuration by which it was refused.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::attention::RefusedOf;
use crate::ledger::RefusedDeliveries;
use crate::lock::lock;

/// The counts of all that are, or were, in the configuration.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<RefusedOf, Arc<AtomicU64>>>);

impl Refusals {
    /// What counts those of one.
    pub(super) fn of(&self, of: RefusedOf) -> Arc<AtomicU64> {
        Arc::clone(lock(&self.0).entry(of).or_default())
    }

    /// What was refused since it was asked last. Whose receiver is gone is forgotten with it.
    pub(super) fn take(&self) -> Vec<RefusedDeliveries> {
        let mut counts = lock(&self.0);
        let mut refused = Vec::new();
        counts.retain(|of, counter| {
            // Looked at first: what is counted after that is there the next time.
            let is_used = Arc::strong_count(counter) > 1;
            let count = counter.swap(0, Ordering::Relaxed);
            if count > 0 {
                refused.push(RefusedDeliveries { of: of.clone(), count });
            }
            is_used
        });
        refused
    }

    /// Counts what could not be written once more.
    pub(super) fn put_back(&self, refused: &[RefusedDeliveries]) {
        for RefusedDeliveries { of, count } in refused {
            self.of(of.clone()).fetch_add(*count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::SourceName;

    fn of(name: &str) -> RefusedOf {
        RefusedOf::Source(SourceName(name.into()))
    }

    #[test]
    fn what_a_receiver_has_refused_is_told_after_its_end_and_then_forgotten() {
        let refusals = Refusals::default();
        let (acme, gone) = (refusals.of(of("acme")), refusals.of(of("gone")));
        gone.fetch_add(2, Ordering::Relaxed);
        drop(gone);
        refusals.of(of("acme")).fetch_add(1, Ordering::Relaxed);
        let taken = refusals.take();
        assert_eq!(taken.iter().map(|refused| refused.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(lock(&refusals.0).len(), 1, "nobody counts for `gone` any more");
        refusals.put_back(&taken);
        acme.fetch_add(1, Ordering::Relaxed);
        assert_eq!(refusals.take().iter().map(|refused| refused.count).collect::<Vec<_>>(), [2, 2]);
    }
}
