//! What Gmail may be asked for in a minute, in the units by which it counts
//! (<https://developers.google.com/workspace/gmail/api/reference/quota>).

/// Messages in one batch. Each counts for the quota all the same, and Google advises against more than 50.
pub(super) const BATCH: usize = 20;
/// The class of all requests to Gmail.
pub(super) const UNITS: &str = "units";

/// Units per minute and user, in projects that were created since 2026-05-01. Others have 15,000.
pub(super) const PER_MINUTE: u32 = 6_000;
/// What the mailbox's profile costs.
pub(super) const OF_PROFILE: u32 = 1;
/// What a list costs.
pub(super) const OF_LIST: u32 = 5;
/// What a look at one message costs. In projects that are older it costs 5.
pub(super) const OF_MESSAGE: u32 = 20;
/// What a deletion of up to 1,000 messages costs.
pub(super) const OF_DELETION: u32 = 50;
