//! What is said of looking, after another system's restore, whom it holds again.

use crate::ledger::{Restarted, SweepState};
use crate::operations::erase_again::Is;

words! {
    /// Words of that.
    Sweeping:
    texts {
        again_by, asked, backup_hint, backup_of, cancel_lead, confirm_needed, do_cancel, do_erase, do_look, erase_lead,
        erase_lead_approval, erase_tick, found_caption, found_title, go, kept_since, lead, moved, new_lead, new_title,
        newest, nobody, none, not_erased, not_looked_at, not_ordered, of, ordered_by, records, since, since_wrong, stay,
        target, target_hint, target_unknown, title, why,
    }
    counts { compared, more, not_comparable, not_erased_then, restarts, still_open, would_go }
    of { is: Is, restarted: Restarted, state: SweepState }
    with {}
}
