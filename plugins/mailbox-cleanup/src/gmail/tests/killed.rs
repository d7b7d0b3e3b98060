//! The plugin or the server is killed between two acts: the next call goes on from what was stored.

use quietus_plugin::Answer;

use super::*;

#[test]
fn all_that_was_erased_is_counted_wherever_it_was_cut_off() {
    // Before the first of two deletions, between them, after them, and not at all.
    for stored in 0..=3 {
        let google = Google::with(&["joann@x.cz"]);
        (0..250).for_each(|_| google.add("INBOX", &[("From", "ann@x.cz")]));
        let host = host(&google, json!({})).stores_at_most(stored);
        assert_eq!(host.erase(ANN).is_err(), stored < 3, "{stored}");
        assert_eq!(google.count("batchDelete") as u64, stored.min(2), "{stored}");
        let host = host.restarted().expect("configured").stores_at_most(9);
        assert_eq!(host.erase(ANN), Ok(Answer::erased().count("messages", 250)), "{stored}");
        assert_eq!(google.senders(), ["joann@x.cz"]);
    }
}
