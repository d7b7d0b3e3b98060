//! The plugin or the server is killed between two acts: the next call goes on from what was stored.

use super::*;

#[test]
fn all_that_was_erased_is_counted_wherever_it_was_cut_off() {
    // Before the first of two batches, between them, after them, and not at all.
    for stored in 0..=3 {
        let exchange = Exchange::with(&["ann@x.cz"; 7]);
        let host = host(&exchange, json!({})).stores_at_most(stored);
        assert_eq!(host.erase(ANN).is_err(), stored < 3, "{stored}");
        assert_eq!(exchange.senders().len(), [7, 3, 0, 0][stored as usize], "{stored}");
        let host = host.restarted().expect("configured").stores_at_most(9);
        assert_eq!(host.erase(ANN), Ok(later(erased(7))), "{stored}");
        assert!(exchange.senders().is_empty());
    }
}
