//! How fast Gmail may be asked, and what has a rate of its own.

/// Messages in one batch. Each counts for the quota all the same, and Google advises against more than 50.
pub(super) const BATCH: usize = 20;
/// The class of batches.
pub(super) const BATCHES: &str = "batch";
/// The class of deletions.
pub(super) const DELETIONS: &str = "delete";

/// Quota units per second, of the 15,000 per minute that one user has
/// (<https://developers.google.com/workspace/gmail/api/reference/quota>).
pub(super) const UNITS: f64 = 250.0;
/// What `messages.list` and `messages.get` cost.
pub(super) const UNITS_READ: f64 = 5.0;
/// What `messages.batchDelete` costs.
pub(super) const UNITS_DELETE: f64 = 50.0;
