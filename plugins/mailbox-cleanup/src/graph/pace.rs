//! How much Outlook may be asked for at once, and what has a rate of its own.

/// Requests in one batch. 20 are allowed, but Outlook takes four at once per app and mailbox
/// (<https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits>).
pub(super) const BATCH: usize = 4;
/// The class of batches.
pub(super) const BATCHES: &str = "batch";
