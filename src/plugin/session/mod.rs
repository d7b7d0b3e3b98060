//! One process of a plugin, from start to end, and the calls that are multiplexed over it. Knows nothing of restarts or crash
//! attribution.
//!
//! [`start`](mod@start) brings a process up and makes two halves of it: [`handle`] is what callers share, [`serve`] owns the
//! process.

mod call;
mod handle;
mod log_limit;
mod receive;
mod resume;
mod serve;
mod start;

pub(super) use call::{Ask, CoRunning, Ended, Outgoing};
pub(super) use handle::{CANCEL_GRACE, SLOT_WAIT_MAX, Session};
pub(super) use serve::SessionEnd;
pub(super) use start::start;
