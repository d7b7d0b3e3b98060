//! Work at which its process ended without a word: killed, aborted, out of stack or memory. What does that each time must not end each
//! server that takes it, and so ends as a panic does: put aside, for a person.
//!
//! Which of the pieces of work that were under way did it, nobody knows, and it may have been none: a machine that lost its power. So each is a
//! suspect, and suspects are done one after the other, of all queues and by all processes, beside the work that is none. One that ends, however it
//! does, is no suspect any more. One at which a process ended so often was the only suspect each time but the first.

/// Work at which so many processes ended in a row is put aside.
const DEATHS_AT: u32 = 3;

/// Why.
pub(super) const FATAL: &str = "the server ended without a word each time while it did this work, three times in a row; see the journal of these times";

/// Whether it is put aside.
pub(super) fn is_fatal(deaths: u32) -> bool {
    deaths >= DEATHS_AT
}

/// A process that is still on the list, so that it has not ended properly, and has not been heard of for so long has died, or
/// stands still. It says several times in that time that it is there, and it is less than a lease: nobody takes its work as if nothing had been.
const SILENT_MS: u32 = 8_000;

/// In SQL, whether the holder of a task has died. `own`, the number of the process that asks, and `now` are expressions.
pub(super) fn has_died(own: &str, now: &str) -> String {
    format!("holder <> {own} AND EXISTS (SELECT 1 FROM process WHERE number = holder AND seen < {now} - {SILENT_MS})")
}
